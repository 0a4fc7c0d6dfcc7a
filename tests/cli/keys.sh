#!/usr/bin/env bash
# What a fit depends on is in its key by content: files of a split and of arrays that hold something else make it run
# again; the same content in another file does not.
. "$RB_SOURCE/tests/support/cli.bash" || exit 1
cd "$scratch" || exit 1

expect 0 "$REELBENCH" data synth users=120 items=60 ratings=2000 sessions=1000 --seed 7 --output -
mv "$out" made.csv
part() { head -n 1 made.csv; tail -n +2 made.csv | awk -v rest="$1" 'NR % 10 == rest'; }
{ head -n 1 made.csv; tail -n +2 made.csv | awk 'NR % 10 > 2'; } >train.csv
part 0 >test.csv
part 1 >validation.csv
cat >files.yaml <<'YAML'
experiment: files
dataset: { path: made.csv }
split: { kind: files, train_file: train.csv, test_file: test.csv, validation_file: validation.csv }
metrics: [rmse, ndcg@10]
select: rmse
trials:
  - item_mean: { damping: [0, 5] }
  - als: { factors: 4, iterations: 4 }
early_stopping: { patience: 1 }
YAML
expect 0 "$REELBENCH" run files.yaml
prints "best of each algorithm by rmse on validation"
folder=$(echo results/files-*)
expect 0 "$REELBENCH" run files.yaml
prints "3 kept, 0 to run"
keys() { ls "$1"/units | cut -d . -f 1 | sort -u; }
keys "$folder" >before
expect 0 "$REELBENCH" run files.yaml --set evaluation.gap_references=20
prints "3 kept, 0 to run"
n_units=$(ls "$folder"/units | wc -l)
expect 0 "$REELBENCH" run files.yaml --set evaluation.segments=3
[ "$(ls "$folder"/units | wc -l)" -gt "$n_units" ] || fail "segments add no values"
keys "$folder" | cmp -s before - || fail "segments of the values have fits done again"
mv test.csv kept.csv
part 2 >test.csv
expect 0 "$REELBENCH" run files.yaml
if grep -q "kept" "$out"; then fail "a test file with other pairs gives the old values"; fi
mv kept.csv test.csv
expect 0 "$REELBENCH" run files.yaml
prints "3 kept, 0 to run"
cp train.csv moved.csv
keys "$folder" >before
expect 0 "$REELBENCH" run files.yaml --output other --set split.train_file=moved.csv
keys other/files-* >after
[ -z "$(comm -13 before after)" ] || fail "the name of a file is in the key"

# A recommender that learns from validation leaves half of its users to judge recommenders: nothing to clusterings.
cat >learner.yaml <<'YAML'
experiment: learner
dataset: { name: synthetic, users: 100, items: 60, ratings: 2000 }
split: { kind: random, test: 0.2, validation: 0.2 }
metrics: [silhouette, rmse]
trials:
  - kmeans: { space: genre, k: [2, 3] }
  - item_mean
  - user_mean
YAML
expect 0 "$REELBENCH" run learner.yaml
echo '  - stacking: { first: item_mean, second: user_mean }' >>learner.yaml
expect 0 "$REELBENCH" run learner.yaml
prints "2 kept, 3 to run"

cat >start.yaml <<'YAML'
experiment: start
dataset: { name: synthetic, users: 120, items: 60, ratings: 2000, sessions: 1000 }
metrics: [silhouette]
select: silhouette
trials:
  - kmeans: { space: lsa-2, k: 2, init: given, centres: centres.txt }
YAML
printf '1 0\n0 1\n' >centres.txt
expect 0 "$REELBENCH" run start.yaml
expect 0 "$REELBENCH" run start.yaml --set evaluation.segments=3
prints "1 kept, 0 to run"
folder=$(echo results/start-*)
keys "$folder" >before
printf '1.0, 0\n\n0 1\n' >same.txt
for centres in same.txt '[[1, 0], [0, 1]]'; do
    expect 0 "$REELBENCH" run start.yaml --set "trials.0.kmeans.centres=$centres"
    prints "1 kept, 0 to run"
done
printf '1 0\n0.5 1\n' >centres.txt
expect 0 "$REELBENCH" run start.yaml
if grep -q kept "$out"; then fail "other centres in the same file give the old clusters"; fi
# What results call an array: its numbers, or of many the shape and a digest, another for each other array.
expect 0 "$REELBENCH" report "$folder"
prints "centres=[[1,0],[0.5,1]]"
for last in 0 1; do
    expect 0 "$REELBENCH" run start.yaml --dry-run --set trials.0.kmeans.k=5 \
        --set "trials.0.kmeans.centres=[[1, 0], [0, 1], [1, 1], [2, 0], [2, $last]]"
    grep -oE 'centres=5x2:[0-9a-f]{16}' "$out" >>arrays || fail "a long array has no name"
done
[ "$(sort -u arrays | wc -l)" -eq 2 ] || fail "two arrays have one name"

finish

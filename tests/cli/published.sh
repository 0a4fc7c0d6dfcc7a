#!/usr/bin/env bash
# Published values: the errors of Surprise on ml-latest-small are held, another value is not and says so; the files whose
# data is downloaded find it where it was put, are valid and run on other data.
. "$RB_SOURCE/tests/support/cli.bash" || exit 1
cd "$scratch" || exit 1
published=$RB_SOURCE/experiments/published

expect 0 "$REELBENCH" run "$published/surprise-ml-latest-small.yaml" --threads 2 --cache none
grep -qx 'published values: 7 of 7 held' "$out" || fail "Surprise's errors are not held"
folder=$(echo results/surprise-*)

# So are the rankings of implicit, or better ones.
expect 0 "$REELBENCH" run "$published/implicit-ml-latest-small.yaml" --threads 2 --cache none
grep -qx 'published values: 6 of 6 held' "$out" || fail "implicit's rankings are not held"

# What is expected is no part of what is computed: nothing is fitted again.
expect 0 "$REELBENCH" run "$published/surprise-ml-latest-small.yaml" --cache none \
    --set expect.0.value=0.9 --set expect.1.value=0.9 --set expect.1.or_better=true
expect 0 "$REELBENCH" report "$folder"
grep -qx 'published values: 6 of 7 held' "$out" || fail "a value out of tolerance is held, or a better one is not"
expect 0 "$REELBENCH" report "$folder" --format json
python3 - "$out" <<'PYTHON' || fail "the report is not what was asked for"
import json, sys
report = json.load(open(sys.argv[1]))
rows = {x["entry"]: x for x in report["published"]}
assert not rows["bias"]["held"] and rows["svd"]["held"] and rows["svd"]["published"] == 0.9, rows
for entry, row in rows.items():
    folds = [t["test rmse:global"] for t in report["trials"] if t["entry"] == entry]
    assert len(folds) == 5 and abs(sum(folds) / 5 - row["measured"]) < 1e-12, (entry, folds, row)
PYTHON
expect 0 "$REELBENCH" report "$folder" --format csv
! grep -q published "$out" || fail "a table that is one has another in it"

# Data that are not beside a file are sought below the folder of data sets, and said where they are nowhere.
mkdir -p files data/sets/own
printf '%s\n' 'experiment: own' 'dataset: { path: ../none/sets/own/ratings.csv }' 'metrics: [rmse]' \
    'trials: [global_mean]' >files/own.yaml
printf 'user,item,rating\n%s' "$(for i in 1 2 3 4 5 6 7 8 9; do echo "$i,$((i % 4)),$((i % 5))"; done)" >data/own.csv
mv data/own.csv data/sets/own/ratings.csv
expect 0 "$REELBENCH" run files/own.yaml --data data --cache none
prints "files/../none/sets/own/ratings.csv is not there; data/sets/own/ratings.csv is read"
expect 0 env REELBENCH_DATA=data/sets mpirun -n 2 "$REELBENCH" run files/own.yaml --output second
prints "data/sets/own/ratings.csv is read"
expect 2 "$REELBENCH" run files/own.yaml --data data --set dataset.path=nowhere/. --output none
complains "nowhere/.: No such file or directory, nor below data"
expect 2 env REELBENCH_DATA="$scratch/files" "$REELBENCH" run files/own.yaml
complains "ratings.csv: No such file or directory, nor below $scratch/files; --set dataset.path=PATH names another"
expect 2 env -u REELBENCH_DATA "$REELBENCH" run files/own.yaml
complains "own.yaml:2:18: "
complains "nor below a folder of --data or REELBENCH_DATA, which are not given"

for file in surprise-ml-100k surprise-ml-1m gorse-ml-100k recommenders-ml-100k; do
    expect 0 "$REELBENCH" run "$published/$file.yaml" --cache none \
        --set 'dataset={ name: synthetic, users: 60, items: 40, ratings: 900 }'
    grep -qE '^published values: [0-9] of [0-9] held$' "$out" || fail "$file: no line of what is held"
done
finish

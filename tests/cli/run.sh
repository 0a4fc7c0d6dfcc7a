#!/usr/bin/env bash
# run, status, report, digest, resume, recommend, predict on a small experiment: what is printed, and how it ends.
. "$RB_SOURCE/tests/support/cli.bash" || exit 1
cd "$scratch" || exit 1

cat >small.yaml <<'YAML'
experiment: small
seed: 42
dataset: { name: synthetic, users: 300, items: 150, ratings: 6000, sessions: 3000 }
split: { kind: random, test: 0.2, validation: 0.1 }
metrics: [ndcg@10, rmse]
select: ndcg@10
trials:
  - item_mean: { damping: [0, 5, 25] }
  - popularity
  - als: { factors: [4, 8], iterations: 5 }
YAML

expect 0 "$REELBENCH" run small.yaml --dry-run
prints "item_mean"
[ ! -d results ] || [ -z "$(ls results)" ] || fail "--dry-run left something in results"

expect 0 "$REELBENCH" run small.yaml --dry-run --set 'metrics=[ndcg@10, recall@151, rmse]'
prints "--set metrics=[ndcg@10, recall@151, rmse]"
prints "'recall@151' cuts behind the end of the catalogue, which has 150 items"

expect 0 "$REELBENCH" run small.yaml
grep -qE '^reelbench [0-9.]+ · 1 rank x [0-9]+ threads? on 1 host · OpenBLAS [0-9.]+ [A-Za-z]+$' "$out" ||
    fail "the first line does not name shape and core"
grep -qE '^synthetic: 300 users x 150 items, .* 6,000 ratings \(digest [0-9a-f]{4} [0-9a-f]{4}\)$' "$out" ||
    fail "the data are not described"
prints "best of each algorithm by ndcg@10 on validation"
folder=$(echo results/small-*)
grep -qE "^6 done, 0 failed in .* · $folder/results.h5 · digest [0-9a-f]{4} [0-9a-f]{4}\$" "$out" ||
    fail "the last line does not name the file and the digest"
if grep -q $'\r' "$out"; then fail "a progress line for a terminal in a file"; fi
[ -s "$folder/results.h5" ] || fail "no results.h5"

expect 0 "$REELBENCH" run small.yaml --output nothing --set relevance=99
prints "no value of ndcg@10 on validation: nothing can be selected"
[ "$(grep -c "nothing can be selected" "$out")" -eq 1 ] || fail "the warning stands more than once"

expect 0 "$REELBENCH" digest "$folder"
head -n 1 "$out" | grep -qE '^[0-9a-f]{64}$' || fail "digest does not begin with a digest"
head -n 1 "$out" >digest
expect 0 mpirun -n 3 "$REELBENCH" run small.yaml --output other --group-size 1 --threads 1 --no-share
expect 0 "$REELBENCH" digest other/small-*
head -n 1 "$out" | cmp -s - digest || fail "another shape gives another digest"

expect 0 "$REELBENCH" status "$folder"
prints "6 done, 0 failed"
expect 0 "$REELBENCH" resume "$folder"
prints "6 kept, 0 to run"
sed 's/\[4, 8\]/[4, 8, 16]/' small.yaml >wider.yaml
expect 0 "$REELBENCH" run wider.yaml
prints "6 kept, 1 to run"
expect 0 "$REELBENCH" run small.yaml --seed 43
[ "$(ls -d results/small-* | wc -l)" -eq 2 ] || fail "another seed does not make another folder"

for form in table csv tsv json markdown; do
    expect 0 "$REELBENCH" report "$folder" --format $form
    prints "item_mean"
done
expect 0 "$REELBENCH" report "$folder" --format json
"$REELBENCH" report "$folder" --format csv >"$scratch/report.csv"
python3 - "$out" "$scratch/report.csv" <<'PYTHON' || fail "report --format json and csv have not 7 trials and their selection"
import csv, json, sys
report = json.load(open(sys.argv[1]))
trials, best = report["trials"], report["selection"]
assert len(trials) == 7 and {t["entry"] for t in trials} == {"item_mean", "popularity", "als"}, trials
assert [b["rank"] for b in best] == [1, 2, 3] and all(b["letters"] and b["low"] < b["test"] < b["high"] for b in best), best
lines = list(csv.DictReader(open(sys.argv[2])))
assert len(lines) == 7
for line in lines:  # the columns of the selection are filled where the trial is selected, with the same values
    found = [b for b in best if b["trial"] == int(line["trial"])]
    assert (line["selected"] == "true") == (len(found) == 1) == (line["selected by"] == "ndcg@10"), line
    for b in found:
        assert (int(line["rank"]), float(line["best"]), line["letters"]) == (b["rank"], b["test"], b["letters"]), line
PYTHON

expect 0 "$REELBENCH" recommend "$folder" popularity --user 3 4 --top 2
[ "$(wc -l <"$out")" -eq 5 ] || fail "recommend does not print a heading and two items for each of two users"
expect 0 "$REELBENCH" recommend "$folder" popularity --user 3 --output list.tsv
[ ! -s "$out" ] && [ "$(wc -l <list.tsv)" -eq 11 ] || fail "recommend --output does not write ten items to the file"
expect 2 "$REELBENCH" recommend "$folder" popularity --user nobody
complains "nobody"
expect 2 "$REELBENCH" recommend "$folder" 99 --user 3
complains "99"
printf '3,4\n5,6\n' >pairs.csv
selected=$("$REELBENCH" report "$folder" --format tsv | awk -F '\t' '$2 == "item_mean" && $7 == "true" { print $1 }')
expect 0 "$REELBENCH" predict "$folder" "$selected" pairs.csv
[ "$(wc -l <"$out")" -eq 3 ] || fail "predict does not print a heading and two ratings"

# Ids that the data do not have: a line without a rating, a message, and status 1 at the end.
printf '3,4\nnobody,6\n5,nothing\n5,6\n' >pairs.csv
expect 1 "$REELBENCH" predict "$folder" "$selected" pairs.csv
[ "$(wc -l <"$out")" -eq 5 ] || fail "predict does not go on behind an unknown id"
prints "$(printf 'nobody\t6\t')"
complains "pairs.csv:2:1: no user 'nobody' in the data set 'synthetic'"
complains "pairs.csv:3:3: no item 'nothing' in the data set 'synthetic'"
complains "2 of 4 pairs have no rating"

# What a model cannot do is said first, whichever of its trials was meant.
expect 2 "$REELBENCH" predict "$folder" popularity pairs.csv
complains "popularity cannot predict ratings"
expect 2 "$REELBENCH" predict "$folder" popularty pairs.csv
complains "no trial 'popularty'; did you mean 'popularity'?"

# A file of the split that is missing is bad input, before anything is started.
expect 2 "$REELBENCH" run small.yaml --set 'split={kind: files, train_file: absent.csv, test_file: absent.csv, validation_file: absent.csv}' --output split
complains "absent.csv: No such file"

# An output root that cannot be written is found before the data are read, and a dry run needs none.
expect 3 "$REELBENCH" run small.yaml --output /dev/null/results
complains "reelbench: /dev/null is no folder; choose another --output"
if grep -q "300 users" "$out"; then fail "the data were read before the output root was looked at"; fi
expect 0 "$REELBENCH" run small.yaml --output /dev/null/results --dry-run

# What only the data can tell names the line that asks for it.
printf 'usr,item,rating\n1,1,5\n1,2,4\n2,1,3\n' >own.csv
cat >own.yaml <<'YAML'
experiment: own
dataset: { path: own.csv, columns: { user: usr } }
split: { kind: random, test: 0.3 }
metrics: [silhouette]
trials:
  - kmeans: { space: genre, k: 2 }
YAML
expect 2 "$REELBENCH" run own.yaml
complains "own.yaml:6:22: space 'genre' needs a catalogue, and the data set 'own.csv' has none"
sed 's/genre/means/; s/- kmeans/- item_mean:\n    as: means\n  - kmeans/' own.yaml >means.yaml
expect 2 "$REELBENCH" run means.yaml
complains "means.yaml:8:22: 'kmeans.space' is 'means', a trial of item_mean, which makes no space"
expect 2 "$REELBENCH" run own.yaml --set 'split={kind: sessions}'
complains "split kind sessions needs sessions"
complains "--set split={kind: sessions}: "
sed -i 's/kind: random/kind: sessions/' own.yaml
expect 2 "$REELBENCH" run own.yaml
complains "own.yaml:3:8: split kind sessions needs sessions, and data set 'own.csv' has none"
expect 2 "$REELBENCH" run small.yaml --output few --set dataset.sessions=100
complains "small.yaml:3:62: 'synthetic.ratings' is 6000, and the "
sed -i 's/user: usr/user: ursr/' own.yaml
expect 2 "$REELBENCH" run own.yaml
complains "own.csv:1:1: there is no column 'ursr' in the header 'usr,item,rating'; did you mean 'usr'?"
rm own.csv
expect 2 "$REELBENCH" run own.yaml
complains "own.yaml:2:18: "
complains "own.csv: No such file"

# resume takes the OpenBLAS core of the folder; another core, or a folder of other instructions, stops it.
if [ "$(uname -m)" = x86_64 ]; then
    expect 0 "$REELBENCH" run small.yaml --blas-core Nehalem --output cores
    made=$(echo cores/small-*)
    "$REELBENCH" digest "$made" >"$scratch/before"
    rm "$made"/units/*
    expect 0 "$REELBENCH" resume "$made"
    prints " Nehalem"
    "$REELBENCH" digest "$made" | cmp -s - "$scratch/before" || fail "resume with the folder's core gives another digest"
    expect 3 "$REELBENCH" resume "$made" --blas-core auto
    complains "use --blas-core Nehalem"
    echo "Nehalem other" >"$made/class"
    expect 3 "$REELBENCH" resume "$made"
    complains "was computed with OpenBLAS core Nehalem on other"
fi

# What the data and the process take counts before a fit is allowed, not the fit alone.
expect 1 env SLURM_MEM_PER_NODE=10 "$REELBENCH" run small.yaml --output poor
"$REELBENCH" report poor/small-* --format csv >"$out"
grep -qE 'needs [0-9.]+ MB a node, 10.5 MB are allowed: not started' "$out" || fail "a trial is started without memory"

# So do spaces: the points of 5,000 titles in 300 dimensions are 12 MB, what building them takes is more.
cat >wide.yaml <<'YAML'
experiment: wide
dataset: { name: synthetic, items: 5000, ratings: 0, sessions: 0 }
metrics: [n_clusters]
trials: [kmeans: { space: lsa-2, k: 2 }]
YAML
node_megabytes() { # of the trial, by the plan: a rank's and the node's
    awk 'BEGIN { unit["kB"] = 0.001; unit["MB"] = 1 } $2 == "kmeans" { print int($3 * unit[$4] + $5 * unit[$6]) }' "$out"
}
expect 0 "$REELBENCH" run wide.yaml --dry-run
narrow=$(node_megabytes)
expect 0 "$REELBENCH" run wide.yaml --dry-run --set 'trials=[kmeans: { space: lsa-300, k: 2 }]'
[ "$(node_megabytes)" -ge $((narrow + 24)) ] || fail "the plan counts $(node_megabytes) MB with 300 dimensions, $narrow with 2"

for command in status report digest resume; do
    expect 2 "$REELBENCH" $command no-such-folder
    complains "no-such-folder"
done

# Whether a fit converged is a result: a limit of iterations is no convergence.
cat >converged.yaml <<'YAML'
experiment: converged
seed: 3
dataset: { name: synthetic, users: 200, items: 100, ratings: 4000, sessions: 2000 }
split: { kind: random, test: 0.2 }
metrics: [ndcg@10, silhouette]
trials:
  - slim: { iterations: [1, 1000] }
  - pure_svd: { factors: 4, iterations: [0, 1000] }
  - kmeans: { space: genre, k: 8, iterations: [1, 300] }
  - als: { factors: 4, iterations: [2, 500], tolerance: 1e-3 }
  - popularity
YAML
expect 0 "$REELBENCH" run converged.yaml
/usr/bin/python3 - results/converged-*/results.h5 <<'PYTHON' || fail "converged is wrong"
import h5py, sys
with h5py.File(sys.argv[1]) as f:
    converged = [int(t["converged"]) for t in f["trials"][:]]
    timing = f["timing/trials"][:]
for t in timing: # fit, score and the rest of the evaluation apart; clusterings do not score
    assert t["fit"] > 0 and t["evaluate"] > 0 and (t["score"] > 0) == (t["trial"] not in (5, 6)), t
assert converged == [0, 1, 0, 1, 0, 1, 0, 1, 1], converged
PYTHON
# Trials that the file asks for no more stay, and that is said; so are two entries of one name.
expect 0 "$REELBENCH" run small.yaml --set 'trials=[popularity, als: { factors: 4, iterations: 5 }, als: { factors: 3 }]'
prints "fits of an earlier file stay in the folder, in no table of this one"
prints "als stands on line 1 already"
expect 0 "$REELBENCH" validate small.yaml --set 'trials=[popularity, item_mean, item_mean]'
prints "note: item_mean stands on line 1 already; \`as: NAME\` beside one tells them apart"
finish

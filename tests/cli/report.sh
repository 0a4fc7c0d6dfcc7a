#!/usr/bin/env bash
# What a reader is told of failures, selections, ranks, intervals and of what is missing.
. "$RB_SOURCE/tests/support/cli.bash" || exit 1
cd "$scratch" || exit 1

# A failure that is kept stays a failure. Without `select`, the end names the command that shows the trials.
cat >fails.yaml <<'YAML'
experiment: fails
dataset: { name: synthetic, users: 100, items: 200, ratings: 1000, sessions: 1000 }
split: { kind: random, test: 0.2, validation: 0.1 }
metrics: [silhouette]
trials:
  - kmeans: { space: genre, k: [5, 500] }
YAML
expect 1 "$REELBENCH" run fails.yaml
folder=$(echo results/fails-*)
prints "every trial with its values: reelbench report $folder"
complains "trial 2 (kmeans space=genre k=500): "
complains "1 of 2 trials failed: reelbench report $folder"
expect 1 "$REELBENCH" run fails.yaml --output many --set 'trials=[kmeans: { space: genre, k: [500, 600, 700, 800, 900] }]'
[ "$(grep -c "^trial . (kmeans space=genre k=.00): " "$err")" -eq 3 ] || fail "not three reasons"
complains "2 more for other reasons"
expect 1 "$REELBENCH" run fails.yaml --output twice --set 'trials=[kmeans: { space: genre, k: 500, n_init: [1, 2] }]'
complains "trial 1 (kmeans space=genre k=500 n_init=1) and 1 more: "
expect 0 "$REELBENCH" status "$folder"
prints "1 done, 1 failed"
expect 1 "$REELBENCH" run fails.yaml
prints "2 kept, 1 of them failed, 0 to run"
expect 0 "$REELBENCH" status "$folder"
prints "1 done, 1 failed"
expect 0 "$REELBENCH" report "$folder" --format json
if grep -qx ',' "$out"; then fail "a comma alone on a line"; fi
python3 -m json.tool "$out" >"$scratch/pretty" || fail "not JSON"

# Where nothing finished there is no digest, and nobody is shown that of nothing.
expect 1 env SLURM_MEM_PER_NODE=10 "$REELBENCH" run fails.yaml --output poor
prints "no digest: nothing finished"
expect 0 "$REELBENCH" digest poor/fails-*
prints "no digest: nothing finished"


# Values of different spaces have ranks of their own.
cat >spaces.yaml <<'YAML'
experiment: spaces
dataset: { name: synthetic, users: 100, items: 200, ratings: 1000, sessions: 1000 }
split: { kind: random, test: 0.2, validation: 0.1 }
metrics: [silhouette]
select: silhouette
trials:
  - kmeans: { space: [genre, numeric], k: [3, 5] }
  - agglomerative: { space: [genre, numeric], k: [3, 5] }
YAML
expect 0 "$REELBENCH" run spaces.yaml
prints "values of different spaces do not compare"
expect 0 "$REELBENCH" report results/spaces-* --format json
python3 - "$out" <<'PYTHON' || fail "ranks do not hold within a space"
import json, sys
best = json.load(open(sys.argv[1]))["selection"]
assert len(best) == 4 and len({b["space"] for b in best}) == 2, best
assert [b["rank"] for b in best] == [1, 2, 1, 2], best
assert all(a["space"] != b["space"] or a["test"] >= b["test"] for a, b in zip(best, best[1:])), best
PYTHON

# The table of the best has a heading, the value that decided, the level and the correction, and names who has no rank.
cat >best.yaml <<'YAML'
experiment: best
dataset: { name: synthetic, users: 300, items: 150, ratings: 6000, sessions: 3000 }
split: { kind: random, test: 0.2, validation: 0.1 }
metrics: [ndcg@10, rmse]
select: ndcg@10
early_stopping: { metric: ndcg@10, patience: 1 }
statistics: { level: 0.9, correction: bh }
trials:
  - global_mean
  - item_mean
  - popularity
  - als: { factors: [4, 8], iterations: 5 }
YAML
expect 0 "$REELBENCH" run best.yaml
for heading in "rank  entry " "validation  test [90 %]" "letters" "Benjamini-Hochberg, 0.1;" "not ranked, without a value on validation: "; do
    prints "$heading"
done
[ "$(grep -c "same letter" "$out")" -eq 1 ] || fail "letters are explained where there are none"
grep -q "not ranked.*global_mean" "$out" || fail "global_mean vanished from the ranking by ndcg@10"
best=$(echo results/best-*)
expect 0 "$REELBENCH" report "$best" --format markdown
prints "| validation | test [90 %]"
expect 0 "$REELBENCH" report "$best" --format csv
python3 - "$out" <<'PYTHON' || fail "the columns of csv are not those of the selection and of early stopping"
import csv, sys
lines = list(csv.DictReader(open(sys.argv[1])))
chosen = [l for l in lines if l["selected by"] == "ndcg@10"]
assert chosen and all(float(l["level"]) == 0.9 and l["correction"] == "bh" and l["validation"] for l in chosen), chosen
assert all(l["letters"].strip() == l["letters"] != "" for l in chosen), chosen
assert all((l["iterations kept"] != "") == (l["entry"] == "als") for l in lines), lines
assert all(1 <= int(l["iterations kept"]) <= 5 for l in lines if l["entry"] == "als"), lines
PYTHON

# Ranks are the order of what selection saw, also where test has another.
sed "s/best\$/order/; /^early/d; /^  - /d" best.yaml >order.yaml
for factors in 2 3 4 5 6 7; do
    printf '  - als: { factors: %d, iterations: 3 }\n    as: of_%d\n' $factors $factors >>order.yaml
done
expect 0 "$REELBENCH" run order.yaml
prints "by ndcg@10 on validation, in this order; value on test"
expect 0 "$REELBENCH" report results/order-* --format json
python3 - "$out" <<'PYTHON' || fail "ranks are not those of validation"
import json, sys
best = json.load(open(sys.argv[1]))["selection"]
assert [b["rank"] for b in best] == list(range(1, len(best) + 1)), best
assert best == sorted(best, key=lambda b: -b["validation"]) != sorted(best, key=lambda b: -b["test"]), best
PYTHON

# Of several stored models of an entry the selected one answers; where none is, the numbers are named.
expect 0 "$REELBENCH" run best.yaml --set 'store={models: all}'
number=$("$REELBENCH" report "$best" --format tsv | awk -F '\t' '$2 == "als" && $7 == "true" { print $1 }')
expect 0 "$REELBENCH" recommend "$best" "$number" --user 3
cp "$out" "$scratch/by_number"
expect 0 "$REELBENCH" recommend "$best" als --user 3
cmp -s "$out" "$scratch/by_number" || fail "another model than the selected one answers"
sed 's/best$/none/; /^select/d; /^early/d; s/^trials:/store: { models: all }\ntrials:/' best.yaml >none.yaml
expect 0 "$REELBENCH" run none.yaml
expect 2 "$REELBENCH" recommend results/none-* als --user 3
complains "the models of 2 were kept: name one by its number, 4 (factors=4 iterations=5), 5 (factors=8 iterations=5)"
expect 0 "$REELBENCH" run none.yaml --set 'store={models: selected}' --output bare
prints "no select: no model is kept and nothing is compared"
expect 2 "$REELBENCH" recommend bare/none-* als --user 3
complains "the models of none were kept: store: { models: all } keeps every one, \`select\` those that it takes"
expect 2 "$REELBENCH" similar bare/none-* als --item 1
complains "als does not compare items"
expect 2 "$REELBENCH" export bare/none-* als --newick tree.nwk
complains "als has no merge tree"

# Folds and repeats have a spread in place of an interval, and the reason.
sed 's/best$/folds/; s/kind: random, test: 0.2/kind: k_fold, folds: 3/; /^early/d' best.yaml >folds.yaml
expect 0 "$REELBENCH" run folds.yaml
prints " ± 0."
prints "(±: standard deviation over folds)"
prints "(no interval over users: the value is a mean over 3 folds)"
expect 0 "$REELBENCH" report results/folds-* --format json
python3 - "$out" <<'PYTHON' || fail "JSON lacks the spread over folds, or has another"
import json, statistics, sys
report = json.load(open(sys.argv[1]))
for best in report["selection"]:
    of = [t for t in report["trials"] if (t["entry"], t["parameters"]) == (best["entry"], best["parameters"])]
    spread = statistics.stdev(t["test ndcg:bin-min@10"] for t in of)
    assert abs(best["spread folds"] - spread) <= 1e-12 and best["spread repeats"] is None, (best, spread)
PYTHON

# Recommenders and clusterings have tables of their own, each with the values that its trials can have.
cat >both.yaml <<'YAML'
experiment: both
dataset: { name: synthetic, users: 100, items: 80, ratings: 1000, sessions: 1000 }
split: { kind: random, test: 0.2 }
metrics: [rmse, inertia]
trials:
  - kmeans: { space: genre, k: 3 }
  - item_mean
  - kmeans: { space: genre, k: 4 }
YAML
expect 0 "$REELBENCH" run both.yaml
expect 0 "$REELBENCH" report results/both-*
awk '/^recommenders$/ { part = 1 } /^clusterings$/ { part = 2 } / inertia / { n[part, "inertia"]++ }
     / test rmse/ { n[part, "rmse"]++ } / kmeans / { n[part, "kmeans"]++ } / item_mean / { n[part, "item_mean"]++ }
     END { exit !(n[1, "rmse"] == 1 && n[1, "item_mean"] == 1 && n[2, "inertia"] == 1 && n[2, "kmeans"] == 2 &&
                  !n[1, "kmeans"] && !n[1, "inertia"] && !n[2, "rmse"]) }' "$out" || fail "one table has the other's rows or columns"
expect 2 "$REELBENCH" recommend results/both-* kmeans --user 3
complains "kmeans cannot recommend"
expect 0 "$REELBENCH" report results/both-* --format csv
[ "$(wc -l <"$out")" -eq 4 ] || fail "csv is not one table"

# The eps that a fit takes for 0 is among its values; what leaves metrics without a value is said.
cat >eps.yaml <<'YAML'
experiment: eps
dataset: { name: synthetic, users: 100, items: 200, ratings: 1000, sessions: 1000 }
metrics: [silhouette]
select: silhouette
trials:
  - dbscan: { space: numeric, eps: [0, 1000] }
  - dbscan: { space: numeric, eps: 2000 }
    as: all
YAML
expect 0 "$REELBENCH" run eps.yaml
prints "all in numeric (one cluster)"
expect 0 "$REELBENCH" report results/eps-* --format csv
python3 - "$out" <<'PYTHON' || fail "no eps, or no reason"
import csv, sys
taken, one, other = csv.DictReader(open(sys.argv[1]))
assert float(taken["suggested_eps"]) > 0 and one["suggested_eps"] == "" == one["silhouette:euclidean"], (taken, one)
assert one["message"] == "one cluster" == other["message"], (one, other)
PYTHON

# Fits whose bits differ from run to run are labelled, and so is what refers to them; the digest leaves both out.
cat >exact.yaml <<'YAML'
experiment: racing
dataset: { name: synthetic, users: 100, items: 60, ratings: 2000 }
split: { kind: random, test: 0.2, validation: 0.1 }
metrics: [rmse]
select: rmse
trials:
  - svd: { factors: 4, iterations: 2 }
  - item_mean
YAML
cat exact.yaml - >racing.yaml <<'YAML'
  - svd: { factors: 4, iterations: 2, mode: fast }
    as: racer
  - hybrid: { first: racer, second: item_mean }
    as: both
expect:
  - { entry: racer, metric: rmse, value: 1, tolerance: 9, source: nowhere }
YAML
expect 0 "$REELBENCH" run exact.yaml --output exact
expect 0 "$REELBENCH" run racing.yaml --dry-run
prints "factors=4 iterations=2 mode=fast [fast]"
expect 0 "$REELBENCH" run racing.yaml --output racing
racing=$(echo racing/racing-*)
for format in table tsv csv json markdown; do
    expect 0 "$REELBENCH" report "$racing" --format $format
    grep -q 'mode=fast \[fast\]' "$out" || fail "$format: the trial has no label"
    grep -qE 'first=racer second=item_mean \[fast\]' "$out" || fail "$format: what refers to it has no label"
    if grep -E 'iterations=2 \[fast\]|item_mean.{0,9}\[fast\]' "$out" | grep -v second; then fail "$format: too many labels"; fi
done
expect 0 "$REELBENCH" report "$racing"
prints "racer [fast]"
expect 0 "$REELBENCH" compare "$racing" --metric rmse
prints "racer [fast]"
prints "both [fast]"
expect 0 "$REELBENCH" list svd
prints "same bits for any shape, unless \`mode\` is another than by default"
expect 0 "$REELBENCH" digest "$racing"
prints "left out: 2 of all trials"
cp "$out" digest
expect 0 "$REELBENCH" digest exact/racing-*
[ "$(head -n 1 "$out")" = "$(head -n 1 digest)" ] || fail "fast trials change the digest"
expect 0 "$REELBENCH" resume "$racing"
prints "4 kept"

# What is no run folder, and why.
expect 2 "$REELBENCH" report nowhere
complains "nowhere: No such file or directory; a run folder is what"
expect 2 "$REELBENCH" status both.yaml
complains "both.yaml: a file, expected a run folder"
mkdir empty
expect 2 "$REELBENCH" status empty
complains "empty: not a run folder: it holds no experiment.yaml"

finish

#!/usr/bin/env bash
# export: what a judge of its own finds in TREC's files are the values that were reported; the tree of a clustering has
# the leaves and heights of the stored one.
. "$RB_SOURCE/tests/support/cli.bash" || exit 1
cd "$scratch" || exit 1

cat >lists.yaml <<'YAML'
experiment: lists
seed: 3
dataset: { name: synthetic, users: 200, items: 90, ratings: 4000, sessions: 2000 }
split: { kind: random, test: 0.2, validation: 0.1 }
relevance: 3.5
metrics: [ndcg@10, ndcg@20, "map:rel@20", recall@10, precision@10, mrr@20]
select: ndcg@10
store: { lists: all }
trials:
  - popularity
  - item_mean
  - als: { factors: [4, 8], iterations: 3 }
  - kmeans: { space: genre, k: 3 }
YAML
expect 0 "$REELBENCH" run lists.yaml
run=$(echo results/lists-*)
expect 0 "$REELBENCH" report "$run" --format json
cp "$out" report.json
for trial in 1 2 3 4; do
    expect 0 "$REELBENCH" export "$run" $trial --trec-run $trial.run --trec-qrels $trial.qrels
    cmp -s 1.qrels $trial.qrels || fail "the relevant items depend on the trial"
    # As trec_eval does: by score, then by name, both descending; the rank that is written does not count.
    python3 - $trial <<'PYTHON' || fail "not the values that trial $trial has"
import json, math, sys

number = int(sys.argv[1])
relevant, lists = {}, {}
for line in open(f"{number}.qrels"):
    user, zero, item, level = line.split()
    assert zero == "0" and level == "1"
    relevant.setdefault(user, set()).add(item)
for line in open(f"{number}.run"):
    user, q0, item, rank, score, tag = line.split()
    assert q0 == "Q0" and tag.endswith(f"-{number}")
    lists.setdefault(user, []).append((float(score), item))
assert set(lists) == set(relevant)
hits = {u: [i in relevant[u] for _, i in sorted(l, reverse=True)] for u, l in lists.items()}

def mean(value):
    return sum(value(hits[u], len(relevant[u])) for u in hits) / len(hits)

def ndcg(k):
    def one(h, r):
        ideal = sum(1 / math.log2(j + 2) for j in range(min(k, r)))
        return sum(x / math.log2(j + 2) for j, x in enumerate(h[:k])) / ideal
    return one

trial = json.load(open("report.json"))["trials"][number - 1]
for name, value in {
    "ndcg:bin-min@10": ndcg(10),
    "ndcg:bin-min@20": ndcg(20),
    "map:rel@20": lambda h, r: sum(sum(h[:j + 1]) / (j + 1) for j in range(len(h[:20])) if h[j]) / r,
    "recall:rel@10": lambda h, r: sum(h[:10]) / r,
    "precision:k@10": lambda h, r: sum(h[:10]) / 10,
    "mrr:k@20": lambda h, r: next((1 / (j + 1) for j, x in enumerate(h[:20]) if x), 0),
}.items():
    assert abs(mean(value) - trial["test " + name]) <= 1e-12, (name, mean(value), trial)
PYTHON
done

# What trec_eval's own code said of these files (tests/golden/generate_trec.py), also of graded relevance.
cat >trec.yaml <<'YAML'
experiment: trec
seed: 5
dataset: { name: ml-latest-small }
split: { kind: random, test: 0.2 }
relevance: 3.5
metrics: [ndcg@10, "ndcg:exp-min@10", "map:rel@20", recall@10, precision@10, mrr@20, hit_rate@10]
store: { lists: all }
trials: [popularity]
YAML
expect 0 "$REELBENCH" run trec.yaml --cache none
judged=$(echo results/trec-*)
expect 0 "$REELBENCH" export "$judged" 1 --trec-run trec.run --trec-qrels one.qrels
expect 0 "$REELBENCH" export "$judged" 1 --trec-qrels gain.qrels --levels gain
expect 0 "$REELBENCH" report "$judged" --format json
python3 - "$out" "$RB_SOURCE/tests/golden/trec.json" <<'PYTHON' || fail "not the values that trec_eval has"
import hashlib, json, sys

trial, golden = json.load(open(sys.argv[1]))["trials"][0], json.load(open(sys.argv[2]))
files = [hashlib.sha256(open(name, "rb").read()).hexdigest() for name in ("trec.run", "one.qrels", "gain.qrels")]
assert files == golden["sha256"], "other files than those that were judged: tests/golden/generate_trec.py"
for name, value in golden["values"].items():
    near = 1e-6 if "exp" in name else 1e-12 # levels are rounded
    assert abs(trial["test " + name] - value) <= near, (name, value, trial)
PYTHON

# The selected one of an entry, one file alone; what is not there.
expect 0 "$REELBENCH" export "$run" als --trec-run als.run
best=$("$REELBENCH" report "$run" --format tsv | awk -F '\t' '$2 == "als" && $7 == "true" { print $1 }')
cmp -s als.run "$best.run" || fail "another trial than the selected one is exported"
expect 2 "$REELBENCH" export "$run" 1
complains "export: what?"
expect 2 "$REELBENCH" export "$run" kmeans --trec-run x.run
complains "kmeans does not rank the catalogue"
expect 2 "$REELBENCH" export "$run" 9 --trec-run x.run
complains "no trial '9'"
expect 3 "$REELBENCH" export "$run" 1 --trec-run nowhere/x.run
complains "nowhere/x.run: No such file or directory"
sed 's/experiment: lists/experiment: none/; s/lists: all/lists: none/' lists.yaml >none.yaml
expect 0 "$REELBENCH" run none.yaml
expect 2 "$REELBENCH" export results/none-* 1 --trec-run x.run
complains "the lists of trial 1 (popularity) were not kept"

# Ids with blanks cannot stand in such files.
expect 0 "$REELBENCH" data synth users=60 items=40 ratings=900 sessions=600 --seed 7 --output -
awk -F , 'NR == 1 { print; next } { $1 = "user " $1 } { print $1 "," $2 "," $3 }' "$out" >blank.csv
sed -i '1s/.*/user,item,rating/' blank.csv
cat >blank.yaml <<'YAML'
experiment: blank
dataset: { path: blank.csv }
split: { kind: random, test: 0.2 }
metrics: [ndcg@10]
store: { lists: all }
trials: [popularity]
YAML
expect 0 "$REELBENCH" run blank.yaml
expect 2 "$REELBENCH" export results/blank-* 1 --trec-run x.run
complains "has a blank in its id"

# The merge tree: each leaf once, as far below the root as the last merge is high; its figure; models without one.
cat >tree.yaml <<'YAML'
experiment: tree
dataset: { name: synthetic, users: 60, items: 70, ratings: 900 }
split: { kind: random, test: 0.2 }
metrics: [n_clusters]
store: { models: all }
trials:
  - agglomerative: { space: tfidf, linkage: average, k: 5 }
  - kmeans: { space: tfidf, k: 3 }
YAML
expect 0 "$REELBENCH" run tree.yaml
tree=$(echo results/tree-*)
expect 0 "$REELBENCH" export "$tree" agglomerative --newick tree.nwk --dendrogram tree.svg --last 12
h5dump -d /models/1/tree -y -w 1 -o rows "$tree/results.h5" >/dev/null
h5dump -d /dataset/items -y -w 1 -o items "$tree/results.h5" >/dev/null
python3 - <<'PYTHON' || fail "another tree than the stored one"
import re

rows = [float(x) for x in open("rows").read().replace(",", " ").split()]
items = [x.strip(' ,\n"') for x in open("items") if x.strip(" ,\n")]
depth, above, below = 0, {}, []
text = open("tree.nwk").read()
# From the right every name is met below the branches that lead to it.
lengths = []
for token in reversed(re.findall(r"[(),;]|:[^(),;]+|[^(),:;\s]+", text)):
    if token.startswith(":"):
        length = float(token[1:])
    elif token == ")":
        lengths.append(length if depth else 0)
        depth += 1
    elif token == "(":
        lengths.pop()
        depth -= 1
    elif token not in ",;":
        above[token] = sum(lengths) + length
assert depth == 0 and sorted(above) == sorted(items) and len(items) == 70, sorted(above)
assert all(abs(h - rows[-2]) < 1e-4 for h in above.values()) and rows[-1] == 70, rows[-4:]
PYTHON
[ "$(grep -c "text-anchor='start'" tree.svg)" = 13 ] || fail "the figure has not twelve leaves"
expect 0 "$REELBENCH" export "$tree" 1 --newick - --leaves title
prints ":"
expect 2 "$REELBENCH" export "$tree" 2 --newick x.nwk
complains "kmeans has no merge tree"
[ ! -e x.nwk ] || fail "a file without a tree"
expect 3 "$REELBENCH" export "$tree" 1 --dendrogram nowhere/x.svg
complains "nowhere/x.svg: No such file or directory"
# Users have ids alone, in place of titles too.
sed 's/experiment: tree/experiment: users/; s/tfidf/users/' tree.yaml >users.yaml
expect 0 "$REELBENCH" run users.yaml
users=$(echo results/users-*)
h5dump -d /dataset/users -y -w 1 -o ids "$users/results.h5" >/dev/null
for leaves in id title; do
    expect 0 "$REELBENCH" export "$users" 1 --newick users.nwk --dendrogram users.svg --leaves $leaves
    [ "$(grep -oE '[(,][^(),:]+:' users.nwk | tr -d '(,:' | sort)" = "$(grep -oE '[^ ,"]+' ids | sort)" ] ||
        fail "the leaves of a tree of users are others"
    grep -q "merges of 60 users" users.svg || fail "the caption of a tree of users"
done
sed 's/experiment: tree/experiment: bare/; s/models: all/models: none/' tree.yaml >bare.yaml
expect 0 "$REELBENCH" run bare.yaml
expect 2 "$REELBENCH" export results/bare-* 1 --newick x.nwk
complains "the model of trial 1 (agglomerative) was not kept"

finish

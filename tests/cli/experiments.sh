#!/usr/bin/env bash
# Every shipped experiment that no other test runs, reduced: all trials are done, and two shapes give one digest; that on
# MovieLens also on what it is for.
. "$RB_SOURCE/tests/support/cli.bash" || exit 1
cd "$scratch" || exit 1

data='name: synthetic, users: 150, items: 300, sessions: 0'

for file in "$RB_SOURCE"/experiments/*.yaml; do
    name=$(basename "$file" .yaml)
    [ "$name" != sessions ] || continue # has a test of its own
    reduced="dataset={ $data, ratings: 5000 }"
    if grep -q 'kind: titles' "$file"; then # which is for titles alone
        reduced="dataset={ $data, ratings: 0 }"
    fi
    expect 0 "$REELBENCH" validate "$file"
    expect 0 "$REELBENCH" run "$file" --set "$reduced" --threads 2 --cache none --output "$name"
    expect 0 "$REELBENCH" report "$name"/* --format json
    python3 - "$out" "$name" <<'PYTHON' || fail "$name: trials that are not done"
import json, sys
trials = json.load(open(sys.argv[1]))["trials"]
bad = [(t["entry"], t["outcome"], t.get("message")) for t in trials if t["outcome"] != "done"]
assert trials and not bad, (sys.argv[2], bad)
PYTHON
    if [ "$name" = five-methods ]; then # all of them beside each other, prototypes without a space, too
        expect 0 "$REELBENCH" report "$name"/*
        sed -n '/^the same side by side/,/^$/p' "$out" >beside
        for method in kprototypes hdbscan lda_dbscan kmeans dec; do
            grep -q "^ *$method " beside || fail "$method does not stand beside the others"
        done
    fi
    expect 0 "$REELBENCH" digest "$name"/*
    head -n 1 "$out" >digest
    expect 0 mpirun -n 2 "$REELBENCH" run "$file" --set "$reduced" --threads 1 --cache none --output "other/$name"
    expect 0 "$REELBENCH" digest "other/$name"/*
    head -n 1 "$out" | cmp -s - digest || fail "$name: another shape gives another digest"
done

# The families on real ratings, of the users and titles that have many, in two folds: who learns from them stands before
# the popular ones, and before the titles' words.
expect 0 "$REELBENCH" run "$RB_SOURCE/experiments/movielens.yaml" --threads 2 --cache none --output real \
    --set 'filter={ user_core: 20, item_core: 40 }' --set split.folds=2
expect 0 "$REELBENCH" report real/* --format json
python3 - "$out" <<'PYTHON' || fail "movielens: not every family, or not in this order"
import json, sys
trials = json.load(open(sys.argv[1]))["trials"]
assert all(t["outcome"] == "done" for t in trials), [(t["entry"], t["message"]) for t in trials]
ndcg = {t["entry"]: t["test ndcg:bin-min@10"] for t in trials if t["selected"]}
assert len(ndcg) == 23, sorted(ndcg)
for entry in ("ease-items", "user_knn", "co_occurrence", "slim", "hybrid", "stacking"):
    assert ndcg[entry] > ndcg["popular"] > ndcg["words"], (entry, ndcg)
assert ndcg["stacking"] > ndcg["hybrid"] * 0.98, ndcg
PYTHON
finish

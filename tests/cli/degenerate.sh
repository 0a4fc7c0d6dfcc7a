#!/usr/bin/env bash
# Data of one user or one item, for every recommender, and systems without a regularization: a defined result, or one
# message that says what to do; the same in any shape.
. "$RB_SOURCE/tests/support/cli.bash" || exit 1
cd "$scratch" || exit 1

# ---- one user, one item ----

# Every recommender of the registry as an entry; what must refer to others gets some.
entries() {
    printf '  - kmeans: { space: genre, k: 1 }\n    as: groups\n'
    while read -r name; do
        case $name in
        hybrid | switching | stacking) printf '  - %s: { first: als, second: bias }\n' "$name" ;;
        cluster_aware) printf '  - cluster_aware: { clusters: groups }\n' ;;
        pure_svd) printf '  - pure_svd: { factors: 1 }\n' ;;
        *) printf '  - %s\n' "$name" ;;
        esac
    done
}
sed -n 's/^const rb_recommender rb_\([a-z_0-9]*\) = .*/\1/p' "$RB_SOURCE"/src/recommend/models/*.c | sort >names
expect 0 "$REELBENCH" list algorithms --format tsv
while read -r name; do
    grep -q "^algorithms	$name	" "$out" || fail "$name is no algorithm"
done <names
[ "$(wc -l <names)" -ge 30 ] || fail "recommenders are missing: $(cat names)"

sessions='sequential_rules|association_rules|markov|sknn|vsknn'
{
    cat <<'YAML'
experiment: few
seed: 3
dataset: { name: synthetic, users: 1, items: 1, ratings: 1 }
split: { kind: random, test: 0.3, validation: 0.2 }
metrics: [ndcg@1, auc, rmse, mae, item_coverage@1, novelty@1, popularity_bias@1]
select: ndcg@1
trials:
YAML
    grep -vxE "$sessions" names | entries
} >few.yaml
{
    cat <<'YAML'
experiment: visits
seed: 3
dataset: { name: synthetic, users: 1, items: 9, ratings: 9, sessions: 40 }
split: { kind: sessions, test: 0.3, validation: 0.2 }
metrics: ["hit_rate:session@1", "mrr:session@3", ndcg@1]
select: mrr:session@3
trials:
YAML
    grep -xE "$sessions|popularity|ease|.*_knn|cluster_aware|rp3beta|slim|ials.*" names | entries
} >visits.yaml

all_done() { # run folder
    expect 0 "$REELBENCH" report "$1" --format json
    python3 - "$out" <<'PYTHON' || fail "$1: not every trial is done with finite values"
import json, math, sys
trials = json.load(open(sys.argv[1]))["trials"]
bad = [(t["entry"], t["outcome"], t["message"]) for t in trials if t["outcome"] != "done" or
       any(isinstance(v, float) and not math.isfinite(v) for v in t.values())]
assert len(trials) > 10 and not bad, bad
PYTHON
}

at_any_shape() { # file, folder, what is set
    expect 0 "$REELBENCH" run "$1" --threads 1 --output "$2" --set "$3"
    all_done "$(echo "$2"/*-????????)"
    expect 0 "$REELBENCH" digest "$2"/*-????????
    head -n 1 "$out" >digest
    expect 0 mpirun -n 2 "$REELBENCH" run "$1" --threads 2 --output "$2-2" --set "$3"
    expect 0 "$REELBENCH" digest "$2-2"/*-????????
    head -n 1 "$out" | cmp -s - digest || fail "$2: another shape gives another digest"
}
at_any_shape few.yaml one seed=3
at_any_shape few.yaml user 'dataset={ name: synthetic, users: 1, items: 9, ratings: 9 }'
at_any_shape few.yaml item 'dataset={ name: synthetic, users: 9, items: 1, ratings: 9 }'
at_any_shape visits.yaml visits seed=3

# ---- systems that have no solution ----

cat >singular.yaml <<'YAML'
experiment: singular
seed: 3
dataset: { name: synthetic, users: 12, items: 9, ratings: 60 }
split: { kind: strong, test: 0.3, validation: 0.2 }
metrics: [ndcg@5, rmse]
select: ndcg@5
trials:
  - als: { factors: 16, regularization: 0 }
  - als: { factors: 16, regularization: 0, biases: joint, precision: double }
    as: als_joint
  - ials: { factors: 16, regularization: 0 }
  - ialspp: { factors: 16, regularization: 0, block: 4 }
  - ease: { regularization: 0 }
  - slim: { alpha: 0 }
  - bias:
    as: left
  - bias:
    as: right
  - stacking: { first: left, second: right, regularization: 0 }
  - hybrid: { first: left, second: right, fitted: true }
  - nmf: { regularization: 0 }
  - svd: { regularization: 0 }
YAML
expect 1 "$REELBENCH" run singular.yaml --threads 1
expect 0 "$REELBENCH" report results/singular-* --format json
cp "$out" alone.json
expect 1 mpirun -n 3 "$REELBENCH" run singular.yaml --threads 2 --output three
expect 0 "$REELBENCH" report three/singular-* --format json
python3 - alone.json "$out" <<'PYTHON' || fail "singular systems: neither a result nor a clear message"
import json, math, sys
alone, three = ({t["entry"]: t for t in json.load(open(f))["trials"]} for f in sys.argv[1:])
for name, t in alone.items():
    assert (t["outcome"], t["message"]) == (three[name]["outcome"], three[name]["message"]), (t, three[name])
    if name in ("als", "als_joint", "ials", "ialspp"):
        assert t["outcome"] == "failed" and "is singular or not finite; a larger regularization helps" in t["message"], t
    elif name == "ease":
        assert t["message"].startswith("the item Gram matrix with 'regularization' 0: "), t
    else:
        assert t["outcome"] == "done" and math.isfinite(t["test ndcg:bin-min@5"]), t
# Equal members: either has a share, their sum is what one would have.
assert abs(alone["stacking"]["test rmse:global"] - alone["left"]["test rmse:global"]) < 0.05, alone
assert alone["hybrid"]["test rmse:global"] == alone["left"]["test rmse:global"], alone
PYTHON

# Enough is known of everybody who is fitted on, and too little of who comes later: revealed, or as a session.
cat >dense.yaml <<'YAML'
experiment: dense
seed: 3
dataset: { name: synthetic, users: 12, items: 9, ratings: 108 }
split: { kind: random, test: 0.1, validation: 0.1 }
metrics: [ndcg@5]
select: ndcg@5
store: { models: all }
trials:
  - als: { factors: 2, regularization: 0 }
  - ials: { factors: 2, regularization: 0, unobserved: 0, iterations: 1, precision: double }
YAML
expect 0 "$REELBENCH" run dense.yaml
expect 1 "$REELBENCH" recommend results/dense-* ials --session 1
complains "the system of the new user is singular or not finite"
expect 0 "$REELBENCH" recommend results/dense-* ials --session 1,2,3
expect 1 "$REELBENCH" run dense.yaml --set 'split={ kind: strong, test: 0.3, validation: 0.2, reveal: 0.1 }' --output shy
complains "trial 1 (als factors=2 regularization=0): the system of user number"

# ---- sizes that do not fit ----

cat >large.yaml <<'YAML'
experiment: large
dataset: { name: synthetic, users: 12, items: 9, ratings: 60 }
metrics: [ndcg@5]
trials:
  - pure_svd: { factors: 10 }
YAML
expect 2 "$REELBENCH" validate large.yaml
complains "large.yaml:5:26: 'pure_svd.factors' is 10, expected at most 9: the matrix is 12 x 9"

# What a model would take is said, and nothing of it is started.
SLURM_MEM_PER_NODE=200 expect 1 "$REELBENCH" run large.yaml --set 'trials=[ease]' \
    --set 'dataset={ name: synthetic, users: 12, items: 12000, ratings: 60 }'
complains "trial 1 (ease): needs 1.2 GB a node, 210 MB are allowed: not started"
finish

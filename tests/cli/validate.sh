#!/usr/bin/env bash
# validate: all errors of a file at once, each with its place; nothing is started.
. "$RB_SOURCE/tests/support/cli.bash" || exit 1
cd "$scratch" || exit 1

cat >good.yaml <<'YAML'
experiment: small
seed: 42
dataset: { name: synthetic, users: 50, items: 40, ratings: 500 }
split: { kind: random, test: 0.2, validation: 0.1 }
metrics: [ndcg@10]
select: ndcg@10
trials:
  - item_mean: { damping: [0, 5, 25] }
  - popularity
YAML
expect 0 "$REELBENCH" validate good.yaml
silent
prints "good.yaml: valid; experiment small, seed 42"
prints "4 trials: 4 configurations of 2 entries, 1 fold, 1 repeat"
expect 0 "$REELBENCH" validate good.yaml --set seed=7 --set 'trials.0.damping=[1, 2]'
prints "seed 7"
prints "3 trials"

sed -e 's/damping/dampign/; s/seed: 42/sede: 42/' good.yaml >bad.yaml
expect 2 "$REELBENCH" validate bad.yaml
complains "bad.yaml:2:1: "
complains "did you mean 'seed'?"
complains "bad.yaml:8:18: "
complains "did you mean 'damping'?"
[ "$(ls "$scratch" | sort | tr '\n' ' ')" = "bad.yaml err good.yaml out " ] || fail "validate wrote something"

expect 2 "$REELBENCH" validate good.yaml --set split.test=0
complains "'ndcg@10' on line 5 is measured on test, and there is no test part; give split.test a share, such as 0.2"

expect 2 "$REELBENCH" validate nowhere.yaml
complains "nowhere.yaml"
status=0
"$REELBENCH" validate - <good.yaml >"$out" 2>"$err" || status=$?
[ $status -eq 0 ] || fail "validate - does not read standard input"

# `as` below a bare name, and a space whose name is nearly that of a trial.
sed 's/^  - popularity/  - popularity\n    as: most/' good.yaml >below.yaml
expect 2 "$REELBENCH" validate below.yaml
complains "below.yaml:10:7: \`as\` stands beside an algorithm that is a key:"
cat >near.yaml <<'YAML'
experiment: near
dataset: { name: synthetic, users: 50, items: 40, ratings: 500 }
metrics: [silhouette]
trials:
  - autoencoder: { space: genre, layers: "2" }
    as: topics
  - kmeans: { space: topcs, k: 3 }
YAML
expect 2 "$REELBENCH" validate near.yaml
complains "near.yaml:7:22: unknown space 'topcs'; did you mean 'topics', the trial that makes one?"

# What the algorithms refuse: each configuration, with its place. Sizes are known where the data are synthetic.
cat >sizes.yaml <<'YAML'
experiment: sizes
dataset: { name: synthetic, users: 50, items: 40, ratings: 500 }
split: { kind: random, test: 0.2 }
metrics: [rmse, silhouette]
trials:
  - als: { factors: 4 }
  - kmeans: { space: genre, k: [3, 41, 50] }
  - autoencoder: { space: genre, layers: 8-x }
YAML
expect 2 "$REELBENCH" validate sizes.yaml
complains "sizes.yaml:7:32: kmeans space=genre k=41: 'kmeans.k' is 41, but there are only 40 points"
complains "sizes.yaml:7:32: kmeans space=genre k=50: "
complains "sizes.yaml:8:42: 'autoencoder.layers'"
complains "sizes.yaml: 3 errors"
expect 2 "$REELBENCH" run sizes.yaml --dry-run
complains "sizes.yaml:8:42: 'autoencoder.layers'"
expect 2 "$REELBENCH" run sizes.yaml --dry-run --set trials.2.autoencoder.layers=8
prints "5 trials, "
complains "sizes.yaml:7:32: kmeans space=genre k=41: 'kmeans.k' is 41, but there are only 40 points"
complains "sizes.yaml: 2 errors"
expect 2 "$REELBENCH" validate sizes.yaml --set 'dataset={ path: none.csv }'
complains "sizes.yaml: 1 error"

# What does not go together, whatever the data, is refused before they are read: of a sweep by its place, whole.
cat >apart.yaml <<'YAML'
experiment: apart
dataset: { path: none.csv }
split: { kind: random, test: 0.2 }
metrics: [rmse, silhouette]
trials:
  - dbscan: { space: genre, metric: [euclidean, cosine], eps: 3 }
  - nmf: { init_low: 2, init_high: 1 }
YAML
for how in validate run; do
    expect 2 "$REELBENCH" $how apart.yaml
    complains "apart.yaml:6:63: dbscan space=genre metric=cosine eps=3: 'dbscan.eps' is 3"
    complains "apart.yaml:7:36: 'nmf.init_high' is 1, expected at least 'nmf.init_low', 2"
    complains "apart.yaml: 2 errors"
done
[ ! -e results ] || fail "a run that is refused made a folder"

for experiment in "$RB_SOURCE"/experiments/*.yaml; do
    expect 0 "$REELBENCH" validate "$experiment"
done

finish

#!/usr/bin/env bash
# Models of models: what is refused with its place, recommend with the shares, predict, a run that goes on.
. "$RB_SOURCE/tests/support/cli.bash" || exit 1
cd "$scratch" || exit 1

cat >blend.yaml <<'YAML'
experiment: blend
seed: 42
dataset: { name: synthetic, users: 120, items: 60, ratings: 2500 }
split: { kind: per_user, test: 0.2, validation: 0.2 }
metrics: [ndcg@10, rmse]
select: ndcg@10
store: { models: all }
trials:
  - popularity:
    as: pop
  - item_mean:
    as: mean
  - bias:
    as: biases
  - kmeans: { space: genre, k: 2 }
    as: groups
  - hybrid: { first: biases, second: mean, third: pop, weights: [0.4, 0.3, 0.3] }
    as: ranked
  - hybrid: { first: biases, second: mean, normalization: rank }
    as: rated
  - hybrid: { first: rated, second: biases }
    as: nested
  - switching: { first: rated, second: pop, user_thresholds: [20] }
    as: switched
  - stacking: { first: biases, second: mean }
    as: stacked
YAML

# ---- what is refused ----

refuses() { # what is set, its place, its words
    expect 2 "$REELBENCH" validate blend.yaml --set "$1"
    complains "blend.yaml:$2"
    complains "$3"
}
refuses 'trials.4.hybrid.weights=[1, 2]' '' "'hybrid.weights' holds 2 numbers, expected 3"
refuses 'trials.4.hybrid.weights=[0, 0, 0]' 17:5 "all of 'hybrid.weights' are 0"
refuses 'trials.4.hybrid.weights=[1, -1, 1]' '' "'hybrid.weights' holds -1"
refuses 'trials.4.hybrid.weights=[1, nan, 1]' '' "nan"
refuses 'trials.7.switching.user_thresholds=[20, 1]' '' "'switching.user_thresholds' holds 2 numbers, expected 1"
refuses 'trials.4.hybrid.fitted=true' 17:65 "'hybrid.weights' are given and 'hybrid.fitted' is true"
refuses 'evaluation.refit=true' '' "'stacked' on line 25 learns from it"
refuses 'split.validation=0' 25:5 "'stacking' needs a validation part"
refuses 'trials.4.hybrid.second=groups' '' "'hybrid.second' is 'groups', a trial of kmeans, which is no recommender"
refuses 'trials.5.hybrid.first=nested' 19:5 "reference cycle: rated -> nested -> rated"
refuses 'trials.5.hybrid.first=rated' 19:5 "reference cycle: rated -> rated"
refuses 'trials.5.hybrid.first=nobody' '' "no entry has this name"
refuses 'trials.4.hybrid.weights=[[1, 2], [3, 4]]' '' "has 2 rows, expected one: a list of lists is one array"
refuses 'trials.4.hybrid.second=biases' 17:5 "hybrid asks 'biases' twice: name different entries"
sed 's/second: mean, third: pop, weights.*}/normalization: rank }/' blend.yaml >one.yaml
expect 2 "$REELBENCH" validate one.yaml
complains "one.yaml:17:5: hybrid combines other entries"
sed -e 's/popularity:/global_mean:/' blend.yaml >neither.yaml # predicts and does not rank
expect 0 "$REELBENCH" validate neither.yaml
sed -e 's/item_mean:/global_mean:/' -e 's/third: pop/third: pop/' blend.yaml >neither.yaml
expect 2 "$REELBENCH" validate neither.yaml
complains "neither.yaml:17:5: the models of 'ranked' neither all rank items nor all predict ratings"
sed -e 's/normalization: rank }/fitted: true }/' blend.yaml >twice.yaml
expect 0 "$REELBENCH" validate twice.yaml
sed -i -e 's/stacking: { first: biases/stacking: { first: nested/' twice.yaml # which asks `rated`
expect 2 "$REELBENCH" validate twice.yaml
complains "twice.yaml:25:24: 'stacking.first' is 'nested', which has learned from the users of the validation part"

# ---- entries that are the same, whatever stands before what ----

cat >twins.yaml <<'YAML'
experiment: twins
seed: 42
dataset: { name: synthetic, users: 120, items: 60, ratings: 2500 }
split: { kind: random, test: 0.2 }
metrics: [ndcg@10]
trials:
  - hybrid: { first: below, second: pop }
    as: above
  - hybrid: { first: knn, second: pop }
    as: same
  - hybrid: { first: knn, second: pop }
    as: below
  - popularity: {}
    as: pop
  - item_knn: { k: 20 }
    as: knn
    rerank: { lambda: 0.3, clusters: groups }
  - kmeans: { space: topics, k: 3 }
    as: others
  - kmeans: { space: topics, k: 3 }
    as: groups
  - lda: { topics: 3, iterations: 3 }
    as: topics
YAML
python3 - <<'PYTHON'
import re
head, trials = open("twins.yaml").read().split("trials:\n")
trials = re.findall(r"  - .*\n(?:    .*\n)*", trials)
open("turned.yaml", "w").write(head + "trials:\n" + "".join(reversed(trials)))
PYTHON
expect 0 "$REELBENCH" run turned.yaml --output turned
expect 0 "$REELBENCH" run twins.yaml --output twins
prints "8 done"
expect 0 "$REELBENCH" run twins.yaml --output twins
prints "8 kept, 0 to run"
[ "$("$REELBENCH" digest twins/twins-* | head -1)" = "$("$REELBENCH" digest turned/twins-* | head -1)" ] ||
    fail "the digest depends on the order of the entries"

# ---- what it does ----

expect 0 "$REELBENCH" run blend.yaml
run=$(echo results/blend-*)
whole=$("$REELBENCH" digest "$run")
expect 0 "$REELBENCH" report "$run"
prints "third=pop weights=[0.4,0.3,0.3]"
prints "user_thresholds=[20]"
expect 0 "$REELBENCH" recommend "$run" ranked --user 7 --top 3 --explain 2
prints "because"
[ "$(awk -F'\t' 'NR > 1 { print $6 }' "$out" | grep -cE '^(biases|mean|pop) \([0-9.e-]+\); (biases|mean|pop) \([0-9.e-]+\)$')" = 3 ] ||
    fail "explain names other things than two of the three models"
expect 0 "$REELBENCH" recommend "$run" nested --user 7 --top 3
expect 0 "$REELBENCH" recommend "$run" switched --user 7 --top 1 --explain 1
grep -qE '(rated|pop) \(' "$out" || fail "explain does not name the model that was chosen"
cat >reasons.yaml <<'YAML'
experiment: reasons
seed: 42
dataset: { name: synthetic, users: 80, items: 50, ratings: 1500 }
split: { kind: random, test: 0.2 }
metrics: [rmse]
store: { models: all }
trials: [svd: { factors: 4 }, user_knn_rating, popularity, random]
YAML
expect 0 "$REELBENCH" run reasons.yaml
expect 0 "$REELBENCH" recommend results/reasons-* svd --user 7 --top 5 --explain 3
awk -F '\t' 'NR > 1 && $6 !~ /^[^;]+ \([0-9.e-]+\)(; [^;]+ \([0-9.e-]+\))*$/ { exit 1 }' "$out" || fail "svd gives no items of the user"
expect 0 "$REELBENCH" recommend results/reasons-* user_knn_rating --user 7 --top 5 --explain 3
grep -qE 'user [0-9]+ \(' "$out" || fail "user_knn_rating names no neighbour"
expect 0 "$REELBENCH" recommend results/reasons-* popularity --user 7 --top 2 --explain 3
awk -F '\t' 'NR > 1 && $6 != "" { exit 1 }' "$out" || fail "something of the user's is in the popularity of a title"
expect 2 "$REELBENCH" recommend results/reasons-* random --user 7 --explain 3
complains "random cannot explain its recommendations: nothing of the user's is in them"
printf '7,8\n9,10\n' >pairs.csv
expect 0 "$REELBENCH" predict "$run" stacked pairs.csv
expect 0 "$REELBENCH" predict "$run" nested pairs.csv
[ "$(wc -l <"$out")" = 3 ] || fail "predict gives not one line for each pair"
expect 2 "$REELBENCH" predict "$run" ranked pairs.csv
complains "hybrid cannot predict ratings: it asks 'pop', which cannot"
for lost in metric model fit; do # what a kill can leave
    rm "$run"/units/*."$lost".h5 "$run"/results.h5
    expect 0 "$REELBENCH" run blend.yaml
    [ "$("$REELBENCH" digest "$run")" = "$whole" ] || fail "another digest after the $lost units were made again"
done

# ---- what is predicted: every rank reads the models back ----

cat >large.yaml <<'YAML'
experiment: large
dataset: { name: synthetic, users: 20000, items: 5000, ratings: 40000 }
split: { kind: random, test: 0.2 }
metrics: [ndcg@10]
trials:
  - als: { factors: 256, iterations: 1 }
    as: factors
  - popularity:
    as: pop
  - random:
    as: noise
  - hybrid: { first: pop, second: noise }
  - hybrid: { first: factors, second: pop }
YAML
expect 0 "$REELBENCH" run large.yaml --dry-run --cache none
awk '$1 ~ /^[45]$/ { if ($4 != "MB") exit 1; bytes[$1] = $3 } END { exit !(bytes[5] - bytes[4] > 25) }' "$out" ||
    fail "the factors of 25,000 rows of 256 are not counted where they are read back"

# ---- a child that fails ----

sed -e 's/^  - bias:/  - pure_svd: { factors: 1000 }/' blend.yaml >failing.yaml
expect 1 "$REELBENCH" run failing.yaml --output failing
expect 0 "$REELBENCH" report failing/blend-*
prints "trial 3 (biases), which it refers to, has no model: failed"
finish

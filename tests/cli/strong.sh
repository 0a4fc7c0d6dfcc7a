#!/usr/bin/env bash
# Strong generalisation: held-out users are folded in from what is revealed of them, for metrics, lists and predictions.
. "$RB_SOURCE/tests/support/cli.bash" || exit 1
cd "$scratch" || exit 1

cat >strong.yaml <<'YAML'
experiment: strong
seed: 42
dataset: { name: synthetic, users: 500, items: 200, ratings: 20000, sessions: 10000 }
split: { kind: strong, test: 0.2, validation: 0.2, reveal: 0.7 }
metrics: [ndcg@10, rmse, "rmse:global:warm"]
select: ndcg@10
early_stopping: { patience: 3 }
store: { models: all }
trials:
  - popularity
  - global_mean
  - user_mean
  - bias
  - als: { factors: 8, iterations: 8 }
  - ials: { factors: 8, iterations: 8, regularization: 0.03 }
  - ials: { factors: 8, iterations: 8, regularization: 0.03, solver: cg }
    as: ials_cg
YAML
expect 0 "$REELBENCH" run strong.yaml
folder=$(echo results/strong-*)
expect 0 "$REELBENCH" digest "$folder"
head -n 1 "$out" >digest
expect 0 mpirun -n 3 "$REELBENCH" run strong.yaml --output other --threads 2
expect 0 "$REELBENCH" digest other/strong-*
head -n 1 "$out" | cmp -s - digest || fail "another shape gives another digest"

expect 0 "$REELBENCH" report "$folder" --format json
python3 - "$out" <<'PYTHON' || fail "fold-in does not beat the fallback of the unseen"
import json, sys
trial = {t["entry"]: t for t in json.load(open(sys.argv[1]))["trials"]}
ndcg = {n: t["test ndcg:bin-min@10"] for n, t in trial.items()}
rmse = {n: t["test rmse:global"] for n, t in trial.items()}
for name in ("ials", "ials_cg"):
    assert ndcg[name] > 1.5 * ndcg["popularity"], ndcg
assert rmse["als"] < rmse["bias"] < rmse["user_mean"] < rmse["global_mean"], rmse
assert trial["als"]["test rmse:warm"] == rmse["als"], trial["als"]
assert trial["global_mean"]["test rmse:warm"] is None, trial["global_mean"]
PYTHON

# The stored model knows them: nobody is left with the fallback.
expect 0 "$REELBENCH" recommend "$folder" ials --user $(seq 0 499) --top 1
[ "$(awk -F '\t' 'NR > 1 && $4 != 0' "$out" | wc -l)" -eq 500 ] || fail "a held-out user has no scores"

# Sparse data: titles that only held-out users have, for models that keep lists of neighbours.
cat >sparse.yaml <<'YAML'
experiment: sparse
seed: 7
dataset: { name: synthetic, users: 2000, items: 3000, ratings: 12000 }
split: { kind: strong, test: 0.2, validation: 0.1 }
metrics: [ndcg@10, recall@20]
select: ndcg@10
trials:
  - user_knn
  - item_knn: { weighting: bm25 }
  - rp3beta
YAML
for shape in "1 1" "1 2" "2 1"; do
    read -r ranks threads <<<"$shape"
    expect 0 mpirun -n "$ranks" "$REELBENCH" run sparse.yaml --output "sparse-$ranks-$threads" --threads "$threads"
    expect 0 "$REELBENCH" digest "sparse-$ranks-$threads"/sparse-*
    head -n 1 "$out" >>digests
done
[ "$(sort -u digests | wc -l)" -eq 1 ] || fail "sparse data: other shapes give other digests"

# Titles held out whole: what reads them finds them, what reads ratings alone does not and is named.
cat >titles.yaml <<'YAML'
experiment: titles
seed: 7
dataset: { name: synthetic, users: 300, items: 200, ratings: 9000 }
split: { kind: strong_titles, test: 0.2, validation: 0.1 }
relevance: 3
metrics: [ndcg@10, rmse]
select: ndcg@10
evaluation: { segments: 2 }
trials:
  - random
  - popularity
  - bias
  - content
  - ials: { factors: 8 }
  - hybrid: { first: ials, second: popularity }
    as: blind
  - switching: { first: ials, second: content, third: popularity, user_thresholds: [1, 1], item_thresholds: [1, 0] }
YAML
expect 0 "$REELBENCH" run titles.yaml --dry-run
prints "titles.yaml:4:8: split kind strong_titles: popularity, bias, ials, blind cannot tell titles without training"
expect 0 "$REELBENCH" run titles.yaml
expect 0 "$REELBENCH" report results/titles-* --format json
python3 - "$out" <<'PYTHON' || fail "titles held out whole"
import json, sys
trial = {t["entry"]: t for t in json.load(open(sys.argv[1]))["trials"]}
ndcg = {n: t["test ndcg:bin-min@10"] for n, t in trial.items()}
assert all(abs(t["test ndcg:bin-min@10 (cold items)"] - ndcg[n]) < 1e-9 for n, t in trial.items()), trial
assert ndcg["popularity"] == ndcg["blind"] == 0 and ndcg["content"] > 3 * ndcg["random"] > 0, ndcg
assert ndcg["switching"] > ndcg["random"], ndcg
assert trial["bias"]["test rmse:global"] > 0, trial["bias"]
PYTHON
expect 0 "$REELBENCH" digest results/titles-*
head -n 1 "$out" >digest
expect 0 mpirun -n 3 "$REELBENCH" run titles.yaml --output other --threads 2
expect 0 "$REELBENCH" digest other/titles-*
head -n 1 "$out" | cmp -s - digest || fail "titles held out whole: another shape gives another digest"

# Titles that nobody rated, beside one's own ratings; and a scale that these must keep to.
mkdir own
cat >own/movies.csv <<'CSV'
movieId,title,genres
1,Harbour Lights (1999),Drama|Romance
2,Harbour Nights (2001),Drama|Romance
3,Laser Siege (2003),Action|Sci-Fi
4,Laser Storm (2004),Action|Sci-Fi
5,Laser Dawn (2010),Action|Sci-Fi
6,Harbour Dawn (2011),Drama|Romance
CSV
cat >own/ratings.csv <<'CSV'
userId,movieId,rating,timestamp
1,1,4,1
1,2,5,2
2,3,4.5,3
2,4,5,4
3,1,3,5
3,4,2,6
CSV
cat >own.yaml <<'YAML'
experiment: own
dataset: { path: own, items: catalogue, scale: [0.5, 5] }
split: { kind: random, test: 0.1, validation: 0.2 }
metrics: [ndcg@2, item_coverage@6]
select: ndcg@2
store: { models: all }
trials: [content]
YAML
expect 0 "$REELBENCH" run own.yaml
prints "own: 3 users x 6 items"
expect 0 "$REELBENCH" recommend results/own-* content --user 2 --top 6
grep -qP '^2\t1\t5\t' "$out" || fail "the new title is not recommended to who likes its kind"
expect 0 "$REELBENCH" run own.yaml --set dataset.items=rated
prints "own: 3 users x 4 items"
expect 2 "$REELBENCH" run own.yaml --set dataset.scale=[1,4]
complains "own/ratings.csv:3:5: rating '5' is outside the scale 1 .. 4"
expect 0 "$REELBENCH" run own.yaml --set dataset.scale=[1,4] --set dataset.on_error=skip
prints "3 malformed lines were skipped"
finish

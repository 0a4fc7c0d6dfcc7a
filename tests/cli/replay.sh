#!/usr/bin/env bash
# replay: bandits and A/B tests from file to tables; in any shape, after a stop, with input that is refused.
. "$RB_SOURCE/tests/support/cli.bash" || exit 1
cd "$scratch" || exit 1

cat >bandits.yaml <<'YAML'
experiment: bandits
seed: 7
dataset: { name: synthetic, users: 300, items: 200, ratings: 9000, sessions: 0 }
split: { kind: random, test: 0.2 }
relevance: 4
metrics: [ndcg@10]
trials:
  - popularity
  - item_knn
  - ials: { factors: [4, 8], iterations: 2 }
    as: factors
  - kmeans: { space: genre, k: 3 }
replay:
  events: 4000
  titles: 8
  repeats: 2
  arms: [popularity, item_knn, "17"]
  policies:
    - epsilon_greedy: { epsilon: [0.1, 0.3] }
    - ucb1
    - thompson
    - linucb
    - ab_test: { control: popularity, treatment: item_knn, pairs: 500 }
YAML

# Any shape gives one digest, and so does a run that lost some of its units.
expect 0 "$REELBENCH" validate bandits.yaml
prints "12 replays"
expect 0 "$REELBENCH" run bandits.yaml
prints "trials and 12 replays, at most"
prints "5 done, 0 failed, 12 of 12 replays in"
prints "policies by clicks over matched events"
prints "A/B tests"
expect 0 "$REELBENCH" digest results/bandits-*
head -n 1 "$out" >digest
expect 0 mpirun -n 3 "$REELBENCH" run bandits.yaml --output other --threads 2
expect 0 "$REELBENCH" digest other/bandits-*
head -n 1 "$out" | cmp -s - digest || fail "replays differ on another shape"
units=(results/bandits-*/units/*.replay.h5)
[ ${#units[@]} -eq 12 ] || fail "${#units[@]} units, expected one for each of 12 replays"
rm "${units[0]}" "${units[5]}"
printf 'damaged' >"${units[3]}"
before=$(grep -c replayed results/bandits-*/journal)
expect 0 mpirun -n 2 "$REELBENCH" resume results/bandits-*
prints "is made again"
prints "3 kept, 2 to run, 3 replays;"
[ -e "${units[3]}.damaged" ] || fail "the damaged unit was not set aside"
[ $(($(grep -c replayed results/bandits-*/journal) - before)) -eq 3 ] || fail "not only the lost replays ran again"
expect 0 "$REELBENCH" digest results/bandits-*
head -n 1 "$out" | cmp -s - digest || fail "replays differ after a resume"
head -n -3 results/bandits-*/journal >journal
mv journal results/bandits-*/journal # as if killed before the last two
expect 0 "$REELBENCH" status results/bandits-*
prints ", 2 replays waiting"

# An arm that is a model is read whole by every rank: 2,000 x 2,000 numbers of ease.
predicted() {
    expect 0 "$REELBENCH" run "$1" --dry-run --output planned --set dataset.items=2000
    sed -nE 's/.*12 replays, ([0-9]+).*MB a rank/\1/p' "$out"
}
sed 's/item_knn/ease/' bandits.yaml >ease.yaml
small=$(predicted bandits.yaml)
large=$(predicted ease.yaml)
[ "$large" -ge $((small + 25)) ] || fail "with a model of 32 MB $large MB a rank are predicted, without it $small"

# The tables agree with each other.
expect 0 "$REELBENCH" report results/bandits-* --format json
python3 - "$out" <<'PYTHON' || fail "the table of replays is not what it should be"
import json, sys
r = json.load(open(sys.argv[1]))
rows = r["replay"]
assert len(rows) == 10 and len(r["ab_tests"]) == 2, (len(rows), len(r["ab_tests"]))
for x in rows:
    assert x["events"] == 4000 and 0 < x["matched"] < 1200 and x["clicks"] <= x["matched"], x
    assert abs(x["ctr"] - x["clicks"] / x["matched"]) < 1e-12 and x["low"] < x["ctr"] < x["high"], x
    assert 0 < x["expected"] < 1, x
for x in r["ab_tests"]:
    assert x["rejected"] == (x["p"] <= 0.05) and x["low"] < x["difference"] < x["high"], x
PYTHON
h5dump -d /replay/played results/bandits-*/results.h5 | grep -q 'SIMPLE { ( 10, 3 )' || fail "plays are not stored"

# Titles alone, without trials and metrics; more repeats replay only what is new.
cat >titles.yaml <<'YAML'
experiment: titles
seed: 7
dataset: { name: synthetic, users: 300, items: 200, ratings: 9000, sessions: 0 }
split: { kind: random, test: 0.2 }
replay: { events: 2000, titles: 5, policies: [ucb1, thompson] }
YAML
expect 0 mpirun -n 2 "$REELBENCH" run titles.yaml
prints "2 replays, at most"
prints "2 replays of 5 arms on 2000 events"
prints "2 of 2 replays in"
expect 0 "$REELBENCH" report results/titles-*
expect 0 "$REELBENCH" run titles.yaml --set replay.repeats=3
prints "4 replays"
h5dump -a /replay/log results/titles-*/results.h5 | grep -q 'repeats=3' || fail "the file says repeats: 3, /replay another"
expect 0 "$REELBENCH" run titles.yaml --dry-run
prints "2 replays, 16."
expect 1 env SLURM_MEM_PER_NODE=10 "$REELBENCH" run titles.yaml --output poor
prints "nothing is replayed: it needs"
prints "0 of 2 replays in"
complains "2 of 2 replays were not made"
expect 0 "$REELBENCH" digest poor/titles-*
prints "left out: 2 of all trials and replays"

# Interactions are no uniform log: refused, or replayed with a warning; without a match there is no value.
log=(--set replay.log=interactions --set relevance=4)
expect 1 "$REELBENCH" run titles.yaml "${log[@]}" --set replay.titles=100
prints "nothing is replayed: "
prints "did not show its 100 titles uniformly"
complains "2 of 2 replays were not made"
expect 0 "$REELBENCH" run titles.yaml "${log[@]}" --set replay.titles=100 --set replay.assume_uniform=true
prints "all values of it are biased"
expect 0 "$REELBENCH" run titles.yaml "${log[@]}" --set replay.titles=100 --set replay.assume_uniform=true
prints "(assume_uniform: biased where the log is not)"
if grep -qE '(0\.[0-9]+) \[\1, \1\]' "$out"; then fail "an interval of one log has no width"; fi
expect 1 "$REELBENCH" run titles.yaml "${log[@]}" --set replay.titles=100 # what was assumed before stands for nothing
prints "did not show its 100 titles uniformly"
complains "2 of 2 replays were not made"
printf 'user,item,rating\n' >log.csv
for u in $(seq 40); do printf '%d,a,5\n%d,b,2\n' "$u" "$u" >>log.csv; done
printf '41,c,5\n41,d,5\n' >>log.csv
expect 0 "$REELBENCH" run titles.yaml "${log[@]}" --set 'dataset={ path: log.csv }' --set 'replay.arms=[c, d]' \
    --set 'split={ kind: random, test: 0.02 }' --seed 20 --output none
prints "no event matched"
expect 1 "$REELBENCH" run titles.yaml "${log[@]}" --set 'dataset={ path: log.csv }' --set 'replay.arms=[c, d]' \
    --set 'split={ kind: random, test: 0.02 }' --output none
prints "titles.yaml:5:1: the test part holds no interaction with the 2 candidates"

# The users' features are those of training: other ratings in the test part that are the same clicks change nothing.
known() {
    awk -v least="$1" 'BEGIN { print "user,item,rating"
        for (u = 1; u <= 120; u++) {
            for (i = 1; i <= 6; i++) printf "u%d,t%d,%d\n", u, i, 1 + (u * 7 + i * u % 11) % 5
            for (i = 1; i <= 4; i++) printf "u%d,%c,%d\n", u, 96 + i, (u * i * 5 + u % 7) % 3 ? least : 1 + (u + least) % 3
        } }'
}
known 5 >one.csv
known 4 >other.csv
grep -E '^user|,t' one.csv | cut -d, -f1-2 >train.csv
grep -E '^user|,[a-d],' one.csv | cut -d, -f1-2 >test.csv
for data in one other; do
    expect 0 "$REELBENCH" run titles.yaml --set "dataset={ path: $data.csv }" --set 'replay.arms=[a, b, c, d]' \
        --set 'split={ kind: files, train_file: train.csv, test_file: test.csv }' "${log[@]}" \
        --set 'replay.policies=[linucb]' --output "$data"
    expect 0 "$REELBENCH" report "$data"/titles-* --format json
    python3 -c 'import json, sys; x = json.load(open(sys.argv[1]))["replay"][0]; print(x["matched"], x["clicks"])' \
        "$out" >"$data.played"
done
cmp -s one.played other.played || fail "a policy's context knows the clicks it is tested on"

# What is refused.
expect 2 "$REELBENCH" run titles.yaml "${log[@]}" --set 'replay.arms=["3", nothing]'
complains "arm 'nothing' is neither the name of a trial nor the id of a title"
refused() {
    expect 2 "$REELBENCH" validate bandits.yaml --set "$1"
    complains "$2"
}
refused 'replay.arms=[popularity, kmeans]' "is a trial of kmeans, which cannot rank titles"
refused 'replay.arms=[popularity, factors]' "arm 'factors' has 2 configurations"
refused 'replay.arms=[popularity, popularity]' "listed twice"
one='[popularity, ials: { factors: 2 }, ials: { factors: 4 }]'
expect 2 "$REELBENCH" validate bandits.yaml --set "trials=$one" --set 'replay.arms=[popularity, ials]'
complains "arm 'ials' has 2 configurations: an arm is one model; name one with"
one='[popularity, { ials: { factors: 2 }, as: plain, rerank: { lambda: 0.5 } }]'
expect 2 "$REELBENCH" validate bandits.yaml --set "trials=$one" --set 'replay.arms=[popularity, plain]'
complains "arm 'plain' is re-ranked: replay shows what the model scores"
one='{ global_mean: {}, as: gm }, { bias: {}, as: b }' # an ensemble of these only predicts
expect 2 "$REELBENCH" validate bandits.yaml --set 'replay.arms=[popularity, h]' \
    --set "trials=[popularity, $one, { hybrid: { first: gm, second: b }, as: h }]"
complains "arm 'h' is a trial of hybrid, which cannot rank titles"
expect 2 "$REELBENCH" validate bandits.yaml --set 'replay.arms=["1", "2"]' --set 'replay.policies=[ucb1]' \
    --set "trials=[popularity, $one, { hybrid: { first: gm, second: b }, as: h, rerank: { lambda: 0.5 } }]"
complains "'h' ranks no items: it has no lists to re-rank"
expect 2 "$REELBENCH" validate titles.yaml --set replay.repeats=10000 \
    --set 'replay.policies=[epsilon_greedy: { epsilon: { range: [0, 0.1], step: 0.001 } }]'
complains "1,010,000 replays (configurations x repeats), at most 1,000,000 are allowed"
refused 'replay.arms=[popularity]' "a list of two or more"
refused 'replay.policies=[usb1]' "unknown policy 'usb1'; did you mean 'ucb1'?"
refused 'replay.policies=ucb1' "expected a list of policies"
refused 'replay.policies=[ab_test: { control: popularity, treatment: popularity }]' "'popularity' against itself"
refused 'replay.policies=[ucb1: { epsilon: 1 }]' "unknown parameter 'epsilon'"
refused 'replay.policies=[ab_test: { control: popularity }]' "needs 'treatment'"
refused 'replay.policies=[ab_test: { control: popularity, treatment: x }]' "does not list"
refused 'replay.log=interactions' "needs log: simulated"
refused 'replay={ events: 10 }' "lists no policies"
refused 'dataset={ name: ml-latest-small }' "it needs dataset: { name: synthetic"
expect 2 "$REELBENCH" validate titles.yaml --set replay.log=interactions
complains "needs 'relevance'"
expect 2 "$REELBENCH" run titles.yaml "${log[@]}" --set 'dataset={ name: netflix-titles }' --data "$REELBENCH_DATA"
complains "replay needs interactions"

# An arm whose trial fails: nothing is replayed, and that is said.
slow='[{ ials: { factors: 64, iterations: 500 }, as: slow }, popularity]'
expect 1 "$REELBENCH" run bandits.yaml --set "trials=$slow" --set timeout=1e-3 --set 'replay.arms=[slow, popularity]' \
    --set 'replay.policies=[ucb1]' --output failed
prints "nothing is replayed: arm 'slow' has no model"
complains "1 of 2 trials failed"
finish

#!/usr/bin/env bash
# Sessions: the shipped experiment on a reduced size, the same bits in any shape; what is not whole sessions is refused.
. "$RB_SOURCE/tests/support/cli.bash" || exit 1
cd "$scratch" || exit 1

small=(--set 'dataset={ name: synthetic, users: 400, items: 200, ratings: 8000, sessions: 6000 }')
expect 0 "$REELBENCH" run "$RB_SOURCE/experiments/sessions.yaml" "${small[@]}"
folder=$(echo results/sessions-*)
expect 0 "$REELBENCH" digest "$folder"
head -n 1 "$out" >digest
expect 0 mpirun -n 3 "$REELBENCH" run "$RB_SOURCE/experiments/sessions.yaml" "${small[@]}" --output other --threads 2
expect 0 "$REELBENCH" digest other/sessions-*
head -n 1 "$out" | cmp -s - digest || fail "another shape gives another digest"

expect 0 "$REELBENCH" report "$folder" --format json
python3 - "$out" <<'PYTHON' || fail "models of sessions do not beat those of users, or values are missing"
import json, sys
report = json.load(open(sys.argv[1]))
value = {s["entry"]: s["test"] for s in report["selection"]}
best = [value[n] for n in ("vsknn", "sknn", "markov", "sequential_rules", "association_rules")]
assert min(best) > 2 * value["popularity"], value
assert min(best) > value["item_knn"], value
for t in report["trials"]:
    assert t["outcome"] == "done", t
    for part in ("validation", "test"):
        hits, ranks = t[part + " hit_rate:session@20"], t[part + " mrr:session@20"]
        assert 0 < ranks <= hits <= 1 and t[part + " hit_rate:session@5"] <= hits, t
PYTHON
h5dump -d /metrics "$folder/results.h5" | grep -q '"hit_rate:session"' || fail "the definition is not stored"

# Values of each user, so that the tests could be made.
[ "$(h5dump -H "$folder/results.h5" | grep -c '"users_session"')" -ge 2 ] || fail "no users beside the values"

# What cannot be measured, or learned, is said before anything runs.
cat >random.yaml <<'YAML'
experiment: random
seed: 1
dataset: { name: synthetic, users: 100, items: 50, ratings: 1000, sessions: 800 }
split: { kind: random, test: 0.2, validation: 0.1 }
metrics: ["hit_rate:session@10"]
trials: [sknn]
YAML
expect 2 "$REELBENCH" run random.yaml
complains "random.yaml:5:11: 'hit_rate:session@10' is measured on whole sessions: give split.kind: sessions"
expect 2 "$REELBENCH" run random.yaml --set 'metrics=[ndcg@10]' --set 'trials=[popularity, sknn]'
complains "sknn learns from whole sessions: give split: { kind: sessions }"
expect 2 "$REELBENCH" run random.yaml --set 'split={ kind: sessions }' --set 'trials=[bias]'
complains "no trial of this file can give 'hit_rate:session@10': none predicts the next item of a session"

# Items of the session are candidates where they may come again: on data where they never do, they take places.
for repeats in false true; do
    expect 0 "$REELBENCH" run random.yaml --set 'split={ kind: sessions }' --set "evaluation={ repeats: $repeats }"
    expect 0 "$REELBENCH" report results/random-* --format json
    cp "$out" $repeats.json
done
python3 - false.json true.json <<'PYTHON' || fail "items of the session are no candidates"
import json, sys
without, with_them = (json.load(open(f))["trials"][0]["test hit_rate:session@10"] for f in sys.argv[1:])
assert 0 < with_them < without < 1, (with_them, without)
PYTHON

# Early stopping, refits and ranking metrics beside them.
cat >more.yaml <<'YAML'
experiment: more
seed: 3
dataset: { name: synthetic, users: 200, items: 80, ratings: 4000, sessions: 3000 }
split: { kind: sessions, test: 0.1, validation: 0.1 }
metrics: [ndcg@10, rmse, "mrr:session@10"]
select: "mrr:session@10"
evaluation: { ties: bounds, refit: true }
store: { models: all }
trials: [popularity, markov, sknn, bias]
YAML
expect 0 "$REELBENCH" run more.yaml
expect 0 "$REELBENCH" report results/more-* --format json
python3 - "$out" <<'PYTHON' || fail "what applies has no value, or what does not has one"
import json, sys
for t in json.load(open(sys.argv[1]))["trials"]:
    has = {m for m in ("rmse:global", "mrr:session@10") if t["test " + m] is not None}
    assert has == ({"rmse:global"} if t["entry"] == "bias" else {"mrr:session@10"}), (t["entry"], has)
    assert (t["test ndcg:bin-min@10"] is None) == (t["entry"] in ("markov", "sknn")), t
PYTHON

# Sessions of a log of one's own, cut at pauses: whoever watches 1 goes on with 2, and 3 with 4, within a minute.
python3 - <<'PYTHON'
import random
random.seed(5)
with open("log.csv", "w") as f:
    f.write("user,item,timestamp\n")
    for user in range(200):
        for day in range(3):
            first = random.choice((1, 3)) + 10 * day
            for item in (first, first + 1):
                f.write(f"u{user},i{item},{86400 * (day + 3 * (user % 7)) + 60 * item}\n")
PYTHON
cat >log.yaml <<'YAML'
experiment: log
seed: 1
dataset: { path: log.csv, session_gap: 3600 }
split: { kind: sessions, test: 0.2, validation: 0.1 }
metrics: ["hit_rate:session@1"]
select: "hit_rate:session@1"
trials: [markov, popularity]
YAML
expect 0 "$REELBENCH" run log.yaml
prints "200 users x 12 items, 1,200 events in 600 sessions, 1,200 interactions"
expect 0 "$REELBENCH" report results/log-* --format json
python3 - "$out" <<'PYTHON' || fail "sessions cut from a log do not tell what follows"
import json, sys
value = {s["entry"]: s["test"] for s in json.load(open(sys.argv[1]))["selection"]}
assert value["markov"] == 1 and value["popularity"] < 1, value
PYTHON
expect 0 "$REELBENCH" run log.yaml --set dataset.session_gap=0
prints "1,200 events in 200 sessions"
expect 2 "$REELBENCH" run log.yaml --set 'dataset={ path: log.csv }'
complains "split kind sessions needs sessions, and data set 'log.csv' has none"
cut -d , -f 1,2 log.csv >timeless.csv
expect 2 "$REELBENCH" run log.yaml --set dataset.path=timeless.csv
complains "'session_gap' needs interactions with times, and data set 'timeless.csv' has none"

# A session of one's own.
more=$(echo results/more-*)
expect 0 "$REELBENCH" recommend "$more" sknn --session 3,7,9 5 --top 4
[ "$(wc -l <"$out")" -eq 9 ] || fail "recommend does not print a heading and four items for each of two sessions"
awk -F '\t' '$1 == 1 && ($3 == 3 || $3 == 7 || $3 == 9) { exit 1 }' "$out" || fail "an item of the session comes again"
expect 0 "$REELBENCH" recommend "$more" popularity --session 3
[ "$(wc -l <"$out")" -eq 11 ] || fail "a model that folds a session in does not list ten items"
for model in sknn markov; do # by what of the session; markov goes by the last item alone
    expect 0 "$REELBENCH" recommend "$more" "$model" --session 3,7,9 --top 4 --explain 2
    awk -F '\t' 'NR > 1 { print $6 }' "$out" >because
    grep -qE '\([0-9.e-]+\)' because || fail "$model gives no reason"
    if grep -vE '^([^;]+ \([0-9.e-]+\)(; [^;]+ \([0-9.e-]+\))?)?$' because; then fail "$model gives other reasons"; fi
done
if grep -q ';' because; then fail "markov names more than the last item"; fi
expect 2 "$REELBENCH" recommend "$more" sknn --session 3 5,nothing
complains "no item 'nothing' in the data set 'synthetic'"
[ ! -s "$out" ] || fail "recommend prints before it has read all sessions"
expect 2 "$REELBENCH" recommend "$more" bias --session 3
complains "bias cannot predict the next item of a session"
expect 2 "$REELBENCH" recommend "$more" markov --user 3
complains "markov cannot recommend"
expect 2 "$REELBENCH" recommend "$more" markov --user 3 --session 5
complains "not for both at once"
# A history of one event each is no session.
{ echo user,item,rating,timestamp; for u in $(seq 12); do echo "$u,1,3,$u"; done; } >single.csv
expect 2 "$REELBENCH" run random.yaml --set 'dataset={ path: single.csv, session_gap: 0 }' \
    --set 'split={ kind: sessions }'
complains "split kind sessions: no session of data set 'single.csv' has two events"

finish

#!/usr/bin/env bash
# `rerank` beside an algorithm: lists grow more diverse as lambda falls, one fit serves all of them, `recommend` gives
# what was evaluated, and neither ranks nor the order of the requests change a bit.
. "$RB_SOURCE/tests/support/cli.bash" || exit 1
cd "$scratch" || exit 1

cat >varied.yaml <<'YAML'
experiment: varied
seed: 7
dataset: { name: synthetic, users: 150, items: 120, ratings: 4000, sessions: 2000 }
split: { kind: random, test: 0.2, validation: 0.1 }
metrics: [ndcg@10, diversity@10, "diversity:tfidf@10", auc]
select: diversity@10
store: { models: all, lists: all }
trials:
  - ials: { factors: 8, iterations: 4 }
    as: plain
  - ials: { factors: 8, iterations: 4 }
    as: varied
    rerank: { lambda: [1, 0.7, 0.3], candidates: 40 }
  - ials: { factors: 8, iterations: 4 }
    as: covering
    rerank: { method: xquad, lambda: [1, 0.7, 0.1] }
  - kmeans: { space: genre, k: 6 }
    as: groups
  - ials: { factors: 8, iterations: 4 }
    as: by-group
    rerank: { method: [mmr, xquad], lambda: 0.3, clusters: groups }
YAML
expect 0 "$REELBENCH" run varied.yaml
run=$(echo results/varied-*)
[ "$(ls "$run"/units | grep -c "fit.h5")" = 2 ] || fail "the fit of ials is not shared"
expect 0 "$REELBENCH" report "$run" --format json
python3 - "$out" <<'PYTHON' || fail "lists are not more diverse the smaller lambda is"
import json, sys

trials = json.load(open(sys.argv[1]))["trials"]
plain = trials[0]
for name in ("diversity:genre@10", "diversity:tfidf@10"):
    value = lambda t: t["test " + name]
    by_entry = {e: [value(t) for t in trials if t["entry"] == e] for e in ("varied", "covering", "by-group")}
    assert by_entry["varied"][0] == by_entry["covering"][0] == value(plain), (name, by_entry, value(plain))
    assert sorted(by_entry["varied"]) == by_entry["varied"], by_entry
    if name == "diversity:genre@10":
        assert sorted(by_entry["covering"]) == by_entry["covering"], by_entry
        assert by_entry["varied"][2] > value(plain) + 0.05 < by_entry["covering"][2], (by_entry, value(plain))
    assert min(by_entry["by-group"]) > value(plain), (name, by_entry, value(plain))
assert trials[1]["test ndcg:bin-min@10"] == plain["test ndcg:bin-min@10"]
assert trials[1]["test auc"] is None and plain["test auc"] > 0.5
PYTHON
expect 0 "$REELBENCH" digest "$run"
cp "$out" digest

# What is recommended is what was evaluated: re-ranked, and nothing of training or validation.
for trial in 1 4 9; do
    expect 0 "$REELBENCH" export "$run" $trial --trec-run lists
    user=$(awk 'NR == 101 { print $1 }' lists)
    awk -v user="$user" '$1 == user { print $3 }' lists >expected
    expect 0 "$REELBENCH" recommend "$run" $trial --user "$user" --top 10
    awk -F '\t' 'NR > 1 { print $3 }' "$out" >given
    cmp -s given expected || fail "trial $trial recommends what it does not list"
done

# Two ranks, and re-ranking asked for after the fit: the same bits, nothing fitted twice.
expect 0 mpirun -n 2 "$REELBENCH" run varied.yaml --output two
expect 0 "$REELBENCH" digest two/varied-*
cmp -s "$out" digest || fail "the digest depends on the ranks"
awk '/as: plain/ { print; exit } { print }' varied.yaml >first.yaml
expect 0 "$REELBENCH" run first.yaml --output later
expect 0 "$REELBENCH" run varied.yaml --output later
prints "1 kept, 9 to run"
lacks() { ! grep -q "$1" "$out" || fail "unexpected: $1"; }
lacks "fitted again"
lacks "of an earlier file"
expect 0 "$REELBENCH" digest later/varied-*
cmp -s "$out" digest || fail "the digest depends on what was asked for first"
for keep in selected none; do
    expect 0 "$REELBENCH" run varied.yaml --output "$keep" --set store.models=$keep --set store.lists=$keep
    expect 0 "$REELBENCH" run varied.yaml --output "$keep" --set store.models=$keep --set store.lists=$keep
    prints "10 kept, 0 to run"
    expect 0 "$REELBENCH" digest "$keep"/varied-*
    cmp -s "$out" digest || fail "the digest depends on what is kept"
done
expect 0 "$REELBENCH" recommend selected/varied-* varied --user "$user"
expect 0 "$REELBENCH" run varied.yaml --output refit --set evaluation.refit=true --set select=ndcg@10
expect 0 "$REELBENCH" report refit/varied-*

# A fit that several share is one fit, where the file asks for it no more and where its model is made again.
expect 0 "$REELBENCH" run varied.yaml --output selected --set 'trials.3.kmeans={ space: genre, k: 5 }'
prints "1 fit of an earlier file stays in the folder"
expect 0 "$REELBENCH" run varied.yaml --output none --set store.lists=none
prints "2 finished trials are fitted again"

# A re-ranking that fails fails alone: who shares its fit, or refers to it, goes on; mended, it is done.
cat >failing.yaml <<'YAML'
experiment: failing
seed: 7
dataset: { name: synthetic, users: 150, items: 120, ratings: 4000 }
split: { kind: random, test: 0.2 }
metrics: [ndcg@10]
store: { lists: all }
trials:
  - kmeans: { space: genre, k: 200 }
    as: bad
  - ials: { factors: 8, iterations: 4 }
    as: unsure
    rerank: { clusters: bad }
  - ials: { factors: 8, iterations: 4 }
    as: plain
  - ials: { factors: 8, iterations: 4 }
    as: varied
    rerank: { space: genre }
  - popularity: {}
    as: pop
  - hybrid: { first: plain, second: pop }
    as: both
  - hybrid: { first: unsure, second: pop }
    as: too
YAML
python3 - <<'PYTHON'
import re
head, trials = open("failing.yaml").read().split("trials:\n")
trials = re.findall(r"  - .*\n(?:    .*\n)*", trials)
trials[1], trials[2] = trials[2], trials[1]
open("turned.yaml", "w").write(head.replace("failing", "turned") + "trials:\n" + "".join(trials))
PYTHON
for file in failing turned; do
    for start in 1 2; do # the second goes on from what the first left
        expect 1 mpirun -n $start "$REELBENCH" run $file.yaml
        prints "5 done, 2 failed"
        expect 0 "$REELBENCH" report results/$file-* --format tsv
        [ "$(awk -F '\t' '/its lists were not made: / { n++ } END { print n }' "$out")" = 1 ] || fail "another trial failed"
    done
    sed -i 's/k: 200/k: 6/' $file.yaml
    expect 0 "$REELBENCH" run $file.yaml
    expect 0 "$REELBENCH" run $file.yaml --output undisturbed
    [ "$("$REELBENCH" digest results/$file-* | head -1)" = "$("$REELBENCH" digest undisturbed/$file-* | head -1)" ] ||
        fail "$file: a trial of the failed run stayed another"
done

# Candidates take memory that is told before: of each thread's 256 users at a time, 24 bytes each.
cat >many.yaml <<'YAML'
experiment: many
dataset: { name: synthetic, users: 60, items: 5000, ratings: 9000 }
split: { kind: random, test: 0.2 }
metrics: [ndcg@10]
trials:
  - popularity
  - popularity:
    rerank: { candidates: 5000 }
    as: varied
YAML
expect 0 "$REELBENCH" run many.yaml --dry-run --threads 2
python3 - "$out" <<'PYTHON' || fail "the memory of candidates is not counted"
import re, sys
plain, varied = [float(x) for x in re.findall(r"(?:popularity|varied) +([0-9.]+) MB", open(sys.argv[1]).read())]
assert 61 < varied - plain < 64, (plain, varied)
PYTHON

# A re-ranking that a node has no room for fails alone, whichever entry stands first: the fit that both share does not.
sed -e 's/items: 5000/items: 1500/' -e 's/candidates: 5000/candidates: 1500/' many.yaml >first.yaml
python3 - <<'PYTHON'
head, trials = open("first.yaml").read().split("trials:\n")
plain, varied = trials.split("\n", 1)
open("last.yaml", "w").write(head + "trials:\n" + varied + plain + "\n")
PYTHON
for file in first last; do
    expect 1 env SLURM_MEM_PER_NODE=28 "$REELBENCH" run $file.yaml --threads 2 --output $file
    prints "1 done, 1 failed"
    prints "(varied): re-ranking its lists needs"
    expect 0 "$REELBENCH" run $file.yaml --threads 2 --output $file
    prints "1 kept, 1 to run"
    prints "2 done, 0 failed"
done
grep -v -x -- '  - popularity' first.yaml >alone.yaml # nobody else needs the fit: it is not begun
expect 1 env SLURM_MEM_PER_NODE=28 "$REELBENCH" run alone.yaml --threads 2 --output alone
prints "0 done, 1 failed"
complains "re-ranking its lists needs"
expect 0 "$REELBENCH" run alone.yaml --threads 2 --output alone
prints "1 done, 0 failed"

# Two re-rankings that come to the same lists are two trials all the same: their files have different digests.
for places in 20 30; do
    sed "s/candidates: 5000/lambda: 1, candidates: $places/" many.yaml >same.yaml
    expect 0 "$REELBENCH" run same.yaml --output "$places"
    "$REELBENCH" digest "$places"/many-* | head -1 >>digests
done
[ "$(sort -u digests | wc -l)" -eq 2 ] || fail "the digest does not tell what re-ranked the lists"

# What is wrong is said where it stands.
expect 0 "$REELBENCH" list keys trials.rerank
prints "weight of the scores, 1 - lambda of diversity"
refuses() {
    expect 2 "$REELBENCH" validate varied.yaml --set "trials.1.rerank=$1"
    complains "$2"
}
refuses '{ lamda: 0.5 }' "unknown parameter 'lamda' of rerank; did you mean 'lambda'?"
refuses '{ lambda: 2 }' "'rerank.lambda' is 2, expected a number in [0, 1]"
refuses '{ method: xquad, space: lsa-5 }' "whose columns are no aspects"
refuses '{ space: genre, clusters: groups }' "stands beside 'rerank.clusters'"
refuses '{ clusters: plain }' "clusters nothing"
refuses '0.5' "'rerank' is a text, expected a mapping"
expect 2 "$REELBENCH" validate varied.yaml --set 'trials.3.rerank={}'
complains "'kmeans' ranks no items: it has no lists to re-rank"

finish

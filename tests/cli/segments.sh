#!/usr/bin/env bash
# Values by segment: groups of users make up all of them, the forms for machines have their columns, ranks change
# nothing, and users held out whole are cold.
. "$RB_SOURCE/tests/support/cli.bash" || exit 1
cd "$scratch" || exit 1

cat >groups.yaml <<'YAML'
experiment: groups
seed: 7
dataset: { name: synthetic, users: 150, items: 120, ratings: 4000, sessions: 2000 }
split: { kind: random, test: 0.2, validation: 0.1 }
metrics: [ndcg@10, recall@10, item_coverage@10]
select: ndcg@10
evaluation: { segments: 3 }
trials: [popularity, item_knn]
YAML
expect 0 "$REELBENCH" run groups.yaml
run=$(echo results/groups-*)
expect 0 "$REELBENCH" report "$run"
prints "(every trial's values by groups of users and items: reelbench report $run --format csv, tsv or json)"
prints "ndcg:bin-min@10 on test by groups of users and items"
[ "$(grep -c '^  entry .* activity 1/3 .* popularity 3/3' "$out")" -eq 2 ] || fail "not a table for ndcg and for recall"
cp "$out" tables
expect 0 "$REELBENCH" report "$run" --format json
cp "$out" report.json
h5dump -d /metrics -y "$run/results.h5" >metrics
python3 - <<'PYTHON' || fail "the groups are not parts of the whole"
import json, re

rows = re.findall(r'\{\s*(\d+),\s*"([^"]*)",\s*"([^"]*)",\s*"([^"]*)",[^{}]*?\}', open("metrics").read().replace("\\000", ""))
segments = {r[2] for r in rows}
assert {"all", "activity 1/3", "activity 3/3", "popularity 1/3", "popularity 3/3"} <= segments, segments
assert not any(r[3] == "item_coverage" and r[2] != "all" for r in rows), "exposure has no groups"
tables = open("tables").read().split("on test by groups")[1].splitlines()
shown = {line.split()[0]: line.split()[1:] for line in tables[2:5]}
for trial in json.load(open("report.json"))["trials"]:
    assert shown[trial["entry"]][1] == "%.4f" % trial["test ndcg:bin-min@10 (activity 1/3)"], shown
    low, high = (trial[f"test ndcg:bin-min@10 (popularity {g}/3)"] for g in (1, 3))
    parts = [trial[f"test ndcg:bin-min@10 (activity {g}/3)"] for g in (1, 2, 3)]
    assert low < high and min(parts) <= trial["test ndcg:bin-min@10"] <= max(parts), trial
PYTHON
expect 0 "$REELBENCH" digest "$run"
cp "$out" digest
expect 0 mpirun -n 2 "$REELBENCH" run groups.yaml --output two
expect 0 "$REELBENCH" digest two/groups-*
cmp -s "$out" digest || fail "the digest depends on the ranks"

expect 0 "$REELBENCH" run groups.yaml --output strong --set 'split={ kind: strong, test: 0.2, validation: 0.1 }'
expect 0 "$REELBENCH" report strong/groups-* --format json
python3 - "$out" <<'PYTHON' || fail "users held out whole are not cold"
import json, sys

for trial in json.load(open(sys.argv[1]))["trials"]:
    assert trial["test ndcg:bin-min@10 (cold users)"] == trial["test ndcg:bin-min@10"], trial
PYTHON
expect 2 "$REELBENCH" validate groups.yaml --set evaluation.segments=-1
complains "'evaluation.segments' is -1"

finish

#!/usr/bin/env bash
# Published values of metrics whose definition is completed by the trial, of refits, of several spaces, and of a file that
# cannot be read any more; `compare` finds the same values.
. "$RB_SOURCE/tests/support/cli.bash" || exit 1
cd "$scratch" || exit 1

printf '1 0\n0 1\n' >centres.txt
cat >published.yaml <<'YAML'
experiment: published
dataset: { name: synthetic, users: 80, items: 60, ratings: 1500 }
split: { kind: random, test: 0.2, validation: 0.2 }
repeats: 2
metrics: [ndcg@10, silhouette, gap]
select: [ndcg@10, silhouette]
evaluation: { refit: true, gap_references: 2 }
trials:
  - ials: { factors: 4, iterations: 3 }
  - kmeans: { space: genre, k: 3 }
    as: groups
  - kmeans: { space: genre, k: 4 }
    as: others
  - kmeans: { space: [genre, numeric], k: 3 }
    as: spaces
  - kmeans: { space: lsa-2, k: 2, init: given, centres: centres.txt }
    as: given
expect:
  - { entry: ials, metric: ndcg@10, value: 0, tolerance: 9 }
  - { entry: groups, metric: silhouette, value: 0, tolerance: 9 }
  - { entry: groups, metric: gap, value: 0, tolerance: 9 }
  - { entry: spaces, metric: silhouette, value: 0, tolerance: 9 }
YAML
expect 0 "$REELBENCH" run published.yaml
prints "published values: 3 of 4 held"
run=$(echo results/published-*)
expect 0 "$REELBENCH" report "$run" --format json
python3 - "$out" <<'PYTHON' || fail "the values are not those of the report"
import json, sys
report = json.load(open(sys.argv[1]))
def mean(entry, column):
    values = [t[column] for t in report["trials"] if t["entry"] == entry]
    assert len(values) == 2, values
    return sum(values) / 2
expected = [mean("ials", "refit ndcg:bin-min@10"), mean("groups", "silhouette:euclidean"), mean("groups", "gap:box-2")]
measured = [x["measured"] for x in report["published"]]
assert all(abs(a - b) < 1e-12 for a, b in zip(expected, measured)), (expected, measured)
assert measured[0] != mean("ials", "test ndcg:bin-min@10"), measured
assert measured[3] is None and not report["published"][3]["held"], report["published"]
PYTHON
expect 0 "$REELBENCH" compare "$run:groups" "$run:others" --metric gap
expect 0 "$REELBENCH" run published.yaml --set evaluation.gap_references=3 --output more
expect 2 "$REELBENCH" compare "$run:groups" "$(echo more/published-*)":groups --metric gap
complains "gap:box-2 and gap:box-3 do not compare: the runs have other numbers of reference sets"

# A file that the experiment names is gone.
rm centres.txt
expect 0 "$REELBENCH" report "$run"
prints "published values: not read: "
prints "centres.txt"
expect 0 "$REELBENCH" report "$run" --format json
python3 -c 'import json, sys; assert json.load(open(sys.argv[1]))["published"] is None' "$out" || fail "JSON is another"
finish

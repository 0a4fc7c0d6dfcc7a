#!/usr/bin/env bash
# The number of clusters by the gap statistic: values, errors and choice are those of a naive computation on the same
# reference sets; curves over k stand for every rule.
. "$RB_SOURCE/tests/support/cli.bash" || exit 1
cd "$scratch" || exit 1

# Groups of titles that differ in their two numbers, with no two distances alike.
python3 - <<'PYTHON'
import random
random.seed(4)
with open("titles.csv", "w") as f:
    f.write("show_id,type,title,director,cast,country,date_added,release_year,rating,duration,listed_in,description\n")
    for i in range(30):
        year = 1930 + 30 * (i % 3) + random.randint(0, 5)
        f.write(f"s{i},Movie,T{i},,,X,,{year},R,{(1000, 2600, 1300)[i % 3] + random.randint(0, 300)} min,Dramas,x\n")
PYTHON
cat >gap.yaml <<'YAML'
experiment: gap
seed: 1
dataset: { path: titles.csv }
metrics: [silhouette, inertia, n_clusters]
select: gap
evaluation: { gap_references: 8 }
store: { models: none }
trials:
  - agglomerative: { space: numeric, linkage: ward, k: { range: [1, 8] } }
  - kmeans: { space: numeric, k: { range: [1, 8] }, n_init: 5 }
  - dbscan: { space: numeric, eps: 0.3 }
YAML
expect 0 "$REELBENCH" run gap.yaml
prints "gap of 16 clusterings: 128 more fits, to 8 reference sets, "
run=$(echo results/gap-*)
expect 0 "$REELBENCH" report "$run" --format json
cp "$out" gap.json
export PYTHONPATH=$RB_SOURCE/tests/support
cat >naive.py <<'PYTHON'
"""The gap statistic of Ward's clusters of gap.yaml from the paper's formulas alone."""
import csv, json, math, sys
import philox

def scatter(points):
    mean = [sum(c) / len(points) for c in zip(*points)]
    return sum((x - m) ** 2 for p in points for x, m in zip(p, mean))

def ward(points):
    """W of 8, 7, ..., 1 clusters, by merging what adds least."""
    clusters, w = [[p] for p in points], {}
    while True:
        if len(clusters) <= 8:
            w[len(clusters)] = sum(map(scatter, clusters))
        if len(clusters) == 1:
            return w
        _, i, j = min((scatter(a + b) - scatter(a) - scatter(b), i, j)
                      for i, a in enumerate(clusters) for j, b in enumerate(clusters) if i < j)
        clusters[i] += clusters.pop(j)

rows = sorted(csv.DictReader(open("titles.csv")), key=lambda r: r["show_id"])
columns = []
for values in ([int(r["release_year"]) for r in rows], [int(r["duration"].split()[0]) for r in rows]):
    mean = sum(values) / len(values)
    deviation = math.sqrt(sum((v - mean) ** 2 for v in values) / len(values))
    columns.append([(v - mean) / deviation for v in values])
own = ward(list(zip(*columns)))
sets = []
for b in range(8):
    box = [(min(c), max(c)) for c in columns]
    sets.append(ward([tuple(low + (high - low) * philox.uniform(1, "gap", b, i, f) for f, (low, high) in enumerate(box))
                      for i in range(len(rows))]))
gap, error = {}, {}
for k in range(1, 9):
    logs = [math.log(s[k]) for s in sets]
    mean = sum(logs) / 8
    gap[k] = mean - math.log(own[k])
    error[k] = math.sqrt(sum((x - mean) ** 2 for x in logs) / 8) * math.sqrt(1 + 1 / 8)
chosen = min(k for k in range(1, 8) if gap[k] >= gap[k + 1] - error[k + 1])

report = json.load(open("gap.json"))
trials = report["trials"]
for k in range(1, 9):
    t = trials[k - 1]
    assert abs(t["inertia"] - own[k]) < 1e-9, (k, t["inertia"], own[k])
    assert abs(t["gap:box-8"] - gap[k]) < 1e-9, (k, t["gap:box-8"], gap[k])
    assert abs(t["gap:error:box-8"] - error[k]) < 1e-9, (k, t, error[k])
assert chosen == 3, (chosen, gap, error)
assert [t["parameters"] for t in trials if t["selected"] and t["entry"] == "agglomerative"] == [trials[2]["parameters"]]
assert trials[10]["selected"], "kmeans finds three groups, too"
assert trials[16]["gap:box-8"] is None, "dbscan has no k"
curve = [c for c in report["curve"] if c["entry"] == "agglomerative"]
assert [c["k"] for c in curve] == list(range(1, 9)) and all(c["rule"] == "gap" for c in curve), curve
for c in curve:
    k = c["k"]
    assert abs(c["value"] - gap[k]) < 1e-9 and abs(c["error"] - error[k]) < 1e-9, c
    if k < 8:
        assert abs(c["difference"] - (gap[k] - gap[k + 1] + error[k + 1])) < 1e-9, c
    assert c["selected"] == (k == chosen), c
PYTHON
python3 naive.py || fail "another gap statistic"
expect 0 "$REELBENCH" report "$run"
prints "curves over k"

# The same in another shape and without sharing; asked for later nothing is fitted again.
digest=$("$REELBENCH" digest "$run" | head -1)
expect 0 mpirun -n 3 "$REELBENCH" run gap.yaml --output again --threads 1 --no-share
[ "$("$REELBENCH" digest again/gap-* | head -1)" = "$digest" ] || fail "three ranks have another digest"
sed 's/^select: gap/select: silhouette/' gap.yaml >later.yaml
expect 0 "$REELBENCH" run later.yaml --output later
expect 0 "$REELBENCH" run gap.yaml --output later
grep -q "fitted again" "$out" && fail "fits were done again"
[ "$("$REELBENCH" digest later/gap-* | head -1)" = "$digest" ] || fail "asking later gives another digest"

# The other rules keep their curve, too.
for rule in silhouette calinski_harabasz elbow; do
    sed "s/^select: gap/select: $rule/; s/, inertia//; s/experiment: gap/experiment: $rule/" gap.yaml >$rule.yaml
    expect 0 "$REELBENCH" run $rule.yaml
    expect 0 "$REELBENCH" report results/$rule-* --format json
    python3 - "$out" $rule <<'PYTHON' || fail "the curve by $rule is another"
import json, sys
report, rule = json.load(open(sys.argv[1])), sys.argv[2]
curve = [c for c in report["curve"] if c["entry"] == "kmeans"]
assert [c["k"] for c in curve] == list(range(1 if rule == "elbow" else 2, 9)), curve
chosen = [c["k"] for c in curve if c["selected"]]
assert chosen == [max(curve, key=lambda c: c["value"])["k"] if rule != "elbow" else 3], curve
assert curve[0]["rule"] == ("elbow" if rule == "elbow" else "best"), curve
PYTHON
done

# A reference set that one clustering cannot be fitted to leaves that one without a value, the others with theirs.
python3 - <<'PYTHON'
import random
random.seed(4)
with open("words.csv", "w") as f:
    f.write("show_id,type,title,release_year,listed_in,description\n")
    for i in range(24):
        words = " ".join("abcd"[i % 4] + random.choice("abcdef") for _ in range(12))
        f.write(f"s{i},Movie,T{i},2000,Dramas,{words}\n")
PYTHON
cat >loose.yaml <<'YAML'
experiment: loose
seed: 1
dataset: { path: words.csv }
metrics: [gap, n_clusters]
evaluation: { gap_references: 60 }
trials:
  - gmm: { space: lsa-4, k: 3, regularization: 0 }
  - kmeans: { space: lsa-4, k: 3 }
YAML
expect 0 "$REELBENCH" run loose.yaml
expect 0 "$REELBENCH" report results/loose-* --format json
python3 - "$out" <<'PYTHON' || fail "a reference set that cannot be fitted reaches other values"
import json, sys
gmm, kmeans = json.load(open(sys.argv[1]))["trials"]
assert gmm["outcome"] == "done" and gmm["n_clusters"] == 3 and gmm["gap:box-60"] is None, gmm
assert isinstance(kmeans["gap:box-60"], float), kmeans
PYTHON
expect 0 mpirun -n 2 "$REELBENCH" run loose.yaml --output again --threads 1 --no-share
[ "$("$REELBENCH" digest again/loose-* | head -1)" = "$("$REELBENCH" digest results/loose-* | head -1)" ] ||
    fail "two ranks leave out other values"

# Of sparse points the columns are shuffled: their values and so W of one cluster stay, and words lose their company.
cat >sparse.yaml <<'YAML'
experiment: sparse
seed: 1
dataset: { path: words.csv }
metrics: [gap, inertia]
select: gap
evaluation: { gap_references: 4 }
trials:
  - agglomerative: { space: { name: tfidf, columns: description, stop_words: none }, linkage: ward, k: { range: [1, 6] } }
  - kmeans: { space: { name: tfidf, columns: description, stop_words: none }, k: 2, metric: spherical }
YAML
head -n 15 words.csv >few.csv
sed -i 's/words.csv/few.csv/' sparse.yaml
expect 0 "$REELBENCH" run sparse.yaml
prints "gap of 7 clusterings: 28 more fits, to 4 reference sets, "
expect 0 "$REELBENCH" report results/sparse-* --format json
cp "$out" sparse.json
cat >columns.py <<'PYTHON'
"""The same of Ward's clusters of sparse.yaml, from the texts, on columns that are shuffled here."""
import csv, json, math

source = open("naive.py").read()
exec(source[:source.index("rows = ")])

texts = [r["description"].split() for r in sorted(csv.DictReader(open("few.csv")), key=lambda r: r["show_id"])]
words, n = sorted({w for t in texts for w in t}), len(texts)
idf = [math.log((1 + n) / (1 + sum(w in t for t in texts))) + 1 for w in words]
points = [[t.count(w) * i for w, i in zip(words, idf)] for t in texts]
points = [[x / math.hypot(*p) for x in p] for p in points]

def shuffled(b):
    out = [[0.0] * len(words) for _ in points]
    for f in range(len(words)):
        left = list(range(n))
        for j, value in enumerate([p[f] for p in points if p[f]]):
            k = j + philox.below(1, "gap", b, f, j, n - j)
            left[j], left[k] = left[k], left[j]
            out[left[j]][f] = value
    return out

own, sets = ward(points), [ward(shuffled(b)) for b in range(4)]
trials = json.load(open("sparse.json"))["trials"]
for k in range(1, 7):
    t, logs = trials[k - 1], [math.log(s[k]) for s in sets]
    assert abs(t["gap:columns-4"] - (sum(logs) / 4 - math.log(own[k]))) < 1e-9, (k, t, logs, own[k])
assert abs(trials[0]["gap:columns-4"]) < 1e-12, trials[0]
assert isinstance(trials[6]["gap:columns-4"], float), trials[6]
PYTHON
python3 columns.py || fail "another gap statistic of sparse points"
expect 0 mpirun -n 2 "$REELBENCH" run sparse.yaml --output again --threads 1 --no-share
[ "$("$REELBENCH" digest again/sparse-* | head -1)" = "$("$REELBENCH" digest results/sparse-* | head -1)" ] ||
    fail "two ranks shuffle otherwise"

# Where no k is large enough, the message says so.
sed 's/range: \[1, 8\]/range: [1, 2]/; /dbscan/d; s/experiment: gap/experiment: narrow/' gap.yaml >narrow.yaml
expect 0 "$REELBENCH" run narrow.yaml
prints "kmeans in numeric: no k from 1 to 2 meets Gap(k) >= Gap(k') - s', k' the next: widen the range"

expect 2 "$REELBENCH" validate gap.yaml --set select=gap:error
complains "'gap:error' selects nothing"
expect 2 "$REELBENCH" validate gap.yaml --set 'trials=[dbscan: { space: numeric }]'
complains "no trial of this file can give 'gap'"
finish

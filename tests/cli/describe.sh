#!/usr/bin/env bash
# describe: the terms, shares and nearest titles of clusters are those of a naive computation.
. "$RB_SOURCE/tests/support/cli.bash" || exit 1
cd "$scratch" || exit 1

python3 - <<'PYTHON'
import random
random.seed(8)
words = ["river boat fish water sea shore".split(), "laser star robot planet orbit alien".split()]
with open("titles.csv", "w") as f:
    f.write("show_id,type,title,country,release_year,rating,listed_in,description\n")
    for i in range(70):
        kind = i % 2
        text = " ".join(random.choices(words[kind] + ["night"], k=9))
        country = random.choice(["France", '"Spain, Italy"', '"Italy, Italy"', ""])
        year = random.choice([1988, 1994, 1999, 2003, 2020])
        rating = random.choice(["PG", "TV-MA", "TV-Y", ""])
        genres = random.choice(["Dramas", '"Dramas, Comedies"', "Horror"])
        f.write(f"s{i},{('Movie', 'TV Show')[kind]},T{i},{country},{year},{rating},{genres},{text}\n")
PYTHON
cat >clusters.yaml <<'YAML'
experiment: clusters
seed: 3
dataset: { path: titles.csv }
metrics: [n_clusters, "ari:type", silhouette, "silhouette:merge"]
trials:
  - kmeans: { space: numeric, k: 3 }
  - dbscan: { space: { name: tfidf, columns: description }, eps: 0.6, min_samples: 4 }
  - kmeans: { space: { name: lsa-3, columns: description }, k: 2 }
    as: texts
YAML
expect 0 "$REELBENCH" run clusters.yaml
run=$(echo results/clusters-*)
for trial in 1 2 3; do
    expect 0 "$REELBENCH" describe "$run" $trial --columns description --top 4 --format json
    cp "$out" $trial.json
    h5dump -d /labels/$trial -y -w 1 -o $trial.labels "$run/results.h5" >/dev/null
    h5dump -d /per_point/$trial/all/silhouette -m %.17g -y -w 1 -o $trial.scores "$run/results.h5" >/dev/null
    python3 - $trial <<'PYTHON' || fail "trial $trial is described otherwise"
import collections, csv, json, math, statistics, sys

number = sys.argv[1]
labels = [int(x.strip(" ,\n")) for x in open(f"{number}.labels") if x.strip(" ,\n")]
rows = sorted(csv.DictReader(open("titles.csv")), key=lambda r: r["show_id"])  # the order of the items
assert len(labels) == len(rows) == 70
told = collections.defaultdict(list)
sizes = {}
for r in json.load(open(f"{number}.json")):
    told[r["cluster"], r["of"]].append((r["name"], r["value"]))
    assert r["rank"] == len(told[r["cluster"], r["of"]])
    sizes[r["cluster"]] = r["titles"]

def cluster(label):
    return "noise" if label < 0 else str(label)

def multi(text):
    return sorted({x.strip() for x in text.split(",") if x.strip()})

classes = collections.defaultdict(list)
for label, row in zip(labels, rows):
    classes[cluster(label)].append(row)
assert sizes == {c: len(members) for c, members in classes.items()}, sizes
order = list(sizes)
assert order == sorted(order, key=lambda c: (c == "noise", c)), order
tf = {c: collections.Counter(w for r in m for w in r["description"].split()) for c, m in classes.items()}
total = sum(tf.values(), collections.Counter())
mean = sum(total.values()) / len(classes)
groups = {"PG": "older kids", "TV-MA": "adults", "TV-Y": "kids", "": "unrated"}
places = ["unrated", "kids", "older kids", "teens", "adults"]

def check(c, of, scores, place):
    best = sorted(scores.items(), key=lambda e: (-e[1], place(e[0])))
    got = told[c, of]
    assert len(got) == min(4, len(best)), (c, of, got, best)
    for (name, value), (wanted, score) in zip(got, best):
        assert abs(value - score) <= 1e-12 * max(1, score), (c, of, got, best)
        assert name == wanted or abs(scores[name] - score) <= 1e-12, (c, of, got, best)

for c, members in classes.items():
    def shares(values):
        n = collections.Counter(v for r in members for v in values(r))
        return {v: k / len(members) for v, k in n.items()}
    check(c, "terms", {w: k * math.log(1 + mean / total[w]) for w, k in tf[c].items()}, str)
    check(c, "genres", shares(lambda r: multi(r["listed_in"])), str)
    check(c, "countries", shares(lambda r: multi(r["country"])), str)
    check(c, "decades", shares(lambda r: [f"{int(r['release_year']) // 10 * 10}s"]), str)
    check(c, "age groups", shares(lambda r: [groups[r["rating"]]]), places.index)

def silhouettes(values, of):  # euclidean, over all pairs
    result = []
    for x, own in zip(values, of):
        to = {c: [abs(x - y) for y, other in zip(values, of) if other == c] for c in set(of)}
        if len(to[own]) == 1:
            result.append(0)
            continue
        a = sum(to[own]) / (len(to[own]) - 1)
        b = min(statistics.mean(d) for c, d in to.items() if c != own)
        result.append((b - a) / max(a, b) if max(a, b) else 0)
    return result

silhouette = {c: dict(("silhouette" if of == "silhouette" else "merge", e[0][1]) for (k, of), e in told.items()
                      if k == c and of.startswith("silhouette")) for c in classes}
for c in classes:  # noise is left out, or a cluster
    assert set(silhouette[c]) == ({"merge"} if c == "noise" else {"silhouette", "merge"}), silhouette

if number == "1":  # numeric has the year alone: less its mean, over its standard deviation
    years = [int(r["release_year"]) for r in rows]
    m = sum(years) / len(years)
    deviation = math.sqrt(sum((y - m) ** 2 for y in years) / len(years))
    scores = silhouettes(years, labels)
    stored = [float(x.strip(" ,\n")) for x in open("1.scores") if x.strip(" ,\n")]
    assert all(abs(x - y) <= 1e-9 for x, y in zip(stored, scores)) and len(stored) == 70, (stored, scores)
    for c in classes:
        mine = statistics.mean(s for s, label in zip(scores, labels) if cluster(label) == c)
        assert abs(silhouette[c]["silhouette"] - mine) <= 1e-9, (c, silhouette[c], mine)
    for c, members in classes.items():
        z = [(int(r["release_year"]) - m) / deviation for r in members]
        centre = sum(z) / len(z)
        distance = {r["title"]: abs(x - centre) for r, x in zip(members, z)}
        best = sorted(distance.values())[:4]
        got = told[c, "nearest titles"]
        assert len(got) == len(best)
        for (name, value), score in zip(got, best):
            assert abs(value - score) <= 1e-12 and abs(distance[name] - value) <= 1e-12, (got, best)
if number == "3":  # each cluster has the words of one kind
    for c in classes:
        kind = {w in "river boat fish water sea shore".split() for w, _ in told[c, "terms"] if w != "night"}
        assert len(kind) == 1, told[c, "terms"]
PYTHON
done

# The noise is told apart, by every form.
grep -q '"noise"' 2.json || fail "dbscan left no noise to test with"
expect 0 "$REELBENCH" describe "$run" texts --top 2
prints "trial 3 (texts): 70 titles, 2 clusters of 35 to 35, median 35; 0 noise"
prints "nearest titles"
grep -Eq "^ *0 +35 +silhouette +[+]0[.][0-9]{4}" "$out" || fail "no silhouette beside the size of a cluster"
expect 0 "$REELBENCH" describe "$run" dbscan --format markdown
prints "| noise "

# The same on another number of threads.
expect 0 "$REELBENCH" describe "$run" 3 --columns description --top 4 --format json --threads 3
cmp -s "$out" 3.json || fail "three threads describe otherwise"

# Over repeats: how far their labellings agree; and the sizes as a metric.
sed 's/experiment: clusters/experiment: again\nrepeats: 3/; s/n_clusters,/n_clusters, cluster_sizes, "cluster_sizes:min", "cluster_sizes:max", "stability:seeds",/; s/k: 3 }/k: 4, iterations: 1 }/' clusters.yaml >again.yaml
expect 0 "$REELBENCH" run again.yaml
again=$(echo results/again-*)
expect 0 "$REELBENCH" describe "$again" 1 --top 1
prints "; stability:seeds 0."
prints "over 3 repeats"
expect 0 "$REELBENCH" describe "$again" 2 --top 1 --format json
cp "$out" again.json
for trial in 1 2 3; do
    h5dump -d /labels/$trial -y -w 1 -o again.$trial "$again/results.h5" >/dev/null
done
expect 0 "$REELBENCH" report "$again" --format json
cp "$out" report.json
python3 - <<'PYTHON' || fail "other sizes, or another stability"
import collections, itertools, json, math, statistics

labels = [[int(x.strip(" ,\n")) for x in open(f"again.{t}") if x.strip(" ,\n")] for t in (1, 2, 3)]
def ari(a, b):
    two = lambda counts: sum(math.comb(n, 2) for n in collections.Counter(counts).values())
    both, x, y = two(zip(a, b)), two(a), two(b)
    expected = x * y / math.comb(len(a), 2)
    return (both - expected) / ((x + y) / 2 - expected)
wanted = statistics.mean(ari(a, b) for a, b in itertools.combinations(labels, 2))
first = json.load(open("again.json"))[0]
assert first["cluster"] == "all" and first["of"] == "stability:seeds" and first["name"] == "3 repeats", first
assert abs(first["value"] - wanted) <= 1e-12 and wanted < 1, (first, wanted)
trials = json.load(open("report.json"))["trials"]
stable = [[v for k, v in t.items() if k.endswith("stability:seeds")][0] for t in trials]
assert all(abs(v - wanted) <= 1e-12 for v in stable[:3]), (stable, wanted)
assert all(v == 1 for v in stable[3:6]), stable  # dbscan has no seed
for trial, own in zip(trials, labels):
    sizes = sorted(collections.Counter(own).values())
    found = {k.split()[-1]: v for k, v in trial.items() if "cluster_sizes" in k}
    assert found == {"cluster_sizes:median": statistics.median(sizes), "cluster_sizes:min": sizes[0],
                     "cluster_sizes:max": sizes[-1]}, (found, sizes)
PYTHON

# A metric that comes later fits nothing again; resamples of what is far apart fall into the same groups, and are the
# same in another shape.
sed -i 's/n_clusters,/n_clusters, "stability:bootstrap",/' again.yaml
expect 0 "$REELBENCH" run again.yaml --threads 1
[ -z "$(find "$again/units" -name '*.fit.h5' -newer again.json)" ] || fail "a metric that came later fitted trials again"
expect 0 "$REELBENCH" report "$again" --format json
cp "$out" report.json
expect 0 mpirun -n 3 "$REELBENCH" run again.yaml --output other --no-share
[ "$("$REELBENCH" digest "$again" | head -1)" = "$("$REELBENCH" digest other/again-* | head -1)" ] ||
    fail "three ranks resample otherwise"
python3 - <<'PYTHON' || fail "other resamples"
import json
stable = [[v for k, v in t.items() if k.endswith("stability:bootstrap")][0] for t in json.load(open("report.json"))["trials"]]
assert all(0 < v < 1 for v in stable[:3]) and len(set(stable[:3])) > 1, stable
assert all(v == 1 for v in stable[6:]), stable
PYTHON

expect 2 "$REELBENCH" describe nowhere 1
complains "nowhere"
expect 2 "$REELBENCH" describe "$run" 7
complains "no trial '7'"
expect 2 "$REELBENCH" describe "$run" 1 --columns plot
complains "plot"
cat >lists.yaml <<'YAML'
experiment: lists
dataset: { name: synthetic, users: 60, items: 40, ratings: 900 }
split: { kind: random, test: 0.2 }
metrics: [ndcg@10, n_clusters]
trials:
  - popularity
  - kmeans: { space: genre, k: 50 }
YAML
"$REELBENCH" run lists.yaml >/dev/null 2>&1
expect 2 "$REELBENCH" describe results/lists-* popularity
complains "popularity is no clustering"
expect 2 "$REELBENCH" describe results/lists-* kmeans
complains "no labels of trial 2 (kmeans) are stored"
finish

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
        apart = {r["title"]: statistics.mean(abs(x - y) for k, y in enumerate(z) if k != i)
                 for i, (r, x) in enumerate(zip(members, z))}
        (name, value), = told[c, "medoid"]
        assert abs(value - min(apart.values())) <= 1e-12 and abs(apart[name] - value) <= 1e-12, (name, value, apart)
if number == "3":  # each cluster has the words of one kind
    for c in classes:
        kind = {w in "river boat fish water sea shore".split() for w, _ in told[c, "terms"] if w != "night"}
        assert len(kind) == 1, told[c, "terms"]
PYTHON
done

# Of spaces that trials make and of what clusters the catalogue itself: nearest titles and medoids where the clusters
# are, as long as the models are there; and the words of topics.
cat >made.yaml <<'YAML'
experiment: made
seed: 3
dataset: { path: titles.csv }
metrics: [n_clusters]
store: { models: all }
trials:
  - lda: { space: { name: counts, columns: description }, topics: 3, iterations: 30, embedding: hellinger }
    as: topics
  - kmeans: { space: topics, k: 3 }
  - agglomerative: { space: topics, k: 3, linkage: average, metric: cosine }
  - kprototypes: { k: 3, categorical: type+rating }
  - kmodes: { k: 3, categorical: type+rating+listed_in }
YAML
sed -i 's/+listed_in/+genre:first/' made.yaml
expect 0 "$REELBENCH" run made.yaml
made=$(echo results/made-*)
for trial in 1 2 3 4 5; do
    expect 0 "$REELBENCH" describe "$made" $trial --top 5 --format json --columns description
    cp "$out" made.$trial.json
    h5dump -d /labels/$trial -y -w 1 -o made.$trial.labels "$made/results.h5" >/dev/null
done
for array in proportions word_weights coherence; do
    h5dump -d /models/1/$array -m %.17g -y -w 1 -o $array "$made/results.h5" >/dev/null
done
python3 - <<'PYTHON' || fail "other medoids, or words of topics"
import collections, csv, json, math, statistics

def read(name, kind=float):
    return [kind(x.strip(" ,\n")) for x in open(name) if x.strip(" ,\n")]

rows = sorted(csv.DictReader(open("titles.csv")), key=lambda r: r["show_id"])
place = {r["title"]: i for i, r in enumerate(rows)}
flat = read("proportions")
topics = [[math.sqrt(x) for x in flat[3 * i:3 * i + 3]] for i in range(70)]
years = [int(r["release_year"]) for r in rows]
mean, deviation = statistics.mean(years), statistics.pstdev(years)

def euclidean(x, y):
    return math.dist(topics[x], topics[y])

def cosine(x, y):
    a, b = topics[x], topics[y]
    return 1 - sum(p * q for p, q in zip(a, b)) / math.hypot(*a) / math.hypot(*b)

def prototypes(x, y):
    gap = ((years[x] - years[y]) / deviation) ** 2
    return math.sqrt(gap + 0.5 * sum(rows[x][c] != rows[y][c] for c in ("type", "rating")))

def modes(x, y):
    first = lambda i: rows[i]["listed_in"].split(",")[0]
    return math.sqrt(sum(rows[x][c] != rows[y][c] for c in ("type", "rating")) + (first(x) != first(y)))

for trial, distance in ((2, euclidean), (3, cosine), (4, prototypes), (5, modes)):
    members = collections.defaultdict(list)
    for i, label in enumerate(read(f"made.{trial}.labels", int)):
        members[str(label)].append(i)
    told = json.load(open(f"made.{trial}.json"))
    medoids = {r["cluster"]: (place[r["name"]], r["value"]) for r in told if r["of"] == "medoid"}
    assert set(medoids) == set(members), (trial, medoids)
    for c, own in members.items():
        apart = {i: sum(distance(i, k) for k in own if k != i) / max(len(own) - 1, 1) for i in own}
        name, value = medoids[c]
        assert abs(value - min(apart.values())) <= 1e-7 and abs(apart[name] - value) <= 1e-7, (trial, c, value, apart)
        nearest = [r for r in told if r["cluster"] == c and r["of"] == "nearest titles"]
        assert len(nearest) == min(5, len(own)), nearest
        if trial == 2:
            centre = [sum(x) / len(own) for x in zip(*(topics[i] for i in own))]
            best = sorted(math.dist(topics[i], centre) for i in own)
            for r, wanted in zip(nearest, best):
                assert abs(r["value"] - wanted) <= 1e-7, (nearest, best)
                assert abs(math.dist(topics[place[r["name"]]], centre) - wanted) <= 1e-7, (nearest, best)

weights, coherence = read("word_weights"), read("coherence")
told = json.load(open("made.1.json"))
for k in range(3):
    column = weights[k::3]
    words = [r for r in told if r["cluster"] == str(k) and r["of"] == "topic words"]
    shares = sorted((w / sum(column) for w in column), reverse=True)
    assert [r["rank"] for r in words] == [1, 2, 3, 4, 5], words
    assert all(abs(r["value"] - s) <= 1e-12 for r, s in zip(words, shares)), (words, shares)
    assert abs([r["value"] for r in told if r["cluster"] == str(k) and r["of"] == "coherence"][0] - coherence[k]) < 1e-12
    # a topic is of one kind, as its titles are
    assert len({r["name"] in "river boat fish water sea shore".split() for r in words if r["name"] != "night"}) == 1, words
PYTHON
expect 0 "$REELBENCH" describe "$made" topics --top 3
grep -Eq "^ *0 +[0-9]+ +topic words +[a-z]+ [0-9.]+%; [a-z]+ [0-9.]+%; [a-z]+ [0-9.]+%$" "$out" || fail "no words of topics"
sed -i 's/store: .*/store: { models: none }/' made.yaml
expect 0 "$REELBENCH" run made.yaml --output none
for trial in 2 4; do
    expect 0 "$REELBENCH" describe none/made-* $trial --top 2
    prints "nearest titles in tfidf"
done
if grep -q "topic words" "$out"; then fail "words of a model that was not kept"; fi

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

# The medoid of a large cluster is the title nearest to its mean, and is called so.
cat >large.yaml <<'YAML'
experiment: large
dataset: { name: synthetic, users: 40, items: 4100, ratings: 300 }
metrics: [n_clusters]
trials: [kmeans: { space: numeric, k: 1 }]
YAML
expect 0 "$REELBENCH" run large.yaml
expect 0 "$REELBENCH" describe results/large-* 1 --top 1 --format json
python3 - "$out" <<'PYTHON' || fail "a large cluster has another medoid than the title nearest to its mean"
import json, sys
told = {r["of"]: (r["name"], r["value"]) for r in json.load(open(sys.argv[1]))}
assert told["medoid (nearest to the mean)"] == told["nearest titles"] and "medoid" not in told, told
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

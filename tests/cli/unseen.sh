#!/usr/bin/env bash
# split kind titles: clusterings are fitted on the titles of training, the others get labels by assign, and both parts
# have their metrics.
. "$RB_SOURCE/tests/support/cli.bash" || exit 1
cd "$scratch" || exit 1

python3 - <<'PYTHON'
import random
random.seed(5)
words = ["river boat fish water sea shore".split(), "laser star robot planet orbit alien".split()]
with open("titles.csv", "w") as f:
    f.write("show_id,type,title,country,release_year,rating,listed_in,description\n")
    for i in range(83):
        kind = i % 2
        text = " ".join(random.choices(words[kind] + ["night"], k=9))
        year = random.randint(1980, 1990) + 25 * random.randint(0, 1)
        genre = random.choice(["Dramas", "Comedies", "Horror"])
        f.write(f"s{i},{('Movie', 'TV Show')[kind]},T{i},France,{year},PG,{genre},{text}\n")
PYTHON
cat >parts.yaml <<'YAML'
experiment: parts
seed: 3
dataset: { path: titles.csv }
split: { kind: titles, test: 0.3 }
metrics: [silhouette, "ari:type", n_clusters, inertia, cophenetic]
select: silhouette
store: { models: all }
trials:
  - kmeans: { space: numeric, k: [2, 3] }
  - agglomerative: { space: { name: tfidf, columns: description }, k: 2 }
  - spectral: { space: { name: tfidf, columns: description }, k: 2, n_neighbors: 8 }
  - kprototypes: { k: 2 }
  - autoencoder: { space: { name: tfidf, columns: description }, layers: "8-2", iterations: 2 }
    as: codes
  - kmeans: { space: codes, k: 2 }
    as: coded
YAML
expect 0 "$REELBENCH" run parts.yaml
prints "58 titles to cluster, 25 unseen"
prints "best of each algorithm and space by silhouette on the titles of training, in this order; value on test"
run=$(echo results/parts-*)
for trial in 1 3 5 7; do
    h5dump -d /labels/$trial -y -w 1 -o $trial.train "$run/results.h5" >/dev/null
    h5dump -d /unseen_labels/$trial -y -w 1 -o $trial.test "$run/results.h5" >/dev/null
done
h5dump -d /unseen_labels/4 "$run/results.h5" >/dev/null 2>&1 && fail "labels of what cannot assign"
h5dump -d /models/1/centres -y -w 1 -m %.17g -o centres "$run/results.h5" >/dev/null
h5dump -d /dataset/items -y -w 1 -o items "$run/results.h5" >/dev/null
h5dump -d /dataset/unseen -y -w 1 -o unseen "$run/results.h5" >/dev/null
expect 0 "$REELBENCH" report "$run" --format json
cp "$out" report.json
python3 - <<'PYTHON' || fail "other parts, labels or values"
import collections, csv, json, math

def read(name, kind):
    return [kind(x.strip(' ,\n"')) for x in open(name) if x.strip(" ,\n")]

rows = {r["show_id"]: r for r in csv.DictReader(open("titles.csv"))}
train, test = read("items", str), read("unseen", str)
assert len(train) == 58 and len(test) == 25 and set(train) | set(test) == set(rows), (train, test)
trials = json.load(open("report.json"))["trials"]

def ari(a, b):
    two = lambda counts: sum(math.comb(n, 2) for n in collections.Counter(counts).values())
    both, x, y = two(zip(a, b)), two(a), two(b)
    expected = x * y / math.comb(len(a), 2)
    return (both - expected) / ((x + y) / 2 - expected)

for number in (1, 3, 5, 7):
    for part, ids in (("train", train), ("test", test)):
        labels = read(f"{number}.{part}", int)
        assert len(labels) == len(ids)
        t = trials[number - 1]
        assert t[f"{part} n_clusters"] == len(set(labels)), (number, part)
        assert abs(t[f"{part} ari:type"] - ari(labels, [rows[i]["type"] for i in ids])) < 1e-12, (number, part)
        assert (t.get(f"{part} silhouette:euclidean") is not None) == (number != 5), (number, part)
assert trials[2]["test ari:type"] > 0.8  # the words of the unseen tell their type
assert trials[3]["train n_clusters"] == 2 and trials[3].get("test n_clusters") is None
assert trials[2]["train cophenetic"] is not None and trials[2].get("test cophenetic") is None

# numeric has the year alone: less the mean of training, over its deviation.
years = [int(rows[i]["release_year"]) for i in train]
mean = sum(years) / len(years)
deviation = math.sqrt(sum((y - mean) ** 2 for y in years) / len(years))
points = [(int(rows[i]["release_year"]) - mean) / deviation for i in test]
labels, centres = read("1.test", int), read("centres", float)
assert labels == [min(range(2), key=lambda c: abs(x - centres[c])) for x in points]
clusters = collections.defaultdict(list)
for label, x in zip(labels, points):
    clusters[label].append(x)
total = 0
for label, x in zip(labels, points):
    far = lambda c, n: sum(abs(x - y) for y in clusters[c]) / n
    if len(clusters[label]) > 1:
        a, b = far(label, len(clusters[label]) - 1), min(far(c, len(clusters[c])) for c in clusters if c != label)
        total += (b - a) / max(a, b)
assert abs(total / len(points) - trials[0]["test silhouette:euclidean"]) < 1e-9, (total / len(points), trials[0])
inertia = sum(sum((x - sum(m) / len(m)) ** 2 for x in m) for m in clusters.values())
assert abs(inertia - trials[0]["test inertia"]) < 1e-9
best = [t for t in trials if t["entry"] == "kmeans" and t["selected"]]
assert len(best) == 1 and best[0]["train silhouette:euclidean"] == max(
    t["train silhouette:euclidean"] for t in trials[:2]), best
PYTHON

# The same in another shape, and what was computed is kept.
expect 0 mpirun -n 3 "$REELBENCH" run parts.yaml --output again --threads 1
[ "$("$REELBENCH" digest "$run" | head -1)" = "$("$REELBENCH" digest again/parts-* | head -1)" ] ||
    fail "three ranks have another digest"
sed -i 's/n_clusters, inertia/n_clusters, inertia, purity:type/' parts.yaml
expect 0 "$REELBENCH" run parts.yaml
prints "0 failed"
expect 0 "$REELBENCH" report "$run" --format tsv
prints "test purity:type"

# A run that goes on where the maker of a space is finished still places the unseen titles in that space.
sed -i 's/space: codes, k: 2 }/space: codes, k: [2, 3] }/' parts.yaml
expect 0 "$REELBENCH" run parts.yaml
prints "0 failed"
expect 0 "$REELBENCH" run parts.yaml --output whole
[ "$("$REELBENCH" digest "$run" | head -1)" = "$("$REELBENCH" digest whole/parts-* | head -1)" ] ||
    fail "a run that goes on has another digest"
rm "$run"/units/*.metric.h5 # as if killed between the fits and their values
expect 0 "$REELBENCH" run parts.yaml
[ "$("$REELBENCH" digest "$run" | head -1)" = "$("$REELBENCH" digest whole/parts-* | head -1)" ] ||
    fail "values that were lost are others"

# Every clustering that can assign, and pipelines through two makers of spaces: both parts have values, and those on test
# are of the labels that `assign` gives the unseen titles.
cat >all.yaml <<'YAML'
experiment: all
seed: 3
dataset: { path: titles.csv }
split: { kind: titles, test: 0.3 }
metrics: ["ari:type", n_clusters, silhouette]
store: { models: all }
trials:
  - lda: { space: { name: counts, columns: description }, topics: 2, iterations: 20 }
    as: topics
  - autoencoder: { space: topics, layers: "4-2", iterations: 3 }
    as: nested
  - kmeans: { space: nested, k: 2 }
    as: through_two
  - minibatch_kmeans: { space: { name: tfidf, columns: description }, k: 2, iterations: 5 }
  - bisecting_kmeans: { space: { name: tfidf, columns: description }, k: 2 }
  - dbscan: { space: topics, eps: 0.3, min_samples: 3 }
  - hdbscan: { space: topics, min_cluster_size: 5 }
  - gmm: { space: topics, k: 2 }
  - dec: { space: { name: lsa-3, columns: description }, k: 2, layers: "8-2", pretrain: 3, iterations: 3 }
  - kmodes: { k: 2, categorical: type+rating }
  - spectral: { space: nested, k: 2, n_neighbors: 8 }
YAML
expect 0 "$REELBENCH" run all.yaml
prints "0 failed"
all=$(echo results/all-*)
expect 0 "$REELBENCH" report "$all" --format json
cp "$out" all.json
head -n 1 titles.csv >new.csv
h5dump -d /dataset/unseen -y -w 1 -o unseen "$all/results.h5" >/dev/null
tr -d ' ,"' <unseen | awk NF | while read -r id; do grep "^$id," titles.csv; done >>new.csv
for trial in 1 3 4 5 6 7 8 9 10; do
    h5dump -d /unseen_labels/$trial -y -w 1 -o labels "$all/results.h5" >/dev/null
    expect 0 "$REELBENCH" assign "$all" $trial new.csv
    tail -n +2 "$out" | cut -f 2 >given
    tr -d ' ,' <labels | awk NF | cmp -s - given || fail "trial $trial: assign gives others than the run"
done
python3 - <<'PYTHON' || fail "clusterings without values on test"
import json
trials = {t["entry"]: t for t in json.load(open("all.json"))["trials"]}
for name, t in trials.items():
    if name != "nested":
        assert t["train n_clusters"] is not None, t
        assert (t["test n_clusters"] is None) == (name == "spectral"), t
for name in ("topics", "through_two", "minibatch_kmeans", "bisecting_kmeans", "dec", "kmodes"):
    assert (t := trials[name])["test ari:type"] is not None and t["test n_clusters"] <= 2, t
assert trials["kmodes"]["test ari:type"] == 1, trials["kmodes"]  # told by the type alone
PYTHON

# A run that goes on places them anew, through models that were not kept.
digest=$("$REELBENCH" digest "$all" | head -1)
expect 0 mpirun -n 2 "$REELBENCH" run all.yaml --output two
[ "$("$REELBENCH" digest two/all-* | head -1)" = "$digest" ] || fail "two ranks assign otherwise"
sed 's/store: .*/store: { models: none }/; s/, silhouette\]/]/' all.yaml >less.yaml
expect 0 "$REELBENCH" run less.yaml --output less
sed 's/store: .*/store: { models: none }/' all.yaml >more.yaml
expect 0 "$REELBENCH" run more.yaml --output less
prints "0 failed"
expect 0 "$REELBENCH" report less/all-* --format json
python3 - "$out" <<'PYTHON' || fail "values that came later are others"
import json, sys
for a, b in zip(json.load(open("all.json"))["trials"], json.load(open(sys.argv[1]))["trials"]):
    assert all(b[k] == v for k, v in a.items() if k.split()[0] in ("train", "test")), (a, b)
PYTHON

expect 2 "$REELBENCH" run parts.yaml --set split.test=0.999 --output none
complains "leaves 0 titles for training"
expect 2 "$REELBENCH" run parts.yaml --set 'dataset={ name: synthetic, users: 30, items: 40, ratings: 300 }' --output none
complains "split kind titles is for titles alone"
expect 2 "$REELBENCH" validate parts.yaml --set split.validation=0.1
complains "'split.validation' has no effect with kind titles"
finish

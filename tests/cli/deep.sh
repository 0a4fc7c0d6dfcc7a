#!/usr/bin/env bash
# A network's codes as a space, their refinement, and new titles: through the program.
. "$RB_SOURCE/tests/support/cli.bash" || exit 1
cd "$scratch" || exit 1

python3 - <<'PYTHON'
import random
random.seed(4)
words = ["river boat fish water sea shore".split(), "laser star robot planet orbit alien".split()]
with open("titles.csv", "w") as f, open("new.csv", "w") as g:
    for out in f, g:
        out.write("show_id,type,title,listed_in,description\n")
    for i in range(80):
        (f if i < 60 else g).write(f"s{i},{('Movie', 'TV Show')[i % 2]},T{i},G,{' '.join(random.choices(words[i % 2], k=12))}\n")
PYTHON
cat >deep.yaml <<'YAML'
experiment: deep
seed: 3
dataset: { path: titles.csv }
metrics: ["ari:type", n_clusters]
trials:
  - autoencoder: { space: { name: tfidf, columns: description }, layers: 8-2, iterations: 60, batch_size: 20, learning_rate: 0.01 }
    as: codes
  - kmeans: { space: codes, k: 2, n_init: 5 }
  - dec:
      space: { name: tfidf, columns: description }
      layers: 8-2
      k: 2
      pretrain: 40
      iterations: 10
      batch_size: 20
      learning_rate: 0.01
store: { models: all }
YAML
expect 0 "$REELBENCH" run deep.yaml
folder=$(echo results/deep-*)
expect 0 "$REELBENCH" report "$folder" --format tsv
python3 - "$out" <<'PYTHON' || fail "other values"
import csv, sys
rows = {r["entry"]: r for r in csv.DictReader(open(sys.argv[1]), delimiter="\t")}
assert set(rows) == {"codes", "kmeans", "dec"}, rows
for name in "kmeans", "dec":
    assert float(rows[name]["ari:type"]) > 0.9, rows
PYTHON
expect 0 "$REELBENCH" digest "$folder"
cp "$out" one

# What the loss is of is told beside it.
h5dump -d /history -y -w 200 "$folder/results.h5" >history
python3 - <<'PYTHON' || fail "the phases of the loss are told otherwise"
import collections
rows = [[x.strip().replace("\\000", "").strip('"') for x in row.split("}")[0].replace("\n", " ").split(",")]
        for row in open("history").read().split("DATA {")[1].split("{")[1:]]
phases = collections.defaultdict(list)
for row in rows:
    phases[int(row[0])].append((int(row[1]), row[-1]))
assert {p for _, p in phases[1]} == {""}, phases[1]
assert all(p == ("reconstruction" if i < 40 else "refinement") for i, p in phases[3]) and len(phases[3]) > 40, phases[3]
PYTHON

# Twenty unseen titles, ten of each kind, by the codes' clusters and by the refined ones.
for entry in kmeans dec; do
    expect 0 "$REELBENCH" assign "$folder" $entry new.csv
    kinds=$(awk 'NR > 1 { print (substr($1, 2) % 2) " " $2 }' "$out" | sort | uniq | wc -l)
    [ "$kinds" = 2 ] || fail "the two kinds of titles are not told apart by $entry"
done

expect 0 mpirun -n 2 "$REELBENCH" run deep.yaml --output two
expect 0 "$REELBENCH" digest two/deep-*
cmp -s one "$out" || fail "two ranks give another digest"

sed 's/layers: 8-2/layers: 8-x/; s/experiment: deep/experiment: wrong/' deep.yaml >wrong.yaml
expect 2 "$REELBENCH" run wrong.yaml
complains "layers' is '8-x', expected at most 16 widths"
finish

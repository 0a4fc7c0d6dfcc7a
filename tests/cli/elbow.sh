#!/usr/bin/env bash
# The number of clusters by the bend of a cost over k.
. "$RB_SOURCE/tests/support/cli.bash" || exit 1
cd "$scratch" || exit 1

# Three groups of titles that differ in all their numbers, eight in each.
{
    echo show_id,type,title,director,cast,country,date_added,release_year,rating,duration,listed_in,description
    for i in $(seq 24); do
        group=$((i % 3))
        echo "s$i,Movie,T$i,,,X,,$((1930 + 30 * group + i % 4)),R,$((60 + 50 * group + i % 5)) min,Dramas,x"
    done
} >titles.csv
cat >elbow.yaml <<'YAML'
experiment: elbow
seed: 1
dataset: { path: titles.csv }
metrics: [silhouette]
select: elbow
trials:
  - kmeans: { space: numeric, k: { range: [1, 9] }, n_init: 5 }
  - bisecting_kmeans: { space: numeric, k: { range: [1, 9] } }
YAML
expect 0 "$REELBENCH" run elbow.yaml
prints "by elbow of inertia"
folder=$(echo results/elbow-*)
python3 - "$folder/results.h5" <<'PYTHON' || fail "another elbow"
import subprocess, sys
text = subprocess.run(["h5dump", "-d", "/curve", "-y", "-w", "200", sys.argv[1]], capture_output=True, text=True, check=True).stdout
rows = [row.split("}")[0].replace("\n", " ").split(",") for row in text.split("DATA {")[1].split("{")[1:]]
assert len(rows) == 18, len(rows)
assert all("elbow" in row[1] for row in rows), rows
chosen = [(row[2].strip().strip('"'), int(row[4])) for row in rows if int(row[9]) == 1]
assert sorted(name.replace("\\000", "") for name, _ in chosen) == ["bisecting_kmeans", "kmeans"], chosen
assert all(k == 3 for _, k in chosen), chosen
PYTHON
expect 0 "$REELBENCH" report "$folder" --format tsv
[ "$(awk -F '\t' '/k=3/ && $7 == "true"' "$out" | wc -l)" -eq 2 ] || fail "other trials are marked"

# Two values of k have no bend.
sed 's/range: \[1, 9\]/range: [2, 3]/; s/experiment: elbow/experiment: flat/' elbow.yaml >flat.yaml
expect 0 "$REELBENCH" run flat.yaml
prints "kmeans in numeric has 2 values of k: an elbow needs at least 3"
sed 's/bisecting_kmeans.*/agglomerative: { space: numeric, k: 3 }/' elbow.yaml >one.yaml
expect 0 "$REELBENCH" validate one.yaml
prints "one.yaml:8:5: note: agglomerative has no sweep over 'k': elbow selects nothing of it"
finish

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

# Each entry by the first metric that it has a value of: prototypes have no space, and so no inertia.
sed 's/^select: .*/select: [silhouette, "elbow:cost"]/; s/experiment: elbow/experiment: several/' elbow.yaml >several.yaml
echo '  - kprototypes: { numeric: year+minutes, categorical: type, k: { range: [1, 9] } }' >>several.yaml
echo '  - kmodes: { categorical: type, k: 1 }' >>several.yaml
sed -i 's/metrics: .*/metrics: [silhouette, n_clusters, "ari:type"]/' several.yaml
expect 0 "$REELBENCH" validate several.yaml
prints "note: kmodes has no sweep over 'k': elbow selects nothing of it"
expect 0 "$REELBENCH" run several.yaml
prints "best of each algorithm and space by silhouette"
prints "best of each algorithm and space by elbow of cost"
prints "the same side by side: what compares across spaces"
prints "(not ranked, without a value: kmodes (one cluster))"
grep -Eq '^ *kprototypes +elbow of cost +3[.]0' "$out" || fail "prototypes do not stand beside the others"
grep -Eq '^ *kmeans +numeric +silhouette +3[.]0' "$out" || fail "kmeans does not stand beside the others"
expect 0 "$REELBENCH" report results/several-*
prints "curves over k"
sed -n '/^curves over k/,/^$/p' "$out" >curves
grep -q ' elbow .*kprototypes' curves || fail "the curve that decided is not shown"
if grep -q ' best ' curves; then fail "a curve is shown that decided nothing"; fi
expect 0 "$REELBENCH" report results/several-* --format json
python3 - "$out" <<'PYTHON' || fail "other selections by several metrics"
import json, sys
report = json.load(open(sys.argv[1]))
assert [(t["entry"], t["parameters"].split("k=")[1].split()[0]) for t in report["trials"] if t["selected"]] == [
    ("kmeans", "3"), ("bisecting_kmeans", "3"), ("kprototypes", "3")], report["trials"]
assert {(c["entry"], c["rule"]) for c in report["curve"]} == {
    ("kmeans", "best"), ("bisecting_kmeans", "best"), ("kprototypes", "elbow"), ("kmodes", "elbow")}, report["curve"]
PYTHON
expect 0 mpirun -n 2 "$REELBENCH" run several.yaml --output again
[ "$("$REELBENCH" digest again/several-* | head -1)" = "$("$REELBENCH" digest results/several-* | head -1)" ] ||
    fail "two ranks select otherwise"
expect 2 "$REELBENCH" validate several.yaml --set 'select=[silhouette, calinski_harabasz]'
complains "'calinski_harabasz' selects nothing: every clustering that has it has 'silhouette', which comes first"

# Two values of k have no bend.
sed 's/range: \[1, 9\]/range: [2, 3]/; s/experiment: elbow/experiment: flat/' elbow.yaml >flat.yaml
expect 0 "$REELBENCH" run flat.yaml
prints "kmeans in numeric has 2 values of k: an elbow needs at least 3"
sed 's/bisecting_kmeans.*/agglomerative: { space: numeric, k: 3 }/' elbow.yaml >one.yaml
expect 0 "$REELBENCH" validate one.yaml
prints "one.yaml:8:5: note: agglomerative has no sweep over 'k': elbow selects nothing of it"
finish

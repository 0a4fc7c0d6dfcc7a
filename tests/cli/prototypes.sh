#!/usr/bin/env bash
# Clusterings of the catalogue itself: values without a space, and new titles.
. "$RB_SOURCE/tests/support/cli.bash" || exit 1
cd "$scratch" || exit 1

cat >titles.csv <<'CSV'
show_id,type,title,director,cast,country,date_added,release_year,rating,duration,listed_in,description
s1,Movie,A,,,France,,1950,R,90 min,Dramas,x
s2,Movie,B,,,France,,1951,R,95 min,Dramas,x
s3,Movie,C,,,France,,1952,R,90 min,Comedies,x
s4,TV Show,D,,,Japan,,2019,TV-14,2 Seasons,Anime,x
s5,TV Show,E,,,Japan,,2020,TV-14,1 Season,Anime,x
s6,TV Show,F,,,Japan,,2021,TV-14,3 Seasons,Kids,x
CSV
cat >two.yaml <<'YAML'
experiment: two
seed: 1
dataset: { path: titles.csv }
metrics: ["ari:type", n_clusters, cost, silhouette, inertia]
trials:
  - kprototypes: { numeric: year, k: 2 }
    as: both
  - kmodes: { k: 2, init: [cao, huang] }
    as: plain
  - kmeans: { space: numeric, k: 2 }
store: { models: all }
YAML
expect 0 "$REELBENCH" run two.yaml
folder=$(echo results/two-*)
expect 0 "$REELBENCH" report "$folder" --format tsv
python3 - "$out" <<'PYTHON' || fail "other values"
import csv, sys
rows = list(csv.DictReader(open(sys.argv[1]), delimiter="\t"))
assert [r["entry"] for r in rows] == ["both", "plain", "plain", "kmeans"], rows
for r in rows[:3]:
    assert float(r["ari:type"]) == 1 and float(r["n_clusters"]) == 2, r
    assert float(r["cost"]) > 0 and r["inertia"] == "" and r["silhouette:euclidean"] == "", r
assert float(rows[3]["inertia"]) > 0 and rows[3]["cost"] == ""
PYTHON

# A category that nobody had matches no prototype; the others decide.
cat >new.csv <<'CSV'
show_id,type,title,director,cast,country,date_added,release_year,rating,duration,listed_in,description
n1,Movie,G,,,Atlantis,,1949,R,80 min,Unheard,x
n2,TV Show,H,,,Atlantis,,2022,TV-14,1 Season,Unheard,x
CSV
expect 0 "$REELBENCH" assign "$folder" both new.csv
old=$(awk '$1 == "n1" { print $2 }' "$out")
new=$(awk '$1 == "n2" { print $2 }' "$out")
[ -n "$old" ] && [ -n "$new" ] && [ "$old" != "$new" ] || fail "both titles in cluster '$old'"

# A column that these data do not have fails its trial, and the reason is kept; one that no data have is refused before.
sed "s/numeric: year/numeric: date_added/; s/experiment: two/experiment: lacking/" two.yaml >lacking.yaml
expect 1 "$REELBENCH" run lacking.yaml
expect 0 "$REELBENCH" report results/lacking-*
prints "'numeric' names 'date_added'"
sed "s/numeric: year/numeric: colour/" two.yaml >other.yaml
expect 2 "$REELBENCH" run other.yaml
complains "'numeric' names 'colour', expected year, minutes, seasons or date_added"
finish

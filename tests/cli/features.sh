#!/usr/bin/env bash
# data features: every feature against plain loops in Python, in every form and shape, with what the data lack left empty.
. "$RB_SOURCE/tests/support/cli.bash" || exit 1
cd "$scratch" || exit 1

expect 0 "$REELBENCH" data synth users=60 items=40 ratings=900 sessions=600 --output made
for of in users titles; do
    expect 0 "$REELBENCH" data features made $of.csv --of $of
    silent
    expect 0 mpirun -n 3 "$REELBENCH" data features made other.csv --of $of --threads 2
    cmp -s $of.csv other.csv || fail "features of $of differ on another shape"
done
python3 "$RB_SOURCE/tests/support/oracle_features.py" made users.csv titles.csv 2>"$err" || fail "features are not those of plain loops"

# In HDF5, with units and formulas.
expect 0 "$REELBENCH" data features made features.h5

[ "$(h5dump -d /definitions features.h5 | grep -c '^ *([0-9]*): {')" -ge 50 ] || fail "fewer than 50 features"
h5dump -H -d /users features.h5 | grep -q '"binge_runs"' || fail "no table of users"
h5dump -H -d /titles features.h5 | grep -q '"clustering"' || fail "no table of titles"

# Each is documented.
expect 0 "$REELBENCH" list features --format tsv
[ "$(awk -F '\t' 'NR > 1 && $3 != ""' "$out" | wc -l)" -ge 50 ] || fail "fewer than 50 features have a formula"
expect 0 "$REELBENCH" list title.quality
prints "Bayesian shrinkage"

# Interactions without times, ratings and titles.
printf 'user,item\na,x\na,y\nb,x\n' >bare.csv
expect 0 "$REELBENCH" data features bare.csv - --of users --format json
python3 - "$out" <<'PYTHON' || fail "what the data do not tell is not empty"
import json, sys
a, b = json.load(open(sys.argv[1]))
assert a["id"] == "a" and a["interactions"] == 2 and a["recency"] is None and a["rating_mean"] is None, a
assert a["genres"] is None and a["sessions"] is None and b["novelty"] == 0, (a, b)
PYTHON
expect 0 "$REELBENCH" data features bare.csv - --format tsv
[ "$(wc -l <"$out")" -eq 3 ] || fail "not a row for each title"
expect 2 "$REELBENCH" data features nothing.csv -
expect 3 "$REELBENCH" data features bare.csv "$scratch/no/where.csv"

# As a space: titles in groups, with the same bits in any shape; titles alone have no place in it.
cat >groups.yaml <<'YAML'
experiment: groups
seed: 1
dataset: { name: synthetic, users: 100, items: 80, ratings: 2000, sessions: 1200 }
split: { kind: random, test: 0.2 }
metrics: [silhouette, "ari:planted"]
store: { models: all }
trials:
  - kmeans: { space: features, k: [3, 5] }
YAML
expect 0 "$REELBENCH" run groups.yaml
expect 0 "$REELBENCH" digest results/groups-*
head -n 1 "$out" >digest
expect 0 mpirun -n 3 "$REELBENCH" run groups.yaml --output other --threads 2
expect 0 "$REELBENCH" digest other/groups-*
head -n 1 "$out" | cmp -s - digest || fail "clusters of features differ on another shape"
expect 2 "$REELBENCH" assign results/groups-* 1 made/titles.csv
complains "the space features is made of interactions"

# Users as points: labels are theirs, held against the planted segments; what is of titles refuses them.
cat >segments.yaml <<'YAML'
experiment: segments
seed: 1
dataset: { name: synthetic, users: 100, items: 80, ratings: 2000, sessions: 1200 }
split: { kind: random, test: 0.2 }
metrics: [silhouette, "ari:planted", "ari:type"]
store: { models: all, features: true }
trials:
  - kmeans: { space: users, k: 3 }
    as: segments
  - autoencoder: { space: users, layers: 8-2, iterations: 2 }
    as: codes
  - kmeans: { space: codes, k: 3 }
YAML
expect 0 "$REELBENCH" run segments.yaml
expect 0 "$REELBENCH" digest results/segments-*
head -n 1 "$out" >digest
expect 0 mpirun -n 2 "$REELBENCH" run segments.yaml --output other
expect 0 "$REELBENCH" digest other/segments-*
head -n 1 "$out" | cmp -s - digest || fail "clusters of users differ on another shape"
h5dump -d /labels/1 results/segments-*/results.h5 | grep -q 'SIMPLE { ( 100 )' || fail "not a label for each user"
h5dump -H -d /features/users results/segments-*/results.h5 | grep -q '"binge_runs"' || fail "features are not stored"
expect 0 "$REELBENCH" report results/segments-* --format json
python3 - "$out" <<'PYTHON' || fail "clusters of users are not held against the segments"
import json, sys
for t in json.load(open(sys.argv[1]))["trials"]:
    if t["entry"] != "codes":
        assert t["all ari:planted"] is not None if "all ari:planted" in t else t["ari:planted"] is not None, t
        assert not t.get("ari:type"), t
PYTHON
expect 0 "$REELBENCH" describe results/segments-* segments
prints "100 users, 3 clusters"
prints "nearest users"
expect 2 "$REELBENCH" assign results/segments-* segments made/titles.csv
complains "clusters users: there is no cluster for a title"
printf '  - cluster_aware: { clusters: segments }\n' >>segments.yaml
expect 2 "$REELBENCH" run segments.yaml
complains "'cluster_aware' reads a clustering of the items, and 'segments' clusters the users"
printf 'show_id,type,title,listed_in\ns1,Movie,Solo,Dramas\n' >solo.csv
expect 2 "$REELBENCH" run segments.yaml --set 'dataset={ path: solo.csv }' --set 'trials=[{ kmeans: { space: users } }]' --set 'metrics=[n_clusters]'
complains "space 'users' needs interactions"
finish

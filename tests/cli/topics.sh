#!/usr/bin/env bash
# Topics of titles, clusterings of what they make, and new titles: through the program.
. "$RB_SOURCE/tests/support/cli.bash" || exit 1
cd "$scratch" || exit 1

# Two vocabularies; the last title has no word.
python3 - <<'PYTHON'
import random
random.seed(4)
words = ["river boat fish water sea shore".split(), "laser star robot planet orbit alien".split()]
with open("titles.csv", "w") as f:
    f.write("show_id,type,title,listed_in,description\n")
    for i in range(60):
        text = " ".join(random.choices(words[i % 2], k=12)) if i < 59 else ""
        f.write(f"s{i},{('Movie', 'TV Show')[i % 2]},T{i},G,{text}\n")
with open("new.csv", "w") as f:
    f.write("show_id,type,title,listed_in,description\n")
    f.write("n0,Movie,A,G,fish in the sea by a boat\nn1,Movie,B,G,a robot in orbit\nn2,Movie,C,G,unheard\n")
PYTHON
cat >topics.yaml <<'YAML'
experiment: topics
seed: 3
dataset: { path: titles.csv }
metrics: ["ari:type", n_clusters, perplexity, coherence]
trials:
  - lda: { space: { name: counts, columns: description }, topics: 2, embedding: hellinger, held_out: 0.2 }
    as: topics
  - dbscan: { space: topics, eps: 0.3, min_samples: 3 }
  - kmeans: { space: topics, k: 2 }
store: { models: all }
YAML
expect 0 "$REELBENCH" run topics.yaml
folder=$(echo results/topics-*)
expect 0 "$REELBENCH" report "$folder" --format tsv
python3 - "$out" <<'PYTHON' || fail "other values"
import csv, sys
rows = {r["entry"]: r for r in csv.DictReader(open(sys.argv[1]), delimiter="\t")}
assert set(rows) == {"topics", "dbscan", "kmeans"}, rows
for r in rows.values():
    assert float(r["ari:type"]) > 0.9, r
assert 1 < float(rows["topics"]["perplexity"]) < 9, rows
assert -1 <= float(rows["topics"]["coherence:npmi"]) <= 1 and rows["kmeans"]["perplexity"] == "", rows
PYTHON
expect 0 "$REELBENCH" digest "$folder"
cp "$out" one

expect 0 "$REELBENCH" assign "$folder" topics new.csv
sea=$(awk '$1 == "n0" { print $2 }' "$out")
space=$(awk '$1 == "n1" { print $2 }' "$out")
unheard=$(awk '$1 == "n2" { print $2 }' "$out")
[ -n "$sea" ] && [ -n "$space" ] && [ "$sea" != "$space" ] || fail "both titles have topic '$sea'"
[ "$unheard" = 0 ] || fail "a title of unknown words has topic '$unheard', not that of the prior"

# Through the pipeline: new titles are embedded, then assigned.
expect 0 "$REELBENCH" assign "$folder" kmeans new.csv
sea=$(awk '$1 == "n0" { print $2 }' "$out")
space=$(awk '$1 == "n1" { print $2 }' "$out")
[ -n "$sea" ] && [ -n "$space" ] && [ "$sea" != "$space" ] || fail "both titles are in cluster '$sea'"

# The same bits on two ranks.
expect 0 mpirun -n 2 "$REELBENCH" run topics.yaml --output two
expect 0 "$REELBENCH" digest two/topics-*
cmp -s one "$out" || fail "two ranks give another digest"

# Points that are no counts fail the trial with the reason.
sed 's/{ name: counts, columns: description }/{ name: tfidf, columns: description }/; s/experiment: topics/experiment: weights/' topics.yaml >weights.yaml
expect 1 "$REELBENCH" run weights.yaml
expect 0 "$REELBENCH" report results/weights-*
prints "expected a count: a topic model reads the space counts"

# A space that cannot be made fails the trials that read it, and is said with its place; the others are run.
cat >spaces.yaml <<'YAML'
experiment: spaces
seed: 3
dataset: { path: titles.csv }
metrics: [silhouette]
trials:
  - kmeans: { space: [{ name: counts, columns: description }, lsa-1000, { name: tfidf, min_df: 10000 }], k: 2 }
YAML
expect 1 "$REELBENCH" run spaces.yaml
prints "warning: spaces.yaml:6:22: the space lsa-1000: 1000 components"
prints "the trials that read it fail"
prints "1 done, 2 failed"
expect 0 "$REELBENCH" report results/spaces-* --format tsv
python3 - "$out" <<'PYTHON' || fail "not the expected outcomes"
import csv, sys
rows = list(csv.DictReader(open(sys.argv[1]), delimiter="\t"))
assert [row["outcome"] for row in rows] == ["done", "failed", "failed"], rows
assert rows[1]["message"].startswith("the space lsa-1000: 1000 components"), rows
assert rows[2]["message"].startswith("the space tfidf(min_df=10000): "), rows
PYTHON
expect 0 "$REELBENCH" digest results/spaces-*
cp "$out" alone
expect 1 mpirun -n 2 "$REELBENCH" run spaces.yaml --output two
expect 0 "$REELBENCH" digest two/spaces-*
cmp -s alone "$out" || fail "two ranks give another digest where spaces cannot be made"
finish

#!/usr/bin/env bash
# silhouette:sample-N beside the exact one: the same where N is everything, named in the results, and in the sentence
# that says what all pairs of many points take.
. "$RB_SOURCE/tests/support/cli.bash" || exit 1
cd "$scratch" || exit 1

expect 0 "$REELBENCH" list silhouette
prints "sample-N"

cat >sample.yaml <<'YAML'
experiment: sample
dataset: { name: synthetic, users: 120, items: 60, ratings: 2000, sessions: 1000 }
metrics: ["silhouette:euclidean", "silhouette:cosine", "silhouette:sample-40", "silhouette:cosine:merge:sample-40",
          "silhouette:euclidean:sample-60", "silhouette:cosine:sample-1000"]
select: "silhouette:sample-40"
trials:
  - kmeans: { space: lsa-4, k: [3, 5], metric: [euclidean, spherical] }
YAML
expect 0 "$REELBENCH" run sample.yaml
prints "best of each algorithm and space by silhouette:sample-40"
if grep -q "all pairs" "$out"; then fail "a sentence about the pairs of 60 points"; fi
digest=$(sed -n 's/.* digest //p' "$out" | tail -n 1)
expect 0 "$REELBENCH" report results/sample-* --format csv
# A sample of all points or more has the bits of the exact value; one of 40 has not. An id is a column.
awk -F , '
    NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
    $at["silhouette:euclidean"] != $at["silhouette:euclidean:sample-60"] { print "60 of 60 points differ from all" }
    $at["silhouette:cosine"] != $at["silhouette:cosine:sample-1000"] { print "1000 of 60 points differ from all" }
    $at["silhouette:cosine"] == $at["silhouette:cosine:merge:sample-40"] { print "40 of 60 points are all" }
    $at["silhouette:euclidean:sample-40"] == "" && $at["silhouette:cosine:sample-40"] == "" { print "no column" }
    END { if (NR != 5) print "not four trials" }' "$out" >"$scratch/wrong"
[ ! -s "$scratch/wrong" ] || fail "report: $(cat "$scratch/wrong")"
expect 0 "$REELBENCH" run sample.yaml --no-share --output apart
prints "digest $digest"

# Over 100,000 points: what all pairs take, of the metrics and clusterings that need them, and the sampled form.
expect 0 "$REELBENCH" run sample.yaml --dry-run --set dataset.items=100001 --set dataset.sessions=2000 \
    --set 'metrics=[silhouette, "silhouette:cosine", "silhouette:merge", "silhouette:sample-40", dbcv]'
prints "silhouette of 2 clusterings: 1.4e+11 flops for all pairs of 100,001 points of lsa-4; silhouette:sample-10000"
prints "silhouette:merge:sample-10000 takes"
prints "dbcv of 4 clusterings: up to 1.6e+12 flops for all pairs of 100,001 points of lsa-4"
[ "$(grep -c "all pairs" "$out")" -eq 3 ] || fail "a sentence for what needs no pairs"

# So of spaces that trials make, all that one entry makes together; and the fits that resamples take.
cat >made.yaml <<'YAML'
experiment: made
dataset: { name: synthetic, users: 120, items: 100001, ratings: 2000, sessions: 1000 }
metrics: [silhouette, dbcv, "stability:bootstrap"]
trials:
  - lda: { topics: [3, 5] }
    as: topics
  - kmeans: { space: topics, k: [3, 4] }
  - kmodes: { k: 3 }
YAML
expect 0 "$REELBENCH" run made.yaml --dry-run
prints "silhouette of 4 clusterings: 2.8e+11 flops for all pairs of 100,001 points of topics; silhouette:sample-10000 takes"
prints "dbcv of 4 clusterings: up to 1.6e+12 flops for all pairs of 100,001 points of topics"
prints "stability of 7 clusterings: 70 more fits, to 10 resamples, "

# What trials share is counted with the first of them; by the tree of groups fewer pairs are looked at than by all.
cat >shared.yaml <<'YAML'
experiment: shared
dataset: { name: synthetic, users: 40, items: 3000, ratings: 300 }
metrics: [n_clusters]
trials:
  - hdbscan: { space: lsa-4, min_cluster_size: [5, 10], min_samples: [3, 5] }
  - hdbscan: { space: lsa-4, algorithm: dense }
    as: all_pairs
  - agglomerative: { space: lsa-4, k: [2, 3, 4] }
YAML
expect 0 "$REELBENCH" run shared.yaml --dry-run --output shared
python3 - "$out" <<'PYTHON' || fail "what trials share is counted otherwise"
import sys
rows = [line.split() for line in open(sys.argv[1]) if line.split()[1:2] and line.split()[0].isdigit()
        and line.split()[1] in ("hdbscan", "all_pairs", "agglomerative")]
flops = [(r[1], float(r[6])) for r in rows]
assert [f > 0 for _, f in flops] == [True, False, False, False, True, True, False, False], flops
assert all(f >= 0 for _, f in flops), flops
assert flops[0][1] < flops[4][1], flops
PYTHON
expect 0 "$REELBENCH" run shared.yaml --dry-run --no-share --output shared
[ "$(grep -c "0.00e+00" "$out")" -eq 0 ] || fail "nothing is shared, and not all is counted"

expect 2 "$REELBENCH" validate sample.yaml --set 'metrics=["silhouette:sample-2"]'
complains "expected sample-N with N a whole number in [3, 10000000]"

finish

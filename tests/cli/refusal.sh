#!/usr/bin/env bash
# A merge tree of more titles than a node has room for: the dry run tells the bytes of n^2 numbers, run starts nothing.
. "$RB_SOURCE/tests/support/cli.bash" || exit 1
cd "$scratch" || exit 1

cat >large.yaml <<'YAML'
experiment: large
dataset: { name: synthetic, users: 10, items: 200000, ratings: 10, sessions: 10 }
metrics: [n_clusters]
trials:
  - agglomerative: { space: genre, k: 4 }
YAML

# What one rank and its node hold: every distance, or each pair's once, in 8 bytes.
expect 0 "$REELBENCH" run large.yaml --dry-run --cache cache
awk 'BEGIN { n = split("B kB MB GB TB PB", unit); for (u = 1; u <= n; u++) size[unit[u]] = 1000 ^ (u - 1) }
     $2 == "agglomerative" { sum = $3 * size[$4] + $5 * size[$6] }
     END { exit !(sum >= 4 * 200000 ^ 2 && sum <= 9 * 200000 ^ 2) }' "$out" ||
    fail "the bytes are not those of a matrix of distances"

expect 1 env SLURM_MEM_PER_NODE=16000 "$REELBENCH" run large.yaml --cache cache
prints "0 done, 1 failed"
grep -qE '^trial 1 \(agglomerative space=genre k=4\): needs [0-9.]+ [GT]B a (rank|node), .* are allowed: not started' "$err" ||
    fail "the refusal does not tell its bytes"
finish

#!/usr/bin/env bash
# What a reader is told of failures, selections, ranks, intervals and of what is missing.
. "$RB_SOURCE/tests/support/cli.bash" || exit 1
cd "$scratch" || exit 1

# A failure that is kept stays a failure. Without `select`, the end names the command that shows the trials.
cat >fails.yaml <<'YAML'
experiment: fails
dataset: { name: synthetic, users: 100, items: 200, ratings: 1000, sessions: 1000 }
split: { kind: random, test: 0.2, validation: 0.1 }
metrics: [silhouette]
trials:
  - kmeans: { space: genre, k: [5, 500] }
YAML
expect 1 "$REELBENCH" run fails.yaml
folder=$(echo results/fails-*)
prints "every trial with its values: reelbench report $folder"
expect 0 "$REELBENCH" status "$folder"
prints "1 done, 1 failed"
expect 1 "$REELBENCH" run fails.yaml
prints "2 kept, 1 of them failed, 0 to run"
expect 0 "$REELBENCH" status "$folder"
prints "1 done, 1 failed"
expect 0 "$REELBENCH" report "$folder" --format json
if grep -qx ',' "$out"; then fail "a comma alone on a line"; fi
python3 -m json.tool "$out" >"$scratch/pretty" || fail "not JSON"

# Where nothing finished there is no digest, and nobody is shown that of nothing.
expect 1 env SLURM_MEM_PER_NODE=10 "$REELBENCH" run fails.yaml --output poor
prints "no digest: nothing finished"
expect 0 "$REELBENCH" digest poor/fails-*
prints "no digest: nothing finished"

finish

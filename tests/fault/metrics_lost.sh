#!/usr/bin/env bash
# Metrics that are missing are evaluated on the stored fits: no fit is done again, and the digest is the same.
set -u
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
experiment=$RB_SOURCE/tests/identity/reduced.yaml

run() { mpirun -n 2 "$REELBENCH" "$@" --threads 1 >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }; }

run run "$experiment" --output "$work" --set 'store={models: all}'
folder=$(echo "$work"/reduced-*)
expected=$("$REELBENCH" digest "$folder" | head -n 1)
fits() { stat -c '%n %i' "$folder"/units/*.fit.h5; } # a fit that is written again is another file
fits >"$work/before"
rm "$folder"/units/*.metric.h5
run resume "$folder"
fits >"$work/after"
cmp "$work/before" "$work/after" || { echo "fits were done again"; exit 1; }
digest=$("$REELBENCH" digest "$folder" | head -n 1)
[ "$digest" = "$expected" ] || { echo "digest $digest, expected $expected"; exit 1; }

#!/usr/bin/env bash
# No upward include, and the check itself finds one.
set -eu
python3 "$RB_SOURCE/scripts/check-layers.py" "$RB_SOURCE/src"

wrong=$(mktemp -d)
trap 'rm -rf "$wrong"' EXIT
mkdir -p "$wrong/base" "$wrong/data" "$wrong/recommend/models" "$wrong/cluster"
touch "$wrong/data/csv.h" "$wrong/cluster/cluster.h"
printf '#include "data/csv.h"\n' >"$wrong/base/alloc.c"
printf '#include "cluster/cluster.h"\n' >"$wrong/recommend/models/als.c"
if found=$(python3 "$RB_SOURCE/scripts/check-layers.py" "$wrong"); then
    echo "an upward include was not found" >&2
    exit 1
fi
grep -q 'alloc.c:1: base may not include data' <<<"$found"
grep -q 'als.c:1: recommend may not include cluster' <<<"$found"

#!/usr/bin/env bash
# The scripts are read without syntax errors and are executable, and every package is named once.
set -eu
cd "$RB_SOURCE"
for script in scripts/*.sh .ci/run; do
    bash -n "$script"
    [ "$script" = scripts/common.sh ] || [ -x "$script" ] || { echo "$script is not executable" >&2; exit 1; }
done
repeated=$(grep -v '^#' scripts/packages-debian.txt | grep -v '^$' | sort | uniq -d)
[ -z "$repeated" ] || { echo "named twice: $repeated" >&2; exit 1; }
for script in scripts/quickstart.sh scripts/test.sh scripts/fetch-data.sh scripts/bench.sh; do
    "$script" --help | grep -q '^usage: '
done
if scripts/quickstart.sh --no-such-option >/dev/null 2>&1; then
    echo "quickstart.sh took an unknown option" >&2
    exit 1
fi

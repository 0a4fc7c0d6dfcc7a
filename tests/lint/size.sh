#!/usr/bin/env bash
# No source over 500 lines, no function over 80; and the check itself finds one.
set -eu
python3 "$RB_SOURCE/scripts/check-size.py" "$RB_SOURCE/src"

wrong=$(mktemp -d)
trap 'rm -rf "$wrong"' EXIT
{
    printf 'void f(void)\n{\n'
    yes '    g();' | head -n 90
    printf '}\n'
} >"$wrong/long.c"
if python3 "$RB_SOURCE/scripts/check-size.py" "$wrong"; then
    echo "a long function was not found" >&2
    exit 1
fi

#!/usr/bin/env bash
# info: the facts, the class of bits, the OpenBLAS core that is asked for; and which ranks may compute together.
. "$RB_SOURCE/tests/support/cli.bash" || exit 1

expect 0 "$REELBENCH" info
silent
for fact in version commit build mpi openmp openblas hdf5 host processor cores memory "class of bits"; do
    grep -q "^$fact " "$out" || fail "info leaves out $fact"
done
expect 0 "$REELBENCH" info --threads 3 --format json
python3 - "$out" <<'PYTHON' || fail "info --format json does not say 3 threads"
import json, sys
facts = {row["fact"]: row["value"] for row in json.load(open(sys.argv[1]))}
assert "3 threads a rank" in facts["openmp"], facts
assert facts["class of bits"].startswith("OpenBLAS "), facts
PYTHON
OMP_NUM_THREADS=5 expect 0 "$REELBENCH" info
prints "5 threads a rank"

core() {
    sed -n 's/^openblas core *\([A-Za-z0-9]*\) .*/\1/p' "$out"
}
expect 0 "$REELBENCH" info
detected=$(core)
[ -n "$detected" ] || fail "info does not name the OpenBLAS core"

case $(uname -m) in
x86_64) other=Nehalem ;;
*) other= ;;
esac
if [ -n "$other" ]; then
    expect 0 "$REELBENCH" info --blas-core $other
    [ "$(core)" = $other ] || fail "--blas-core $other gives $(core)"
    expect 0 env OPENBLAS_CORETYPE=$other "$REELBENCH" info
    [ "$(core)" = "$detected" ] || fail "auto takes the preset core $(core)"
    complains "presets OpenBLAS core $other; the detected $detected is used"
    expect 0 env OPENBLAS_CORETYPE=$other "$REELBENCH" info --blas-core inherit
    [ "$(core)" = $other ] || fail "inherit does not take the preset core"
    silent
fi

finish

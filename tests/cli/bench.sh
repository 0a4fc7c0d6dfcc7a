#!/usr/bin/env bash
# The benchmarks run, on their smallest sizes: every figure of the table is there and is a number. No speed is asked for.
. "$RB_SOURCE/tests/support/cli.bash" || exit 1
export BUILD_DIR=$RB_BUILD
bench=$RB_SOURCE/scripts/bench.sh
programs=$RB_BUILD/tests

expect 0 "$bench" --help
prints "usage: scripts/bench.sh"
expect 2 "$bench" --no-such-option
expect 2 "$bench" --smallest no-such-group
complains "no group of figures 'no-such-group'"
expect 2 "$bench" --smallest --full
complains "--full goes with neither --quick nor --smallest"

expect 0 "$bench" --smallest
python3 - "$out" <<'PYTHON' || fail "the table of figures is not as README.md describes it"
import math, sys
lines = [line.rstrip("\n") for line in open(sys.argv[1]) if not line.startswith("#")]
assert lines[0].split("\t") == "figure value unit reference ratio target held".split(), lines[0]
rows = [line.split("\t") for line in lines[1:]]
for row in rows:
    assert len(row) == 7 and math.isfinite(float(row[1])) and (float(row[1]) > 0 or "to the power of" in row[0]), row
    assert (row[5] == "-") == (row[6] == "-") and row[6] in ("yes", "no", "-"), row
names = [row[0] for row in rows]
assert len(set(names)) == len(names), names
for start, n in (("gather-SYRK", 12), ("batched Cholesky", 4), ("elements received", 2), ("scaling", 34),
                 ("determinism", 40), ("generator", 4), ("reader", 10), ("memory", 3), ("catalogue", 3), ("idle share", 2), ("growth of", 44),
                 ("growth with interactions of", 28), ("growth with factors of", 20), ("growth with items of", 28), ("sharing", 8),
                 ("quickstart", 1)):
    assert sum(name.startswith(start) for name in names) == n, (start, names)
value = {row[0]: row[4] for row in rows}
assert value["elements received, als factors 64 biases fixed, 2 ranks"] == "1", value
PYTHON

expect 1 mpirun -n 1 "$programs/bench_scaling" 100 1 # one rank does not scale to two
expect 0 "$programs/bench_eval" 2000 500 20000
expect 0 "$programs/bench_kmeans" sparse
expect 0 "$programs/bench_silhouette"
expect 0 "$programs/bench_ials" 2 200
expect 0 "$programs/bench_gemm"
expect 0 "$programs/bench_text" 2 1
finish

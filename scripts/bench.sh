#!/usr/bin/env bash
# The figures of this project as one table: what runs and what is held. tests/bench/README.md says what each line is.
set -euo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"

usage() {
    cat <<'TEXT'
usage: scripts/bench.sh [--quick | --smallest | --full] [GROUP...]

Runs the programs of tests/bench and build/reelbench itself (BUILD_DIR: another build), several times in turns, and
prints one line for each figure: figure value unit reference ratio target held, by tabs, under a header that names
machine, date and class of bits. On an idle machine of two cores it takes under fifteen minutes. The newest complete
table: tests/bench/figures.tsv. Against other systems: scripts/bench-peers.sh.

  --quick      smaller data and fewer turns: a few minutes
  --smallest   smallest data, one turn: whether all of it runs
  --full       growth_recommenders up to 10^8 interactions in place of 10^7
  GROUP        gram solver traffic scaling determinism generator readers memory catalogue dealing growth
               growth_recommenders sharing quickstart [all]
TEXT
}

for argument in "$@"; do
    case $argument in
    -h | --help) usage; exit 0 ;;
    --quick | --smallest | --full) ;;
    -*)
        say "bench.sh: unknown option '$argument'" >&2
        usage >&2
        exit 2
        ;;
    esac
done

[ -x "$build/tests/bench_scaling" ] || die "$build has no benchmarks: cmake -S . -B build && cmake --build build"
mpi_environment
export BUILD_DIR=$build
unset OPENBLAS_CORETYPE OPENBLAS_L2_SIZE OPENBLAS_NUM_THREADS
exec python3 -B "$root/tests/bench/figures.py" "$@"

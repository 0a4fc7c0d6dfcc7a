#!/usr/bin/env bash
# The program and its peers on the same work, in turns: one line of a table for each workload and peer.
set -euo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"

usage() {
    cat <<'TEXT'
usage: scripts/bench-peers.sh [--quick] [--table FILE] [ID...]

Times build/reelbench (BUILD_DIR: another build) and other systems in turns and prints one TSV line for each workload
and peer, as soon as it is known: id peer version quality_peer quality_ours seconds_peer seconds_ours ratio target held.
held is yes, no (slower than the target), - (no target), quality (ours is worse), or failed (the reason stands on
standard error; the others go on). Without an ID all workloads run. Exit status 1: something failed.

  --quick      smaller data for the long workloads, and one turn each
  --table FILE write the table there too, headed by date, machine and commit
  RB_PEERS_DIR folder of the virtual environment, which is made at the first start, and of the data [build-peers]
  REELBENCH_DATA
               folder with netflix-titles/ [../shared/data]

Workloads and what each line compares: experiments/peers/README.md
TEXT
}

is_file=false
for argument in "$@"; do
    if $is_file; then
        is_file=false
        continue
    fi
    case $argument in
    -h | --help) usage; exit 0 ;;
    --quick | --table=*) ;;
    --table) is_file=true ;;
    -*)
        say "bench-peers.sh: unknown option '$argument'" >&2
        usage >&2
        exit 2
        ;;
    esac
done

[ -x "$build/reelbench" ] || die "$build/reelbench is not built: scripts/quickstart.sh builds it"
export RB_PEERS_DIR=${RB_PEERS_DIR:-$root/build-peers}
export BUILD_DIR=$build
unset OPENBLAS_CORETYPE OPENBLAS_L2_SIZE
# Both sides have two threads.
export OMP_NUM_THREADS=2 OPENBLAS_NUM_THREADS=2

mkdir -p "$RB_PEERS_DIR"
peers=$root/experiments/peers
if ! cat "$peers"/requirements*.txt | cmp -s - "$RB_PEERS_DIR/installed.txt"; then
    say "installing the peers in $RB_PEERS_DIR/venv" >&2
    python3 -m venv "$RB_PEERS_DIR/venv" || die "python3 -m venv failed; Debian: apt-get install python3-venv"
    pip=$RB_PEERS_DIR/venv/bin/pip
    "$pip" install --quiet -r "$peers/requirements.txt" >&2 || die "the peers could not be installed"
    # Peers that are compiled here, one by one: where one cannot be built, its lines say failed. The flags are those of
    # LIBMF's own Makefile, which its Python package leaves out, so that it is as fast as it can be.
    while read -r package; do
        CFLAGS="-O3 -march=native -fopenmp -DUSEOMP -DUSEAVX" \
            "$pip" install --quiet --no-cache-dir --no-binary "$package" "$package" >&2 ||
            say "bench-peers.sh: $package could not be built" >&2
    done <"$peers/requirements-source.txt"
    cat "$peers"/requirements*.txt >"$RB_PEERS_DIR/installed.txt"
fi
exec "$RB_PEERS_DIR/venv/bin/python" -B "$root/experiments/peers" "$@"

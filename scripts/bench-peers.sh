#!/usr/bin/env bash
# The program and its peers on the same work, in turns: one line of a table for each workload and peer.
set -euo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"

usage() {
    cat <<'TEXT'
usage: scripts/bench-peers.sh [--quick] [ID...]

Times build/reelbench (BUILD_DIR: another build) and other systems in turns and prints one TSV line for each workload
and peer: id peer version quality_peer quality_ours seconds_peer seconds_ours ratio target held. held is yes, no
(slower than the target), or quality (ours is worse). Without an ID all workloads run.

  --quick      smaller data and fewer repeats for the long workloads
  RB_PEERS_DIR folder of the virtual environment, which is made at the first start, and of the data [build-peers]
  REELBENCH_DATA
               folder with netflix-titles/ [../shared/data]

Workloads and what each line compares: experiments/peers/README.md
TEXT
}

for argument in "$@"; do
    case $argument in
    -h | --help) usage; exit 0 ;;
    --quick) ;;
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
list=$root/experiments/peers/requirements.txt
if ! cmp -s "$list" "$RB_PEERS_DIR/installed.txt"; then
    say "installing the peers in $RB_PEERS_DIR/venv" >&2
    python3 -m venv "$RB_PEERS_DIR/venv" || die "python3 -m venv failed; Debian: apt-get install python3-venv"
    "$RB_PEERS_DIR/venv/bin/pip" install --quiet -r "$list" >&2 || die "the peers could not be installed"
    cp "$list" "$RB_PEERS_DIR/installed.txt"
fi
exec "$RB_PEERS_DIR/venv/bin/python" -B "$root/experiments/peers" "$@"

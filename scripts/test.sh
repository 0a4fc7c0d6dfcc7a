#!/usr/bin/env bash
# The whole test suite: installs what is missing, builds, runs ctest (also sanitizers, fuzzing and lint, as its tests).
set -euo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"

usage() {
    cat <<'TEXT'
usage: scripts/test.sh [--no-install] [--data DIR] [CTEST OPTION]...

Sets up like scripts/quickstart.sh, builds all in build/, and runs every test through ctest; its summary comes last.
Tests that need the real data look in DIR, else REELBENCH_DATA, else ../shared/data beside the checkout, and fail
where they are missing (scripts/fetch-data.sh).

  --no-install     install nothing
  --data DIR       folder with the real data
  CTEST OPTION     for example -L unit, -LE 'sanitizer|fuzz|lint', -R csv

labels: unit mpi golden identity fault cli lint sanitizer fuzz
seconds of fuzzing for each target: REELBENCH_FUZZ_SECONDS [60]
TEXT
}

install=yes
data=${REELBENCH_DATA:-}
options=()
while [ $# -gt 0 ]; do
    case $1 in
    --no-install) install=no ;;
    --data)
        [ $# -gt 1 ] || { usage >&2; exit 2; }
        data=$2
        shift
        ;;
    --data=*) data=${1#*=} ;;
    -h | --help) usage; exit 0 ;;
    *) options+=("$1") ;;
    esac
    shift
done

if [ $install = yes ]; then
    install_missing "build and run" test
fi
if [ -z "$data" ] && [ -d "$root/../shared/data" ]; then
    data=$(cd "$root/../shared/data" && pwd)
fi
if [ -n "$data" ]; then
    REELBENCH_DATA=$(cd "$data" && pwd)
    export REELBENCH_DATA
fi
RB_CMAKE_FLAGS="${RB_CMAKE_FLAGS:-} -DRB_TESTS=ON"
build_program
mpi_environment
exec ctest --test-dir "$build" --parallel "$(nproc)" --output-on-failure "${options[@]}" </dev/null

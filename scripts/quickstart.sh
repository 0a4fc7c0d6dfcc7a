#!/usr/bin/env bash
# From a fresh machine to results: installs what is missing, builds, runs the quickstart experiments.
set -euo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"

usage() {
    cat <<'TEXT'
usage: scripts/quickstart.sh [--no-install] [--data DIR] [--output ROOT]

Installs the missing packages of scripts/packages-debian.txt (apt, and says which), builds Release in build/, and runs
experiments/quickstart.yaml on 2 ranks. Where DIR (default: REELBENCH_DATA) holds netflix-titles/ or ml-latest-small/,
it runs quickstart-catalogue.yaml and quickstart-movielens.yaml too.

  --no-install     install nothing (clusters where modules are loaded)
  --data DIR       folder with the real data; scripts/fetch-data.sh downloads them
  --output ROOT    where run folders are made [results]
TEXT
}

install=yes
data=${REELBENCH_DATA:-}
output=$root/results
while [ $# -gt 0 ]; do
    case $1 in
    --no-install) install=no ;;
    --data | --output)
        [ $# -gt 1 ] || { usage >&2; exit 2; }
        if [ "$1" = --data ]; then data=$2; else output=$2; fi
        shift
        ;;
    --data=*) data=${1#*=} ;;
    --output=*) output=${1#*=} ;;
    -h | --help) usage; exit 0 ;;
    *)
        say "quickstart.sh: unknown option '$1'" >&2
        usage >&2
        exit 2
        ;;
    esac
    shift
done
[ -z "$data" ] || [ -d "$data" ] || { say "quickstart.sh: --data $data: no such folder" >&2; exit 2; }

if [ $install = yes ]; then
    install_missing "build and run"
fi
RB_CMAKE_FLAGS="${RB_CMAKE_FLAGS:-} -DRB_TESTS=OFF"
[ ! -f "$build/CMakeCache.txt" ] || RB_CMAKE_FLAGS= # a build with tests stays one
build_program reelbench
mpi_environment

folders=()
# run NAME: the experiment of that name, on 2 ranks whose threads share the cores evenly.
run() {
    local folder status=0
    say
    local command=(mpirun -n 2 --bind-to none --oversubscribe "$build/reelbench" run "$root/experiments/$1.yaml"
        --output "$output" ${data:+--data "$data"})
    say "\$ $(printf "%q " "${command[@]}")"
    "${command[@]}" || status=$?
    [ $status -eq 0 ] || exit $status
    folder=$(ls -td "$output/$1"-[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]/ | head -n 1)
    folders+=("${folder%/}")
}

run quickstart
if [ -n "$data" ] && [ -d "$data/netflix-titles" ]; then
    run quickstart-catalogue
fi
if [ -n "$data" ] && [ -d "$data/ml-latest-small" ]; then
    run quickstart-movielens
fi

say
say "results:"
for folder in "${folders[@]}"; do
    say "  $folder/results.h5"
done
say "look at one: build/reelbench report ${folders[0]}"
if [ -z "$data" ]; then
    say "with real data: scripts/fetch-data.sh --help, then scripts/quickstart.sh --data DIR"
fi

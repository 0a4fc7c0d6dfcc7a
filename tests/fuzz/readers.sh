#!/usr/bin/env bash
# libFuzzer on every reader: the seed corpus first, then new input for REELBENCH_FUZZ_SECONDS (60) each.
set -eu
build=$RB_BUILD/fuzz
seconds=${REELBENCH_FUZZ_SECONDS:-60}
# Coverage of the libraries too, not of the targets alone.
CC=clang cmake -S "$RB_SOURCE" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DRB_FUZZ=ON \
    -DCMAKE_C_FLAGS_RELWITHDEBINFO="-O1 -g1" -DCMAKE_C_FLAGS=-fsanitize=fuzzer-no-link -DRB_SANITIZE=address,undefined >"$build.log" 2>&1 ||
    { cat "$build.log"; exit 1; }
targets=()
for source in "$RB_SOURCE"/tests/fuzz/fuzz_*.c; do
    targets+=("$(basename "$source" .c)")
done
ninja -C "$build" "${targets[@]}" >"$build.log" 2>&1 || { tail -n 50 "$build.log"; exit 1; }

# fuzz TARGET: new inputs go to a folder of their own, the committed corpus stays as it is.
fuzz() {
    local found=$build/found/$1 corpus=$RB_SOURCE/tests/fuzz/corpus/${1#fuzz_}
    mkdir -p "$found"
    [ -n "$(ls -A "$corpus")" ] || { echo "$corpus: no seeds" >&2; return 1; }
    (cd "$found" && OMP_NUM_THREADS=1 "$build/tests/$1" -runs=0 "$corpus" &&
        OMP_NUM_THREADS=1 "$build/tests/$1" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
            "$found" "$corpus") >"$build/$1.log" 2>&1 || { tail -n 60 "$build/$1.log"; return 1; }
    grep 'number_of_executed_units' "$build/$1.log" | sed "s/^/$1: /"
}

status=0
running=()
for target in "${targets[@]}"; do
    fuzz "$target" &
    running+=($!)
done
for one in "${running[@]}"; do wait "$one" || status=1; done
exit $status

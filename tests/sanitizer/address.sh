#!/usr/bin/env bash
# The unit tests, and the tests on 1 and on 3 ranks, under AddressSanitizer and UndefinedBehaviorSanitizer; leaks are
# looked for on 1 rank.
set -eu
build=$RB_BUILD/sanitizer
cmake -S "$RB_SOURCE" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCMAKE_C_FLAGS_RELWITHDEBINFO="-O1 -g1" \
    -DRB_SANITIZE=address,undefined >"$build.log" 2>&1 || { cat "$build.log"; exit 1; }
cmake --build "$build" --parallel "$(nproc)" --target unit_and_mpi >"$build.log" 2>&1 || { tail -n 50 "$build.log"; exit 1; }
ctest --test-dir "$build" --parallel "$(nproc)" --output-on-failure -L '^(unit|mpi)$' -E '_(2|4)$'

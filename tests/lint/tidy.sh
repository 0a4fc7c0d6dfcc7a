#!/usr/bin/env bash
# clang-tidy finds nothing in src/ (.clang-tidy says what it looks for).
set -eu
cd "$RB_SOURCE"
find src -name '*.c' -print0 |
    xargs -0 -n 4 -P "$(nproc)" clang-tidy --quiet -p "$RB_BUILD" 2>/dev/null

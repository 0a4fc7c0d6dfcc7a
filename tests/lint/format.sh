#!/usr/bin/env bash
# Every C file is as .clang-format writes it.
set -eu
cd "$RB_SOURCE"
find src tests -name '*.[ch]' -print0 | xargs -0 clang-format --dry-run --Werror

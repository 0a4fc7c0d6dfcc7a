#!/usr/bin/env bash
# Every command explains itself with an example; the man page and the completions come from the same tables.
. "$RB_SOURCE/tests/support/cli.bash" || exit 1

expect 0 "$REELBENCH" --help
silent
commands=(run resume status report digest list validate info "data synth" "data convert" "data stats" "data features" recommend predict
    assign completion help)
for command in "${commands[@]}"; do
    grep -q "^  $command " "$out" || fail "--help leaves out $command"
done
prints "exit status:"
cp "$out" "$scratch/program"

for command in "${commands[@]}"; do
    read -ra words <<<"$command"
    expect 0 "$REELBENCH" "${words[@]}" --help
    silent
    prints "usage: reelbench $command"
    prints "example:"
    prints "  $ "
    prints "--help"
    cp "$out" "$scratch/long"
    expect 0 "$REELBENCH" "${words[@]}" -h
    cmp -s "$out" "$scratch/long" || fail "-h and --help of $command differ"
    expect 0 "$REELBENCH" help "${words[@]}"
    cmp -s "$out" "$scratch/long" || fail "help $command and $command --help differ"
    [ "$(wc -L <"$out")" -le 120 ] || fail "$command --help has a line over 120 columns"
done
expect 0 "$REELBENCH" help
cmp -s "$out" "$scratch/program" || fail "help and --help differ"
expect 0 "$REELBENCH" data --help
prints "usage: reelbench data synth"
prints "usage: reelbench data stats"

# Every option that the issue of a run needs is there.
expect 0 "$REELBENCH" run --help
for option in set output data blas-core seed dry-run threads group-size cache no-share; do
    prints "--$option"
done

expect 0 "$REELBENCH" --version
grep -qE '^reelbench [0-9]+\.[0-9]+\.[0-9]+$' "$out" || fail "--version is not 'reelbench X.Y.Z'"

expect 0 "$REELBENCH" help --man
prints ".TH REELBENCH 1"
for command in "${commands[@]}"; do
    grep -qx ".SS $command" "$out" || fail "the man page leaves out $command"
done
if command -v man >/dev/null && man --help 2>/dev/null | grep -q -- --warnings; then
    cp "$out" "$scratch/reelbench.1"
    expect 0 man --warnings -l "$scratch/reelbench.1"
    silent
fi

for shell in bash zsh fish; do
    expect 0 "$REELBENCH" completion $shell
    prints "no-share"
    cp "$out" "$scratch/$shell"
done
expect 2 "$REELBENCH" completion tcsh
complains "'tcsh' is not a shell that is known"
expect 0 bash -n "$scratch/bash"
# What bash offers after some words.
offers() {
    local wanted=$1
    shift
    # shellcheck disable=SC2016
    expect 0 bash -c '. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _reelbench; echo "${COMPREPLY[@]}"' _ \
        "$scratch/bash" "$@"
    [ "$(cat "$out")" = "$wanted" ] || fail "completion of '$*' is '$(cat "$out")', expected '$wanted'"
}
offers "resume report recommend" reelbench re
offers "synth stats" reelbench data s
offers "json" reelbench report folder --format j
offers "--no-share" reelbench run --no
offers "mean" reelbench data stats file --duplicates m
offers "popularity_bias@10" reelbench compare folder --metric po
offers "inertia" reelbench list metrics ine
if command -v zsh >/dev/null; then expect 0 zsh -n "$scratch/zsh"; fi
if command -v fish >/dev/null; then expect 0 fish -n "$scratch/fish"; fi

finish

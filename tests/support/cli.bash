# What the tests of the command line share; sourced. REELBENCH, RB_SOURCE and RB_BUILD come from ctest.
# shellcheck shell=bash
set -u
unset OPENBLAS_CORETYPE OPENBLAS_L2_SIZE # a machine may preset them; that has a test of its own

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
out=$scratch/out
err=$scratch/err
failures=0

fail() {
    printf 'FAILED: %s\n' "$*" >&2
    printf -- '--- standard output:\n' >&2
    head -n 40 "$out" >&2
    printf -- '--- standard error:\n' >&2
    head -n 40 "$err" >&2
    failures=$((failures + 1))
}

# expect STATUS COMMAND...: runs it; what it printed is in $out and $err.
expect() {
    local wanted=$1 status=0
    shift
    last=$*
    "$@" >"$out" 2>"$err" </dev/null || status=$?
    [ $status -eq "$wanted" ] || fail "$last: exit status $status, expected $wanted"
}

# prints TEXT: standard output of the last command holds it.
prints() {
    grep -qF -- "$1" "$out" || fail "$last: does not print '$1'"
}

# complains TEXT: standard error of the last command holds it.
complains() {
    grep -qF -- "$1" "$err" || fail "$last: does not complain '$1'"
}

# silent: the last command wrote nothing to standard error.
silent() {
    [ ! -s "$err" ] || fail "$last: wrote to standard error"
}

finish() {
    [ $failures -eq 0 ] && echo ok
    exit $((failures > 0))
}

#!/usr/bin/env bash
# One digest for every number of ranks and threads, every group size, with shared work and without.
set -u
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
experiment=$RB_SOURCE/tests/identity/reduced.yaml
fail=0
expected=

# digest_of NAME RANKS THREADS [options...]
digest_of() {
    local name=$1 ranks=$2 threads=$3
    shift 3
    if ! mpirun -n "$ranks" "$REELBENCH" run "$experiment" --output "$work/$name" --threads "$threads" "$@" \
        >"$work/log" 2>&1; then
        echo "$name: the run failed:"
        cat "$work/log"
        fail=1
        return
    fi
    local digest
    digest=$("$REELBENCH" digest "$work/$name"/reduced-* | head -n 1)
    expected=${expected:-$digest}
    if [ -z "$digest" ] || [ "$digest" != "$expected" ]; then
        echo "$name: digest '$digest', expected '$expected'"
        fail=1
    else
        echo "$name: $digest"
    fi
    rm -rf "${work:?}/$name"
}

for ranks in 1 2 3 4; do
    for threads in 1 2 3; do
        digest_of "ranks-$ranks-threads-$threads" "$ranks" "$threads"
    done
done
digest_of group-of-1 4 1 --group-size 1
digest_of group-of-2 4 1 --group-size 2
digest_of group-of-4 4 1 --group-size 4
digest_of no-share 2 2 --no-share
exit $fail

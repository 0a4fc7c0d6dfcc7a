#!/usr/bin/env bash
# What shapes a fit or a value is in its code digest, and nothing else is: a comment in each kind of source in turn.
. "$RB_SOURCE/tests/support/cli.bash" || exit 1
cp -r "$RB_SOURCE/src" "$RB_SOURCE/cmake" "$scratch"

# digests: "<id> <hex>" of every model, and of the evaluation as "eval".
digests() {
    cmake -DSOURCE="$scratch" -DOUT="$scratch/digests.c" -P "$scratch/cmake/CodeDigests.cmake" || exit 1
    sed -nE -e 's/^ *\{ "([a-z_0-9]+)", "([0-9a-f]{64})" \},$/\1 \2/p' \
        -e 's/^const char rb_eval_digest\[\] = "([0-9a-f]{64})";$/eval \1/p' "$scratch/digests.c"
}

digests >"$scratch/before"
[ "$(wc -l <"$scratch/before")" -ge 9 ] || fail "digests of few models only: $(cat "$scratch/before")"
n_models=$(($(wc -l <"$scratch/before") - 1))

# changes FILE MODELS EVAL: how many models' digests change with the file, and whether (1, 0) the evaluation's.
changes() {
    last=$1
    cp "$scratch/src/$1" "$scratch/kept"
    echo '/* another */' >>"$scratch/src/$1"
    digests | comm -13 <(sort "$scratch/before") <(sort) >"$out"
    cp "$scratch/kept" "$scratch/src/$1"
    local n_eval n
    n_eval=$(grep -c '^eval ' "$out")
    n=$(($(wc -l <"$out") - n_eval))
    [ "$n" -eq "$2" ] || fail "$1 changes the digests of $n models, expected $2"
    [ "$n_eval" -eq "$3" ] || fail "$1 changes the digest of the evaluation $n_eval times, expected $3"
}

changes data/split.c "$n_models" 1
changes linalg/gemm.h "$n_models" 1
changes harness/fold.c "$n_models" 1
changes harness/job_fit.c "$n_models" 0
changes harness/spaces.c "$n_models" 1
changes harness/checkpoint.c "$n_models" 0
changes harness/evaluate.c 0 1
changes harness/evaluate_clusters.c 0 1
changes harness/gap.c 0 1
changes harness/replay_arms.c 0 1
changes eval/ranking.c 0 1
changes recommend/models/als.c 1 0
changes harness/journal.c 0 0
changes report/report.c 0 0
finish

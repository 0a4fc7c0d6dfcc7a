#!/usr/bin/env bash
# kill -9 inside fits at seeded random instants: resume goes on after the last iteration that was written, with other
# ranks and threads, and the digest is that of an undisturbed run. A damaged checkpoint is said and left; TERM writes one.
. "$RB_SOURCE/tests/support/cli.bash"
cd "$scratch" || exit 1
RANDOM=${RB_FAULT_SEED:-20261121}

cat >long.yaml <<'E2'
experiment: long
seed: 3
dataset: { name: synthetic, users: 500, items: 250, ratings: 25000, sessions: 0 }
split: { kind: random, validation: 0.1, test: 0.1 }
metrics: [rmse, silhouette]
select: rmse
early_stopping: { metric: rmse, patience: 100 }
checkpoint: 0
trials:
  - als: { factors: 48, iterations: 30, regularization: 0.05 }
  - kmeans: { space: tfidf, k: 8, n_init: 25 }
E2

digest_of() {
    "$REELBENCH" digest "$1"/long-* | head -n 1
}

# start ROOT RANKS THREADS: in the background, its ranks in one group; $launcher is mpirun.
start() {
    local root=$1 ranks=$2 threads=$3
    mpirun -n "$ranks" "$REELBENCH" run long.yaml --output "$root" --threads "$threads" --group-size "$ranks" \
        >"$out" 2>"$err" </dev/null &
    launcher=$!
}

# wait_for COMMAND...: until it succeeds, or the run has ended.
wait_for() {
    while ! "$@" >/dev/null 2>&1; do
        kill -0 "$launcher" 2>/dev/null || return 1
        sleep 0.01
    done
}

# is_fitting ROOT: the run there has begun a trial.
is_fitting() {
    awk '$2 == "running" { fits++ } END { exit !fits }' "$1"/long-*/journal
}

# end_hard: mpirun and its ranks, at once.
end_hard() {
    local ranks
    ranks=$(pgrep -P "$launcher")
    # shellcheck disable=SC2086
    kill -9 "$launcher" $ranks 2>/dev/null
    wait "$launcher" 2>/dev/null
    for pid in $ranks; do
        while kill -0 "$pid" 2>/dev/null; do sleep 0.01; done
    done
}

expect 0 "$REELBENCH" run long.yaml --output whole --set checkpoint=600 --threads 1
expected=$(digest_of whole)

# has_new: a checkpoint was written since the last start.
has_new() {
    [ -n "$(find killed -name '*.checkpoint.h5' -newer mark)" ]
}

# Three kills that hit a fit under way; one may come when a fit was just done.
n_left=0
for instant in 1 2 3 4 5 6; do
    touch mark
    start killed $((instant % 2 + 1)) $((instant / 2 % 2 + 1))
    wait_for has_new || break
    sleep "0.0$((RANDOM % 10))"
    end_hard
    compgen -G "killed/long-*/units/*.checkpoint.h5" >/dev/null || continue
    rm -rf damaged
    cp -r killed damaged
    n_left=$((n_left + 1))
    [ $n_left -lt 3 ] || break
done
[ $n_left -gt 0 ] || fail "all fits were done before the first kill: nothing was tested"

expect 0 mpirun -n 3 "$REELBENCH" resume killed/long-* --threads 1
[ "$(digest_of killed)" = "$expected" ] || fail "another digest after kills: $(digest_of killed)"
compgen -G "killed/long-*/units/*.checkpoint.h5" >/dev/null && fail "a checkpoint of a fit that is done was left"
sed -n 's/^[^ ]* resumed [0-9]* \([0-9a-f]*\) after iteration \([0-9]*\)$/\1 \2/p' killed/long-*/journal >resumed
[ -s resumed ] || fail "no fit went on after a kill: $(cat killed/long-*/journal)"
sort -s -k1,1 resumed | awk '$1 == key && $2 < last { bad = 1 } { key = $1; last = $2 } END { exit bad }' ||
    fail "a later start went on from an earlier iteration: $(cat resumed)"

# A checkpoint cut short is no checkpoint; one of another file is none of ours.
for file in damaged/long-*/units/*.checkpoint.h5; do
    truncate -s -100 "$file"
done
touch "$(echo damaged/long-*/units)/00000000000000000000000000000000.checkpoint.h5"
expect 0 "$REELBENCH" run long.yaml --output damaged --threads 1
prints "; this fit begins anew"
prints "holds 1 checkpoint that no fit of this run goes on from"
[ "$(digest_of damaged)" = "$expected" ] || fail "another digest after a damaged checkpoint: $(digest_of damaged)"

# Asked to stop, a run writes where it stands, however far off the next checkpoint is. This fit would take for ever.
sed 's/iterations: 30/iterations: 10000/; s/patience: 100/patience: 10000/; s/checkpoint: 0/checkpoint: 600/' \
    long.yaml >endless.yaml
"$REELBENCH" run endless.yaml --output stopped --threads 1 >"$out" 2>"$err" </dev/null &
launcher=$!
wait_for is_fitting stopped
kill -TERM "$launcher"
wait_for compgen -G "stopped/long-*/units/*.checkpoint.h5" || fail "no checkpoint after TERM"
end_hard
expect 0 "$REELBENCH" status stopped/long-*
grep -qE "^trial 1: ran for at least [0-9.]+ s, goes on after iteration [1-9]" "$out" || fail "status does not say how far it was"
"$REELBENCH" resume stopped/long-* --threads 2 >"$out" 2>"$err" </dev/null &
launcher=$!
wait_for grep -q " resumed 1 " stopped/long-*/journal || fail "resume after TERM does not go on"
end_hard

# A fit that ran out of time goes on where it stood, with more of it.
expect 1 "$REELBENCH" run long.yaml --output late --threads 1 --set timeout=0.005
expect 0 "$REELBENCH" run long.yaml --output late --threads 1
prints "trial 1 (als) goes on after iteration"
prints "trial 2 (kmeans) goes on after iteration"
[ "$(digest_of late)" = "$expected" ] || fail "another digest after the limit of time: $(digest_of late)"
finish

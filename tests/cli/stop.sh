#!/usr/bin/env bash
# A run that is asked to stop finishes its running trials, saves, and says how to go on; the digest is that of a run
# that nobody disturbed. Exit status 0 after USR1, 130 after Ctrl-C, 143 after TERM.
. "$RB_SOURCE/tests/support/cli.bash" || exit 1
cd "$scratch" || exit 1

cat >long.yaml <<'YAML'
experiment: long
seed: 42
dataset: { name: synthetic, users: 1500, items: 800, ratings: 50000, sessions: 25000 }
split: { kind: random, test: 0.2, validation: 0.1 }
metrics: [rmse]
select: rmse
trials:
  - als: { factors: [8, 16, 32], regularization: [0.02, 0.05, 0.1, 0.2], iterations: 40 }
YAML
expect 0 "$REELBENCH" run long.yaml --output whole
expect 0 "$REELBENCH" digest whole/long-*
head -n 1 "$out" >digest

# stop SIGNAL STATUS: as soon as the first trial runs, so that the others are left however late the signal comes.
stop() {
    local status=0 pid root=stopped-$1
    "$REELBENCH" run long.yaml --output "$root" >"$out" 2>"$err" &
    pid=$!
    for _ in $(seq 600); do
        grep -qs ' running ' "$root"/long-*/journal && break
        sleep 0.05
    done
    kill -s "$1" $pid
    wait $pid || status=$?
    last="run, then SIG$1"
    [ $status -eq "$2" ] || fail "$last: exit status $status, expected $2"
    if [ "$1" = USR1 ]; then
        silent
    else
        complains "finishing the running trials; Ctrl-C again stops now"
    fi
    prints "stopped: "
    prints "resume: reelbench resume $root/long-"
    expect 0 "$REELBENCH" status "$root"/long-*
    prints "waiting"
    prints "resume"
    expect 0 "$REELBENCH" resume "$root"/long-*
    prints " kept, "
    expect 0 "$REELBENCH" digest "$root"/long-*
    head -n 1 "$out" | cmp -s - digest || fail "$last, then resume: another digest than that of a run left alone"
}

# Under mpirun Ctrl-C leaves a rank no time to save; it says once how to go on. On a busy machine Open MPI now and then
# kills the ranks before it has passed on what they wrote: then once more, from where the run stands.
interrupt() {
    local pid begin status=0
    "$@" >"$out" 2>"$err" &
    pid=$!
    for _ in $(seq 600); do
        [ "$(cat parallel/long-*/journal 2>/dev/null | grep -c ' done ')" -gt "$n_done" ] && break
        sleep 0.05
    done
    begin=$SECONDS
    kill -s INT $pid
    wait $pid || status=$?
    last="mpirun run, then SIGINT"
    [ $status -ne 0 ] || fail "$last: exit status 0"
    [ $((SECONDS - begin)) -le 3 ] || fail "$last: took $((SECONDS - begin)) s to end"
    n_said=$(cat "$out" "$err" | grep -c "^resume: mpirun -n 2 reelbench resume parallel/long-")
    n_done=$(grep -c ' done ' parallel/long-*/journal)
}
n_done=0 n_said=0
for _ in 1 2 3 4; do
    interrupt mpirun -n 2 "$REELBENCH" run long.yaml --threads 1 --set repeats=20 --output parallel
    [ "$n_said" -ne 0 ] && break
done
[ "$n_said" -eq 1 ] || fail "$last: does not say once how to resume"
expect 0 "$REELBENCH" status parallel/long-*
prints "interrupted "
prints "resume: mpirun -n 2 reelbench resume parallel/long-"

stop USR1 0
stop INT 130
stop TERM 143

finish

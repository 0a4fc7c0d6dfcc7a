#!/usr/bin/env bash
# kill -9 of a rank or of mpirun at 20 seeded random instants: after resume no finished trial was lost or repeated, and
# the digest is that of an undisturbed run.
set -u
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
experiment=$RB_SOURCE/tests/identity/reduced.yaml
seed=${RB_FAULT_SEED:-20261121}
RANDOM=$seed
echo "seed $seed"
fail=0
hits=0

complain() {
    echo "$*"
    fail=1
}

start_s=$(date +%s.%N)
mpirun -n 2 "$REELBENCH" run "$experiment" --output "$work/undisturbed" --threads 1 >"$work/log" 2>&1 || {
    cat "$work/log"
    exit 1
}
duration_ms=$(awk -v a="$start_s" -v b="$(date +%s.%N)" 'BEGIN { printf "%d", (b - a) * 1000 }')
expected=$("$REELBENCH" digest "$work/undisturbed"/reduced-* | head -n 1)
echo "undisturbed: $expected in $duration_ms ms"

for instant in $(seq 20); do
    root=$work/run-$instant
    delay_ms=$((RANDOM % (duration_ms * 4 / 5 + 1)))
    victim=$((RANDOM % 3)) # rank 0, rank 1, mpirun
    mpirun -n 2 "$REELBENCH" run "$experiment" --output "$root" --threads 1 --set checkpoint=0.02 >"$work/log" 2>&1 &
    launcher=$!
    sleep "$(awk -v ms="$delay_ms" 'BEGIN { print ms / 1000 }')"
    if [ "$victim" = 2 ]; then
        target=$launcher
    else
        target=$(pgrep -P "$launcher" -x reelbench | sed -n "$((victim + 1))p")
    fi
    [ -n "$target" ] && kill -9 "$target" 2>/dev/null && hits=$((hits + 1))
    # mpirun may wait for ever for a rank that was killed while it started, and leaves orphans where it is killed itself.
    for _ in $(seq 100); do
        pgrep -f -- "--output $root" >/dev/null || break
        sleep 0.1
    done
    pkill -9 -f -- "--output $root"
    wait "$launcher" 2>/dev/null

    folder=$(ls -d "$root"/reduced-* 2>/dev/null)
    if [ -z "$folder" ]; then # killed before the folder was made
        mpirun -n 2 "$REELBENCH" run "$experiment" --output "$root" --threads 1 >"$work/log" 2>&1 ||
            complain "instant $instant: $(cat "$work/log")"
        folder=$(ls -d "$root"/reduced-*)
    else
        ls "$folder/units" | sed -n 's/\.fit\.h5$//p' | sort >"$work/finished"
        : >"$work/journal" # the kill may have come before the journal was begun
        [ ! -f "$folder/journal" ] || cp "$folder/journal" "$work/journal"
        if [ -f "$folder/experiment.yaml" ]; then
            "$REELBENCH" status "$folder" >/dev/null 2>&1
            mpirun -n 3 "$REELBENCH" resume "$folder" --threads 2 >"$work/log" 2>&1
        else
            mpirun -n 3 "$REELBENCH" run "$experiment" --output "$root" --threads 2 >"$work/log" 2>&1
        fi || complain "instant $instant: $(cat "$work/log")"
        # A trial whose journal says done must be kept: it does not run again.
        sed -n 's/^[^ ]* done [0-9]* \([0-9a-f]*\).*/\1/p' "$work/journal" | sort -u >"$work/done"
        tail -n "+$(($(wc -l <"$work/journal") + 1))" "$folder/journal" |
            sed -n 's/^[^ ]* running [0-9]* \([0-9a-f]*\).*/\1/p' | sort -u >"$work/again"
        repeated=$(comm -12 "$work/done" "$work/again")
        [ -z "$repeated" ] || complain "instant $instant: ran again though done: $repeated"
        ls "$folder/units" | sed -n 's/\.fit\.h5$//p' | sort >"$work/now"
        lost=$(comm -23 "$work/finished" "$work/now")
        [ -z "$lost" ] || complain "instant $instant: lost: $lost"
    fi
    digest=$("$REELBENCH" digest "$folder" | head -n 1)
    [ "$digest" = "$expected" ] || complain "instant $instant ($delay_ms ms, victim $victim): digest $digest"
    rm -rf "$root"
done
echo "$hits of 20 kills hit a living process"
[ "$hits" -ge 6 ] || complain "too few kills hit: the instants do not test anything"
exit $fail

#!/usr/bin/env bash
# Under mpirun every answer and every complaint appears once; what needs no parallelism starts no MPI.
. "$RB_SOURCE/tests/support/cli.bash" || exit 1

# once TEXT FILE
once() {
    [ "$(grep -cF -- "$1" "$2")" -eq 1 ] || fail "$last: '$1' appears $(grep -cF -- "$1" "$2") times, expected once"
}

expect 0 mpirun -n 3 "$REELBENCH" --version
[ "$(wc -l <"$out")" -eq 1 ] || fail "--version under mpirun prints more than one line"
expect 0 mpirun -n 3 "$REELBENCH" list algorithms
once " popularity " "$out"
for _ in 1 2 3 4 5; do # whichever process fails first
    expect 2 mpirun -n 3 "$REELBENCH" rnu
    once "unknown command 'rnu'; did you mean 'run'?" "$err"
done
expect 2 mpirun -n 3 "$REELBENCH" run --seeed 3 x.yaml
once "did you mean '--seed'?" "$err"
cd "$scratch" || exit 1
printf 'experiment: x\ntrails: []\n' >wrong.yaml
expect 2 mpirun -n 3 "$REELBENCH" run wrong.yaml
once "did you mean 'trials'?" "$err"
# A failure of one rank alone, before MPI is started, is not lost.
expect 3 mpirun -n 2 "$REELBENCH" info : -n 1 "$REELBENCH" info --blas-core Pentium9
once "reelbench: rank 2: --blas-core Pentium9" "$err"
expect 0 env OPENBLAS_CORETYPE=Nehalem mpirun -n 3 "$REELBENCH" info
if [ "$(uname -m)" = x86_64 ]; then
    once "presets OpenBLAS core" "$err"
    # Ranks of two classes do not compute together; the message names a core that all have.
    expect 3 mpirun -n 1 -x OPENBLAS_CORETYPE=Nehalem "$REELBENCH" data stats "$RB_SOURCE/LICENSE" --blas-core inherit : \
        -n 1 "$REELBENCH" data stats "$RB_SOURCE/LICENSE" --blas-core inherit
    once "the OpenBLAS core is Nehalem on rank 0" "$err"
    complains "use --blas-core "
fi

# Without a launcher no command starts MPI: a library that cannot start would stop it.
export OMPI_MCA_pml=no_such_component OMPI_MCA_ess=no_such_component
expect 0 "$REELBENCH" info
expect 0 "$REELBENCH" list
expect 0 "$REELBENCH" validate "$RB_SOURCE/experiments/quickstart.yaml"
silent

finish

#!/usr/bin/env bash
# A batch job of PBS. Adapt the lines #PBS and the modules, then: qsub -v FILE=experiments/quickstart.yaml scripts/launch-pbs.sh
# Not tried on a real PBS; the mpirun line is that of scripts/launch-slurm.sh.
#PBS -N reelbench
#PBS -l select=2:ncpus=16:mpiprocs=2:ompthreads=8
#PBS -l walltime=02:00:00
set -eu
cd "${PBS_O_WORKDIR:-.}"

# module load OpenMPI OpenBLAS HDF5
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-8}
# With the defaults a link that is cut for good hangs mpirun for ever; with these it gives up after some seconds.
export OMPI_MCA_oob_tcp_keepalive_time=3 OMPI_MCA_oob_tcp_keepalive_intvl=1 OMPI_MCA_oob_tcp_keepalive_probes=3

# PBS sends TERM at the end of the time: only running trials are lost, and the next job with the same FILE goes on.
exec mpirun --map-by "slot:PE=$OMP_NUM_THREADS" --bind-to core \
    "${REELBENCH:-build/reelbench}" run "${FILE:?which experiment file? qsub -v FILE=...}"

#!/usr/bin/env bash
# A batch job of Slurm. Adapt the lines #SBATCH and the modules, then: sbatch scripts/launch-slurm.sh FILE
#SBATCH --job-name=reelbench
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=2
#SBATCH --cpus-per-task=8
#SBATCH --time=02:00:00
#SBATCH --signal=B:USR1@300
# 300 s before the end mpirun gets USR1 and hands it to the ranks: they finish the running trials, save, and the job ends with status 0.
# The next job with the same FILE goes on from there.
set -eu

# module load OpenMPI OpenBLAS HDF5
export OMP_NUM_THREADS=${SLURM_CPUS_PER_TASK:-1}
# With the defaults a link that is cut for good hangs mpirun for ever; with these it gives up after some seconds.
export OMPI_MCA_oob_tcp_keepalive_time=3 OMPI_MCA_oob_tcp_keepalive_intvl=1 OMPI_MCA_oob_tcp_keepalive_probes=3

exec mpirun --map-by "slot:PE=$OMP_NUM_THREADS" --bind-to core \
    "${REELBENCH:-build/reelbench}" run "${1:?which experiment file?}"

/*
 * The environment of a run: which OpenBLAS kernels compute, how many threads, what the machine is, and how it is asked
 * to stop.
 *
 * Results have the same bits inside a class: one binary, one OpenBLAS core, one instruction class, one libm. This file
 * fixes the core before anything is computed, and compares the classes of all ranks.
 */
#ifndef RB_HARNESS_ENVIRONMENT_H
#define RB_HARNESS_ENVIRONMENT_H

#include <signal.h>
#include <stdbool.h>

#include "base/digest.h"
#include "base/log.h"
#include "base/text.h"
#include "parallel/ctx.h"

/* The rank of this process as the launcher tells it in the environment, before MPI is started. */
typedef struct {
    int rank, n_ranks; /* 0 of 1 without a launcher */
    bool has_launcher; /* started by mpirun, srun or the like */
    bool is_open_mpi;  /* started by mpirun of Open MPI, which ends the job by itself on Ctrl-C */
} rb_launch;

/** Read from OMPI_COMM_WORLD_*, PMIX_RANK, PMI_*, SLURM_*. Local; starts nothing. */
rb_launch rb_launch_detect(void);

/* All facts that provenance keeps. Texts are "unavailable" where they cannot be had, numbers -1. */
typedef struct rb_environment {
    char hostname[64];
    char system[160];      /* kernel name, release, machine */
    char cpu[128];         /* model name */
    int n_cpus;            /* online */
    int n_cpus_bound;      /* that this process may use */
    char binding[128];     /* list of those, "0-1" */
    double memory_bytes;   /* of the node */
    double shm_bytes;      /* free in /dev/shm */
    char instructions[16]; /* class of the processor: "avx512", "avx2", "sse2", "other" */
    char libm[32];         /* "glibc 2.36" */
    char blas_core[32];    /* "Cooperlake" */
    char blas_config[192]; /* openblas_get_config */
    char blas_choice[32];  /* --blas-core as given: "auto", "inherit", a name */
    bool blas_is_openmp;   /* the OpenMP build; another one is not safe between threads */
    char hdf5[32];
    char mpi_library[160];
    char openmp[32]; /* "201511" */
    char compiler[64], flags[256], build_type[32], march[32];
    char version[32], commit[64];
    bool dirty;       /* the sources differed from the commit */
    rb_digest binary; /* SHA-256 of the program's file */
    int n_threads;    /* of each rank */
    rb_launch launch;
} rb_environment;

/**
 * Fix the OpenBLAS core, before anything else: OpenBLAS reads its variables when it is loaded, so that a change means
 * to execute the program once more. Local; does not return where it re-executes.
 *
 *   auto     what OpenBLAS detects: presets of OPENBLAS_CORETYPE, OPENBLAS_L2_SIZE and OPENBLAS_BLOCK_FACTOR are
 *            removed, with a warning
 *   inherit  as the environment says
 *   NAME     this core ("Haswell", "SkylakeX", ...)
 *
 * @param[in] choice  NULL is auto
 * @param[in] argv    of main
 * @param[in] log     takes the warning
 * @return RB_OK; RB_ENVIRONMENT: OpenBLAS does not know this core or the processor lacks it, or the program could not
 *         be executed again
 */
rb_status rb_blas_pin(const char *choice, char **argv, rb_log *log, rb_error *err);

/** Class of this processor's instructions: "avx512", "avx2", "sse2", "other". Local. */
const char *rb_environment_instructions(void);

/**
 * Collect the facts. Local; needs no MPI.
 *
 * @param[in] n_threads    of --threads; 0: OMP_NUM_THREADS, else the cores of this process divided by the ranks of
 *                         its node that share them
 * @param[in] blas_choice  as given to rb_blas_pin
 */
rb_status rb_environment_collect(rb_environment *env, int n_threads, const char *blas_choice, rb_error *err);

/**
 * Start MPI (MPI_THREAD_FUNNELED) and make the context of all ranks. Collective over all processes of the job.
 *
 * OpenBLAS gets one thread; signals are installed and world->stop points to their flag. Warnings: threads that share
 * cores, more threads than cores, an OpenBLAS that is not the OpenMP build.
 *
 * @param[in,out] env  collected by rb_environment_collect; n_threads is agreed (the least of all ranks where it was
 *                     not asked for)
 * @return RB_OK; RB_ENVIRONMENT: the ranks are not of one class (the message names what differs, where, and the
 *         --blas-core that all of them have), RB_NO_MEMORY. The same on every rank.
 */
rb_status rb_environment_start(rb_ctx *world, rb_environment *env, rb_log *log, rb_error *err);

/** Release the context and stop MPI. Collective. Valid after a failed start, and where MPI was never started. */
void rb_environment_stop(rb_ctx *world);

/** The context of one process for the commands that start no MPI: env's threads, OpenBLAS with one thread. Local. */
void rb_environment_serial(rb_ctx *ctx, const rb_environment *env);

/** The class in which results have the same bits, in one line: core, instructions, libm, binary. Appended to out. */
rb_status rb_environment_class(rb_text *out, const rb_environment *env, rb_error *err);

/**
 * Let SIGINT, SIGTERM and SIGUSR1 ask the program to stop. Local.
 *
 * The first sets the flag: running trials are finished and saved. A second SIGINT or SIGTERM ends the process at once.
 * Under Open MPI's mpirun, which kills the ranks a second later, the first does.
 */
void rb_signals_install(void);

/**
 * What goes to standard error at a first SIGINT or SIGTERM that lets the running trials finish, and where a signal ends
 * the process at once; "": nothing, as at the start. Local.
 */
void rb_signals_say(const char *first, const char *last);

/** 0, or the signal that asked to stop; its address is what ctx->stop takes. */
const volatile sig_atomic_t *rb_signals_flag(void);

/** Exit status of a run that was stopped: 0 for SIGUSR1 (asked to save and end), else 128 + the signal. */
int rb_signals_exit(void);

#endif

/* Start and end of a parallel command: MPI, the class of all ranks, warnings about threads, signals. */
#include <cblas.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "harness/environment.h"

/* Signal handlers have nothing but static storage: the one exception to "no global mutable state". */
static volatile sig_atomic_t stop_signal;
static volatile sig_atomic_t ends_at_once;

/* What a handler may print: `n` is 0 while `text` changes. */
typedef struct {
    char text[4400];
    volatile sig_atomic_t n;
} signal_words;

static signal_words first_words, last_words;

static void set_words(signal_words *words, const char *text)
{
    words->n = 0;
    snprintf(words->text, sizeof words->text, "%s", text);
    words->n = (sig_atomic_t)strlen(words->text);
}

static void print_words(const signal_words *words)
{
    int kept = errno; /* of what was interrupted */
    ssize_t written = words->n > 0 ? write(STDERR_FILENO, words->text, (size_t)words->n) : 0;
    (void)written; /* there is nobody else to tell */
    errno = kept;
}

static void on_signal(int number)
{
    if (number != SIGUSR1 && (ends_at_once || (stop_signal && stop_signal != SIGUSR1))) {
        print_words(&last_words);
        _exit(128 + number);
    }
    stop_signal = number;
    if (number != SIGUSR1)
        print_words(&first_words);
}

void rb_signals_say(const char *first, const char *last)
{
    set_words(&first_words, first);
    set_words(&last_words, last);
}

void rb_signals_install(void)
{
    struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
    sigemptyset(&action.sa_mask);
    ends_at_once = rb_launch_detect().is_open_mpi;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGUSR1, &action, NULL);
}

const volatile sig_atomic_t *rb_signals_flag(void)
{
    return &stop_signal;
}

int rb_signals_exit(void)
{
    return stop_signal == 0 || stop_signal == SIGUSR1 ? 0 : 128 + stop_signal;
}

/* What must be equal on all ranks. */
typedef struct {
    char host[64], core[32], instructions[16], libm[32];
    rb_digest binary;
} class_of_rank;

/* The newest core that every processor of the least of these classes has; NULL where the class does not say. */
static const char *common_core(const class_of_rank *all, int n)
{
    static const char *const ladder[][2] = { { "sse2", "Nehalem" }, { "avx2", "Haswell" }, { "avx512", "SkylakeX" } };
    for (int level = 0; level < 3; level++)
        for (int r = 0; r < n; r++)
            if (strcmp(all[r].instructions, ladder[level][0]) == 0)
                return ladder[level][1];
    return NULL;
}

static rb_status compare(const class_of_rank *all, int n, rb_error *err)
{
    for (int r = 1; r < n; r++) {
        const class_of_rank *a = &all[0], *b = &all[r];
        if (memcmp(&a->binary, &b->binary, sizeof a->binary) != 0)
            return RB_FAIL(
                err, RB_ENVIRONMENT,
                "the program's file differs between rank 0 (%s) and rank %d (%s): start one binary everywhere", a->host,
                r, b->host);
        if (strcmp(a->libm, b->libm) != 0)
            return RB_FAIL(err, RB_ENVIRONMENT,
                           "libm is %s on rank 0 (%s) and %s on rank %d (%s): equal bits need one version", a->libm,
                           a->host, b->libm, r, b->host);
        if (strcmp(a->instructions, b->instructions) != 0)
            return RB_FAIL(err, RB_ENVIRONMENT,
                           "the processors differ: %s on rank 0 (%s), %s on rank %d (%s); ask for nodes of one kind, "
                           "--blas-core %s is what all of them have",
                           a->instructions, a->host, b->instructions, r, b->host, common_core(all, n));
        if (strcmp(a->core, b->core) != 0) {
            const char *core = common_core(all, n);
            return RB_FAIL(err, RB_ENVIRONMENT,
                           "the OpenBLAS core is %s on rank 0 (%s) and %s on rank %d (%s): use --blas-core %s, which "
                           "all of them have",
                           a->core, a->host, b->core, r, b->host, core ? core : "NAME with one name");
        }
    }
    return RB_OK;
}

static rb_status compare_classes(const rb_ctx *world, const rb_environment *env, rb_error *err)
{
    class_of_rank *all = NULL;
    int64_t *begin = NULL;
    rb_alloc(&begin, world->n_ranks + 1, err);
    RB_TRY_ALL(world, rb_alloc(&all, world->n_ranks, err));
    for (int r = 0; r <= world->n_ranks; r++)
        begin[r] = r * (int64_t)sizeof *all;
    class_of_rank mine;
    memset(&mine, 0, sizeof mine);
    memcpy(mine.host, env->hostname, sizeof mine.host);
    memcpy(mine.core, env->blas_core, sizeof mine.core);
    memcpy(mine.instructions, env->instructions, sizeof mine.instructions);
    memcpy(mine.libm, env->libm, sizeof mine.libm);
    mine.binary = env->binary;
    rb_allgather_bytes(world, all, &mine, begin);
    RB_TRY(compare(all, world->n_ranks, err)); /* the same arrays everywhere: the same verdict */
done:
    rb_free(all);
    rb_free(begin);
    return err->status;
}

/* Lowest rank where the condition holds, or -1. Collective. */
static int first_rank_where(const rb_ctx *world, bool holds)
{
    int64_t rank = holds ? world->rank : INT_MAX;
    rb_min_int64(world, &rank, 1);
    return rank == INT_MAX ? -1 : (int)rank;
}

static void warn_of_threads(const rb_ctx *world, const rb_environment *env, rb_log *log)
{
    int crowded = first_rank_where(world, env->n_threads > env->n_cpus_bound);
    bool is_bound = env->n_cpus_bound < env->n_cpus;
    int shared = first_rank_where(world, !is_bound && env->n_threads * world->n_node_ranks > env->n_cpus);
    int unsafe = first_rank_where(world, !env->blas_is_openmp);
    if (crowded >= 0)
        rb_log_warn(log, "%d threads of rank %d share %d core%s: use mpirun --map-by slot:PE=%d, or --bind-to none",
                    env->n_threads, crowded, env->n_cpus_bound, env->n_cpus_bound == 1 ? "" : "s", env->n_threads);
    else if (shared >= 0)
        rb_log_warn(log, "%d rank%s with %d thread%s each on %d core%s: more threads than cores", world->n_node_ranks,
                    rb_text_plural(world->n_node_ranks), env->n_threads, rb_text_plural(env->n_threads), env->n_cpus,
                    rb_text_plural(env->n_cpus));
    if (unsafe >= 0)
        rb_log_warn(log, "OpenBLAS on rank %d is not the OpenMP build (%s): install libopenblas-openmp", unsafe,
                    env->blas_config);
}

rb_status rb_environment_start(rb_ctx *world, rb_environment *env, rb_log *log, rb_error *err)
{
    int provided;
    rb_ctx_serial(world, env->n_threads);
    RB_MPI(MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &provided));
    RB_TRY(rb_ctx_init(world, MPI_COMM_WORLD, env->n_threads, false, err));
    if (provided < MPI_THREAD_FUNNELED)
        RB_FAIL(err, RB_ENVIRONMENT, "this MPI library allows no threads (MPI_THREAD_FUNNELED)");
    RB_TRY_ALL(world, err->status);
    rb_signals_install();
    world->stop = rb_signals_flag();
    openblas_set_num_threads(1);
    int64_t n_threads = env->n_threads;
    rb_min_int64(world, &n_threads, 1);
    env->n_threads = world->n_threads = (int)n_threads;
    env->launch.rank = world->rank;
    env->launch.n_ranks = world->n_ranks;
    RB_TRY(compare_classes(world, env, err));
    warn_of_threads(world, env, log);
done:
    return err->status;
}

void rb_environment_stop(rb_ctx *world)
{
    int is_initialised, is_finalised;
    rb_ctx_fini(world);
    MPI_Initialized(&is_initialised);
    MPI_Finalized(&is_finalised);
    if (is_initialised && !is_finalised)
        MPI_Finalize();
}

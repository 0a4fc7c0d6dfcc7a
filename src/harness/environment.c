#include "harness/environment.h"

#include <H5public.h>
#include <cblas.h>
#include <fcntl.h>
#include <gnu/libc-version.h>
#include <omp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "harness/facts.h"

#define BLAS_IS_OPENMP 2 /* openblas_get_parallel */

static int integer_of(const char *name, int fallback)
{
    const char *text = getenv(name);
    int value = text ? (int)strtol(text, NULL, 10) : 0;
    return text && *text >= '0' && *text <= '9' ? value : fallback;
}

rb_launch rb_launch_detect(void)
{
    /* Variables of rank and size, and one that must be set too: sbatch gives its script a rank, but launches nothing.
     */
    static const char *const known[][3] = { { "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", NULL },
                                            { "PMIX_RANK", "SLURM_NTASKS", NULL },
                                            { "PMI_RANK", "PMI_SIZE", NULL },
                                            { "SLURM_PROCID", "SLURM_NTASKS", "SLURM_STEP_ID" } };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (getenv(known[i][0]) && (!known[i][2] || getenv(known[i][2])))
            return (rb_launch){ .rank = integer_of(known[i][0], 0),
                                .n_ranks = integer_of(known[i][1], 1),
                                .has_launcher = true,
                                .is_open_mpi = i == 0 };
    return (rb_launch){ .n_ranks = 1 };
}

/* "0-1,4" from a set of processors. */
static void describe_cpus(char *out, size_t size, const cpu_set_t *set)
{
    size_t at = 0;
    out[0] = 0;
    for (int c = 0; c < CPU_SETSIZE && at + 24 < size; c++) {
        if (!CPU_ISSET(c, set))
            continue;
        int last = c;
        while (last + 1 < CPU_SETSIZE && CPU_ISSET(last + 1, set))
            last++;
        at += (size_t)snprintf(out + at, size - at, last > c ? "%s%d-%d" : "%s%d", at ? "," : "", c, last);
        c = last;
    }
}

static void read_cpu_model(char *out, size_t size)
{
    char line[512];
    snprintf(out, size, "unavailable");
    FILE *file = fopen("/proc/cpuinfo", "r");
    if (!file)
        return;
    while (fgets(line, sizeof line, file)) {
        char *value = strchr(line, ':');
        if (strncmp(line, "model name", 10) == 0 && value) {
            value[1 + strcspn(value + 1, "\n")] = 0;
            snprintf(out, size, "%s", value + 1 + strspn(value + 1, " "));
            break;
        }
    }
    fclose(file);
}

static void collect_machine(rb_environment *env)
{
    struct utsname system;
    if (uname(&system) == 0) {
        snprintf(env->hostname, sizeof env->hostname, "%.63s", system.nodename);
        snprintf(env->system, sizeof env->system, "%.40s %.60s %.40s", system.sysname, system.release, system.machine);
    } else {
        snprintf(env->hostname, sizeof env->hostname, "unavailable");
        snprintf(env->system, sizeof env->system, "unavailable");
    }
    read_cpu_model(env->cpu, sizeof env->cpu);
    env->n_cpus = (int)sysconf(_SC_NPROCESSORS_ONLN);
    env->n_cpus_bound = env->n_cpus;
    snprintf(env->binding, sizeof env->binding, "unavailable");
    cpu_set_t set;
    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof set, &set) == 0) {
        env->n_cpus_bound = CPU_COUNT(&set);
        describe_cpus(env->binding, sizeof env->binding, &set);
    }
    env->memory_bytes = (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);
    struct statvfs shm;
    env->shm_bytes = statvfs("/dev/shm", &shm) == 0 ? (double)shm.f_bavail * (double)shm.f_frsize : -1;
}

const char *rb_environment_instructions(void)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl"))
        return "avx512";
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? "avx2" : "sse2";
#else
    return "other";
#endif
}

static void collect_libraries(rb_environment *env)
{
    unsigned major, minor, release;
    char mpi[MPI_MAX_LIBRARY_VERSION_STRING] = "unavailable";
    int length;
    snprintf(env->instructions, sizeof env->instructions, "%s", rb_environment_instructions());
    snprintf(env->libm, sizeof env->libm, "glibc %s", gnu_get_libc_version());
    snprintf(env->blas_core, sizeof env->blas_core, "%s", openblas_get_corename());
    snprintf(env->blas_config, sizeof env->blas_config, "%s", openblas_get_config());
    env->blas_is_openmp = openblas_get_parallel() == BLAS_IS_OPENMP;
    if (H5get_libversion(&major, &minor, &release) >= 0)
        snprintf(env->hdf5, sizeof env->hdf5, "%u.%u.%u", major, minor, release);
    else
        snprintf(env->hdf5, sizeof env->hdf5, "unavailable");
    RB_MPI(MPI_Get_library_version(mpi, &length)); /* allowed before MPI_Init */
    mpi[strcspn(mpi, "\n")] = 0;
    snprintf(env->mpi_library, sizeof env->mpi_library, "%.150s", mpi);
    snprintf(env->openmp, sizeof env->openmp, "%d", _OPENMP);
}

static void collect_build(rb_environment *env)
{
    snprintf(env->compiler, sizeof env->compiler, "%s", rb_build.compiler);
    snprintf(env->flags, sizeof env->flags, "%s", rb_build.flags + strspn(rb_build.flags, " "));
    snprintf(env->build_type, sizeof env->build_type, "%s", rb_build.build_type);
    snprintf(env->march, sizeof env->march, "%s", rb_build.march);
    snprintf(env->version, sizeof env->version, "%s", rb_build.version);
    snprintf(env->commit, sizeof env->commit, "%s", rb_build.commit);
    env->dirty = rb_build.dirty;
}

static rb_status digest_program(rb_digest *out, rb_error *err)
{
    struct stat facts;
    void *bytes = MAP_FAILED;
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    if (fd >= 0 && fstat(fd, &facts) == 0)
        bytes = mmap(NULL, (size_t)facts.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (fd >= 0)
        close(fd);
    if (bytes == MAP_FAILED)
        return RB_FAIL(err, RB_ENVIRONMENT, "/proc/self/exe: cannot be read, so the program's digest is not known");
    rb_digest_of(out, bytes, (size_t)facts.st_size, err);
    munmap(bytes, (size_t)facts.st_size);
    return err->status;
}

/* Ranks that are not bound share the node's processors. */
static int default_threads(const rb_environment *env)
{
    int asked = integer_of("OMP_NUM_THREADS", 0);
    if (asked > 0)
        return asked;
    int sharing = env->n_cpus_bound == env->n_cpus ? integer_of("OMPI_COMM_WORLD_LOCAL_SIZE", 1) : 1;
    int n = env->n_cpus_bound / (sharing > 0 ? sharing : 1);
    return n > 0 ? n : 1;
}

rb_status rb_environment_collect(rb_environment *env, int n_threads, const char *blas_choice, rb_error *err)
{
    memset(env, 0, sizeof *env);
    env->launch = rb_launch_detect();
    snprintf(env->blas_choice, sizeof env->blas_choice, "%s", blas_choice ? blas_choice : "auto");
    collect_machine(env);
    collect_libraries(env);
    collect_build(env);
    env->n_threads = n_threads > 0 ? n_threads : default_threads(env);
    return digest_program(&env->binary, err);
}

rb_status rb_environment_class(rb_text *out, const rb_environment *env, rb_error *err)
{
    char binary[17];
    rb_digest_hex(binary, &env->binary, 16);
    return rb_text_addf(out, err, "OpenBLAS %s, %s, %s, binary %s", env->blas_core, env->instructions, env->libm,
                        binary);
}

void rb_environment_serial(rb_ctx *ctx, const rb_environment *env)
{
    openblas_set_num_threads(1);
    rb_ctx_serial(ctx, env->n_threads);
}

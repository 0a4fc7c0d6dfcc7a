/* Which OpenBLAS kernels compute: the variables that OpenBLAS reads when it is loaded, and one re-execution. */
#include <cblas.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "harness/environment.h"

/* Set for the second execution, so that there is no third; holds the core of the first. */
#define GUARD "REELBENCH_BLAS_BEFORE"

static const char *const presets[] = { "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "OPENBLAS_BLOCK_FACTOR", NULL };

/* Whether the environment differs from what the choice asks for. */
static bool must_change(const char *core)
{
    for (int i = 0; presets[i]; i++) {
        const char *value = getenv(presets[i]);
        const char *wanted = i == 0 ? core : NULL;
        if (!value != !wanted || (value && strcasecmp(value, wanted) != 0))
            return true;
    }
    return false;
}

static rb_status execute_again(const char *core, char **argv, rb_error *err)
{
    char program[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    if (length < 0)
        return RB_FAIL(err, RB_ENVIRONMENT, "/proc/self/exe: %s; set OPENBLAS_CORETYPE and use --blas-core inherit",
                       strerror(errno));
    program[length] = 0;
    for (int i = 0; presets[i]; i++)
        unsetenv(presets[i]);
    if (core)
        setenv("OPENBLAS_CORETYPE", core, 1);
    setenv(GUARD, openblas_get_corename(), 1);
    execv(program, argv);
    return RB_FAIL(err, RB_ENVIRONMENT, "%s: cannot be executed again with its OpenBLAS core: %s", program,
                   strerror(errno));
}

rb_status rb_blas_pin(const char *choice, char **argv, rb_log *log, rb_error *err)
{
    const char *now = openblas_get_corename();
    if (choice && strcmp(choice, "inherit") == 0)
        return RB_OK;
    const char *core = choice && strcmp(choice, "auto") != 0 ? choice : NULL;
    const char *before = getenv(GUARD);
    if (!before && must_change(core))
        return execute_again(core, argv, err);
    if (before && !core && strcmp(before, now) != 0)
        rb_log_warn(log,
                    "the environment presets OpenBLAS core %s; the detected %s is used (--blas-core inherit keeps it)",
                    before, now);
    unsetenv(GUARD); /* not for the programs that this one may start */
    if (core && strcasecmp(core, now) != 0)
        return RB_FAIL(err, RB_ENVIRONMENT, "--blas-core %s: this OpenBLAS has no such core, it would use %s", core,
                       now);
    return RB_OK;
}

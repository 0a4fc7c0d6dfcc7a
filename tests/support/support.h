/*
 * What the tests share: cmocka under MPI, the folders of the data and of the sources, known answers.
 */
#ifndef RB_SUPPORT_SUPPORT_H
#define RB_SUPPORT_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/alloc.h"
#include "parallel/ctx.h"

/** The context of all ranks, valid between rb_test_mpi_begin and rb_test_mpi_end; 2 threads a rank. */
extern rb_ctx rb_test_ctx;

/** Start MPI (with threads funneled) and rb_test_ctx. */
void rb_test_mpi_begin(int *argc, char ***argv);

/** Take the worst result of all ranks, stop MPI, return the exit status. */
int rb_test_mpi_end(int n_failed);

/**
 * A context over the ranks of rb_test_ctx that believes them on several nodes. Collective; release with rb_ctx_fini.
 *
 * @param[in] node_of  node of a rank, ascending from 0 without gaps
 */
void rb_test_nodes(rb_ctx *ctx, int (*node_of)(int rank));
/** For it: nodes of 1, 2, 1, 2 ... ranks. */
int rb_test_uneven(int rank);

/** Folder of the real data: REELBENCH_DATA, else ../shared/data beside the sources; where it is absent the test fails
 *  and names scripts/fetch-data.sh. */
const char *rb_test_data(void);

/** A path below the sources ("tests/golden/netflix-titles.json"); the buffer is static, one at a time. */
const char *rb_test_path(const char *relative);

/** Known answers, parsed; fails the test where the file cannot be read. Release with json_decref. */
json_t *rb_test_golden(const char *name);

/** A number by its path of keys ("explicit", "results", "item_mean", "rmse", NULL); fails where it is absent. */
double rb_test_number(json_t *root, ...);

/** |a - b| <= tolerance * max(1, |b|), else the test fails and prints both. */
#define assert_near(a, b, tolerance) rb_test_near((a), (b), (tolerance), #a, __FILE__, __LINE__)
void rb_test_near(double a, double b, double tolerance, const char *what, const char *file, int line);

/** The call must have succeeded; prints the error's message otherwise. */
#define assert_ok(expr, err)                           \
    do {                                               \
        if ((expr) != RB_OK)                           \
            fail_msg("%s: %s", #expr, (err)->message); \
    } while (0)

#endif

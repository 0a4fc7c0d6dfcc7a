#include "support/support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

rb_ctx rb_test_ctx;

void rb_test_mpi_begin(int *argc, char ***argv)
{
    int provided;
    MPI_Init_thread(argc, argv, MPI_THREAD_FUNNELED, &provided);
    rb_error err = { 0 };
    if (rb_ctx_init(&rb_test_ctx, MPI_COMM_WORLD, 2, false, &err) != RB_OK) {
        fprintf(stderr, "%s\n", err.message);
        MPI_Abort(MPI_COMM_WORLD, 1);
    }
}

int rb_test_mpi_end(int n_failed)
{
    int64_t worst = n_failed;
    rb_max_int64(&rb_test_ctx, &worst, 1);
    rb_ctx_fini(&rb_test_ctx);
    MPI_Finalize();
    return worst != 0;
}

const char *rb_test_path(const char *relative)
{
    static char path[4096];
    const char *root = getenv("RB_SOURCE");
    snprintf(path, sizeof path, "%s/%s", root ? root : ".", relative);
    return path;
}

int rb_test_uneven(int rank)
{
    return rank / 3 * 2 + (rank % 3 > 0);
}

void rb_test_nodes(rb_ctx *ctx, int (*node_of)(int rank))
{
    rb_error err = { 0 };
    assert_ok(rb_ctx_init(ctx, rb_test_ctx.comm, rb_test_ctx.n_threads, true, &err), &err);
    MPI_Comm_free(&ctx->leaders);
    MPI_Comm_split(ctx->comm, node_of(ctx->rank), ctx->rank, &ctx->node);
    MPI_Comm_set_errhandler(ctx->node, MPI_ERRORS_RETURN);
    MPI_Comm_rank(ctx->node, &ctx->node_rank);
    MPI_Comm_size(ctx->node, &ctx->n_node_ranks);
    MPI_Comm_split(ctx->comm, ctx->node_rank == 0 ? 0 : MPI_UNDEFINED, ctx->rank, &ctx->leaders);
    for (int r = 0; r < ctx->n_ranks; r++)
        ctx->node_of[r] = node_of(r);
    ctx->n_nodes = node_of(ctx->n_ranks - 1) + 1;
}

const char *rb_test_data(void)
{
    static char folder[4096];
    const char *given = getenv("REELBENCH_DATA");
    snprintf(folder, sizeof folder, "%s", given && *given ? given : rb_test_path("../shared/data"));
    if (access(folder, R_OK) != 0)
        fail_msg("the real data are not in %s: set REELBENCH_DATA, or get them with scripts/fetch-data.sh", folder);
    return folder;
}

json_t *rb_test_golden(const char *name)
{
    char relative[256];
    snprintf(relative, sizeof relative, "tests/golden/%s", name);
    json_error_t error;
    json_t *root = json_load_file(rb_test_path(relative), 0, &error);
    if (!root)
        fail_msg("%s:%d: %s", rb_test_path(relative), error.line, error.text);
    return root;
}

double rb_test_number(json_t *root, ...)
{
    va_list keys;
    va_start(keys, root);
    const char *key, *last = "";
    while (root && (key = va_arg(keys, const char *))) {
        last = key;
        root = json_object_get(root, key);
    }
    va_end(keys);
    if (!json_is_number(root))
        fail_msg("no number at '%s' among the known answers", last);
    return json_number_value(root);
}

void rb_test_near(double a, double b, double tolerance, const char *what, const char *file, int line)
{
    double scale = fabs(b) > 1 ? fabs(b) : 1;
    if (!(fabs(a - b) <= tolerance * scale)) {
        print_error("%s:%d: %s is %.17g, expected %.17g within %g\n", file, line, what, a, b, tolerance);
        fail();
    }
}

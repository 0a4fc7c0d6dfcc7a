/*
 * Node-shared arrays over several nodes, which are groups of ranks of this host; windows are counted on their way to
 * MPI, and fail where the test says so.
 */
#include <string.h>

#include "parallel/shared.h"
#include "support/support.h"

static int n_windows;     /* that this rank holds */
static bool windows_fail; /* on this rank */

int MPI_Win_allocate_shared(MPI_Aint size, int unit, MPI_Info info, MPI_Comm comm, void *base, MPI_Win *win)
{
    if (windows_fail)
        return MPI_ERR_NO_MEM;
    n_windows++;
    return PMPI_Win_allocate_shared(size, unit, info, comm, base, win);
}

int MPI_Win_free(MPI_Win *win)
{
    n_windows--;
    return PMPI_Win_free(win);
}

static void check_exchange(const rb_ctx *ctx)
{
    rb_error err = { 0 };
    rb_shared s;
    int64_t begin[64];
    const int64_t n = 100;
    assert_ok(rb_shared_alloc(&s, n * ctx->n_ranks * (int64_t)sizeof(int64_t), ctx, &err), &err);
    int64_t *x = s.data;
    for (int r = 0; r <= ctx->n_ranks; r++)
        begin[r] = r * n;
    for (int64_t i = begin[ctx->rank]; i < begin[ctx->rank + 1]; i++)
        assert_int_equal(x[i], 0);
    for (int64_t i = begin[ctx->rank]; i < begin[ctx->rank + 1]; i++)
        x[i] = i + 1;
    rb_shared_publish(&s, begin, sizeof *x, ctx);
    for (int64_t i = 0; i < begin[ctx->n_ranks]; i++)
        assert_int_equal(x[i], i + 1);
    rb_barrier(ctx);
    rb_shared_fini(&s);
}

static void what_one_node_writes_the_others_see(void **unused)
{
    (void)unused;
    rb_ctx ctx;
    rb_test_nodes(&ctx, rb_test_uneven);
    check_exchange(&ctx);
    assert_int_equal(n_windows, 0);
    rb_ctx_fini(&ctx);
}

static void a_failed_allocation_on_any_node_frees_all_windows(void **unused)
{
    (void)unused;
    rb_ctx ctx;
    rb_test_nodes(&ctx, rb_test_uneven);
    for (int failing = 0; failing < ctx.n_ranks; failing++) {
        rb_error err = { 0 };
        rb_shared s;
        rb_alloc_fail_nth(ctx.rank == failing ? 1 : 0);
        assert_int_equal(rb_shared_alloc(&s, 1000, &ctx, &err), RB_NO_MEMORY);
        rb_alloc_fail_nth(0);
        assert_true(s.data == NULL && !s.is_window && s.window == MPI_WIN_NULL);
        assert_int_equal(n_windows, 0);
        check_exchange(&ctx); /* ranks are still in step */
    }
    rb_ctx_fini(&ctx);
}

static void a_window_that_fails_on_one_node_is_freed_on_the_others(void **unused)
{
    (void)unused;
    rb_ctx ctx;
    rb_test_nodes(&ctx, rb_test_uneven);
    bool shares = false;
    for (int node = 0; node < ctx.n_nodes; node++) {
        int n_ranks = 0;
        for (int r = 0; r < ctx.n_ranks; r++)
            n_ranks += rb_test_uneven(r) == node;
        if (n_ranks < 2)
            continue;
        rb_error err = { 0 };
        rb_shared s;
        shares = true;
        windows_fail = rb_test_uneven(ctx.rank) == node;
        assert_int_equal(rb_shared_alloc(&s, 1000, &ctx, &err), RB_NO_MEMORY);
        assert_non_null(strstr(err.message, "/dev/shm"));
        windows_fail = false;
        assert_null(s.data);
        assert_int_equal(n_windows, 0);
        check_exchange(&ctx);
    }
    assert_true(shares || ctx.n_ranks < 3);
    rb_ctx_fini(&ctx);
}

int main(int argc, char **argv)
{
    rb_test_mpi_begin(&argc, &argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_one_node_writes_the_others_see),
        cmocka_unit_test(a_failed_allocation_on_any_node_frees_all_windows),
        cmocka_unit_test(a_window_that_fails_on_one_node_is_freed_on_the_others),
    };
    return rb_test_mpi_end(cmocka_run_group_tests(tests, NULL, NULL));
}

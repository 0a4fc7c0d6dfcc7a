/*
 * Node-shared arrays over several nodes, which are groups of ranks of this host; windows are counted on their way to
 * MPI, and fail where the test says so.
 */
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "parallel/shared.h"
#include "support/support.h"

static int n_windows;     /* that this rank holds */
static bool windows_fail; /* on this rank */
static bool files_fail;   /* the same */

/* In place of the C library's. */
int memfd_create(const char *name, unsigned flags)
{
    return files_fail ? -1 : (int)syscall(SYS_memfd_create, name, flags);
}

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
        assert_true(s.data == NULL && !rb_shared_is_common(&s) && s.window == MPI_WIN_NULL);
        assert_int_equal(n_windows, 0);
        check_exchange(&ctx); /* ranks are still in step */
    }
    rb_ctx_fini(&ctx);
}

/* Also where only some nodes have windows: the others have a file without a name, or all have nothing. */
static void a_node_without_room_for_a_window_has_a_nameless_file(void **unused)
{
    (void)unused;
    rb_ctx ctx;
    int64_t outside = 0;
    rb_test_nodes(&ctx, rb_test_uneven);
    ctx.outside_bytes = &outside;
    for (int node = 0; node < ctx.n_nodes; node++) {
        rb_error err = { 0 };
        rb_shared s;
        bool lacks = rb_test_uneven(ctx.rank) == node && ctx.n_node_ranks > 1;
        int64_t anywhere = lacks;
        windows_fail = lacks;
        outside = 0;
        check_exchange(&ctx);
        assert_int_equal(outside, lacks ? 100 * 8 * ctx.n_ranks : 0);
        files_fail = lacks;
        rb_max_int64(&ctx, &anywhere, 1);
        assert_int_equal(rb_shared_alloc(&s, 1000, &ctx, &err), anywhere ? RB_NO_MEMORY : RB_OK);
        assert_true(!anywhere || strstr(err.message, "/dev/shm"));
        windows_fail = files_fail = false;
        rb_shared_fini(&s);
        assert_int_equal(n_windows, 0);
        check_exchange(&ctx);
    }
    rb_ctx_fini(&ctx);
}

/* Every other element by every other rank, twice: what rb_shared_sync promises holds for a file too. */
static void a_small_dev_shm_changes_nothing_that_is_shared(void **unused)
{
    (void)unused;
    rb_ctx ctx = rb_test_ctx;
    rb_error err = { 0 };
    rb_shared s;
    int64_t outside = 0;
    const int64_t n = 1001;
    ctx.shm_bytes = 1;
    ctx.outside_bytes = &outside;
    assert_ok(rb_shared_alloc(&s, n * (int64_t)sizeof(double), &ctx, &err), &err);
    assert_int_equal(n_windows, 0);
    assert_true(s.is_mapped == (ctx.n_node_ranks > 1) && (outside > 0) == s.is_mapped);
    assert_true(rb_shared_is_common(&s) == s.is_mapped && (uintptr_t)s.data % 64 == 0);
    double *x = s.data;
    for (int round = 1; round <= 2; round++) {
        for (int64_t i = ctx.rank; i < n; i += ctx.n_ranks)
            x[i] += (double)i;
        rb_shared_sync(&s, &ctx);
        for (int64_t i = 0; i < n; i++)
            assert_true(x[i] == (double)(round * i));
        rb_barrier(&ctx);
    }
    rb_shared_fini(&s);
    assert_null(s.data);
}

int main(int argc, char **argv)
{
    rb_test_mpi_begin(&argc, &argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_one_node_writes_the_others_see),
        cmocka_unit_test(a_failed_allocation_on_any_node_frees_all_windows),
        cmocka_unit_test(a_node_without_room_for_a_window_has_a_nameless_file),
        cmocka_unit_test(a_small_dev_shm_changes_nothing_that_is_shared),
    };
    return rb_test_mpi_end(cmocka_run_group_tests(tests, NULL, NULL));
}

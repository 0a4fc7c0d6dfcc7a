/* The tree of sums: the same bits for any number of ranks, and equal to a recursive sum written another way. */
#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "parallel/blocks.h"
#include "parallel/shared.h"
#include "support/support.h"

static double value_of(int64_t block, int64_t column)
{
    rb_rng rng = { .key = 7, .stream = rb_stream("test"), .entity = (uint64_t)block };
    return rb_rng_normal(&rng, (uint32_t)column) * 1e3;
}

/* The definition: a node is the sum of its halves, the left one the largest power of two below its size. */
static double recursive(int64_t first, int64_t n, int64_t column)
{
    if (n == 1)
        return value_of(first, column);
    int64_t left = 1;
    while (left * 2 < n)
        left *= 2;
    return recursive(first, left, column) + recursive(first + left, n - left, column);
}

static void a_sum_is_the_recursive_sum_for_any_number_of_ranks(void **unused)
{
    (void)unused;
    const int64_t widths[] = { 1, 3, 100000 };
    for (int64_t n = 1; n < 70; n++) {
        rb_error err = { 0 };
        rb_blocks b = { 0 };
        int64_t width = widths[n == 37 ? 2 : n % 2];
        double *partial = NULL, *sum = NULL;
        assert_ok(rb_blocks_init(&b, n, NULL, 1, &err), &err);
        int32_t first = rb_blocks_of(&b, rb_test_ctx.rank, rb_test_ctx.n_ranks);
        int32_t last = rb_blocks_of(&b, rb_test_ctx.rank + 1, rb_test_ctx.n_ranks);
        assert_ok(rb_alloc(&partial, (last - first) * width, &err), &err);
        assert_ok(rb_alloc(&sum, width, &err), &err);
        for (int32_t k = first; k < last; k++)
            for (int64_t c = 0; c < width; c++)
                partial[(k - first) * width + c] = value_of(k, c % 5);
        assert_ok(rb_blocks_sum(sum, partial, width, &b, &rb_test_ctx, &err), &err);
        for (int64_t c = 0; c < width && c < 5; c++)
            assert_true(sum[c] == recursive(0, b.n_blocks, c));
        rb_free(partial);
        rb_free(sum);
        rb_blocks_fini(&b);
    }
}

static void a_failed_allocation_on_one_rank_is_known_to_all(void **unused)
{
    (void)unused;
    for (int64_t nth = 1; nth < 5; nth++) {
        rb_error err = { 0 };
        rb_blocks b = { 0 };
        double partial[64] = { 0 }, sum[1];
        assert_ok(rb_blocks_init(&b, 64, NULL, 1, &err), &err);
        rb_alloc_fail_nth(rb_test_ctx.rank == rb_test_ctx.n_ranks - 1 ? nth : 0);
        rb_status status = rb_blocks_sum(sum, partial, 1, &b, &rb_test_ctx, &err);
        rb_alloc_fail_nth(0);
        assert_int_equal(status, RB_NO_MEMORY);
        rb_blocks_fini(&b);
    }
}

static void what_every_rank_writes_is_seen_by_all(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    rb_shared s = { 0 };
    rb_blocks b = { 0 };
    int64_t begin[64];
    assert_ok(rb_blocks_init(&b, 1000, NULL, 1, &err), &err);
    assert_ok(rb_shared_alloc(&s, 1000 * (int64_t)sizeof(int64_t), &rb_test_ctx, &err), &err);
    rb_blocks_offsets(begin, &b, &rb_test_ctx);
    int64_t *x = s.data;
    for (int64_t i = begin[rb_test_ctx.rank]; i < begin[rb_test_ctx.rank + 1]; i++)
        x[i] = i * i;
    rb_shared_publish(&s, begin, sizeof *x, &rb_test_ctx);
    for (int64_t i = 0; i < 1000; i++)
        assert_int_equal(x[i], i * i);
    rb_barrier(&rb_test_ctx);
    rb_shared_fini(&s);
    rb_blocks_fini(&b);
}

static void blocks_cover_all_and_follow_the_weights(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    rb_blocks b = { 0 };
    int64_t prefix[5001] = { 0 };
    for (int64_t i = 0; i < 5000; i++)
        prefix[i + 1] = prefix[i] + (i < 10 ? 1000 : 1);
    assert_ok(rb_blocks_init(&b, 5000, prefix, 100, &err), &err);
    assert_int_equal(b.begin[0], 0);
    assert_int_equal(b.begin[b.n_blocks], 5000);
    for (int32_t k = 0; k < b.n_blocks; k++) {
        assert_true(b.begin[k] <= b.begin[k + 1]);
        assert_true(prefix[b.begin[k + 1]] - prefix[b.begin[k]] <= 1000 + prefix[5000] / b.n_blocks + 1);
    }
    rb_blocks_fini(&b);
}

int main(int argc, char **argv)
{
    rb_test_mpi_begin(&argc, &argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sum_is_the_recursive_sum_for_any_number_of_ranks),
        cmocka_unit_test(a_failed_allocation_on_one_rank_is_known_to_all),
        cmocka_unit_test(what_every_rank_writes_is_seen_by_all),
        cmocka_unit_test(blocks_cover_all_and_follow_the_weights),
    };
    return rb_test_mpi_end(cmocka_run_group_tests(tests, NULL, NULL));
}

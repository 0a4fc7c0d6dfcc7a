/* Interactions by user and by item, against a sort of triples with qsort. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "data/interactions.h"
#include "support/support.h"

typedef struct {
    int32_t user, item;
    float rating;
    int64_t row;
} triple;

/* Random rows, the same on every rank; each rank writes its part. The last user and item have none. */
static void make(rb_interactions *x, int32_t n_users, int32_t n_items, int64_t n, bool with_rating)
{
    rb_error err = { 0 };
    int64_t begin[16] = { 0 };
    assert_ok(rb_interactions_alloc(x, n, with_rating, true, &rb_test_ctx, &err), &err);
    x->n_users = n_users;
    x->n_items = n_items;
    x->min_rating = 0.5f;
    x->max_rating = 5.0f;
    for (int r = 0; r <= rb_test_ctx.n_ranks; r++)
        begin[r] = n * r / rb_test_ctx.n_ranks;
    for (int64_t row = begin[rb_test_ctx.rank]; row < begin[rb_test_ctx.rank + 1]; row++) {
        rb_rng rng = { .key = 11, .stream = rb_stream("rows"), .entity = (uint64_t)row };
        ((int32_t *)x->user_memory.data)[row] = (int32_t)rb_rng_below(&rng, 0, n_users - 1);
        ((int32_t *)x->item_memory.data)[row] = (int32_t)rb_rng_below(&rng, 1, n_items - 1);
        ((int64_t *)x->time_memory.data)[row] = row * 10;
        if (with_rating)
            ((float *)x->rating_memory.data)[row] = (float)(1 + rb_rng_below(&rng, 2, 10)) * 0.5f;
    }
    rb_interactions_publish(x, begin, &rb_test_ctx);
}

static int by_user(const void *a, const void *b)
{
    const triple *s = a, *t = b;
    if (s->user != t->user)
        return s->user < t->user ? -1 : 1;
    if (s->item != t->item)
        return s->item < t->item ? -1 : 1;
    return s->row < t->row ? -1 : 1;
}

static int by_item(const void *a, const void *b)
{
    const triple *s = a, *t = b;
    if (s->item != t->item)
        return s->item < t->item ? -1 : 1;
    if (s->user != t->user)
        return s->user < t->user ? -1 : 1;
    return s->row < t->row ? -1 : 1;
}

static int64_t naive_rows(triple *out, const rb_interactions *x, const uint8_t *part, unsigned wanted, double threshold)
{
    int64_t n = 0;
    for (int64_t row = 0; row < x->n; row++) {
        float rating = x->rating ? x->rating[row] : 1.0f;
        if ((!part || (wanted & (1u << part[row]))) && rating >= (float)threshold)
            out[n++] = (triple){ x->user[row], x->item[row], rating, row };
    }
    return n;
}

static void compare(const rb_ratings *r, triple *rows, int64_t n, bool with_rows)
{
    assert_int_equal(r->n, n);
    assert_int_equal(r->user_begin[r->n_users], n);
    assert_int_equal(r->item_begin[r->n_items], n);
    assert_int_equal(with_rows, r->user_row != NULL);
    qsort(rows, (size_t)n, sizeof *rows, by_user);
    for (int32_t u = 0; u < r->n_users; u++)
        for (int64_t e = r->user_begin[u]; e < r->user_begin[u + 1]; e++) {
            assert_int_equal(rows[e].user, u);
            assert_int_equal(rows[e].item, r->user_item[e]);
            assert_true(rows[e].rating == r->user_rating[e]);
            assert_true(rb_ratings_has(r, u, r->user_item[e]));
            if (with_rows)
                assert_int_equal(rows[e].row, r->user_row[e]);
        }
    qsort(rows, (size_t)n, sizeof *rows, by_item);
    for (int32_t i = 0; i < r->n_items; i++)
        for (int64_t e = r->item_begin[i]; e < r->item_begin[i + 1]; e++) {
            assert_int_equal(rows[e].item, i);
            assert_int_equal(rows[e].user, r->item_user[e]);
            assert_true(rows[e].rating == r->item_rating[e]);
        }
    assert_int_equal(r->users.n, r->n_users);
    assert_int_equal(r->items.n, r->n_items);
}

static void check_shape(int32_t n_users, int32_t n_items, int64_t n, bool with_rating, unsigned wanted,
                        double threshold)
{
    rb_error err = { 0 };
    rb_interactions x = { 0 };
    rb_ratings r = { 0 };
    make(&x, n_users, n_items, n, with_rating);
    uint8_t *part = malloc((size_t)n + 1);
    triple *rows = malloc(((size_t)n + 1) * sizeof *rows);
    for (int64_t row = 0; row < n; row++)
        part[row] = (uint8_t)(row * 7 % RB_N_PARTS);
    assert_ok(rb_ratings_build(&r, &x, wanted ? part : NULL, wanted, threshold, &rb_test_ctx, &err), &err);
    compare(&r, rows, naive_rows(rows, &x, wanted ? part : NULL, wanted, threshold), (wanted & RB_WITH_ROWS) != 0);
    assert_false(rb_ratings_has(&r, n_users - 1, 0));
    free(rows);
    free(part);
    rb_ratings_fini(&r);
    rb_interactions_fini(&x);
}

static void by_user_and_by_item_equal_a_sort_of_triples(void **unused)
{
    (void)unused;
    for (int threads = 1; threads <= 3; threads++) {
        rb_test_ctx.n_threads = threads;
        check_shape(50, 30, 2000, true, 0, -INFINITY);
        check_shape(50, 30, 2000, true, 1u << RB_PART_TRAIN | 1u << RB_PART_TEST | RB_WITH_ROWS, 2.5);
        check_shape(5, 3000, 5000, false, 1u << RB_PART_VALIDATION, 1.0);
        check_shape(3000, 5, 40000, true, 1u << RB_PART_TRAIN | RB_WITH_ROWS, -INFINITY);
        check_shape(20, 20, 0, true, 0, -INFINITY);
        check_shape(20, 20, 1, true, 0, 4.9);
    }
    rb_test_ctx.n_threads = 2;
}

/* 0.7 in a file and 0.7 as a threshold are the same number, though the one is single and the other double. */
static void a_rating_equal_to_the_threshold_is_taken(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    rb_interactions x = { 0 };
    rb_ratings r = { 0 };
    make(&x, 2, 2, 1, true);
    rb_barrier(&rb_test_ctx);
    if (rb_test_ctx.rank == 0)
        *(float *)x.rating_memory.data = 0.7f;
    rb_shared_publish_from(&x.rating_memory, 0, &rb_test_ctx);
    assert_ok(rb_ratings_build(&r, &x, NULL, 0, 0.7, &rb_test_ctx, &err), &err);
    assert_int_equal(r.n, 1);
    rb_ratings_fini(&r);
    rb_interactions_fini(&x);
}

static void the_mean_is_the_exact_mean_of_half_stars(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    rb_interactions x = { 0 };
    rb_ratings r = { 0 };
    double mean = -1;
    int64_t halves = 0;
    make(&x, 4000, 50, 60000, true);
    for (int64_t row = 0; row < x.n; row++)
        halves += (int64_t)(x.rating[row] * 2.0f);
    assert_ok(rb_ratings_build(&r, &x, NULL, 0, -INFINITY, &rb_test_ctx, &err), &err);
    assert_ok(rb_ratings_mean(&mean, &r, &rb_test_ctx, &err), &err);
    assert_true(mean == (double)halves / 2.0 / 60000.0);
    rb_ratings_fini(&r);
    assert_ok(rb_ratings_build(&r, &x, NULL, 0, 6.0, &rb_test_ctx, &err), &err);
    assert_ok(rb_ratings_mean(&mean, &r, &rb_test_ctx, &err), &err);
    assert_true(mean == 0.0);
    rb_ratings_fini(&r);
    rb_interactions_fini(&x);
}

static void building_survives_the_nth_failed_allocation_on_one_rank(void **unused)
{
    (void)unused;
    rb_interactions x = { 0 };
    make(&x, 40, 30, 1000, true);
    int64_t n_failed = 0;
    for (int64_t nth = 1;; nth++) {
        rb_error err = { 0 };
        rb_ratings r = { 0 };
        double mean;
        rb_alloc_fail_nth(rb_test_ctx.rank == rb_test_ctx.n_ranks - 1 ? nth : 0);
        rb_status status = rb_ratings_build(&r, &x, NULL, RB_WITH_ROWS, -INFINITY, &rb_test_ctx, &err);
        if (status == RB_OK)
            status = rb_ratings_mean(&mean, &r, &rb_test_ctx, &err);
        rb_alloc_fail_nth(0);
        rb_ratings_fini(&r);
        if (status == RB_OK)
            break;
        assert_int_equal(status, RB_NO_MEMORY);
        n_failed++;
    }
    assert_true(n_failed >= 10);
    rb_interactions_fini(&x);
}

/* No rank shares memory with another, as if each had a node of its own. */
static void nodes_of_their_own_build_the_same(void **unused)
{
    rb_error err = { 0 };
    rb_ctx shared = rb_test_ctx;
    assert_ok(rb_ctx_init(&rb_test_ctx, MPI_COMM_WORLD, 2, true, &err), &err);
    by_user_and_by_item_equal_a_sort_of_triples(unused);
    building_survives_the_nth_failed_allocation_on_one_rank(unused);
    rb_ctx_fini(&rb_test_ctx);
    rb_test_ctx = shared;
}

int main(int argc, char **argv)
{
    rb_test_mpi_begin(&argc, &argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_user_and_by_item_equal_a_sort_of_triples),
        cmocka_unit_test(a_rating_equal_to_the_threshold_is_taken),
        cmocka_unit_test(the_mean_is_the_exact_mean_of_half_stars),
        cmocka_unit_test(building_survives_the_nth_failed_allocation_on_one_rank),
        cmocka_unit_test(nodes_of_their_own_build_the_same),
    };
    return rb_test_mpi_end(cmocka_run_group_tests(tests, NULL, NULL));
}

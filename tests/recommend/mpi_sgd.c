/*
 * Stochastic gradient descent on the block grid: the same bits for any ranks, threads and nodes, every rating once an
 * epoch, in the order that a naive loop over the grid has; failures known to all.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "recommend/core/grid.h"
#include "recommend/recommend.h"
#include "support/config.h"
#include "support/oracle_als_identity.h"
#include "support/support.h"

extern const rb_recommender rb_svd, rb_svdpp, rb_bpr, rb_nmf, rb_logistic_mf;

/* ---- the grid ---- */

static void the_side_of_the_grid_follows_the_data(void **unused)
{
    (void)unused;
    assert_int_equal(rb_grid_size(0, 0), 1);
    assert_int_equal(rb_grid_size(4 * 4096 - 1, 0), 1);
    assert_int_equal(rb_grid_size(4 * 4096, 0), 2);
    assert_int_equal(rb_grid_size(100000, 0), 4);
    assert_int_equal(rb_grid_size(10000000, 0), 32);
    assert_int_equal(rb_grid_size((int64_t)1 << 40, 0), 64);
    assert_int_equal(rb_grid_size(100, 7), 7);
}

/* Not commutative, so that any other order shows: x of the user and of the item come from both. */
typedef struct {
    double *user, *item;
} sums;

static void mix(double *user, double *item, double rating)
{
    double u = *user, i = *item;
    *user = 0.5 * u + 0.25 * i + rating;
    *item = 0.25 * u - 0.5 * i + rating / 3;
}

static double mix_block(const void *model, const rb_grid_block *block)
{
    const sums *m = model;
    double loss = 0;
    for (int64_t e = 0; e < block->n; e++) {
        const rb_grid_entry x = block->entry[e];
        assert_true(x.item >= block->item_begin && x.item < block->item_end);
        mix(m->user + x.user, m->item + x.item, (double)x.rating);
        loss += m->user[x.user];
    }
    return loss;
}

/* An entry of each in turn. */
static void mix_two(double loss[2], const void *model, const rb_grid_block block[2])
{
    loss[0] = loss[1] = 0;
    for (int64_t e = 0; e < block[0].n || e < block[1].n; e++)
        for (int b = 0; b < 2; b++)
            if (e < block[b].n) {
                rb_grid_block one = block[b];
                one.entry += e;
                one.n = 1;
                loss[b] += mix_block(model, &one);
            }
}

/* One rank, block after block: stratum by stratum would do as well, but row by row would not. */
static void naive(double *user, double *item, const rb_grid *g, const rb_ratings *r, int epochs)
{
    for (int s = 0; s < epochs * g->n_blocks; s++)
        for (int32_t row = 0; row < g->n_blocks; row++) {
            int32_t column = (row + s) % g->n_blocks;
            for (int64_t p = g->users.cut[row]; p < g->users.cut[row + 1]; p++) {
                int32_t u = g->users.at[p];
                for (int64_t e = r->user_begin[u]; e < r->user_begin[u + 1]; e++) {
                    int32_t place = g->items.place[r->user_item[e]];
                    if (place >= g->items.cut[column] && place < g->items.cut[column + 1])
                        mix(user + p, item + place, (double)r->user_rating[e]);
                }
            }
        }
}

static void check_order(int64_t wanted, const rb_ratings *r, const rb_ctx *ctx)
{
    rb_error err = { 0 };
    rb_grid g = { 0 };
    rb_shared user = { 0 }, item = { 0 };
    double *users = NULL, *items = NULL, loss;
    assert_ok(rb_shared_alloc(&user, r->n_users * (int64_t)sizeof(double), ctx, &err), &err);
    assert_ok(rb_shared_alloc(&item, r->n_items * (int64_t)sizeof(double), ctx, &err), &err);
    assert_ok(rb_alloc(&users, r->n_users, &err), &err);
    assert_ok(rb_alloc(&items, r->n_items, &err), &err);
    assert_ok(rb_grid_deal(&g, r, &(rb_grid_options){ .grid = wanted }, 0, ctx, &err), &err);
    const sums model = { user.data, item.data };
    const rb_grid_work work = { .users = { { &user, sizeof(double) } },
                                .items = { { &item, sizeof(double) } },
                                .step = { .one = mix_block, .two = wanted % 2 == 0 ? mix_two : NULL },
                                .model = &model };
    for (int epoch = 0; epoch < 3; epoch++) {
        assert_ok(rb_grid_run(&loss, &g, &work, ctx, &err), &err);
        memset(users, 0, (size_t)r->n_users * sizeof *users);
        memset(items, 0, (size_t)r->n_items * sizeof *items);
        naive(users, items, &g, r, epoch + 1);
        assert_memory_equal(user.data, users, (size_t)r->n_users * sizeof *users);
        assert_memory_equal(item.data, items, (size_t)r->n_items * sizeof *items);
        rb_barrier(ctx);
    }
    rb_free(users);
    rb_free(items);
    rb_grid_fini(&g);
    rb_shared_fini(&user);
    rb_shared_fini(&item);
}

static int pairs_of_ranks(int rank)
{
    return rank / 2;
}

static void an_epoch_is_the_loop_over_the_grid(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    rb_split_data s = { 0 };
    rb_ctx apart, pairs;
    rb_oracle_zipf(&s, 300, 200, 9000, 0.6, 0.9, &rb_test_ctx);
    rb_test_ctx.n_threads = 2;
    assert_ok(rb_ctx_init(&apart, rb_test_ctx.comm, 2, true, &err), &err); /* every rank a node of its own */
    rb_test_nodes(&pairs, pairs_of_ranks);
    static const int64_t sides[] = { 0, 1, 2, 5, 64 };
    for (size_t i = 0; i < sizeof sides / sizeof *sides; i++) {
        check_order(sides[i], &s.train, &rb_test_ctx);
        check_order(sides[i], &s.train, &apart);
        check_order(sides[i], &s.train, &pairs);
    }
    rb_ctx_fini(&pairs);
    rb_ctx_fini(&apart);
    rb_oracle_split_fini(&s);
}

/* What a block counts: a visit of its user, whom no other thread has, and of its item. */
static double count_block(const void *model, const rb_grid_block *block)
{
    const sums *m = model;
    for (int64_t e = 0; e < block->n; e++) {
        m->user[block->entry[e].user] += 1;
        assert_true(block->entry[e].item >= block->item_begin && block->entry[e].item < block->item_end);
#pragma omp atomic
        m->item[block->entry[e].item] += 1;
    }
    return (double)block->n;
}

static void check_counts(int64_t wanted, const rb_ratings *r, const rb_ctx *ctx)
{
    rb_error err = { 0 };
    rb_grid g = { 0 };
    rb_shared user = { 0 }, item = { 0 };
    double loss;
    assert_ok(rb_shared_alloc(&user, r->n_users * (int64_t)sizeof(double), ctx, &err), &err);
    assert_ok(rb_shared_alloc(&item, r->n_items * (int64_t)sizeof(double), ctx, &err), &err);
    assert_ok(rb_grid_deal(&g, r, &(rb_grid_options){ .grid = wanted, .mode = RB_MODE_FAST }, 0, ctx, &err), &err);
    assert_int_equal(g.n_blocks, rb_grid_size_fast(r->n, wanted, ctx));
    const sums model = { user.data, item.data };
    const rb_grid_work work = { .users = { { &user, sizeof(double) } },
                                .items = { { &item, sizeof(double) } },
                                .step = { .one = count_block },
                                .model = &model };
    for (int epoch = 1; epoch <= 3; epoch++) {
        assert_ok(rb_grid_run(&loss, &g, &work, ctx, &err), &err);
        assert_true(loss == (double)r->n);
        for (int32_t p = 0; p < r->n_users; p++)
            assert_true(model.user[p] ==
                        epoch * (double)(r->user_begin[g.users.at[p] + 1] - r->user_begin[g.users.at[p]]));
        for (int32_t p = 0; p < r->n_items; p++)
            assert_true(model.item[p] ==
                        epoch * (double)(r->item_begin[g.items.at[p] + 1] - r->item_begin[g.items.at[p]]));
        rb_barrier(ctx);
    }
    rb_grid_fini(&g);
    rb_shared_fini(&user);
    rb_shared_fini(&item);
}

/* No update is lost but by a race: not between the nodes of a ring, either. */
static void fast_epochs_meet_every_rating_once(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    rb_split_data s = { 0 };
    rb_ctx apart, pairs;
    rb_oracle_zipf(&s, 300, 200, 9000, 0.6, 0.9, &rb_test_ctx);
    rb_test_ctx.n_threads = 2;
    assert_ok(rb_ctx_init(&apart, rb_test_ctx.comm, 2, true, &err), &err);
    rb_test_nodes(&pairs, pairs_of_ranks);
    pairs.n_threads = 2;
    static const int64_t sides[] = { 0, 5 };
    for (size_t i = 0; i < sizeof sides / sizeof *sides; i++) {
        check_counts(sides[i], &s.train, &rb_test_ctx);
        check_counts(sides[i], &s.train, &apart);
        check_counts(sides[i], &s.train, &pairs);
    }
    assert_int_equal(rb_grid_size_fast(s.train.n, 0, &rb_test_ctx), 4 * rb_test_ctx.n_ranks);
    rb_ctx_fini(&pairs);
    rb_ctx_fini(&apart);
    rb_oracle_split_fini(&s);
}

/* ---- models ---- */

typedef struct {
    const rb_algorithm *algorithm;
    const char *config;
} setting;

static const setting settings[] = {
    { &rb_svd, "factors=20 iterations=3" },
    { &rb_svd, "factors=64 iterations=2 grid=8" },
    { &rb_svd, "factors=9 iterations=3 precision=double biased=false" },
    { &rb_svd, "factors=70 iterations=2 precision=double grid=3" },
    { &rb_svd, "factors=20 iterations=3 schedule=adagrad grid=8" },
    { &rb_svd, "factors=70 iterations=2 schedule=adagrad precision=double biased=false grid=3" },
    { &rb_svdpp, "factors=20 iterations=2" },
    { &rb_svdpp, "factors=9 iterations=2 batch=1" },
    { &rb_svdpp, "factors=6 iterations=2 batch=64 learning_rate_implicit=0.001 regularization_user=0.3" },
    { &rb_bpr, "factors=20 iterations=3" },
    { &rb_bpr, "factors=64 iterations=2 grid=5 negatives=popular precision=double" },
    { &rb_logistic_mf, "factors=20 iterations=3" },
    { &rb_logistic_mf, "factors=64 iterations=2 grid=5 samples=1 precision=double" },
    { &rb_nmf, "factors=20 iterations=3" },
    { &rb_nmf, "factors=9 iterations=3 biased=true" },
    { &rb_nmf, "factors=9 iterations=3 method=multiplicative regularization_item=0.2" },
    { &rb_nmf, "factors=9 iterations=3 method=hals regularization=0" },
};

static void factors_have_the_same_bits_for_any_ranks_and_threads(void **unused)
{
    (void)unused;
    rb_split_data s = { 0 };
    rb_oracle_zipf(&s, 700, 300, 70000, 0.6, 0.9, &rb_test_ctx);
    assert_true(rb_grid_size(s.train.n, 0) > 1);
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
        rb_oracle_same_bits(settings[i].algorithm, settings[i].config, &s);
    rb_oracle_split_fini(&s);
}

static void one_user_and_one_item_work(void **unused)
{
    (void)unused;
    static const int32_t sizes[][2] = { { 1, 1 }, { 1, 9 }, { 9, 1 }, { 3, 2 } };
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        rb_split_data s = { 0 };
        rb_oracle_zipf(&s, sizes[i][0], sizes[i][1], 40, 0.6, 0.9, &rb_test_ctx);
        for (size_t a = 0; a < sizeof settings / sizeof *settings; a++)
            rb_oracle_same_bits(settings[a].algorithm, "factors=20 iterations=2", &s);
        rb_oracle_split_fini(&s);
    }
}

static void fit_survives_the_nth_failed_allocation(void **unused)
{
    (void)unused;
    rb_split_data s = { 0 };
    rb_oracle_zipf(&s, 60, 40, 800, 0.6, 0.9, &rb_test_ctx);
    rb_test_ctx.n_threads = 1;
    rb_oracle_nth_failures(&rb_svd, "factors=5 iterations=1", &s, 15, 80);
    rb_oracle_nth_failures(&rb_svd, "factors=5 iterations=1 schedule=adagrad", &s, 15, 80);
    rb_oracle_nth_failures(&rb_svdpp, "factors=5 iterations=1", &s, 15, 80);
    rb_oracle_nth_failures(&rb_bpr, "factors=5 iterations=1", &s, 15, 80);
    rb_oracle_nth_failures(&rb_logistic_mf, "factors=5 iterations=1", &s, 15, 80);
    rb_oracle_nth_failures(&rb_nmf, "factors=5 iterations=1", &s, 10, 80);
    rb_oracle_nth_failures(&rb_nmf, "factors=5 iterations=1 biased=true", &s, 10, 80);
    rb_oracle_split_fini(&s);
}

/* Neither may make its own objective worse, and HALS gets further with each step. */
static double after(const rb_algorithm *algorithm, const char *values, const rb_split_data *s)
{
    rb_error err = { 0 };
    rb_train_view view = { .ratings = &s->train };
    void *config = rb_oracle_config(algorithm, values);
    char *state = NULL;
    double objective;
    assert_ok(rb_alloc(&state, (int64_t)algorithm->state_size, &err), &err);
    assert_ok(rb_oracle_fit(state, &objective, algorithm, config, &view, &rb_test_ctx, &err), &err);
    algorithm->fini(state);
    rb_free(state);
    rb_free(config);
    return objective;
}

static void more_steps_of_nmf_lower_the_squared_errors(void **unused)
{
    (void)unused;
    static const char *const methods[] = { "multiplicative", "hals" };
    rb_split_data s = { 0 };
    rb_oracle_zipf(&s, 200, 90, 6000, 0.6, 0.9, &rb_test_ctx);
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        double before = INFINITY;
        for (int steps = 2; steps < 40; steps += 7) {
            char values[128];
            snprintf(values, sizeof values, "factors=8 regularization=0 method=%s iterations=%d", methods[i], steps);
            double now = after(&rb_nmf, values, &s);
            assert_true(now < before);
            before = now;
        }
    }
    assert_true(after(&rb_nmf, "factors=8 regularization=0 method=hals iterations=30", &s) <
                after(&rb_nmf, "factors=8 regularization=0 method=multiplicative iterations=30", &s));
    rb_oracle_split_fini(&s);
}

static void assert_diverges(const rb_algorithm *a, const char *values, const char *named)
{
    rb_error err = { 0 };
    rb_split_data s = { 0 };
    rb_oracle_zipf(&s, 60, 40, 800, 0.6, 0.9, &rb_test_ctx);
    rb_train_view view = { .ratings = &s.train, .positives = &s.train };
    void *config = rb_oracle_config(a, values);
    char *state = NULL;
    assert_ok(rb_alloc(&state, (int64_t)a->state_size, &err), &err);
    assert_int_equal(rb_oracle_fit(state, NULL, a, config, &view, &rb_test_ctx, &err), RB_NOT_FINITE);
    assert_non_null(strstr(err.message, named));
    a->fini(state);
    rb_free(state);
    rb_free(config);
    rb_oracle_split_fini(&s);
}

static void a_rate_that_is_too_large_is_one_error_on_every_rank(void **unused)
{
    (void)unused;
    assert_diverges(&rb_svd, "factors=5 iterations=500 learning_rate=3", "learning_rate");
    assert_diverges(&rb_nmf, "factors=5 iterations=900 biased=true learning_rate_user_bias=3",
                    "learning_rate_user_bias");
}

int main(int argc, char **argv)
{
    rb_test_mpi_begin(&argc, &argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_side_of_the_grid_follows_the_data),
        cmocka_unit_test(an_epoch_is_the_loop_over_the_grid),
        cmocka_unit_test(fast_epochs_meet_every_rating_once),
        cmocka_unit_test(factors_have_the_same_bits_for_any_ranks_and_threads),
        cmocka_unit_test(one_user_and_one_item_work),
        cmocka_unit_test(fit_survives_the_nth_failed_allocation),
        cmocka_unit_test(more_steps_of_nmf_lower_the_squared_errors),
        cmocka_unit_test(a_rate_that_is_too_large_is_one_error_on_every_rank),
    };
    return rb_test_mpi_end(cmocka_run_group_tests(tests, NULL, NULL));
}

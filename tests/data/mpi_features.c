/* Features on any ranks and threads, and short of memory; their values are held to plain loops by
 * tests/cli/features.sh.
 */
#include <math.h>
#include <string.h>

#include "data/features.h"
#include "data/synth.h"
#include "support/support.h"

static rb_dataset data;

static int make(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    rb_synth c = { 0 };
    rb_params_default(&c, rb_synth_params);
    c.users = 150;
    c.items = 70;
    c.ratings = 2500;
    c.sessions = 1500;
    assert_ok(rb_dataset_synth(&data, &c, 3, &rb_test_ctx, &err), &err);
    return 0;
}

static int release(void **unused)
{
    (void)unused;
    rb_dataset_fini(&data);
    return 0;
}

static void every_feature_has_a_name_and_a_formula(void **unused)
{
    (void)unused;
    int n = 0;
    for (const rb_feature *f = rb_feature_registry; f->name; f++, n++) {
        assert_true(*f->name && *f->family && *f->formula && f->unit);
        assert_string_equal(f->of, n < RB_N_USER_FEATURES ? "user" : "title");
        for (const rb_feature *g = rb_feature_registry; g < f; g++)
            assert_string_not_equal(f->id, g->id);
    }
    assert_int_equal(n, RB_N_USER_FEATURES + RB_N_TITLE_FEATURES);
    assert_true(n >= 50);
}

static void bits_are_the_same_for_any_ranks_and_threads(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    rb_features alone = { 0 };
    rb_ctx serial;
    rb_ctx_serial(&serial, 1);
    assert_ok(rb_features_compute(&alone, &data, &serial, &err), &err);
    for (int t = 1; t <= 3; t++) {
        rb_features together = { 0 };
        rb_test_ctx.n_threads = t;
        assert_ok(rb_features_compute(&together, &data, &rb_test_ctx, &err), &err);
        assert_int_equal(together.n_users, 150);
        assert_int_equal(together.n_titles, 70);
        assert_memory_equal(together.user, alone.user, sizeof(double) * RB_N_USER_FEATURES * 150);
        assert_memory_equal(together.title, alone.title, sizeof(double) * RB_N_TITLE_FEATURES * 70);
        rb_features_fini(&together);
    }
    rb_features_fini(&alone);
}

/* A user has a share of the ranks of its titles, so that users share out the whole. */
static void ranks_sum_to_one(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    rb_features f = { 0 };
    double titles = 0, users = 0, unseen = 0;
    assert_ok(rb_features_compute(&f, &data, &rb_test_ctx, &err), &err);
    for (int i = 0; i < f.n_titles; i++) {
        const double *row = f.title + (int64_t)i * RB_N_TITLE_FEATURES;
        titles += row[RB_TITLE_PAGERANK];
        unseen += row[RB_TITLE_INTERACTIONS] == 0 ? row[RB_TITLE_PAGERANK] : 0;
    }
    for (int u = 0; u < f.n_users; u++) {
        double own = f.user[(int64_t)u * RB_N_USER_FEATURES + RB_USER_PAGERANK];
        users += isnan(own) ? 0 : own;
    }
    assert_near(titles, 1, 1e-12);
    assert_near(users + unseen, 1, 1e-12);
    rb_features_fini(&f);
}

/* Unknown values are the mean, so that every column has mean 0; of its variance what is known keeps its share. */
static void is_standardised(const rb_points *p, const rb_feature_rows *of)
{
    assert_int_equal(p->n, of->n_rows);
    assert_true(p->d > 25 && p->d <= of->n_columns);
    assert_int_equal(p->terms.n, p->d);
    int64_t column = 0;
    for (int k = 0; k < of->n_columns; k++) {
        double sum = 0, square = 0, least = INFINITY, most = -INFINITY;
        int known = 0;
        for (int64_t i = 0; i < of->n_rows; i++) {
            double value = of->value[i * of->n_columns + k];
            known += !isnan(value);
            least = fmin(least, value);
            most = fmax(most, value);
        }
        if (!(most > least))
            continue;
        for (int64_t i = 0; i < of->n_rows; i++) {
            sum += p->dense[i * p->d + column];
            square += p->dense[i * p->d + column] * p->dense[i * p->d + column];
        }
        assert_near(sum, 0, 1e-10);
        assert_near(square, known, 1e-10);
        assert_string_equal(rb_strings_at(&p->terms, column), of->feature[k].name);
        column++;
    }
    assert_int_equal(column, p->d);
}

static void the_spaces_are_standardised(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    rb_points titles = { 0 }, users = { 0 };
    rb_features f = { 0 };
    assert_ok(rb_features_compute(&f, &data, &rb_test_ctx, &err), &err);
    assert_ok(rb_features_space(&titles, &data, &rb_test_ctx, &err), &err);
    assert_ok(rb_features_users(&users, &data, false, &rb_test_ctx, &err), &err);
    const rb_feature_rows of_titles = rb_feature_rows_of_titles(&f, &data);
    const rb_feature_rows of_users = rb_feature_rows_of_users(&f, &data);
    is_standardised(&titles, &of_titles);
    is_standardised(&users, &of_users);
    rb_points_fini(&users);
    rb_points_fini(&titles);
    rb_features_fini(&f);
}

/* Behind the features stand the shares of genres, which sum to one before they are standardised. */
static void shares_of_genres_stand_behind_the_features(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    rb_points bare = { 0 }, users = { 0 };
    const rb_multi *genre = &data.catalogue.genre;
    assert_ok(rb_features_users(&bare, &data, false, &rb_test_ctx, &err), &err);
    assert_ok(rb_features_users(&users, &data, true, &rb_test_ctx, &err), &err);
    assert_true(genre->names.n > 3);
    int64_t column = bare.d;
    for (int64_t g = 0; g < genre->names.n; g++) {
        double share[150], mean = 0, square = 0;
        for (int u = 0; u < 150; u++) {
            double own = 0, all = 0;
            for (int64_t row = 0; row < data.interactions.n; row++)
                for (int64_t k = genre->begin[data.interactions.item[row]];
                     data.interactions.user[row] == u && k < genre->begin[data.interactions.item[row] + 1]; k++) {
                    own += genre->value[k] == g;
                    all++;
                }
            share[u] = own / all;
            mean += share[u] / 150;
        }
        for (int u = 0; u < 150; u++)
            square += (share[u] - mean) * (share[u] - mean) / 150;
        if (square < 1e-20)
            continue;
        assert_string_equal(rb_strings_at(&users.terms, column), rb_strings_at(&genre->names, g));
        for (int64_t u = 0; u < 150; u++)
            assert_near(users.dense[u * users.d + column], (share[u] - mean) / sqrt(square), 1e-9);
        column++;
    }
    assert_int_equal(column, users.d);
    rb_barrier(&rb_test_ctx);
    rb_points_fini(&users);
    rb_points_fini(&bare);
}

static void a_failed_allocation_of_one_rank_is_known_to_all(void **unused)
{
    (void)unused;
    bool is_last = rb_test_ctx.rank == rb_test_ctx.n_ranks - 1;
    rb_test_ctx.n_threads = 2;
    for (int64_t nth = 1;; nth++) {
        rb_error err = { 0 };
        rb_points p = { 0 };
        rb_alloc_fail_nth(is_last ? nth : 0);
        rb_features_users(&p, &data, true, &rb_test_ctx, &err);
        rb_alloc_fail_nth(0);
        if (err.status == RB_OK) {
            assert_true(nth > 18);
            rb_points_fini(&p);
            break;
        }
        assert_int_equal(err.status, RB_NO_MEMORY);
        assert_null(p.dense);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_feature_has_a_name_and_a_formula),
        cmocka_unit_test(bits_are_the_same_for_any_ranks_and_threads),
        cmocka_unit_test(ranks_sum_to_one),
        cmocka_unit_test(the_spaces_are_standardised),
        cmocka_unit_test(shares_of_genres_stand_behind_the_features),
        cmocka_unit_test(a_failed_allocation_of_one_rank_is_known_to_all),
    };
    rb_test_mpi_begin(&argc, &argv);
    return rb_test_mpi_end(cmocka_run_group_tests(tests, make, release));
}

/* Content against dense vectors: profiles, titles without interactions, weights of columns, explanations. */
#include <math.h>
#include <string.h>

#include "data/space.h"
#include "data/title_filter.h"
#include "recommend/core/content.h"
#include "recommend/recommend.h"
#include "support/config.h"
#include "support/contract.h"
#include "support/support.h"

extern const rb_recommender rb_content;

enum { N_USERS = RB_CONTRACT_USERS, N_ITEMS = RB_CONTRACT_ITEMS };

static rb_content_vectors fitted_vectors(const char *values)
{
    rb_error err = { 0 };
    rb_content_vectors v = { 0 };
    void *config = rb_oracle_config(&rb_content, values);
    assert_ok(rb_content_fit(&v, rb_contract_view.items, config, &rb_test_ctx, &err), &err);
    rb_free(config);
    return v;
}

/* The row of a title, dense; the caller's. */
static double *dense_row(const rb_csr *x, int64_t i)
{
    rb_error err = { 0 };
    double *row = NULL;
    assert_ok(rb_alloc(&row, x->n_cols, &err), &err);
    for (int64_t e = x->row_begin[i]; e < x->row_begin[i + 1]; e++)
        row[x->col[e]] = x->value[e];
    return row;
}

static double inner(const double *a, const double *b, int64_t n)
{
    double sum = 0;
    for (int64_t t = 0; t < n; t++)
        sum += a[t] * b[t];
    return sum;
}

static bool same_matrix(const rb_csr *a, const rb_csr *b)
{
    const int64_t n = a->row_begin[a->n_rows];
    return a->n_rows == b->n_rows && a->n_cols == b->n_cols && n == b->row_begin[b->n_rows] && n > 0 &&
           memcmp(a->col, b->col, (size_t)n * sizeof *a->col) == 0 &&
           memcmp(a->value, b->value, (size_t)n * sizeof *a->value) == 0;
}

static void equal_weights_give_the_space_of_the_joined_columns(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    rb_space_spec spec = { 0 };
    rb_points points = { 0 };
    rb_content_vectors v = fitted_vectors("title=1"), three = fitted_vectors("title=1 cast=3"),
                       cast = fitted_vectors("director=0 country=0 genres=0 description=0 tags=0"),
                       more = fitted_vectors("director=0 country=0 genres=0 description=0 tags=0 cast=2");
    assert_ok(rb_space_parse(&spec, "tfidf(columns=title+director+cast+country+genres+description)", &err), &err);
    assert_ok(rb_space_build(&points, &spec, rb_contract_view.items, &rb_test_ctx, &err), &err);
    assert_true(same_matrix(&v.by_item, points.sparse));
    assert_false(same_matrix(&v.by_item, &three.by_item));
    assert_true(same_matrix(&cast.by_item, &more.by_item)); /* only the ratio counts */
    rb_points_fini(&points);
    rb_space_spec_fini(&spec);
    rb_content_fini(&v);
    rb_content_fini(&three);
    rb_content_fini(&cast);
    rb_content_fini(&more);
}

/* p . x_j / |p| with p = sum of w_i x_i, all of it dense. */
static void check_user(const rb_contract_model *m, const rb_content_vectors *v, int32_t user, bool by_rating)
{
    const rb_ratings *train = rb_contract_view.positives;
    const int64_t n_terms = v->by_item.n_cols;
    rb_error err = { 0 };
    double *p = NULL, scores[N_ITEMS];
    assert_ok(rb_alloc(&p, n_terms, &err), &err);
    for (int64_t e = train->user_begin[user]; e < train->user_begin[user + 1]; e++) {
        double *x = dense_row(&v->by_item, train->user_item[e]);
        for (int64_t t = 0; t < n_terms; t++)
            p[t] += (by_rating ? (double)train->user_rating[e] : 1) * x[t];
        rb_free(x);
    }
    const double length = sqrt(inner(p, p, n_terms));
    m->algorithm->score(&(rb_tile){ scores, N_ITEMS }, m->state, &user, 1, 0, 50);
    m->algorithm->score(&(rb_tile){ scores + 50, N_ITEMS }, m->state, &user, 1, 50, N_ITEMS);
    for (int32_t j = 0; j < N_ITEMS; j++) {
        double *x = dense_row(&v->by_item, j), sum = 0, weights[N_ITEMS];
        int32_t items[N_ITEMS];
        assert_near(scores[j], length > 0 ? inner(p, x, n_terms) / length : 0, 1e-12);
        const int n = m->algorithm->explain(items, weights, N_ITEMS, m->state, user, j);
        for (int k = 0; k < n; k++)
            sum += weights[k];
        assert_near(sum, scores[j], 1e-12);
        rb_free(x);
    }
    rb_free(p);
}

static void scores_are_cosines_of_profiles_and_their_explanations_add_up(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    rb_content_vectors v = fitted_vectors("");
    for (int by_rating = 0; by_rating < 2; by_rating++) {
        rb_contract_model m = rb_contract_model_of(&rb_content);
        ((rb_content_config *)m.config)->profile = by_rating;
        m.unrevealed = true;
        assert_ok(rb_contract_fit(&m, &rb_test_ctx, &err), &err);
        for (int32_t u = 0; u < N_USERS; u += 31)
            check_user(&m, &v, u, by_rating);
        check_user(&m, &v, N_USERS - 1, by_rating); /* without training interactions */
        rb_contract_model_fini(&m);
    }
    rb_content_fini(&v);
}

static void a_title_without_interactions_is_scored(void **unused)
{
    (void)unused;
    rb_contract_model m = rb_contract_fitted_together(&rb_content, 2);
    int n = 0;
    assert_true(rb_contract_view.positives->item_begin[N_ITEMS - 1] == rb_contract_view.positives->n);
    for (int32_t u = 0; u < N_USERS; u++) {
        double score;
        m.algorithm->score(&(rb_tile){ &score, 1 }, m.state, &u, 1, N_ITEMS - 1, N_ITEMS);
        n += score > 0;
    }
    assert_true(n > N_USERS / 2);
    rb_contract_model_fini(&m);
}

static void similarities_are_inner_products(void **unused)
{
    (void)unused;
    double scores[N_ITEMS];
    rb_contract_model m = rb_contract_fitted_together(&rb_content, 1);
    rb_content_vectors v = fitted_vectors("");
    m.algorithm->similar(scores, m.state, 7);
    double *x = dense_row(&v.by_item, 7);
    for (int32_t j = 0; j < N_ITEMS; j++) {
        double *y = dense_row(&v.by_item, j);
        assert_near(scores[j], inner(x, y, v.by_item.n_cols), 1e-12);
        rb_free(y);
    }
    rb_free(x);
    rb_content_fini(&v);
    rb_contract_model_fini(&m);
}

static void titles_without_the_columns_are_refused(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    rb_content_vectors v = { 0 };
    void *config = rb_oracle_config(&rb_content, "director=0 cast=0 country=0 genres=0 description=0 tags=0");
    assert_int_equal(rb_content_fit(&v, rb_contract_view.items, config, &rb_test_ctx, &err), RB_BAD_INPUT);
    assert_string_equal(err.message, "content: the titles have none of the columns whose weight is above 0");
    rb_content_fini(&v);
    rb_free(config);
}

static void years_are_read_and_kept(void **unused)
{
    (void)unused;
    static const struct {
        const char *text;
        int32_t from, to;
    } good[] = {
        { "1994", 1994, 1994 }, { "1990-1999", 1990, 1999 }, { "1990-", 1990, INT32_MAX }, { "-1999", 0, 1999 }
    };
    static const char *const bad[] = { "", "-", "1999-1990", "199x", "1990-19x", "1990--1995" };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        rb_error err = { 0 };
        rb_title_filter f = RB_TITLE_FILTER_ANY;
        assert_ok(rb_title_filter_years(&f, good[i].text, &err), &err);
        assert_int_equal(f.year_from, good[i].from);
        assert_int_equal(f.year_to, good[i].to);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        rb_error err = { 0 };
        rb_title_filter f = RB_TITLE_FILTER_ANY;
        assert_int_equal(rb_title_filter_years(&f, bad[i], &err), RB_BAD_INPUT);
    }
}

int main(int argc, char **argv)
{
    rb_test_mpi_begin(&argc, &argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_weights_give_the_space_of_the_joined_columns),
        cmocka_unit_test(scores_are_cosines_of_profiles_and_their_explanations_add_up),
        cmocka_unit_test(a_title_without_interactions_is_scored),
        cmocka_unit_test(similarities_are_inner_products),
        cmocka_unit_test(titles_without_the_columns_are_refused),
        cmocka_unit_test(years_are_read_and_kept),
    };
    return rb_test_mpi_end(cmocka_run_group_tests(tests, rb_contract_begin, rb_contract_end));
}

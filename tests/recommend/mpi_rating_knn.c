/* Neighbours for ratings against a dense computation from the definitions; bounded lists; the same bits; bad input. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "recommend/core/rating_knn.h"
#include "recommend/recommend.h"
#include "support/config.h"
#include "support/oracle_als.h"
#include "support/oracle_als_identity.h"
#include "support/support.h"

extern const rb_recommender rb_item_knn_rating, rb_user_knn_rating;

enum { N_USERS = 60, N_ITEMS = 45 };

static const char *const similarities[] = { "msd", "cosine", "pearson", "pearson_baseline" };
static const char *const centrings[] = { "none", "mean", "z_score", "baseline" };

static rb_split_data s;

/* Rows are users or items; NAN: no rating. */
typedef struct {
    int n_rows, n_cols;
    double r[N_USERS][N_USERS], mean, row_bias[N_USERS], col_bias[N_USERS];
} dense;

static void densify(dense *d, bool by_user)
{
    d->n_rows = by_user ? N_USERS : N_ITEMS;
    d->n_cols = by_user ? N_ITEMS : N_USERS;
    d->mean = 0;
    for (int x = 0; x < N_USERS; x++)
        for (int y = 0; y < N_USERS; y++)
            d->r[x][y] = NAN;
    for (int u = 0; u < N_USERS; u++)
        for (int64_t e = s.train.user_begin[u]; e < s.train.user_begin[u + 1]; e++) {
            int i = s.train.user_item[e];
            d->r[by_user ? u : i][by_user ? i : u] = (double)s.train.user_rating[e];
            d->mean += (double)s.train.user_rating[e] / (double)s.train.n;
        }
}

/* One half of the alternation: biases of the rows, or of the columns. */
static void update(dense *d, double *own, bool of_rows, double reg)
{
    for (int a = 0; a < (of_rows ? d->n_rows : d->n_cols); a++) {
        double sum = 0, n = 0;
        for (int b = 0; b < (of_rows ? d->n_cols : d->n_rows); b++) {
            double r = of_rows ? d->r[a][b] : d->r[b][a];
            if (isnan(r))
                continue;
            sum += r - d->mean - (of_rows ? d->col_bias[b] : d->row_bias[b]);
            n++;
        }
        own[a] = sum / (n + reg);
    }
}

static void find_biases(dense *d, bool by_user)
{
    memset(d->row_bias, 0, sizeof d->row_bias);
    memset(d->col_bias, 0, sizeof d->col_bias);
    for (int k = 0; k < 10; k++) {
        update(d, by_user ? d->col_bias : d->row_bias, !by_user, 10);
        update(d, by_user ? d->row_bias : d->col_bias, by_user, 15);
    }
}

/* Means over the common columns, then moments around them. */
static double correlation(const dense *d, int a, int b, double n)
{
    double mean_a = 0, mean_b = 0, aa = 0, bb = 0, ab = 0;
    for (int y = 0; y < d->n_cols; y++)
        if (!isnan(d->r[a][y]) && !isnan(d->r[b][y])) {
            mean_a += d->r[a][y] / n;
            mean_b += d->r[b][y] / n;
        }
    for (int y = 0; y < d->n_cols; y++)
        if (!isnan(d->r[a][y]) && !isnan(d->r[b][y])) {
            aa += (d->r[a][y] - mean_a) * (d->r[a][y] - mean_a);
            bb += (d->r[b][y] - mean_b) * (d->r[b][y] - mean_b);
            ab += (d->r[a][y] - mean_a) * (d->r[b][y] - mean_b);
        }
    return aa > 1e-12 && bb > 1e-12 ? ab / sqrt(aa * bb) : 0;
}

static double similar(const dense *d, int a, int b, int similarity, double min_support)
{
    double n = 0, square = 0, aa = 0, bb = 0, ab = 0;
    for (int y = 0; y < d->n_cols; y++) {
        double x = d->r[a][y], v = d->r[b][y];
        if (isnan(x) || isnan(v))
            continue;
        square += (x - v) * (x - v);
        x -= similarity == 3 ? d->mean + d->row_bias[a] + d->col_bias[y] : 0;
        v -= similarity == 3 ? d->mean + d->row_bias[b] + d->col_bias[y] : 0;
        aa += x * x;
        bb += v * v;
        ab += x * v;
        n++;
    }
    if (n == 0 || n < min_support || (similarity == 3 && n < 2))
        return 0;
    if (similarity == 0)
        return 1 / (square / n + 1);
    if (similarity == 2)
        return correlation(d, a, b, n);
    return ab / sqrt(aa * bb) * (similarity == 3 ? (n - 1) / (n - 1 + 100) : 1);
}

static double row_mean(const dense *d, int x, double *spread)
{
    double sum = 0, n = 0, square = 0;
    for (int y = 0; y < d->n_cols; y++)
        if (!isnan(d->r[x][y])) {
            sum += d->r[x][y];
            n++;
        }
    for (int y = 0; y < d->n_cols; y++)
        if (!isnan(d->r[x][y]))
            square += (d->r[x][y] - sum / n) * (d->r[x][y] - sum / n);
    *spread = n > 0 ? sqrt(square / n) : 0;
    return n > 0 ? sum / n : d->mean;
}

static double overall_spread(const dense *d)
{
    double square = 0, n = 0;
    for (int x = 0; x < d->n_rows; x++)
        for (int y = 0; y < d->n_cols; y++)
            if (!isnan(d->r[x][y])) {
                square += (d->r[x][y] - d->mean) * (d->r[x][y] - d->mean);
                n++;
            }
    return sqrt(square / n);
}

static double base_of(const dense *d, int x, int y, int centring, double *spread)
{
    double mean = row_mean(d, x, spread);
    if (*spread == 0)
        *spread = overall_spread(d);
    *spread = centring == 2 ? *spread : 1;
    return centring == 0 ? 0 : centring == 3 ? d->mean + d->row_bias[x] + d->col_bias[y] : mean;
}

static double predicted(const dense *d, int x, int y, int similarity, int centring, int k, int min_k, double support)
{
    double value[N_USERS], best = 0, weights = 0, sum = 0, spread, n_raters = 0;
    const double near = similarity >= 2 ? 1e-13 : 0; /* of what is rounded otherwise here */
    int n = 0;
    for (int v = 0; v < d->n_rows; v++) {
        n_raters += !isnan(d->r[v][y]);
        value[v] = v == x || isnan(d->r[v][y]) ? 0 : similar(d, x, v, similarity, support);
    }
    for (; n < k; n++) { /* the best, k times; ties: the lower number */
        int v = -1;
        best = 1e-12;
        for (int w = 0; w < d->n_rows; w++)
            if (value[w] > best + near) {
                best = value[w];
                v = w;
            }
        if (v < 0)
            break;
        double base = base_of(d, v, y, centring, &spread);
        sum += value[v] * (d->r[v][y] - base) / spread;
        weights += value[v];
        value[v] = 0;
    }
    if (n_raters == 0 && centring != 3)
        return d->mean;
    double base = base_of(d, x, y, centring, &spread);
    if (n < min_k)
        return centring == 0 ? d->mean : base;
    return base + sum / weights * spread;
}

static char *fitted(const rb_recommender *a, const void *config)
{
    char *state = NULL;
    rb_error err = { 0 };
    assert_ok(rb_alloc(&state, (int64_t)a->state_size, &err), &err);
    assert_ok(rb_oracle_fit(state, NULL, a, config, &(rb_train_view){ .ratings = &s.train }, &rb_test_ctx, &err), &err);
    return state;
}

static void check(bool by_user, int similarity, int centring)
{
    static dense d;
    char values[256];
    const rb_recommender *a = by_user ? &rb_user_knn_rating : &rb_item_knn_rating;
    const int min_support = similarity == 2 ? 3 : 1;
    snprintf(values, sizeof values, "k=5 min_k=2 similarity=%s centring=%s min_support=%d", similarities[similarity],
             centrings[centring], min_support);
    void *config = rb_oracle_config(a, values);
    char *state = fitted(a, config);
    densify(&d, by_user);
    find_biases(&d, by_user);
    for (int32_t u = 0; u < N_USERS; u++)
        for (int32_t i = 0; i < N_ITEMS; i++) {
            double value, score;
            a->predict(&value, state, &(rb_pairs){ 1, &u, &i });
            a->score(&(rb_tile){ &score, 1 }, state, &u, 1, i, i + 1);
            assert_true(score == value);
            assert_near(value, predicted(&d, by_user ? u : i, by_user ? i : u, similarity, centring, 5, 2, min_support),
                        1e-9);
        }
    a->fini(state);
    rb_free(state);
    rb_free(config);
}

static void predictions_are_those_of_the_dense_formulas(void **unused)
{
    (void)unused;
    for (int by_user = 0; by_user < 2; by_user++)
        for (int similarity = 0; similarity < 4; similarity++)
            for (int centring = 0; centring < 4; centring++)
                check(by_user, similarity, centring);
}

static void fits_have_the_same_bits_for_any_ranks_and_threads(void **unused)
{
    (void)unused;
    rb_oracle_same_bits(&rb_user_knn_rating, "k=5 similarity=pearson centring=z_score", &s);
    rb_oracle_same_bits(&rb_item_knn_rating, "k=5 similarity=pearson_baseline centring=baseline", &s);
    rb_oracle_same_bits(&rb_item_knn_rating, "k=3 similarity=cosine candidates=4 centring=mean", &s);
}

static void a_failed_allocation_is_agreed(void **unused)
{
    (void)unused;
    rb_oracle_nth_failures(&rb_user_knn_rating, "k=5 similarity=pearson_baseline centring=baseline", &s, 20, 400);
    rb_oracle_nth_failures(&rb_item_knn_rating, "k=5 candidates=7", &s, 20, 400);
}

/* The most similar of the whole list, in ascending order; a bound as long as the list changes nothing. */
static void bounded_lists_keep_the_most_similar(void **unused)
{
    (void)unused;
    rb_knn_lists all = { 0 }, few = { 0 };
    rb_rating_knn_config *whole = rb_oracle_config(&rb_user_knn_rating, ""),
                         *bounded = rb_oracle_config(&rb_user_knn_rating, "k=5 candidates=6");
    const rb_rating_rows rows = { .n_rows = N_USERS,
                                  .n_cols = N_ITEMS,
                                  .row_begin = s.train.user_begin,
                                  .col_begin = s.train.item_begin,
                                  .row_col = s.train.user_item,
                                  .col_row = s.train.item_user,
                                  .row_rating = s.train.user_rating,
                                  .col_rating = s.train.item_rating };
    rb_error err = { 0 };
    assert_ok(rb_rating_find(&all, &rows, &s.train.users, whole, &rb_test_ctx, &err), &err);
    assert_ok(rb_rating_find(&few, &rows, &s.train.users, bounded, &rb_test_ctx, &err), &err);
    assert_true(few.n < all.n);
    for (int64_t r = 0; r < N_USERS; r++) {
        double least = INFINITY;
        int64_t n = few.begin[r + 1] - few.begin[r], n_all = all.begin[r + 1] - all.begin[r], better = 0;
        assert_int_equal(n, n_all < 6 ? n_all : 6);
        for (int64_t e = few.begin[r]; e < few.begin[r + 1]; e++) {
            assert_true(e == few.begin[r] || few.id[e - 1] < few.id[e]);
            assert_true(few.weight[e] == rb_knn_at(&all, r, few.id[e]));
            least = fmin(least, few.weight[e]);
        }
        for (int64_t e = all.begin[r]; e < all.begin[r + 1]; e++)
            better += all.weight[e] > least;
        assert_true(better < 6);
    }
    rb_knn_fini(&all);
    rb_knn_fini(&few);
    rb_free(whole);
    rb_free(bounded);
}

/* The parts of a prediction that the user's items contribute add up to it. */
static void explanations_add_up_to_the_prediction(void **unused)
{
    (void)unused;
    void *config = rb_oracle_config(&rb_item_knn_rating, "k=5 centring=baseline");
    char *state = fitted(&rb_item_knn_rating, config);
    const rb_rating_knn *m = (const rb_rating_knn *)state;
    int n_explained = 0;
    for (int32_t u = 0; u < N_USERS; u++)
        for (int32_t i = 0; i < N_ITEMS; i++) {
            int32_t items[8];
            double weights[8], value, sum = rb_bias_at(&m->bias, u, i);
            int n = rb_item_knn_rating.explain(items, weights, 8, state, u, i);
            rb_item_knn_rating.predict(&value, state, &(rb_pairs){ 1, &u, &i });
            for (int e = 0; e < n; e++) {
                sum += weights[e];
                assert_true(rb_ratings_has(&s.train, u, items[e]) && (e == 0 || weights[e - 1] >= weights[e]));
            }
            assert_near(value, sum, 1e-12);
            n_explained += n > 0;
        }
    assert_true(n_explained > N_USERS);
    rb_item_knn_rating.fini(state);
    rb_free(state);
    rb_free(config);
}

static void contradicting_parameters_are_refused(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    rb_shape shape = { .n_users = N_USERS, .n_items = N_ITEMS };
    void *few = rb_oracle_config(&rb_user_knn_rating, "k=5 min_k=6"),
         *bounded = rb_oracle_config(&rb_user_knn_rating, "k=5 candidates=4");
    assert_int_equal(rb_user_knn_rating.check(few, &shape, &err), RB_BAD_INPUT);
    assert_string_equal(err.message, "'min_k' is 6, expected at most k, 5");
    err = (rb_error){ 0 };
    assert_int_equal(rb_user_knn_rating.check(bounded, &shape, &err), RB_BAD_INPUT);
    assert_string_equal(err.message, "'candidates' is 4, expected 0 or at least k, 5");
    rb_free(few);
    rb_free(bounded);
}

static int begin(void **unused)
{
    (void)unused;
    rb_oracle_zipf(&s, N_USERS, N_ITEMS, 700, 0.6, 0.9, &rb_test_ctx);
    return 0;
}

static int end(void **unused)
{
    (void)unused;
    rb_oracle_split_fini(&s);
    return 0;
}

int main(int argc, char **argv)
{
    rb_test_mpi_begin(&argc, &argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(predictions_are_those_of_the_dense_formulas),
        cmocka_unit_test(fits_have_the_same_bits_for_any_ranks_and_threads),
        cmocka_unit_test(a_failed_allocation_is_agreed),
        cmocka_unit_test(bounded_lists_keep_the_most_similar),
        cmocka_unit_test(explanations_add_up_to_the_prediction),
        cmocka_unit_test(contradicting_parameters_are_refused),
    };
    return rb_test_mpi_end(cmocka_run_group_tests(tests, begin, end));
}

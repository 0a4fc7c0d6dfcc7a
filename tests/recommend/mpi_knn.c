/* Neighbours against dense similarities written down from their formulas; the same bits as alone; what is revealed. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "recommend/core/item_lists.h"
#include "recommend/core/knn_fold.h"
#include "recommend/recommend.h"
#include "support/config.h"
#include "support/oracle_als.h"
#include "support/oracle_als_identity.h"
#include "support/support.h"

extern const rb_recommender rb_co_occurrence, rb_item_knn, rb_rp3beta, rb_user_knn;

enum { N_USERS = 60, N_ITEMS = 45 };

static const char *const similarities[] = { "cosine", "jaccard", "dice", "tversky", "asymmetric_cosine", "dot" };
static const char *const weightings[] = { "none", "tf_idf", "bm25" };

static rb_split_data s;

/* One row a user (or an item), dense, ones and zeros. */
typedef struct {
    int n_rows, n_cols;
    double x[N_USERS][N_USERS];
} dense;

static void densify(dense *d, bool by_user)
{
    memset(d, 0, sizeof *d);
    d->n_rows = by_user ? N_USERS : N_ITEMS;
    d->n_cols = by_user ? N_ITEMS : N_USERS;
    for (int u = 0; u < N_USERS; u++)
        for (int64_t e = s.train.user_begin[u]; e < s.train.user_begin[u + 1]; e++)
            d->x[by_user ? u : s.train.user_item[e]][by_user ? s.train.user_item[e] : u] = 1;
}

static double length(const dense *d, int r)
{
    double n = 0;
    for (int c = 0; c < d->n_cols; c++)
        n += d->x[r][c];
    return n;
}

/* Columns and rows scaled, so that what follows is a plain inner product of two rows. */
static void weigh(dense *d, int weighting)
{
    double before[N_USERS], mean = 0, filled = 0;
    for (int r = 0; r < d->n_rows; r++) {
        mean += before[r] = length(d, r);
        filled += before[r] > 0;
    }
    mean /= filled;
    for (int c = 0; c < d->n_cols && weighting > 0; c++) {
        double n = 0;
        for (int r = 0; r < d->n_rows; r++)
            n += d->x[r][c] != 0;
        for (int r = 0; r < d->n_rows; r++)
            d->x[r][c] *= log(filled / (1 + n));
    }
    for (int r = 0; r < d->n_rows && weighting == 2; r++)
        for (int c = 0; c < d->n_cols; c++)
            d->x[r][c] *= 2.2 / (1.2 * (0.25 + 0.75 * before[r] / mean) + 1);
}

static double inner(const dense *d, int i, int j)
{
    double sum = 0;
    for (int c = 0; c < d->n_cols; c++)
        sum += d->x[i][c] * d->x[j][c];
    return sum;
}

static double similar(const dense *d, int i, int j, int similarity, double shrink, double alpha, double beta)
{
    double c = inner(d, i, j), a = inner(d, i, i), b = inner(d, j, j);
    switch (similarity) {
    case 0:
        return c / (sqrt(a) * sqrt(b) + shrink);
    case 1:
        return c / (a + b - c + shrink);
    case 2:
        return 2 * c / (a + b + shrink);
    case 3:
        return c / (c + alpha * (a - c) + beta * (b - c) + shrink);
    case 4:
        return c / (pow(a, alpha) * pow(b, 1 - alpha) + shrink);
    default:
        return c / (1 + shrink);
    }
}

/* Every list holds the right rows: similarities fall, agree with the formula, and nothing better is left out. */
static void check_lists(const rb_knn_lists *lists, const dense *d, int similarity, const rb_knn_config *c)
{
    for (int i = 0; i < d->n_rows; i++) {
        int64_t from = lists->begin[i], n = lists->begin[i + 1] - from, better = 0, positive = 0;
        double least = n > 0 ? lists->weight[from + n - 1] : 0;
        for (int64_t e = from; e < from + n; e++) {
            assert_near(lists->weight[e], similar(d, i, lists->id[e], similarity, c->shrink, c->alpha, c->beta), 1e-12);
            assert_int_not_equal(lists->id[e], i);
            assert_true(e == from || lists->weight[e - 1] >= lists->weight[e]);
        }
        for (int j = 0; j < d->n_rows; j++) {
            double value =
                j == i || inner(d, i, j) == 0 ? 0 : similar(d, i, j, similarity, c->shrink, c->alpha, c->beta);
            positive += value > 0;
            better += value > least * (1 + 1e-9);
        }
        assert_int_equal(n, positive < c->k ? positive : c->k);
        assert_true(better <= n);
    }
}

static void lists_are_those_of_the_dense_formulas(void **unused)
{
    (void)unused;
    static dense d;
    rb_error err = { 0 };
    for (int by_user = 0; by_user < 2; by_user++)
        for (int similarity = 0; similarity < 6; similarity++)
            for (int weighting = 0; weighting < 3; weighting++) {
                char values[256];
                rb_knn_lists lists = { 0 };
                rb_knn_rows rows = by_user ? rb_knn_users(&s.train) : rb_knn_items(&s.train);
                snprintf(values, sizeof values, "k=7 similarity=%s weighting=%s shrink=1.5 alpha=0.7 beta=0.2",
                         similarities[similarity], weightings[weighting]);
                rb_knn_config *config = rb_oracle_config(&rb_item_knn, values);
                densify(&d, by_user);
                weigh(&d, weighting);
                assert_ok(rb_knn_find(&lists, &rows, config, &rb_test_ctx, &err), &err);
                check_lists(&lists, &d, similarity, config);
                rb_knn_fini(&lists);
                rb_free(config);
            }
}

/* The rows that a user's own items lead to: the user, and those that the search over all rows found. */
static void who_is_folded_in_has_the_neighbours_of_one_like_it(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    for (int similarity = 0; similarity < 6; similarity++)
        for (int weighting = 0; weighting < 3; weighting++) {
            char values[256];
            int32_t items[2 * N_ITEMS];
            rb_knn_lists found = { 0 }, by_id = { 0 };
            rb_knn_fold fold = { 0 };
            const rb_knn_rows rows = rb_knn_users(&s.train);
            snprintf(values, sizeof values, "k=100000 similarity=%s weighting=%s shrink=1.5 alpha=0.7 beta=0.2",
                     similarities[similarity], weightings[weighting]);
            rb_knn_config *config = rb_oracle_config(&rb_user_knn, values);
            assert_ok(rb_knn_find(&found, &rows, config, &rb_test_ctx, &err), &err);
            assert_ok(rb_knn_first(&by_id, &found, NULL, config->k, &rb_test_ctx, &err), &err);
            assert_ok(rb_knn_fold_keep(&fold, &s.train, config, &rb_test_ctx, &err), &err);
            for (int32_t u = 0; u < N_USERS; u++) {
                const int64_t from = s.train.user_begin[u], n = s.train.user_begin[u + 1] - from;
                rb_knn_list near = { 0 };
                for (int64_t e = 0; e < n; e++) /* backwards, and each twice */
                    items[e] = items[2 * n - 1 - e] = s.train.user_item[from + n - 1 - e];
                assert_ok(rb_knn_fold_find(&near, &fold, items, 2 * n, config, &err), &err);
                int64_t at = by_id.begin[u];
                for (int64_t e = 0; e < near.n; e++) {
                    if (near.id[e] == u)
                        continue;
                    assert_true(at < by_id.begin[u + 1] && near.id[e] == by_id.id[at]);
                    assert_near(near.weight[e], by_id.weight[at++], 1e-12);
                }
                assert_int_equal(at, by_id.begin[u + 1]);
                rb_free(near.id);
                rb_free(near.weight);
            }
            rb_knn_fold_fini(&fold);
            rb_knn_fini(&found);
            rb_knn_fini(&by_id);
            rb_free(config);
        }
}

static void scores_have_the_same_bits_for_any_ranks_and_threads(void **unused)
{
    (void)unused;
    static const char *const configs[] = { "k=7", "k=5 similarity=jaccard weighting=tf_idf",
                                           "k=1000 similarity=dot weighting=bm25" };
    for (size_t i = 0; i < sizeof configs / sizeof *configs; i++) {
        rb_oracle_same_bits(&rb_item_knn, configs[i], &s);
        rb_oracle_same_bits(&rb_user_knn, configs[i], &s);
    }
    rb_oracle_same_bits(&rb_co_occurrence, "k=9", &s);
    rb_oracle_same_bits(&rb_rp3beta, "k=9 alpha=0.8 beta=0.4", &s);
}

/* A trial that shares its search with one of more neighbours gets what it would have found alone. */
static void a_shared_search_changes_no_bit(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    void *alone = NULL, *shared = NULL;
    rb_knn_lists a = { 0 }, b = { 0 };
    rb_train_view view = { .positives = &s.train };
    rb_knn_config *few = rb_oracle_config(&rb_item_knn, "k=3"), *many = rb_oracle_config(&rb_item_knn, "k=20");
    const void *const one[] = { few }, *const both[] = { few, many };
    assert_ok(rb_item_knn.prepare(&alone, &view, one, 1, &rb_test_ctx, &err), &err);
    assert_ok(rb_item_knn.prepare(&shared, &view, both, 2, &rb_test_ctx, &err), &err);
    assert_ok(rb_knn_first(&a, alone, NULL, 3, &rb_test_ctx, &err), &err);
    assert_ok(rb_knn_first(&b, shared, NULL, 3, &rb_test_ctx, &err), &err);
    assert_true(((rb_knn_lists *)shared)->n > a.n);
    assert_true(a.n == b.n);
    assert_memory_equal(a.id, b.id, (size_t)a.n * sizeof *a.id);
    assert_memory_equal(a.weight, b.weight, (size_t)a.n * sizeof *a.weight);
    rb_item_knn.unprepare(alone);
    rb_item_knn.unprepare(shared);
    rb_knn_fini(&a);
    rb_knn_fini(&b);
    rb_free(few);
    rb_free(many);
}

/* Walks of one alpha share their sums, whatever beta and k; of more betas than are kept some search alone. */
static void shared_walks_change_no_bit(void **unused)
{
    (void)unused;
    enum { N_BETAS = 18 };
    rb_error err = { 0 };
    rb_train_view view = { .positives = &s.train };
    rb_ctx ctx = rb_test_ctx;
    void *shared = NULL, *config[N_BETAS];
    char values[64];
    for (int b = 0; b < N_BETAS; b++) {
        snprintf(values, sizeof values, "alpha=0.7 beta=0.%02d k=%d", 5 * b, 3 + 5 * (b % 3));
        config[b] = rb_oracle_config(&rb_rp3beta, values);
    }
    assert_ok(rb_rp3beta.prepare(&shared, &view, (const void *const *)config, N_BETAS, &ctx, &err), &err);
    for (int b = 0; b < N_BETAS; b++) {
        rb_item_lists a = { 0 }, c = { 0 };
        void *alone = NULL;
        const void *const one[] = { config[b] };
        assert_ok(rb_rp3beta.prepare(&alone, &view, one, 1, &ctx, &err), &err);
        assert_ok(rb_rp3beta.fit(&a, &view, alone, config[b], &ctx, &err), &err);
        assert_ok(rb_rp3beta.fit(&c, &view, shared, config[b], &ctx, &err), &err);
        assert_true(a.targets.n > 0 && a.targets.n == c.targets.n);
        assert_memory_equal(a.targets.id, c.targets.id, (size_t)a.targets.n * sizeof *a.targets.id);
        assert_memory_equal(a.targets.weight, c.targets.weight, (size_t)a.targets.n * sizeof *a.targets.weight);
        rb_item_lists_fini(&a);
        rb_item_lists_fini(&c);
        rb_rp3beta.unprepare(alone);
    }
    rb_rp3beta.unprepare(shared);
    for (int b = 0; b < N_BETAS; b++)
        rb_free(config[b]);
}

/* What item j adds to item i, from the definition; all items are kept. */
static double walked(const dense *users, int j, int i, double alpha, double beta)
{
    double sum = 0, n_j = 0, n_i = 0;
    for (int u = 0; u < N_USERS; u++) {
        n_j += users->x[u][j];
        n_i += users->x[u][i];
    }
    for (int u = 0; u < N_USERS; u++)
        if (users->x[u][i] != 0 && users->x[u][j] != 0)
            sum += pow(1 / (n_j * length(users, u)), alpha) / pow(n_i, beta);
    return sum;
}

static double together(const dense *users, int j, int i, double alpha, double beta)
{
    double n = 0;
    (void)alpha, (void)beta;
    for (int u = 0; u < N_USERS; u++)
        n += users->x[u][i] * users->x[u][j];
    return n;
}

static void check_scores(const rb_recommender *a, const char *values,
                         double (*added)(const dense *users, int j, int i, double alpha, double beta))
{
    static dense users;
    static double scores[N_USERS * N_ITEMS];
    int32_t all[N_USERS];
    char *state = NULL;
    rb_error err = { 0 };
    rb_train_view view = { .positives = &s.train };
    void *config = rb_oracle_config(a, values);
    densify(&users, true);
    assert_ok(rb_alloc(&state, (int64_t)a->state_size, &err), &err);
    assert_ok(rb_oracle_fit(state, NULL, a, config, &view, &rb_test_ctx, &err), &err);
    for (int u = 0; u < N_USERS; u++)
        all[u] = u;
    a->score(&(rb_tile){ scores, N_ITEMS }, state, all, N_USERS, 0, 20); /* in two tiles */
    a->score(&(rb_tile){ scores + 20, N_ITEMS }, state, all, N_USERS, 20, N_ITEMS);
    for (int u = 0; u < N_USERS; u++)
        for (int i = 0; i < N_ITEMS; i++) {
            double sum = 0;
            for (int j = 0; j < N_ITEMS; j++)
                if (users.x[u][j] != 0 && j != i)
                    sum += added(&users, j, i, 0.8, 0.4);
            assert_near(scores[u * N_ITEMS + i], sum, 1e-12);
        }
    a->fini(state);
    rb_free(state);
    rb_free(config);
}

static void walks_and_counts_score_as_defined(void **unused)
{
    (void)unused;
    check_scores(&rb_rp3beta, "k=1000 alpha=0.8 beta=0.4", walked);
    check_scores(&rb_co_occurrence, "k=1000", together);
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
        cmocka_unit_test(lists_are_those_of_the_dense_formulas),
        cmocka_unit_test(who_is_folded_in_has_the_neighbours_of_one_like_it),
        cmocka_unit_test(scores_have_the_same_bits_for_any_ranks_and_threads),
        cmocka_unit_test(walks_and_counts_score_as_defined),
        cmocka_unit_test(a_shared_search_changes_no_bit),
        cmocka_unit_test(shared_walks_change_no_bit),
    };
    return rb_test_mpi_end(cmocka_run_group_tests(tests, begin, end));
}

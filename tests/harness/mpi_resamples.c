/* stability:bootstrap clusters the drawn points, and the drawn titles, anew. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "eval/stability.h"
#include "support/oracle_cluster.h"
#include "support/support.h"
#include "support/world_run.h"

extern const rb_algorithm rb_dbscan, rb_kmodes, rb_kprototypes;

/* ---- a clusterer of titles whose answer is known: the year and the place among those it is given, modulo 3 ---- */

typedef struct {
    int64_t unused;
} turns_config;

typedef struct {
    int32_t *label; /* [n] */
    int64_t n, one;
} turns;

static const rb_param turns_params[] = { RB_PARAM_END };

static rb_cost turns_cost(const void *config, const rb_shape *shape)
{
    (void)config;
    return (rb_cost){ .bytes_per_rank = 4.0 * (double)shape->n_items, .flops = (double)shape->n_items };
}

static int32_t turn_of(int64_t year, int64_t place)
{
    return (int32_t)((year + place / 5) % 3);
}

static rb_status turns_fit(void *self, const rb_train_view *view, const void *prepared, const void *config, rb_ctx *ctx,
                           rb_error *err)
{
    turns *m = self;
    (void)prepared, (void)config;
    m->n = view->items->n;
    m->one = 1;
    RB_TRY_ALL(ctx, rb_alloc(&m->label, m->n, err));
    for (int64_t i = 0; i < m->n; i++)
        m->label[i] = turn_of(view->items->year[i], i);
done:
    return err->status;
}

static const int32_t *turns_labels(const void *self, int64_t *n)
{
    *n = ((const turns *)self)->n;
    return ((const turns *)self)->label;
}

static void turns_arrays(void *self, rb_visitor *v)
{
    turns *m = self;
    v->array(v, "label", RB_INT32, (void **)&m->label, &m->n, &m->one, NULL);
}

static void turns_fini(void *self)
{
    rb_free(((turns *)self)->label);
    memset(self, 0, sizeof(turns));
}

static const rb_algorithm toy_turns = { .name = "toy_turns",
                                        .needs = RB_NEEDS_ITEMS,
                                        .can = RB_CAN_ASSIGN,
                                        .config_size = sizeof(turns_config),
                                        .state_size = sizeof(turns),
                                        .params = turns_params,
                                        .cost = turns_cost,
                                        .fit = turns_fit,
                                        .labels = turns_labels,
                                        .arrays = turns_arrays,
                                        .fini = turns_fini };

/* ---- the runs ---- */

#define N 80

static const rb_algorithm *const algorithms[] = { &rb_dbscan, &rb_kmodes, &rb_kprototypes, &toy_turns, NULL };
static const rb_test_shape usual = { .algorithms = algorithms };

/* Years in crowds that a resample may break apart. */
static int year_of(int i)
{
    return 1950 + i * i * 7 % 61 + i % 3 * 20;
}

/* Titles of two kinds that share no category. */
static void write_titles(char path[256])
{
    rb_test_scratch(path, "titles.csv");
    if (rb_test_ctx.rank != 0)
        return;
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs("show_id,type,title,country,release_year,rating,listed_in\n", f);
    for (int i = 0; i < N; i++)
        fprintf(f, "s%02d,%s,T%d,%s,%d,%s,%s\n", i, i % 2 ? "Movie" : "TV Show", i, i % 2 ? "France" : "Spain",
                year_of(i), i % 2 ? "PG" : "TV-Y", i % 2 ? "Dramas" : "Horror");
    fclose(f);
}

static rb_run_outcome run_of(const char *name, const char *trials, rb_test_shape shape)
{
    char path[256], yaml[1024];
    write_titles(path);
    snprintf(yaml, sizeof yaml,
             "experiment: resamples\nseed: 3\ndataset: { path: %s }\nmetrics: [\"stability:bootstrap\"]\n"
             "trials: [%s]\n",
             path, trials);
    return rb_test_run(name, yaml, shape);
}

/* Mean adjusted Rand index over the pairs of samples, each on the points that both hold: labels [samples x N], -1. */
static double mean_agreement(int32_t labels[RB_STABILITY_SAMPLES][N])
{
    double sum = 0;
    int n_pairs = 0;
    for (int a = 0; a < RB_STABILITY_SAMPLES; a++)
        for (int b = 0; b < a; b++, n_pairs++) {
            int32_t x[N], y[N];
            int64_t n = 0;
            for (int i = 0; i < N; i++)
                if (labels[a][i] >= 0 && labels[b][i] >= 0) {
                    x[n] = labels[a][i];
                    y[n++] = labels[b][i];
                }
            sum += rb_oracle_ari(x, y, n);
        }
    return sum / n_pairs;
}

/* numeric has the year alone: less its mean, over its standard deviation. */
static void make_points(double *x)
{
    double mean = 0, squares = 0;
    for (int i = 0; i < N; i++)
        mean += year_of(i) / (double)N;
    for (int i = 0; i < N; i++)
        squares += (year_of(i) - mean) * (year_of(i) - mean) / (double)N;
    for (int i = 0; i < N; i++)
        x[i] = (year_of(i) - mean) / sqrt(squares);
}

static void dbscan_is_fitted_to_the_drawn_points(void **unused)
{
    (void)unused;
    double x[N], drawn[N];
    int32_t labels[RB_STABILITY_SAMPLES][N], found[N];
    uint8_t core[N];
    int64_t row[N];
    make_points(x);
    for (int b = 0; b < RB_STABILITY_SAMPLES; b++) {
        const int64_t n = rb_stability_draw(row, N, b);
        for (int64_t i = 0; i < n; i++)
            drawn[i] = x[row[i]];
        rb_oracle_dbscan(found, core, drawn, n, 1, 0.131, 4, false);
        memset(labels[b], -1, sizeof labels[b]);
        for (int64_t i = 0; i < n; i++)
            labels[b][row[i]] = found[i];
    }
    const double expected = mean_agreement(labels);
    assert_true(expected > 0.1 && expected < 0.95); /* the samples differ */
    rb_run_outcome run = run_of("points", "dbscan: { space: numeric, eps: 0.131, min_samples: 4 }", usual);
    if (rb_test_ctx.rank == 0)
        assert_near(rb_test_metric(run.folder, 1, "all", "stability:bootstrap"), expected, 1e-12);
}

static void a_clusterer_of_titles_is_given_the_drawn_ones(void **unused)
{
    (void)unused;
    int32_t labels[RB_STABILITY_SAMPLES][N];
    int64_t row[N];
    for (int b = 0; b < RB_STABILITY_SAMPLES; b++) {
        const int64_t n = rb_stability_draw(row, N, b);
        memset(labels[b], -1, sizeof labels[b]);
        for (int64_t i = 0; i < n; i++)
            labels[b][row[i]] = turn_of(year_of((int)row[i]), i);
    }
    const double expected = mean_agreement(labels);
    assert_true(fabs(expected) < 0.95 && expected != 0);
    rb_run_outcome run = run_of("titles", "toy_turns, kmodes: { k: 2 }, kprototypes: { k: 2, gamma: 5 }", usual);
    if (rb_test_ctx.rank == 0) {
        assert_near(rb_test_metric(run.folder, 1, "all", "stability:bootstrap"), expected, 1e-12);
        assert_true(rb_test_metric(run.folder, 2, "all", "stability:bootstrap") == 1); /* two kinds, far apart */
        assert_true(rb_test_metric(run.folder, 3, "all", "stability:bootstrap") == 1);
    }
}

/* k = 70 needs more titles than a sample has. */
static void what_no_sample_can_give_is_unavailable_and_others_have_their_values(void **unused)
{
    (void)unused;
    char state[256];
    rb_run_outcome run = run_of("few", "kprototypes: { k: 70 }, kmodes: { k: 2 }", usual);
    if (rb_test_ctx.rank != 0)
        return;
    rb_test_text(state, run.folder, "metrics", "state", 0);
    assert_string_equal(state, "unavailable");
    assert_true(rb_test_metric(run.folder, 2, "all", "stability:bootstrap") == 1);
}

static void any_shape_gives_the_same(void **unused)
{
    (void)unused;
    const char *trials = "kmodes: { k: [3, 4], init: huang, n_init: 2 }, kprototypes: { k: 5 }";
    rb_test_shape alone = usual;
    alone.alone = alone.no_share = true;
    rb_run_outcome all = run_of("shapes", trials, usual), one = run_of("shapes-alone", trials, alone);
    if (rb_test_ctx.rank != 0)
        return;
    for (int t = 1; t <= 3; t++) {
        const double value = rb_test_metric(all.folder, t, "all", "stability:bootstrap");
        assert_true(value > 0 && (t < 3 ? value <= 1 : value < 1));
    }
    assert_memory_equal(&all.digest, &one.digest, sizeof one.digest);
}

int main(int argc, char **argv)
{
    rb_test_mpi_begin(&argc, &argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dbscan_is_fitted_to_the_drawn_points),
        cmocka_unit_test(a_clusterer_of_titles_is_given_the_drawn_ones),
        cmocka_unit_test(what_no_sample_can_give_is_unavailable_and_others_have_their_values),
        cmocka_unit_test(any_shape_gives_the_same),
    };
    return rb_test_mpi_end(cmocka_run_group_tests(tests, rb_test_runs_begin, rb_test_runs_end));
}

#include "support/contract.h"

#include <math.h>
#include <string.h>

#include "cluster/cluster.h"
#include "data/synth.h"
#include "eval/metric.h"
#include "harness/model.h"
#include "recommend/recommend.h"
#include "support/support.h"

#define N_DIMS 5
#define N_TERMS 40
#define N_RATINGS 14000

extern const rb_algorithm rb_als, rb_bias, rb_item_mean;
static const rb_algorithm *const asked[RB_CONTRACT_MODELS] = { &rb_als, &rb_bias, &rb_item_mean };
static rb_contract_model fitted[RB_CONTRACT_MODELS]; /* by every rank for itself */
static rb_model_view models[RB_CONTRACT_MODELS];

static rb_dataset data;
static rb_ratings train, positives, validation, validation_positives, revealed, revealed_positives;
static rb_points points, counts;
static int32_t item_label[RB_CONTRACT_ITEMS];
static int64_t times[N_RATINGS];

/* Rows of a few words, some of them empty. */
static void make_counts(void)
{
    rb_error err = { 0 };
    rb_csr x = { 0 };
    rb_rng rng = { .key = 12, .stream = rb_stream("contract.counts") };
    assert_ok(rb_csr_init(&x, RB_CONTRACT_POINTS, N_TERMS, RB_CONTRACT_POINTS * N_TERMS, &err), &err);
    int64_t at = 0;
    for (int64_t p = 0; p < RB_CONTRACT_POINTS; p++) {
        for (int32_t w = 0; w < N_TERMS && p % 50 != 7; w++) {
            double u = rb_rng_uniform(&rng, (uint32_t)(p * N_TERMS + w));
            if (u < (w % 3 == p % 3 ? 0.4 : 0.1)) {
                x.col[at] = w;
                x.value[at++] = u < 0.05 ? 3 : 1;
            }
        }
        x.row_begin[p + 1] = at;
    }
    assert_ok(rb_points_take_csr(&counts, &x, &err), &err);
}

const rb_train_view rb_contract_view = {
    .ratings = &train,
    .positives = &positives,
    .times = times,
    .items = &data.catalogue,
    .space = &points,
    .sessions = &data.sessions,
    .labels = item_label,
    .models = models,
    .n_models = RB_CONTRACT_MODELS,
    .validation = &validation,
    .validation_positives = &validation_positives,
    .revealed = &revealed,
    .revealed_positives = &revealed_positives,
};

const rb_algorithm *const *const rb_contract_registries[2] = { rb_recommend_registry, rb_cluster_registry };

const rb_algorithm *rb_contract_algorithm(const char *name)
{
    for (int r = 0; r < 2; r++)
        for (const rb_algorithm *const *a = rb_contract_registries[r]; *a; a++)
            if (strcmp((*a)->name, name) == 0)
                return *a;
    fail_msg("no algorithm %s", name);
    return NULL;
}

bool rb_true_everywhere(bool condition)
{
    int64_t all = condition;
    rb_min_int64(&rb_test_ctx, &all, 1);
    return all != 0;
}

/* ---- data ---- */

static void make_points(void)
{
    rb_error err = { 0 };
    rb_rng rng = { .key = 11, .stream = rb_stream("contract.points") };
    assert_ok(rb_points_alloc_dense(&points, RB_CONTRACT_POINTS, N_DIMS, &rb_test_ctx, &err), &err);
    if (rb_test_ctx.rank == 0)
        for (uint32_t at = 0; at < RB_CONTRACT_POINTS * N_DIMS; at++)
            ((double *)points.memory.data)[at] = 4 * (at / N_DIMS % 3) + rb_rng_uniform(&rng, at);
    rb_shared_publish_from(&points.memory, 0, &rb_test_ctx);
}

int rb_contract_begin(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    rb_synth c = { 0 };
    uint8_t *part = NULL;
    const rb_interactions *x = &data.interactions;
    rb_params_default(&c, rb_synth_params);
    c.users = RB_CONTRACT_USERS;
    c.items = RB_CONTRACT_ITEMS;
    c.ratings = N_RATINGS;
    c.sessions = 20000;
    c.half_stars = false; /* full mantissas: the order of sums shows */
    assert_ok(rb_dataset_synth(&data, &c, 9, &rb_test_ctx, &err), &err);
    assert_ok(rb_alloc(&part, x->n, &err), &err);
    for (int64_t row = 0; row < x->n; row++)
        part[row] = x->user[row] == RB_CONTRACT_USERS - 1 || x->item[row] == RB_CONTRACT_ITEMS - 1 ? RB_PART_VALIDATION
                    : x->user[row] == RB_CONTRACT_REVEALED                                         ? RB_PART_REVEALED
                                                                                                   : RB_PART_TRAIN;
    assert_ok(rb_ratings_build(&train, x, part, 1u << RB_PART_TRAIN, -INFINITY, &rb_test_ctx, &err), &err);
    assert_ok(rb_ratings_build(&positives, x, part, 1u << RB_PART_TRAIN | RB_WITH_ROWS, 3, &rb_test_ctx, &err), &err);
    assert_ok(rb_ratings_build(&validation, x, part, 1u << RB_PART_VALIDATION, -INFINITY, &rb_test_ctx, &err), &err);
    assert_ok(rb_ratings_build(&validation_positives, x, part, 1u << RB_PART_VALIDATION, 3, &rb_test_ctx, &err), &err);
    assert_ok(rb_ratings_build(&revealed, x, part, 1u << RB_PART_REVEALED, -INFINITY, &rb_test_ctx, &err), &err);
    assert_ok(
        rb_ratings_build(&revealed_positives, x, part, 1u << RB_PART_REVEALED | RB_WITH_ROWS, 3, &rb_test_ctx, &err),
        &err);
    rb_free(part);
    memcpy(times, x->time, (size_t)x->n * sizeof *times);
    assert_true(revealed_positives.n > 0 && revealed_positives.n < revealed.n);
    assert_true(positives.n > 0 && positives.n < train.n && validation.n > 0);
    assert_true(train.users.n_blocks > 2 && train.items.n_blocks > 2); /* else other ranks have nothing to do */
    for (int i = 0; i < RB_CONTRACT_ITEMS; i++)
        item_label[i] = i % 3;
    make_points();
    make_counts();
    for (int m = 0; m < RB_CONTRACT_MODELS; m++) {
        fitted[m] = rb_contract_fitted_alone(asked[m]);
        models[m] = (rb_model_view){ asked[m], fitted[m].config, fitted[m].state };
    }
    return 0;
}

int rb_contract_end(void **unused)
{
    (void)unused;
    for (int m = 0; m < RB_CONTRACT_MODELS; m++)
        rb_contract_model_fini(&fitted[m]);
    rb_points_fini(&points);
    rb_points_fini(&counts);
    rb_ratings_fini(&train);
    rb_ratings_fini(&positives);
    rb_ratings_fini(&validation);
    rb_ratings_fini(&validation_positives);
    rb_ratings_fini(&revealed);
    rb_ratings_fini(&revealed_positives);
    rb_dataset_fini(&data);
    return 0;
}

rb_train_view rb_contract_view_of(const rb_algorithm *algorithm)
{
    rb_train_view view = rb_contract_view;
    if (algorithm->needs & RB_NEEDS_COUNTS)
        view.space = &counts;
    return view;
}

rb_shape rb_contract_shape(const rb_algorithm *algorithm, const rb_ctx *ctx)
{
    rb_train_view view = rb_contract_view_of(algorithm);
    return (rb_shape){ .n_users = RB_CONTRACT_USERS,
                       .n_items = RB_CONTRACT_ITEMS,
                       .nnz = train.n,
                       .n_positives = positives.n,
                       .n_points = RB_CONTRACT_POINTS,
                       .n_dims = view.space->d,
                       .n_points_nnz = view.space->sparse ? view.space->sparse->row_begin[RB_CONTRACT_POINTS] : 0,
                       .n_sessions = data.sessions.n,
                       .n_events = data.sessions.n_events,
                       .n_ranks = ctx->n_ranks,
                       .n_node_ranks = ctx->n_node_ranks,
                       .n_threads = ctx->n_threads };
}

/* ---- models ---- */

/* The defaults, with less to do where a table has one of these. */
static void shrink(void *config, const rb_param *table)
{
    static const struct {
        const char *name;
        int64_t value;
    } small[] = { { "iterations", 2 }, { "factors", 5 }, { "k", 4 }, { "pretrain", 2 } };
    for (size_t s = 0; s < sizeof small / sizeof *small; s++) {
        const rb_param *p = rb_param_find(table, small[s].name);
        if (p && p->kind == RB_PARAM_INT && (double)small[s].value >= p->min && (double)small[s].value <= p->max)
            rb_param_store(config, p, &(rb_value){ .kind = p->kind, .integer = small[s].value });
    }
}

/* The first parameters that name models name those of the view. */
static void refer(void *config, const rb_param *table)
{
    int32_t n = 0;
    for (const rb_param *p = table; p->name; p++)
        if (p->kind == RB_PARAM_MODEL && n < RB_CONTRACT_MODELS)
            rb_param_store(config, p, &(rb_value){ .kind = p->kind, .integer = n++, .text = "" });
}

rb_contract_model rb_contract_model_of(const rb_algorithm *algorithm)
{
    rb_error err = { 0 };
    char *config = NULL, *state = NULL;
    assert_ok(rb_alloc(&config, (int64_t)algorithm->config_size, &err), &err);
    assert_ok(rb_alloc(&state, (int64_t)algorithm->state_size, &err), &err);
    rb_params_default(config, algorithm->params);
    shrink(config, algorithm->params);
    if (algorithm->needs & RB_NEEDS_MODELS)
        refer(config, algorithm->params);
    return (rb_contract_model){ .algorithm = algorithm, .config = config, .state = state };
}

void rb_contract_model_fini(rb_contract_model *m)
{
    m->algorithm->fini(m->state);
    rb_free(m->state);
    rb_free(m->config);
}

static rb_status reveal(rb_contract_model *m, const rb_train_view *view, const void *prepared, rb_ctx *ctx,
                        rb_error *err)
{
    if (m->algorithm->reveal && !m->unrevealed)
        RB_TRY_ALL(ctx, m->algorithm->reveal(m->state, view, prepared, m->config, ctx, err));
done:
    return err->status;
}

static rb_status iterate(rb_contract_model *m, const rb_train_view *view, const void *prepared, rb_ctx *ctx,
                         rb_error *err)
{
    const rb_algorithm *a = m->algorithm;
    bool done = false;
    RB_TRY_ALL(ctx, a->begin(m->state, view, prepared, m->config, ctx, err));
    for (int64_t i = 0; !done; i++) {
        double objective = NAN;
        RB_TRY_ALL(ctx, a->iterate(m->state, i, &objective, &done, view, prepared, m->config, ctx, err));
    }
    RB_TRY(reveal(m, view, prepared, ctx, err));
    if (a->end)
        RB_TRY_ALL(ctx, a->end(m->state, view, prepared, m->config, ctx, err));
done:
    return err->status;
}

rb_status rb_contract_fit(rb_contract_model *m, rb_ctx *ctx, rb_error *err)
{
    const rb_train_view view = rb_contract_view_of(m->algorithm);
    return rb_contract_fit_to(m, &view, ctx, err);
}

/* As the harness does it. */
rb_status rb_contract_fit_to(rb_contract_model *m, const rb_train_view *view, rb_ctx *ctx, rb_error *err)
{
    const rb_algorithm *a = m->algorithm;
    const void *const configs[] = { m->config };
    void *prepared = NULL;
    if (a->prepare)
        RB_TRY_ALL(ctx, a->prepare(&prepared, view, configs, 1, ctx, err));
    if (a->iterate) {
        RB_TRY(iterate(m, view, prepared, ctx, err));
    } else {
        RB_TRY_ALL(ctx, a->fit(m->state, view, prepared, m->config, ctx, err));
        RB_TRY(reveal(m, view, prepared, ctx, err));
    }
done:
    if (prepared)
        a->unprepare(prepared);
    return err->status;
}

bool rb_contract_measure(double value[RB_CONTRACT_MEASURES], const rb_contract_model *m)
{
    int n = 0;
    bool good = true;
    memset(value, 0, RB_CONTRACT_MEASURES * sizeof *value);
    while (m->algorithm->measures && m->algorithm->measures[n])
        n++;
    assert_true(n <= RB_CONTRACT_MEASURES);
    if (n > 0)
        m->algorithm->measure(value, m->state, m->config);
    for (int i = 0; i < n; i++) {
        const rb_metric_def *def = rb_metric_find(m->algorithm->measures[i]);
        good = good && (isnan(value[i]) || (value[i] >= def->min && value[i] <= def->max));
    }
    return good;
}

/* Every rank for itself. */
rb_contract_model rb_contract_fitted_alone(const rb_algorithm *algorithm)
{
    rb_error err = { 0 };
    rb_ctx serial;
    rb_ctx_serial(&serial, 1);
    serial.seed = rb_test_ctx.seed;
    rb_contract_model m = rb_contract_model_of(algorithm);
    rb_contract_fit(&m, &serial, &err);
    if (!rb_true_everywhere(err.status == RB_OK))
        fail_msg("fit on one rank: %s", err.message);
    return m;
}

rb_contract_model rb_contract_fitted_together(const rb_algorithm *algorithm, int n_threads)
{
    rb_error err = { 0 };
    rb_test_ctx.n_threads = n_threads;
    rb_contract_model m = rb_contract_model_of(algorithm);
    rb_contract_fit(&m, &rb_test_ctx, &err);
    if (!rb_true_everywhere(err.status == RB_OK))
        fail_msg("fit on %d ranks with %d threads: %s", rb_test_ctx.n_ranks, n_threads, err.message);
    return m;
}

rb_digest rb_contract_digest(const rb_contract_model *m)
{
    rb_error err = { 0 };
    rb_digest digest;
    assert_ok(rb_model_digest(&digest, m->algorithm, m->state, &err), &err);
    return digest;
}

bool rb_contract_same_digest(const rb_contract_model *m, const rb_digest *expected)
{
    rb_digest digest = rb_contract_digest(m);
    return memcmp(&digest, expected, sizeof digest) == 0;
}

size_t rb_contract_score_size(const rb_contract_model *m)
{
    const rb_algorithm *a = m->algorithm;
    return a->precision && a->precision(m->config) == RB_SINGLE ? sizeof(float) : sizeof(double);
}

/* All scores in one tile, user by user. */
void rb_contract_score(double out[RB_CONTRACT_PAIRS], const rb_contract_model *m)
{
    int32_t users[RB_CONTRACT_USERS];
    for (int32_t u = 0; u < RB_CONTRACT_USERS; u++)
        users[u] = u;
    m->algorithm->score(&(rb_tile){ out, RB_CONTRACT_ITEMS }, m->state, users, RB_CONTRACT_USERS, 0, RB_CONTRACT_ITEMS);
}

void rb_contract_predict(double out[RB_CONTRACT_PAIRS], const rb_contract_model *m)
{
    int32_t users[RB_CONTRACT_PAIRS], items[RB_CONTRACT_PAIRS];
    for (int32_t p = 0; p < RB_CONTRACT_PAIRS; p++) {
        users[p] = p / RB_CONTRACT_ITEMS;
        items[p] = p % RB_CONTRACT_ITEMS;
    }
    m->algorithm->predict(out, m->state, &(rb_pairs){ RB_CONTRACT_PAIRS, users, items });
}

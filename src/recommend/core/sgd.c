#include "recommend/core/sgd.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "linalg/gather_syrk.h"
#include "recommend/core/factor_fold.h"

static rb_factor_start item_start(const rb_sgd_start *start)
{
    return (rb_factor_start){ .kind = (rb_start)start->init,
                              .given = &start->start,
                              .parameter = "start",
                              .side = "item",
                              .stream = "factors",
                              .mean = start->init_mean,
                              .spread = start->init_std,
                              .uniform = start->uniform };
}

static rb_factor_start user_start(const rb_sgd_start *start, int64_t n_items)
{
    bool drawn = start->init == RB_START_FILE && !start->start_users.value;
    return (rb_factor_start){ .kind = drawn ? RB_START_RANDOM : (rb_start)start->init,
                              .given = &start->start_users,
                              .parameter = "start_users",
                              .side = "user",
                              .stream = "factors.users",
                              .mean = start->init_mean,
                              .spread = start->init_std,
                              .first = n_items,
                              .uniform = start->uniform };
}

rb_sgd_rates rb_sgd_rates_of(const rb_sgd_rates *own, double learning_rate, double regularization)
{
    return (rb_sgd_rates){ .user_bias = rb_sgd_rate(own->user_bias, learning_rate),
                           .item_bias = rb_sgd_rate(own->item_bias, learning_rate),
                           .user = rb_sgd_rate(own->user, learning_rate),
                           .item = rb_sgd_rate(own->item, learning_rate),
                           .reg_user_bias = rb_sgd_rate(own->reg_user_bias, regularization),
                           .reg_item_bias = rb_sgd_rate(own->reg_item_bias, regularization),
                           .reg_user = rb_sgd_rate(own->reg_user, regularization),
                           .reg_item = rb_sgd_rate(own->reg_item, regularization) };
}

rb_status rb_sgd_check(const rb_sgd_start *start, const rb_shape *shape, int64_t k, rb_error *err)
{
    const rb_factor_start items = item_start(start), users = user_start(start, shape ? shape->n_items : 0);
    RB_TRY(rb_start_check(&items, shape ? shape->n_items : -1, k, err));
    RB_TRY(rb_start_check(&users, shape ? shape->n_users : -1, k, err));
done:
    return err->status;
}

static int64_t number_size(rb_precision precision)
{
    return precision == RB_SINGLE ? (int64_t)sizeof(float) : (int64_t)sizeof(double);
}

rb_cost rb_sgd_cost(const rb_shape *shape, int64_t n, int64_t k, rb_precision precision, bool biased,
                    rb_sgd_schedule schedule)
{
    double ld = (double)((precision == RB_SINGLE ? rb_padded_f32(k) : rb_padded_f64(k)) * number_size(precision));
    double rows = (double)(shape->n_users + shape->n_items), columns = 2 * ld * (double)shape->n_items;
    double sums = schedule == RB_SCHEDULE_ADAGRAD ? (double)(RB_SGD_SUMS * number_size(precision)) : 0;
    return (rb_cost){
        .bytes_per_rank = rb_grid_bytes(shape, n) + (shape->n_ranks > shape->n_node_ranks ? columns : 0),
        .bytes_per_node = rows * (2 * (ld + sums) + (biased ? 4 : 2) * sizeof(double)) + 72.0 * RB_GRID_MOST,
    };
}

/* Rows that nothing will update. */
static void clear_empty(rb_factors *f, const int64_t *begin, const rb_ctx *ctx)
{
    int64_t unit = f->memory.n_bytes / (f->n > 0 ? f->n : 1);
    for (int64_t j = f->n * ctx->node_rank / ctx->n_node_ranks; j < f->n * (ctx->node_rank + 1) / ctx->n_node_ranks;
         j++)
        if (begin[j + 1] == begin[j])
            memset((char *)f->data + j * unit, 0, (size_t)unit);
    rb_shared_sync(&f->memory, ctx);
}

rb_status rb_sgd_model_begin(rb_factor_model *m, const rb_ratings *train, int64_t k, rb_precision precision,
                             const rb_sgd_start *start, const rb_ctx *ctx, rb_error *err)
{
    const rb_factor_start items = item_start(start), users = user_start(start, train->n_items);

    m->precision = (int32_t)precision;
    RB_TRY(rb_factors_alloc(&m->users, train->n_users, k, precision, ctx, err));
    RB_TRY(rb_factors_alloc(&m->items, train->n_items, k, precision, ctx, err));
    RB_TRY(rb_factors_start(&m->users, &users, &train->users, ctx, err));
    RB_TRY(rb_factors_start(&m->items, &items, &train->items, ctx, err));
    clear_empty(&m->users, train->user_begin, ctx);
    clear_empty(&m->items, train->item_begin, ctx);
done:
    return err->status;
}

static int64_t sums_bytes(const rb_factors *f)
{
    return RB_SGD_SUMS * number_size(f->precision);
}

/* This rank's share of the rows of its node. */
static void all_ones(rb_shared *sums, const rb_factors *f, const rb_ctx *ctx)
{
    for (int64_t j = RB_SGD_SUMS * (f->n * ctx->node_rank / ctx->n_node_ranks);
         j < RB_SGD_SUMS * (f->n * (ctx->node_rank + 1) / ctx->n_node_ranks); j++)
        if (f->precision == RB_SINGLE)
            ((float *)sums->data)[j] = 1;
        else
            ((double *)sums->data)[j] = 1;
    rb_shared_sync(sums, ctx);
}

rb_status rb_sgd_sums_begin(rb_sgd_sums *sums, const rb_factor_model *m, rb_sgd_schedule schedule, const rb_ctx *ctx,
                            rb_error *err)
{
    if (schedule == RB_SCHEDULE_CONSTANT)
        return RB_OK;
    RB_TRY(rb_shared_alloc(&sums->users, m->users.n * sums_bytes(&m->users), ctx, err));
    RB_TRY(rb_shared_alloc(&sums->items, m->items.n * sums_bytes(&m->items), ctx, err));
    all_ones(&sums->users, &m->users, ctx);
    all_ones(&sums->items, &m->items, ctx);
done:
    return err->status;
}

rb_status rb_sgd_begin(rb_sgd *s, const rb_factor_model *m, bool biased, rb_sgd_schedule schedule, const rb_ctx *ctx,
                       rb_error *err)
{
    const rb_precision precision = (rb_precision)m->precision;
    int64_t size = (int64_t)sizeof(double);

    s->biased = biased;
    RB_TRY(rb_factors_alloc(&s->users, m->users.n, m->users.k, precision, ctx, err));
    RB_TRY(rb_factors_alloc(&s->items, m->items.n, m->items.k, precision, ctx, err));
    RB_TRY(rb_shared_alloc(&s->user_bias, biased ? m->users.n * size : 0, ctx, err));
    RB_TRY(rb_shared_alloc(&s->item_bias, biased ? m->items.n * size : 0, ctx, err));
    RB_TRY(rb_sgd_sums_begin(&s->sums, m, schedule, ctx, err));
done:
    return err->status;
}

/* This rank's share of the rows of its node: row p of `by_place` is row at[p] of `rows`. */
static void move_rows(void *by_place, void *rows, const rb_grid_side *side, int64_t unit, bool load, const rb_ctx *ctx)
{
    int64_t from = (int64_t)side->n * ctx->node_rank / ctx->n_node_ranks,
            to = (int64_t)side->n * (ctx->node_rank + 1) / ctx->n_node_ranks;
#pragma omp parallel for num_threads(ctx->n_threads) schedule(static)
    for (int64_t p = from; p < to; p++) {
        char *a = (char *)by_place + p * unit, *b = (char *)rows + (int64_t)side->at[p] * unit;
        memcpy(load ? a : b, load ? b : a, (size_t)unit);
    }
}

static int64_t row_bytes(const rb_factors *f)
{
    return f->ld * number_size(f->precision);
}

static void move_all(const rb_sgd *s, const rb_factor_model *m, const rb_biases *bias, const rb_sgd_sums *sums,
                     bool load, const rb_ctx *ctx)
{
    const rb_grid *g = &s->grid;
    move_rows(s->users.data, m->users.data, &g->users, row_bytes(&s->users), load, ctx);
    move_rows(s->items.data, m->items.data, &g->items, row_bytes(&s->items), load, ctx);
    if (s->biased) {
        move_rows(s->user_bias.data, bias->user, &g->users, sizeof(double), load, ctx);
        move_rows(s->item_bias.data, bias->item, &g->items, sizeof(double), load, ctx);
    }
    if (s->sums.users.data) {
        move_rows(s->sums.users.data, sums->users.data, &g->users, sums_bytes(&s->users), load, ctx);
        move_rows(s->sums.items.data, sums->items.data, &g->items, sums_bytes(&s->items), load, ctx);
    }
    rb_shared_sync(&g->loss, ctx); /* a window's memory is synchronised as a whole node's */
}

void rb_sgd_load(rb_sgd *s, const rb_factor_model *m, const rb_biases *bias, const rb_sgd_sums *sums, const rb_ctx *ctx)
{
    move_all(s, m, bias, sums, true, ctx);
}

void rb_sgd_store(rb_factor_model *m, rb_biases *bias, rb_sgd_sums *sums, const rb_sgd *s, const rb_ctx *ctx)
{
    move_all(s, m, bias, sums, false, ctx);
}

rb_status rb_sgd_run(double *loss, rb_sgd *s, const rb_grid_step *step, const void *model, const rb_ctx *ctx,
                     rb_error *err)
{
    int64_t size = s->biased ? (int64_t)sizeof(double) : 0;
    int64_t sums = s->sums.users.data ? sums_bytes(&s->users) : 0;
    const rb_grid_work work = {
        .users = { { &s->users.memory, row_bytes(&s->users) }, { &s->user_bias, size }, { &s->sums.users, sums } },
        .items = { { &s->items.memory, row_bytes(&s->items) }, { &s->item_bias, size }, { &s->sums.items, sums } },
        .step = *step,
        .model = model
    };
    RB_TRY(rb_grid_run(loss, &s->grid, &work, ctx, err));
    if (!isfinite(*loss)) /* the same on every rank */
        RB_FAIL(err, RB_NOT_FINITE, "the factors grow without bound: a smaller `learning_rate` is needed");
done:
    return err->status;
}

rb_status rb_sgd_reveal(rb_factor_model *m, rb_biases *bias, const rb_ratings *revealed, rb_sgd_fold fold,
                        const void *model, const void *config, const rb_ctx *ctx, rb_error *err)
{
    int64_t *rows = NULL, k = m->users.k;
    double *x = NULL, unused;

    (void)rb_alloc(&rows, ctx->n_ranks + 1, err);
    RB_TRY_ALL(ctx, rb_alloc(&x, k, err));
    rb_blocks_offsets(rows, &revealed->users, ctx);
    for (int64_t u = rows[ctx->rank]; u < rows[ctx->rank + 1]; u++) {
        int64_t from = revealed->user_begin[u], n = revealed->user_begin[u + 1] - from;
        if (n == 0)
            continue;
        fold(x, bias ? bias->user + u : &unused, model, config, revealed->user_item + from,
             revealed->user_rating + from, n);
        for (int64_t f = 0; f < k; f++)
            rb_factors_put(&m->users, u, f, x[f]);
    }
    rb_factors_publish(&m->users, rows, ctx);
    if (bias)
        rb_shared_publish(&bias->user_memory, rows, sizeof(double), ctx);
done:
    rb_free(x);
    rb_free(rows);
    return err->status;
}

rb_status rb_sgd_fold_in(double *scores, const rb_factor_model *m, const rb_biases *bias, rb_sgd_fold fold,
                         const void *model, const void *config, const int32_t *items, const float *ratings, int64_t n,
                         rb_error *err)
{
    double *x = NULL, own;

    RB_TRY(rb_alloc(&x, m->items.k, err));
    fold(x, &own, model, config, items, ratings, n);
    rb_fold_scores(scores, &m->items, x);
    for (int64_t i = 0; bias && i < m->items.n; i++)
        scores[i] += bias->mean + own + bias->item[i];
done:
    rb_free(x);
    return err->status;
}

rb_status rb_sgd_sum(double *sum, const double *values, const rb_blocks *blocks, const rb_ctx *ctx, rb_error *err)
{
    int32_t from = rb_blocks_of(blocks, ctx->rank, ctx->n_ranks),
            to = rb_blocks_of(blocks, ctx->rank + 1, ctx->n_ranks);
    double *partial = NULL;

    RB_TRY_ALL(ctx, rb_alloc(&partial, to - from, err));
    for (int32_t b = from; b < to; b++)
        for (int64_t j = blocks->begin[b]; j < blocks->begin[b + 1]; j++)
            partial[b - from] += values[j];
    RB_TRY(rb_blocks_sum(sum, partial, 1, blocks, ctx, err));
done:
    rb_free(partial);
    return err->status;
}

void rb_sgd_sums_fini(rb_sgd_sums *sums)
{
    rb_shared_fini(&sums->users);
    rb_shared_fini(&sums->items);
}

void rb_sgd_fini(rb_sgd *s)
{
    rb_grid_fini(&s->grid);
    rb_factors_fini(&s->users);
    rb_factors_fini(&s->items);
    rb_shared_fini(&s->user_bias);
    rb_shared_fini(&s->item_bias);
    rb_sgd_sums_fini(&s->sums);
    memset(s, 0, sizeof *s);
}

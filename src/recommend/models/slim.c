/*
 * Sparse linear methods: item weights by an elastic net for each item, not negative, zero diagonal.
 *
 *     min over w >= 0, w_j = 0 of  |x_j - X w|^2 / (2 n_users) + alpha (l1_ratio |w|_1 + (1 - l1_ratio) |w|^2 / 2)
 *
 * for every item j; s_uj = sum_{i in I(u)} w_ij. X: the training interactions that reach `relevance`, as ones. Ning,
 * Karypis (2011), doi:10.1109/ICDM.2011.134; the scale of alpha is that of scikit-learn's ElasticNet. Coordinate
 * descent on the Gram matrix (Friedman, Hastie, Tibshirani 2010, doi:10.18637/jss.v033.i01): cycles over the active
 * items until no weight moves by more than `tolerance` of the largest, then of all items whose gradient asks for a
 * weight those that ask most join (16, or as many as are active; the lowest index among equals), until none asks. X'X
 * is counted once for all trials. Time O(sum_u |I(u)|^2 + n_items sum_j |active_j|), memory 4 n_items^2 bytes a node.
 * Bits: the same for any ranks and threads: a column is one computation.
 */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "linalg/topk.h"
#include "recommend/core/item_gram.h"
#include "recommend/core/item_lists.h"
#include "recommend/recommend.h"

typedef struct {
    double alpha, l1_ratio;
    int64_t iterations;
    double tolerance;
} config;

static const rb_param params[] = {
    RB_DOUBLE(config, alpha, 1e-3, 0.0, 1e6, "", "weight of both penalties, beside errors divided by n_users"),
    RB_DOUBLE(config, l1_ratio, 0.1, 0.0, 1.0, "", "share of the penalty on absolute values"),
    RB_INT(config, iterations, 100, 1, 1000000, "", "most cycles over the active items between two looks at all items"),
    RB_DOUBLE(config, tolerance, 1e-4, 0.0, 1.0, "",
              "change of a weight, relative to the largest, that ends the cycles"),
    RB_PARAM_END,
};

/* ---- what all trials share ---- */

typedef struct {
    float *gram; /* [n x n] both triangles */
    int64_t n;
    rb_shared memory;
} shared_gram;

static void unprepare(void *prepared)
{
    if (prepared)
        rb_shared_fini(&((shared_gram *)prepared)->memory);
    rb_free(prepared);
}

/* The upper triangle, each node for itself. */
static void mirror(shared_gram *g, const rb_ctx *ctx)
{
#pragma omp parallel for num_threads(ctx->n_threads) schedule(dynamic, 64)
    for (int64_t i = ctx->node_rank; i < g->n; i += ctx->n_node_ranks)
        for (int64_t j = i + 1; j < g->n; j++)
            g->gram[i * g->n + j] = g->gram[j * g->n + i];
    rb_shared_sync(&g->memory, ctx);
}

static rb_status prepare(void **prepared, const rb_train_view *view, const void *const *configs, int n, rb_ctx *ctx,
                         rb_error *err)
{
    shared_gram *g = NULL;
    (void)configs, (void)n;
    RB_TRY_ALL(ctx, rb_alloc(&g, 1, err));
    g->n = view->positives->n_items;
    RB_TRY(rb_shared_alloc(&g->memory, g->n * g->n * (int64_t)sizeof(float), ctx, err));
    g->gram = g->memory.data;
    RB_TRY(rb_item_gram(&g->memory, RB_SINGLE, view->positives, ctx, err));
    mirror(g, ctx);
done:
    if (err->status == RB_OK)
        *prepared = g;
    else
        unprepare(g);
    return err->status;
}

/* Single precision counts to 2^24. */
static rb_status check(const void *cfg, const rb_shape *shape, rb_error *err)
{
    (void)cfg;
    if (shape && shape->n_users > 1 << 24)
        return RB_FAIL(err, RB_BAD_INPUT,
                       "slim counts the users of two items in single precision: %lld users, "
                       "expected at most %d",
                       (long long)shape->n_users, 1 << 24);
    return RB_OK;
}

static rb_cost cost(const void *cfg, const rb_shape *shape)
{
    double n = (double)shape->n_items, mean = (double)shape->n_positives / (double)(shape->n_users + 1);
    double active = n < 300 ? n : 300; /* a guess: it depends on the data and on alpha */
    (void)cfg;
    return (rb_cost){ .bytes_per_rank = shape->n_threads * (8 * active * active + 64 * n) + 12 * n * active,
                      .bytes_per_node =
                          4 * n * n + 24 * n * active + rb_history_bytes(shape->n_users, shape->n_positives, false),
                      .flops = (double)shape->n_positives * mean + 4 * n * active * (n + 10 * active) };
}

/* ---- one column ---- */

#define FEWEST 16 /* items that may join at once */

/* A thread's work on a column. The sub-Gram matrix grows with the active set. */
typedef struct {
    double *gradient;   /* [n] x_i'(x_j - X w), of all items */
    double *weight;     /* [n] */
    int32_t *active;    /* [n] in the order in which they joined */
    uint8_t *is_active; /* [n] */
    int64_t n_active;
    double *sub;                /* [capacity x capacity] X'X of the active items */
    double *slope;              /* [capacity] the gradient of the active items */
    int64_t capacity, n_filled; /* rows and columns of sub that hold what they should */
    rb_topk_entry *asking;      /* [n] items that ask most for a weight */
    int64_t n_unsettled;        /* columns of this thread whose last cycles `iterations` ended */
} column;

static void column_fini(column *c)
{
    rb_free(c->gradient);
    rb_free(c->weight);
    rb_free(c->active);
    rb_free(c->is_active);
    rb_free(c->sub);
    rb_free(c->slope);
    rb_free(c->asking);
}

static rb_status column_init(column *c, int64_t n, rb_error *err)
{
    RB_TRY(rb_alloc(&c->gradient, n, err));
    RB_TRY(rb_alloc(&c->weight, n, err));
    RB_TRY(rb_alloc(&c->active, n, err));
    RB_TRY(rb_alloc(&c->is_active, n, err));
    RB_TRY(rb_alloc(&c->asking, n, err));
done:
    return err->status;
}

/* Room for the active items' sub-Gram matrix. */
static rb_status reserve(column *c, rb_error *err)
{
    int64_t capacity = c->n_active + c->n_active / 2 + 32;
    if (c->n_active <= c->capacity)
        return RB_OK;
    rb_free(c->sub);
    rb_free(c->slope);
    c->sub = c->slope = NULL;
    c->capacity = c->n_filled = 0;
    RB_TRY(rb_alloc(&c->sub, capacity * capacity, err));
    RB_TRY(rb_alloc(&c->slope, capacity, err));
    c->capacity = capacity;
done:
    return err->status;
}

/* Cycles of coordinate descent over the active items, from the weights and gradients as they are. Returns whether they
 * ended by `tolerance`. */
static bool descend(column *c, const shared_gram *g, const config *cfg, double n_users)
{
    double l1 = cfg->alpha * cfg->l1_ratio * n_users, l2 = cfg->alpha * (1 - cfg->l1_ratio) * n_users;
    int64_t n = c->n_active;
    for (int64_t a = 0; a < n; a++) {
        c->slope[a] = c->gradient[c->active[a]];
        for (int64_t b = a < c->n_filled ? c->n_filled : 0; b < n; b++)
            c->sub[a * c->capacity + b] = (double)g->gram[c->active[a] * g->n + c->active[b]];
    }
    c->n_filled = n;
    for (int64_t cycle = 0; cycle < cfg->iterations; cycle++) {
        double moved = 0, largest = 0;
        for (int64_t a = 0; a < n; a++) {
            const double *row = c->sub + a * c->capacity;
            double *weight = c->weight + c->active[a], before = *weight;
            double after = (c->slope[a] + row[a] * before - l1) / (row[a] + l2);
            *weight = after > 0 ? after : 0;
            double step = *weight - before;
            largest = *weight > largest ? *weight : largest;
            if (step == 0)
                continue;
            moved = fabs(step) > moved ? fabs(step) : moved;
            for (int64_t b = 0; b < n; b++)
                c->slope[b] -= step * row[b];
        }
        if (moved <= cfg->tolerance * largest)
            return true;
    }
    return false;
}

/* The gradient of all items; of those without a weight whose gradient asks for one the first join. Returns how many. */
static int64_t join(column *c, const shared_gram *g, int64_t j, double l1)
{
    int64_t n = g->n, before = c->n_active;
    for (int64_t i = 0; i < n; i++)
        c->gradient[i] = (double)g->gram[j * n + i];
    for (int64_t a = 0; a < before; a++) {
        const float *row = g->gram + c->active[a] * n;
        double w = c->weight[c->active[a]];
        for (int64_t i = 0; w != 0 && i < n; i++)
            c->gradient[i] -= w * (double)row[i];
    }
    int64_t room = before > FEWEST ? before : FEWEST;
    rb_topk first = { .entry = c->asking, .k = (int32_t)(room < n ? room : n) };
    for (int64_t i = 0; i < n; i++)
        if (i != j && !c->is_active[i] && c->gradient[i] > l1 * (1 + 1e-9) + 1e-9)
            rb_topk_offer(&first, c->gradient[i], 0, (int32_t)i);
    rb_topk_finish(&first);
    for (int32_t e = 0; e < first.n; e++) {
        c->is_active[first.entry[e].item] = 1;
        c->active[c->n_active++] = first.entry[e].item;
    }
    return c->n_active - before;
}

/* The weights that are not 0, by item. */
static rb_status keep(rb_knn_list *out, const column *c, int64_t n, rb_error *err)
{
    int64_t kept = 0;
    for (int64_t a = 0; a < c->n_active; a++)
        kept += c->weight[c->active[a]] > 0;
    RB_TRY(rb_alloc(&out->id, kept, err));
    RB_TRY(rb_alloc(&out->weight, kept, err));
    for (int64_t i = 0; i < n; i++)
        if (c->weight[i] > 0) {
            out->id[out->n] = (int32_t)i;
            out->weight[out->n++] = c->weight[i];
        }
done:
    return err->status;
}

static rb_status solve_column(rb_knn_list *out, column *c, const shared_gram *g, int64_t j, const config *cfg,
                              double n_users, rb_error *err)
{
    double l1 = cfg->alpha * cfg->l1_ratio * n_users;
    bool settled = true;
    c->n_active = c->n_filled = 0;
    memset(c->weight, 0, (size_t)g->n * sizeof *c->weight);
    memset(c->is_active, 0, (size_t)g->n);
    while (join(c, g, j, l1) > 0) {
        RB_TRY(reserve(c, err));
        settled = descend(c, g, cfg, n_users);
    }
    c->n_unsettled += !settled;
    RB_TRY(keep(out, c, g->n, err));
done:
    return err->status;
}

/* ---- all columns ---- */

/* Columns [first, last) by this rank's threads. Only memory can fail. */
static rb_status solve_columns(rb_knn_list *columns, int64_t *n_unsettled, int64_t first, int64_t last,
                               const shared_gram *g, const config *cfg, double n_users, const rb_ctx *ctx,
                               rb_error *err)
{
#pragma omp parallel num_threads(ctx->n_threads)
    {
        rb_error own = { 0 };
        column c = { 0 };
        column_init(&c, g->n, &own);
#pragma omp for schedule(dynamic, 4)
        for (int64_t j = first; j < last; j++)
            if (own.status == RB_OK)
                solve_column(&columns[j - first], &c, g, j, cfg, n_users, &own);
        column_fini(&c);
#pragma omp critical
        {
            *n_unsettled += c.n_unsettled;
            if (own.status != RB_OK && err->status == RB_OK)
                *err = own;
        }
    }
    return err->status;
}

static rb_status fit(void *self, const rb_train_view *view, const void *prepared, const void *cfg, rb_ctx *ctx,
                     rb_error *err)
{
    rb_item_lists *m = self;
    const shared_gram *g = prepared;
    int64_t *range = NULL; /* [n_ranks + 1] first item of each rank */
    rb_knn_list *columns = NULL;
    rb_knn_lists by_target = { 0 };
    int64_t n_own = 0, n_unsettled = 0;

    RB_TRY_ALL(ctx, rb_alloc(&range, ctx->n_ranks + 1, err));
    rb_blocks_offsets(range, &view->positives->items, ctx);
    int64_t first = range[ctx->rank], last = range[ctx->rank + 1];
    n_own = last - first;
    RB_TRY_ALL(ctx, rb_alloc(&columns, n_own, err));
    RB_TRY_ALL(ctx,
               solve_columns(columns, &n_unsettled, first, last, g, cfg, (double)view->positives->n_users, ctx, err));
    rb_sum_int64(ctx, &n_unsettled, 1);
    m->converged = n_unsettled == 0;
    RB_TRY(rb_knn_gather(&by_target, columns, range, g->n, ctx, err));
    RB_TRY(rb_knn_transpose(&m->targets, &by_target, g->n, ctx, err));
    RB_TRY(rb_history_keep(&m->history, view->positives, NULL, false, ctx, err));
done:
    for (int64_t j = 0; columns && j < n_own; j++) {
        rb_free(columns[j].id);
        rb_free(columns[j].weight);
    }
    rb_free(columns);
    rb_free(range);
    rb_knn_fini(&by_target);
    return err->status;
}

static bool has_converged(const void *self)
{
    return ((const rb_item_lists *)self)->converged;
}

const rb_recommender rb_slim = {
    .name = "slim",
    .summary = "sparse linear item weights by elastic nets",
    .reference = "Ning, Karypis 2011, doi:10.1109/ICDM.2011.134",
    .config_size = sizeof(config),
    .params = params,
    .check = check,
    .cost = cost,
    .prepare = prepare,
    .unprepare = unprepare,
    .fit = fit,
    .converged = has_converged,
    RB_ITEM_LISTS_MODEL,
};

#include "recommend/core/sums.h"

#include "base/alloc.h"

const rb_param rb_means_params[] = {
    RB_DOUBLE(rb_means_config, damping, 0.0, 0.0, 1e9, "ratings", "weight of the global mean"),
    RB_PARAM_END,
};

static double damped_mean(const float *rating, int64_t n, double mean, double damping)
{
    double sum = 0.0;
    for (int64_t e = 0; e < n; e++)
        sum += (double)rating[e];
    double weight = (double)n + damping;
    return weight > 0.0 ? (sum + damping * mean) / weight : mean;
}

/* The rows of this rank's blocks; those without ratings only where asked for. */
static rb_status fill_rows(rb_means *m, const rb_side *side, double damping, bool empty, const rb_ctx *ctx,
                           rb_error *err)
{
    int64_t *range = NULL; /* [n_ranks + 1] first row of each rank */

    RB_TRY_ALL(ctx, rb_alloc(&range, ctx->n_ranks + 1, err));
    rb_blocks_offsets(range, side->blocks, ctx);
#pragma omp parallel for num_threads(ctx->n_threads) schedule(dynamic, 256)
    for (int64_t i = range[ctx->rank]; i < range[ctx->rank + 1]; i++) {
        int64_t n = side->begin[i + 1] - side->begin[i];
        if (n > 0 || empty)
            m->row[i] = damped_mean(side->rating + side->begin[i], n, m->mean, damping);
    }
    rb_shared_publish(&m->memory, range, sizeof(double), ctx);
done:
    rb_free(range);
    return err->status;
}

rb_status rb_means_fit(rb_means *m, const rb_ratings *train, rb_side side, double damping, const rb_ctx *ctx,
                       rb_error *err)
{
    m->n = (int32_t)side.blocks->n;
    RB_TRY(rb_shared_alloc(&m->memory, (int64_t)sizeof(double) * m->n, ctx, err));
    m->row = m->memory.data;
    RB_TRY(rb_ratings_mean(&m->mean, train, ctx, err));
    RB_TRY(fill_rows(m, &side, damping, true, ctx, err));
done:
    return err->status;
}

rb_status rb_means_reveal(rb_means *m, const rb_ratings *revealed, double damping, const rb_ctx *ctx, rb_error *err)
{
    rb_side users = rb_side_users(revealed);
    return fill_rows(m, &users, damping, false, ctx, err);
}

void rb_means_arrays(void *state, rb_visitor *v)
{
    rb_means *m = state;
    v->scalar(v, "mean", RB_FLOAT64, &m->mean);
    rb_visit_doubles(v, "row", &m->row, &m->n, &m->memory);
}

void rb_means_fini(void *state)
{
    rb_means *m = state;
    rb_shared_fini(&m->memory);
    *m = (rb_means){ 0 };
}

void rb_visit_doubles(rb_visitor *v, const char *name, double **data, int32_t *n, rb_shared *memory)
{
    void *at = *data;
    int64_t n_rows = *n, n_cols = 1;
    v->array(v, name, RB_FLOAT64, &at, &n_rows, &n_cols, memory);
    *data = at;
    *n = (int32_t)n_rows;
}

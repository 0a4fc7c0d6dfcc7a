#include "cluster/core/kmeans_fit.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"

rb_status rb_kmeans_fit_check(const rb_kmeans_options *o, const rb_shape *shape, rb_error *err)
{
    if (shape && shape->n_points > 0 && o->k > shape->n_points)
        return RB_FAIL(err, RB_BAD_INPUT, "'%s.k' is %lld, but there are only %lld points", o->name, (long long)o->k,
                       (long long)shape->n_points);
    return rb_kmeans_check_given(&o->centres, o->init == RB_KMEANS_INIT_GIVEN, o->k, o->name, err);
}

int64_t rb_kmeans_restarts(const rb_kmeans_options *o)
{
    return o->init == RB_KMEANS_INIT_GIVEN ? 1 : o->n_init;
}

int64_t rb_kmeans_candidates(const rb_kmeans_options *o)
{
    return o->local_trials > 0 ? o->local_trials : rb_kmeans_local_trials(o->k);
}

/* Given centres; spherical: their directions. */
static rb_status start_given(rb_kmeans_run *r, const rb_array *given, const rb_ctx *ctx, rb_error *err)
{
    const int64_t k = given->n_rows, d = given->n_cols;
    double *values = NULL;
    RB_TRY_ALL(ctx, rb_alloc(&values, k * d, err));
    for (int64_t c = 0; c < k; c++) {
        double length2 = 0;
        for (int64_t f = 0; f < d; f++)
            length2 = fma(given->value[c * d + f], given->value[c * d + f], length2);
        double scale = r->data.is_spherical && length2 > 0 ? 1 / sqrt(length2) : 1;
        for (int64_t f = 0; f < d; f++)
            values[c * d + f] = given->value[c * d + f] * scale;
    }
    rb_kmeans_centres_set(&r->centres, &r->data, values, ctx);
done:
    rb_free(values);
    return err->status;
}

static rb_status start_restart(rb_kmeans_run *r, const rb_kmeans_options *o, const rb_ctx *ctx, rb_error *err)
{
    if (o->init == RB_KMEANS_INIT_GIVEN) {
        RB_TRY(start_given(r, &o->centres, ctx, err));
    } else {
        rb_kmeans_seeding seeding = o->init == RB_KMEANS_INIT_PARALLEL ? RB_KMEANS_PARALLEL : RB_KMEANS_PLUS_PLUS;
        RB_TRY(rb_kmeans_seeds(r->seed, &r->data, seeding, rb_kmeans_candidates(o), r->restart, ctx, err));
        rb_kmeans_centres_set_points(&r->centres, &r->data, r->seed, ctx);
    }
    rb_kmeans_pass_reset(&r->pass);
    r->iteration = 0;
    r->is_open = false;
done:
    return err->status;
}

static rb_status check_points(const rb_kmeans_options *o, const rb_points *points, rb_error *err)
{
    rb_shape shape = { .n_points = points->n };
    if (points->n < 1)
        return RB_FAIL(err, RB_BAD_INPUT, "%s needs points, but the space is empty", o->name);
    RB_TRY(rb_kmeans_fit_check(o, &shape, err));
    if (o->init == RB_KMEANS_INIT_GIVEN)
        RB_TRY(rb_kmeans_check_given_values(&o->centres, points->d, o->name, err));
done:
    return err->status;
}

rb_status rb_kmeans_fit_begin(rb_kmeans_state *s, const rb_points *points, const rb_kmeans_options *o, rb_ctx *ctx,
                              rb_error *err)
{
    double variance = 0;

    RB_TRY_ALL(ctx, check_points(o, points, err));
    s->n = points->n;
    s->d = points->d;
    s->k = o->k;
    rb_alloc(&s->centres, s->k * s->d, err);
    RB_TRY_ALL(ctx, rb_alloc(&s->run, 1, err));
    rb_kmeans_run *r = s->run;
    rb_alloc(&r->count, s->k, err);
    rb_alloc(&r->seed, s->k, err);
    rb_alloc(&r->drift, s->k, err);
    RB_TRY_ALL(ctx, rb_alloc(&r->offsets, ctx->n_ranks + 1, err));
    RB_TRY(rb_shared_alloc(&s->label_memory, s->n * (int64_t)sizeof *s->label, ctx, err));
    s->label = s->label_memory.data;
    RB_TRY(rb_shared_alloc(&r->label_memory, s->n * (int64_t)sizeof *r->label, ctx, err));
    r->label = r->label_memory.data;
    RB_TRY(rb_kmeans_data_init(&r->data, points, o->k, o->is_single, o->is_spherical, true, ctx, err));
    RB_TRY(rb_kmeans_centres_init(&r->centres, &r->data, o->k, ctx, err));
    RB_TRY_ALL(ctx, rb_kmeans_pass_init(&r->pass, &r->data, &r->centres, r->label, true, o->n_groups, ctx, err));
    rb_blocks_offsets(r->offsets, &r->data.blocks, ctx);
    if (o->tolerance > 0)
        RB_TRY(rb_kmeans_mean_variance(&variance, &r->data, ctx, err));
    r->least_shift2 = o->tolerance * variance;
    RB_TRY(start_restart(r, o, ctx, err));
done:
    return err->status;
}

/* The labels of the final centres and their inertia; kept where they are the best so far. */
static rb_status finish_restart(rb_kmeans_state *s, bool labels_are_final, bool converged, const rb_ctx *ctx,
                                rb_error *err)
{
    rb_kmeans_run *r = s->run;
    rb_kmeans_pass last = r->pass;
    double inertia = 0;
    last.partial = NULL;
    if (!labels_are_final)
        rb_kmeans_assign(&last, ctx);
    RB_TRY(rb_kmeans_cost(&inertia, &last, ctx, err));
    if (!s->has_result || inertia < s->inertia) {
        s->has_result = true;
        s->converged = converged;
        s->inertia = inertia;
        s->restart = r->restart;
        memcpy(s->label + r->data.begin, r->label + r->data.begin,
               (size_t)(r->data.end - r->data.begin) * sizeof *s->label);
        rb_kmeans_centres_get(s->centres, &r->centres, &r->data);
    }
    r->is_open = false;
done:
    return err->status;
}

/* Moves points into empty clusters. */
static rb_status fill_empty(bool *filled, rb_kmeans_run *r, const rb_ctx *ctx, rb_error *err)
{
    *filled = false;
    for (int64_t c = 0; c < r->data.k && !*filled; c++)
        *filled = r->count[c] == 0;
    if (!*filled)
        return RB_OK;
    RB_TRY(rb_kmeans_reseed(r->count, &r->pass, ctx, err));
    if (r->data.is_sparse)
        rb_shared_publish(&r->label_memory, r->offsets, sizeof *r->label, ctx);
    else
        rb_kmeans_accumulate(&r->pass, ctx);
done:
    return err->status;
}

rb_status rb_kmeans_fit_iterate(rb_kmeans_state *s, double *objective, bool *done, const rb_kmeans_options *o,
                                rb_ctx *ctx, rb_error *err)
{
    rb_kmeans_run *r = s->run;
    rb_kmeans_update update = { .drift = r->drift };
    bool filled = false;

    int64_t changed = rb_kmeans_assign(&r->pass, ctx);
    if (r->data.is_sparse)
        rb_shared_publish(&r->label_memory, r->offsets, sizeof *r->label, ctx);
    rb_kmeans_count(r->count, &r->pass, ctx);
    RB_TRY(fill_empty(&filled, r, ctx, err));
    RB_TRY(rb_kmeans_move(&update, &r->centres, &r->pass, r->count, ctx, err));
    *objective = update.cost;
    r->is_open = true;
    r->iteration++;

    bool is_settled = changed == 0 && !filled;
    *done = false;
    bool converged = is_settled || update.shift2 <= r->least_shift2;
    if (converged || r->iteration == o->iterations) {
        RB_TRY(finish_restart(s, is_settled, converged, ctx, err));
        r->restart++;
        *done = r->restart == rb_kmeans_restarts(o);
        if (!*done)
            RB_TRY(start_restart(r, o, ctx, err));
    }
done:
    return err->status;
}

/* Collective: the run holds shared memory. */
static void end_run(rb_kmeans_state *s)
{
    rb_kmeans_run *r = s->run;
    if (!r)
        return;
    rb_kmeans_pass_fini(&r->pass);
    rb_kmeans_centres_fini(&r->centres);
    rb_kmeans_data_fini(&r->data);
    rb_shared_fini(&r->label_memory);
    rb_free(r->count);
    rb_free(r->seed);
    rb_free(r->drift);
    rb_free(r->offsets);
    rb_free(r);
    s->run = NULL;
}

rb_status rb_kmeans_fit_end(rb_kmeans_state *s, rb_ctx *ctx, rb_error *err)
{
    if (s->run->is_open) /* stopped from outside */
        RB_TRY(finish_restart(s, false, false, ctx, err));
    rb_shared_publish(&s->label_memory, s->run->offsets, sizeof *s->label, ctx);
done:
    end_run(s);
    return err->status;
}

rb_status rb_kmeans_fit(rb_kmeans_state *s, const rb_points *points, const rb_kmeans_options *o, rb_ctx *ctx,
                        rb_error *err)
{
    double objective;
    bool done = false;
    RB_TRY(rb_kmeans_fit_begin(s, points, o, ctx, err));
    while (!done)
        RB_TRY(rb_kmeans_fit_iterate(s, &objective, &done, o, ctx, err));
    RB_TRY(rb_kmeans_fit_end(s, ctx, err));
done:
    return err->status;
}

void rb_kmeans_fit_checkpoint(rb_kmeans_state *s, rb_visitor *v)
{
    rb_kmeans_run *r = s->run;
    const rb_blocks *rows = &r->data.blocks;
    v->cut(v, "best_label", RB_INT32, s->label + r->data.begin, rows, 1);
    v->array(v, "best_centres", RB_FLOAT64, (void **)&s->centres, &s->k, &s->d, NULL);
    v->scalar(v, "best_inertia", RB_FLOAT64, &s->inertia);
    v->scalar(v, "best_restart", RB_INT64, &s->restart);
    v->scalar(v, "has_best", RB_UINT8, &s->has_result);
    v->scalar(v, "best_converged", RB_UINT8, &s->converged);
    v->cut(v, "label", RB_INT32, r->label + r->data.begin, rows, 1);
    if (v->reads) /* the labels are the same without */
        rb_kmeans_pass_forget(&r->pass);
    rb_kmeans_centres_checkpoint(&r->centres, &r->data, v);
    v->scalar(v, "restart", RB_INT64, &r->restart);
    v->scalar(v, "iteration", RB_INT64, &r->iteration);
    v->scalar(v, "is_open", RB_UINT8, &r->is_open);
}

void rb_kmeans_state_fini(rb_kmeans_state *s)
{
    end_run(s);
    rb_shared_fini(&s->label_memory);
    rb_free(s->centres);
    memset(s, 0, sizeof *s);
}

#include "cluster/core/prototypes_fit.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"

rb_status rb_prototypes_fit_check(const rb_prototypes_options *o, const rb_shape *shape, rb_error *err)
{
    rb_item_columns columns;
    if (o->numeric)
        RB_TRY(rb_item_columns_parse(&columns, o->numeric, true, "numeric", err));
    if (o->categorical)
        RB_TRY(rb_item_columns_parse(&columns, o->categorical, false, "categorical", err));
    if (shape && shape->n_items > 0 && o->k > shape->n_items)
        return RB_FAIL(err, RB_BAD_INPUT, "'%s.k' is %lld, but there are only %lld items", o->name, (long long)o->k,
                       (long long)shape->n_items);
    if (o->init == RB_PROTOTYPES_GIVEN && !o->centres.value)
        return RB_FAIL(err, RB_BAD_INPUT, "'%s.init' is given, but '%s.centres' is not set", o->name, o->name);
    if (o->init != RB_PROTOTYPES_GIVEN && o->centres.value)
        return RB_FAIL(err, RB_BAD_INPUT, "'%s.centres' is set, but '%s.init' is not given", o->name, o->name);
    if (o->init == RB_PROTOTYPES_GIVEN && o->centres.n_rows != o->k)
        return RB_FAIL(err, RB_BAD_INPUT, "'%s.centres' (%s) has %lld rows, expected k = %lld", o->name,
                       o->centres.source, (long long)o->centres.n_rows, (long long)o->k);
done:
    return err->status;
}

rb_cost rb_prototypes_fit_cost(const rb_prototypes_options *o, const rb_shape *shape)
{
    rb_item_columns number = { .n = 0 }, category = { .n = 0 };
    rb_error none = { 0 };
    double n = (double)shape->n_items, k = (double)o->k, n_categories, threads = fmax(shape->n_threads, 1);
    rb_item_columns_parse(&number, o->numeric ? o->numeric : RB_ITEM_NUMBERS, true, "", &none);
    rb_item_columns_parse(&category, o->categorical ? o->categorical : RB_ITEM_CATEGORIES, false, "", &none);
    double table = rb_item_table_bytes(&n_categories, &number, &category, shape->n_items);
    double restarts = o->init == RB_PROTOTYPES_HUANG ? (double)o->n_init : 1;
    double columns = number.n + category.n, blocks = fmin(n / 512 + 1, 1024) / fmax(shape->n_ranks, 1) + 1;
    return (rb_cost){ .bytes_per_rank = table + n * 4 + n * 28 / fmax(shape->n_ranks, 1) +
                                        8 * k * (n_categories + 1) * (2 + threads) +
                                        8 * k * (blocks + 4) * (number.n + 1) + 8 * k * category.n + 8 * n_categories,
                      .bytes_per_node = 4 * n,
                      .flops = restarts * (double)o->iterations * 2 * n * k * columns };
}

/* ---- begin ---- */

/* Given prototypes: numbers in the units of the data, then codes. */
static rb_status start_given(rb_prototypes_state *s, const rb_array *given, rb_error *err)
{
    rb_prototypes_pass *pass = &s->run->pass;
    const rb_item_schema *schema = &s->schema;
    if (given->n_cols != pass->p + pass->m)
        return RB_FAIL(err, RB_BAD_INPUT, "'centres' (%s) has %lld columns, expected %lld numbers and %lld categories",
                       given->source, (long long)given->n_cols, (long long)pass->p, (long long)pass->m);
    for (int64_t c = 0; c < pass->k; c++) {
        const double *row = given->value + c * given->n_cols;
        for (int64_t j = 0; j < pass->p; j++) {
            if (!isfinite(row[j]))
                return RB_FAIL(err, RB_BAD_INPUT, "'centres' (%s) has %g in row %lld, expected finite numbers",
                               given->source, row[j], (long long)c);
            pass->centre.number[j * pass->centre.stride + c] = (row[j] - schema->mean[j]) / schema->deviation[j];
        }
        for (int64_t a = 0; a < pass->m; a++) {
            double code = row[pass->p + a], most = (double)(schema->first[a + 1] - schema->first[a] - 1);
            if (!(code >= 0 && code <= most && code == floor(code)))
                return RB_FAIL(err, RB_BAD_INPUT,
                               "'centres' (%s) has %g in row %lld, expected the code of a category, 0 to %g",
                               given->source, code, (long long)c, most);
            pass->centre.mode[a * pass->centre.stride + c] = (int32_t)code;
        }
    }
    return RB_OK;
}

static rb_status start_restart(rb_prototypes_state *s, const rb_prototypes_options *o, const rb_ctx *ctx, rb_error *err)
{
    rb_prototypes_run *r = s->run;
    if (o->init == RB_PROTOTYPES_GIVEN) {
        RB_TRY_ALL(ctx, start_given(s, &o->centres, err));
    } else {
        RB_TRY(rb_prototypes_seeds(r->seed, &r->pass, (rb_prototypes_start)o->init, r->restart, ctx, err));
        rb_prototypes_set_items(&r->pass, r->seed);
    }
    for (int64_t i = 0; i < r->pass.n; i++)
        r->pass.label[i] = -1;
    r->last_cost = INFINITY;
    r->iteration = 0;
    r->is_open = false;
done:
    return err->status;
}

static rb_status check_columns(const rb_prototypes_state *s, const rb_prototypes_options *o, rb_error *err)
{
    if (s->schema.n_categorical == 0)
        return RB_FAIL(err, RB_BAD_INPUT, "%s needs a category; for numbers alone there is kmeans", o->name);
    if (s->schema.n_numbers == 0 && !(o->numeric && !*o->numeric))
        return RB_FAIL(err, RB_BAD_INPUT, "%s needs a number; for categories alone there is kmodes", o->name);
    return RB_OK;
}

rb_status rb_prototypes_begin(rb_prototypes_state *s, const rb_catalogue *items, const rb_prototypes_options *o,
                              rb_ctx *ctx, rb_error *err)
{
    rb_shape shape = { .n_items = items->n };
    s->n = items->n;
    s->k = o->k;
    if (items->n < 1)
        return RB_FAIL(err, RB_BAD_INPUT, "%s needs items, but the catalogue is empty", o->name);
    RB_TRY_ALL(ctx, rb_prototypes_fit_check(o, &shape, err));
    RB_TRY_ALL(ctx, rb_item_schema_fit(&s->schema, o->numeric, o->categorical, o->standardize, items, err));
    RB_TRY_ALL(ctx, check_columns(s, o, err));
    rb_alloc(&s->number, s->k * s->schema.n_numbers, err);
    rb_alloc(&s->mode, s->k * s->schema.n_categorical, err);
    rb_alloc(&s->size, s->k, err);
    rb_alloc(&s->count, s->k * s->schema.names.n, err);
    RB_TRY_ALL(ctx, rb_alloc(&s->run, 1, err));
    RB_TRY(rb_shared_alloc(&s->label_memory, s->n * (int64_t)sizeof *s->label, ctx, err));
    s->label = s->label_memory.data;
    rb_alloc(&s->run->seed, s->k, err);
    RB_TRY_ALL(ctx, rb_item_table_init(&s->run->table, &s->schema, items, err));
    s->gamma = o->gamma > 0 ? o->gamma : rb_prototypes_gamma(&s->run->table, s->schema.n_numbers);
    s->gamma = s->gamma > 0 ? s->gamma : 1; /* all numbers equal: the categories alone tell items apart */
    RB_TRY(rb_prototypes_pass_init(&s->run->pass, &s->run->table, &s->schema, s->k, s->gamma, true, ctx, err));
    s->run->whole_labels = o->update == RB_PROTOTYPES_ONE_BY_ONE;
    RB_TRY(start_restart(s, o, ctx, err));
done:
    return err->status;
}

/* ---- iterate ---- */

/* The labels of the final prototypes and their cost; kept where they are the best so far. */
static rb_status finish_restart(rb_prototypes_state *s, bool converged, const rb_ctx *ctx, rb_error *err)
{
    rb_prototypes_run *r = s->run;
    rb_prototypes_pass *pass = &r->pass;
    double cost = 0;
    RB_TRY(rb_prototypes_nearest(&cost, pass, ctx, err));
    r->is_open = false;
    if (s->has_result && cost >= s->cost)
        return RB_OK;
    rb_prototypes_take(pass, ctx);
    RB_TRY(rb_prototypes_count(pass, ctx, err));
    s->has_result = true;
    s->converged = converged;
    s->cost = cost;
    s->restart = r->restart;
    memcpy(s->label + pass->begin, pass->label + pass->begin, (size_t)(pass->end - pass->begin) * sizeof *s->label);
    memcpy(s->size, pass->size, (size_t)s->k * sizeof *s->size);
    memcpy(s->count, pass->count, (size_t)(s->k * s->schema.names.n) * sizeof *s->count);
    for (int64_t c = 0; c < s->k; c++) {
        for (int64_t j = 0; j < pass->p; j++)
            s->number[c * pass->p + j] = pass->centre.number[j * pass->centre.stride + c];
        for (int64_t a = 0; a < pass->m; a++)
            s->mode[c * pass->m + a] = pass->centre.mode[a * pass->centre.stride + c];
    }
done:
    return err->status;
}

/* All items to their nearest prototype, then all prototypes. The cost is that before the move. */
static rb_status step_batch(double *cost, int64_t *changed, rb_prototypes_pass *pass, const rb_ctx *ctx, rb_error *err)
{
    bool filled = false;
    RB_TRY(rb_prototypes_nearest(cost, pass, ctx, err));
    *changed = rb_prototypes_take(pass, ctx);
    RB_TRY(rb_prototypes_count(pass, ctx, err));
    rb_prototypes_fill(&filled, pass, ctx);
    if (filled) {
        (*changed)++;
        RB_TRY(rb_prototypes_count(pass, ctx, err));
    }
    rb_prototypes_move(pass);
done:
    return err->status;
}

/* One item after another; the cost is that after the moves. */
static rb_status step_one_by_one(double *cost, int64_t *changed, rb_prototypes_pass *pass, const rb_ctx *ctx,
                                 rb_error *err)
{
    bool filled = false;
    *changed = rb_prototypes_one_by_one(pass);
    RB_TRY(rb_prototypes_nearest(cost, pass, ctx, err));
    rb_prototypes_fill(&filled, pass, ctx);
    if (filled) {
        RB_TRY(rb_prototypes_count(pass, ctx, err));
        rb_prototypes_move(pass);
        RB_TRY(rb_prototypes_nearest(cost, pass, ctx, err));
    }
done:
    return err->status;
}

rb_status rb_prototypes_iterate(rb_prototypes_state *s, double *objective, bool *done, const rb_prototypes_options *o,
                                rb_ctx *ctx, rb_error *err)
{
    rb_prototypes_run *r = s->run;
    double cost = 0;
    int64_t changed = 0;
    if (o->update == RB_PROTOTYPES_BATCH || r->iteration == 0) {
        RB_TRY(step_batch(&cost, &changed, &r->pass, ctx, err));
        if (o->update == RB_PROTOTYPES_ONE_BY_ONE) {
            RB_TRY(rb_prototypes_share(&r->pass, ctx, err));
            RB_TRY(rb_prototypes_nearest(&cost, &r->pass, ctx, err));
        }
    } else {
        RB_TRY(step_one_by_one(&cost, &changed, &r->pass, ctx, err));
    }
    bool converged = r->iteration > 0 && (changed == 0 || cost >= r->last_cost);
    r->last_cost = *objective = cost;
    r->is_open = true;
    r->iteration++;
    *done = false;
    if (converged || r->iteration == o->iterations) {
        RB_TRY(finish_restart(s, converged, ctx, err));
        r->restart++;
        *done = o->init != RB_PROTOTYPES_HUANG || r->restart == o->n_init;
        if (!*done)
            RB_TRY(start_restart(s, o, ctx, err));
    }
done:
    return err->status;
}

static void end_run(rb_prototypes_state *s)
{
    rb_prototypes_run *r = s->run;
    if (!r)
        return;
    rb_prototypes_pass_fini(&r->pass);
    rb_item_table_fini(&r->table);
    rb_free(r->seed);
    rb_free(r);
    s->run = NULL;
}

rb_status rb_prototypes_end(rb_prototypes_state *s, rb_ctx *ctx, rb_error *err)
{
    int64_t *offsets = NULL;
    RB_TRY_ALL(ctx, rb_alloc(&offsets, ctx->n_ranks + 1, err));
    if (s->run->is_open) /* stopped from outside */
        RB_TRY(finish_restart(s, false, ctx, err));
    rb_blocks_offsets(offsets, &s->run->pass.blocks, ctx);
    rb_shared_publish(&s->label_memory, offsets, sizeof *s->label, ctx);
done:
    rb_free(offsets);
    end_run(s);
    return err->status;
}

/* ---- the model ---- */

const int32_t *rb_prototypes_labels(const void *state, int64_t *n)
{
    const rb_prototypes_state *s = state;
    *n = s->n;
    return s->label;
}

bool rb_prototypes_converged(const void *state)
{
    return ((const rb_prototypes_state *)state)->converged;
}

rb_status rb_prototypes_assign_items(int32_t *labels, const void *state, const rb_catalogue *items, const void *config,
                                     rb_ctx *ctx, rb_error *err)
{
    (void)config;
    const rb_prototypes_state *s = state;
    rb_item_table table = { 0 };
    rb_prototypes_pass pass = { 0 };
    double cost;
    RB_TRY_ALL(ctx, rb_item_table_init(&table, &s->schema, items, err));
    RB_TRY(rb_prototypes_pass_init(&pass, &table, &s->schema, s->k, s->gamma, false, ctx, err));
    for (int64_t c = 0; c < s->k; c++) {
        for (int64_t j = 0; j < pass.p; j++)
            pass.centre.number[j * pass.centre.stride + c] = s->number[c * pass.p + j];
        for (int64_t a = 0; a < pass.m; a++)
            pass.centre.mode[a * pass.centre.stride + c] = s->mode[c * pass.m + a];
    }
    RB_TRY(rb_prototypes_nearest(&cost, &pass, ctx, err));
    memcpy(labels + pass.begin, pass.nearest, (size_t)(pass.end - pass.begin) * sizeof *labels);
    pass.label = labels;
    rb_status shared = rb_prototypes_share(&pass, ctx, err);
    pass.label = NULL; /* the caller's */
    RB_TRY(shared);
done:
    rb_prototypes_pass_fini(&pass);
    rb_item_table_fini(&table);
    return err->status;
}

const char *const rb_prototypes_measures[] = { "cost", NULL };

void rb_prototypes_measure(double *values, const void *state, const void *config)
{
    (void)config;
    values[0] = ((const rb_prototypes_state *)state)->cost;
}

void rb_prototypes_arrays(void *state, rb_visitor *v)
{
    rb_prototypes_state *s = state;
    int64_t one = 1;
    v->array(v, "labels", RB_INT32, (void **)&s->label, &s->n, &one, &s->label_memory);
    rb_item_schema_arrays(&s->schema, v);
    v->array(v, "numbers", RB_FLOAT64, (void **)&s->number, &s->k, &s->schema.n_numbers, NULL);
    v->array(v, "modes", RB_INT32, (void **)&s->mode, &s->k, &s->schema.n_categorical, NULL);
    v->array(v, "sizes", RB_INT64, (void **)&s->size, &s->k, &one, NULL);
    v->array(v, "counts", RB_INT64, (void **)&s->count, &s->k, &s->schema.names.n, NULL);
    v->scalar(v, "cost", RB_FLOAT64, &s->cost);
    v->scalar(v, "gamma", RB_FLOAT64, &s->gamma);
    v->scalar(v, "restart", RB_INT64, &s->restart);
}

static void checkpoint_best(rb_prototypes_state *s, rb_visitor *v)
{
    int64_t one = 1;
    v->cut(v, "best_label", RB_INT32, s->label + s->run->pass.begin, &s->run->pass.blocks, 1);
    v->array(v, "best_numbers", RB_FLOAT64, (void **)&s->number, &s->k, &s->schema.n_numbers, NULL);
    v->array(v, "best_modes", RB_INT32, (void **)&s->mode, &s->k, &s->schema.n_categorical, NULL);
    v->array(v, "best_sizes", RB_INT64, (void **)&s->size, &s->k, &one, NULL);
    v->array(v, "best_counts", RB_INT64, (void **)&s->count, &s->k, &s->schema.names.n, NULL);
    v->scalar(v, "best_cost", RB_FLOAT64, &s->cost);
    v->scalar(v, "best_restart", RB_INT64, &s->restart);
    v->scalar(v, "has_best", RB_UINT8, &s->has_result);
    v->scalar(v, "best_converged", RB_UINT8, &s->converged);
}

void rb_prototypes_checkpoint(void *state, rb_visitor *v)
{
    rb_prototypes_state *s = state;
    rb_prototypes_run *r = s->run;
    rb_prototypes_pass *pass = &r->pass;
    rb_prototypes *c = &pass->centre;
    int64_t one = 1, n_sums = 1 + pass->k * pass->p, n_categories = pass->first[pass->m];
    checkpoint_best(s, v);
    if (r->whole_labels)
        v->array(v, "label", RB_INT32, (void **)&pass->label, &pass->n, &one, NULL);
    else
        v->cut(v, "label", RB_INT32, pass->label + pass->begin, &pass->blocks, 1);
    v->array(v, "numbers", RB_FLOAT64, (void **)&c->number, &pass->p, &c->stride, NULL);
    v->array(v, "modes", RB_INT32, (void **)&c->mode, &pass->m, &c->stride, NULL);
    v->array(v, "sums", RB_FLOAT64, (void **)&pass->sum, &n_sums, &one, NULL);
    v->array(v, "sizes", RB_INT64, (void **)&pass->size, &pass->k, &one, NULL);
    v->array(v, "counts", RB_INT64, (void **)&pass->count, &pass->k, &n_categories, NULL);
    v->scalar(v, "last_cost", RB_FLOAT64, &r->last_cost);
    v->scalar(v, "restart", RB_INT64, &r->restart);
    v->scalar(v, "iteration", RB_INT64, &r->iteration);
    v->scalar(v, "is_open", RB_UINT8, &r->is_open);
}

void rb_prototypes_state_fini(void *state)
{
    rb_prototypes_state *s = state;
    end_run(s);
    rb_item_schema_fini(&s->schema);
    rb_shared_fini(&s->label_memory);
    rb_free(s->number);
    rb_free(s->mode);
    rb_free(s->size);
    rb_free(s->count);
    memset(s, 0, sizeof *s);
}

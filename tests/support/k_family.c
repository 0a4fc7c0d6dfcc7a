#include "support/k_family.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/cluster_points.h"
#include "support/config.h"
#include "support/support.h"

static void copy_array(rb_visitor *v, const char *name, rb_type type, void **data, int64_t *n_rows, int64_t *n_cols,
                       rb_shared *memory)
{
    (void)type, (void)memory;
    rb_test_fit *out = v->self;
    if (strcmp(name, "centres") != 0)
        return;
    out->centres = malloc((size_t)(*n_rows * *n_cols) * sizeof(double));
    memcpy(out->centres, *data, (size_t)(*n_rows * *n_cols) * sizeof(double));
}

static void copy_scalar(rb_visitor *v, const char *name, rb_type type, void *value)
{
    (void)type;
    if (strcmp(name, "inertia") == 0)
        ((rb_test_fit *)v->self)->inertia = *(double *)value;
}

void rb_test_options_of(rb_test_option options[RB_TEST_MOST_OPTIONS], json_t *object)
{
    const char *name;
    json_t *value;
    int n = 0;
    json_object_foreach(object, name, value)
    {
        assert_true(n < RB_TEST_MOST_OPTIONS - 1 && json_is_string(value));
        options[n++] = (rb_test_option){ name, json_string_value(value) };
    }
    options[n] = (rb_test_option){ NULL, NULL };
}

static rb_status iterate(rb_test_fit *out, const rb_algorithm *a, void *state, const void *config,
                         const rb_train_view *view, rb_ctx *ctx, rb_error *err)
{
    bool done = false;
    double objective;
    RB_TRY(a->begin(state, view, NULL, config, ctx, err));
    for (out->n_iterations = 0; !done; out->n_iterations++) {
        RB_TRY(a->iterate(state, out->n_iterations, &objective, &done, view, NULL, config, ctx, err));
        out->first_objective = out->n_iterations == 0 ? objective : out->first_objective;
        out->last_objective = objective;
    }
    if (a->end)
        RB_TRY(a->end(state, view, NULL, config, ctx, err));
done:
    return err->status;
}

static rb_status run(rb_test_fit *out, const rb_algorithm *a, void *state, const void *config, const rb_points *p,
                     rb_ctx *ctx, rb_error *err)
{
    rb_train_view view = { .space = p };
    void *prepared = NULL;
    if (a->begin)
        return iterate(out, a, state, config, &view, ctx, err);
    if (a->prepare)
        RB_TRY(a->prepare(&prepared, &view, &config, 1, ctx, err));
    RB_TRY(a->fit(state, &view, prepared, config, ctx, err));
done:
    if (prepared)
        a->unprepare(prepared);
    return err->status;
}

static void copy_out(rb_test_fit *out, const rb_algorithm *a, void *state, const void *config, const rb_points *p,
                     rb_ctx *ctx)
{
    rb_error err = { 0 };
    rb_visitor visitor = { .array = copy_array, .scalar = copy_scalar, .self = out };
    const int32_t *labels = a->labels(state, &out->n);
    assert_int_equal(out->n, p->n);
    out->label = malloc((size_t)out->n * sizeof *labels);
    memcpy(out->label, labels, (size_t)out->n * sizeof *labels);
    a->arrays(state, &visitor);
    if (!a->assign)
        return;
    out->assigned = malloc((size_t)out->n * sizeof *labels);
    assert_ok(a->assign(out->assigned, state, p, config, ctx, &err), &err);
}

void rb_test_fit_points(rb_test_fit *out, const rb_algorithm *a, const rb_points *p, const rb_test_option *options,
                        const rb_array *centres, rb_ctx *ctx)
{
    rb_error err = { 0 };
    void *config = calloc(1, a->config_size), *state = calloc(1, a->state_size);
    memset(out, 0, sizeof *out);
    rb_test_set_options(config, a, options, centres);
    out->status = run(out, a, state, config, p, ctx, &err);
    memcpy(out->message, err.message, sizeof out->message);
    if (out->status == RB_OK)
        copy_out(out, a, state, config, p, ctx);
    a->fini(state);
    free(config);
    free(state);
}

void rb_test_fit_fini(rb_test_fit *f)
{
    free(f->label);
    free(f->assigned);
    free(f->centres);
    memset(f, 0, sizeof *f);
}

/* ---- labelled sets ---- */

static double uniform(int64_t i, int j)
{
    return rb_test_mixed((uint64_t)(4 * i + j));
}

/* Sum of three: a bell without tails, deviation 1. */
static double bell(int64_t i, int j)
{
    return 2 * (uniform(i, j) + uniform(i + 1000000, j) + uniform(i + 2000000, j) - 1.5);
}

int32_t rb_test_point_of_set(double at[2], rb_test_set set, int64_t i, int64_t n)
{
    static const double centre[4][3] = { { 0, 0, 1 }, { 6, 0, 0.5 }, { 0, 7, 1.5 }, { 7, 7, 0.3 } };
    static const double upto[4] = { 0.5, 0.75, 0.95, 1 };
    const double pi = 3.14159265358979323846, share = ((double)i + 0.5) / (double)n;
    int32_t group = 0;
    switch (set) {
    case RB_TEST_BLOBS:
        while (share > upto[group])
            group++;
        for (int j = 0; j < 2; j++)
            at[j] = centre[group][j] + centre[group][2] * bell(i, j);
        return group;
    case RB_TEST_RINGS:
        group = share > 0.5;
        for (int j = 0; j < 2; j++) {
            double angle = 2 * pi * uniform(i, 2);
            at[j] = (group ? 1.0 : 0.4) * (j ? sin(angle) : cos(angle)) + 0.04 * bell(i, j);
        }
        return group;
    case RB_TEST_MOONS:
        group = share > 0.5;
        at[0] = (group ? 1 - cos(pi * uniform(i, 2)) : cos(pi * uniform(i, 2))) + 0.06 * bell(i, 0);
        at[1] = (group ? 0.5 - sin(pi * uniform(i, 2)) : sin(pi * uniform(i, 2))) + 0.06 * bell(i, 1);
        return group;
    default:
        group = share > 2.0 / 3 ? 2 : share > 1.0 / 3;
        at[0] = 12 * uniform(i, 2);
        at[1] = 3.0 * group + 0.3 * bell(i, 1);
        return group;
    }
}

void rb_test_points_of_set(rb_points *p, int32_t *truth, rb_test_set set, int64_t n)
{
    rb_error err = { 0 };
    double at[2];
    assert_ok(rb_points_alloc_dense(p, n, 2, &rb_test_ctx, &err), &err);
    for (int64_t i = 0; i < n; i++) {
        truth[i] = rb_test_point_of_set(at, set, i, n);
        if (rb_test_ctx.rank == 0)
            memcpy((double *)p->memory.data + 2 * i, at, sizeof at);
    }
    rb_shared_publish_from(&p->memory, 0, &rb_test_ctx);
}

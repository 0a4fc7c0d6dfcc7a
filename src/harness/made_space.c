/* Spaces that trials make: the points of a model's embedding, in memory that the ranks of a node share. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "harness/stored_model.h"

int64_t rb_run_space_child(const rb_run_state *run, int64_t work)
{
    const rb_configuration *c = rb_run_configuration(run, work);
    return c->space_child >= 0 ? rb_run_child(run, work, c->n_children - 1) : -1;
}

void rb_run_made_shape(int64_t *n, int64_t *d, const rb_run_state *run, int64_t child, const rb_ctx *ctx)
{
    const rb_configuration *c = rb_run_configuration(run, child);
    rb_shape of = rb_run_shape(run, child, ctx);
    *n = of.n_points > 0 ? of.n_points : of.n_items;
    *d = of.n_dims;
    if (c->entry->algorithm->embed_shape)
        c->entry->algorithm->embed_shape(c->config, &of, n, d);
}

/* The trial that made a point is what the user can change. */
static rb_status check(const rb_points *points, const rb_run_state *run, int64_t child, rb_error *err)
{
    if (rb_points_check(points, err) == RB_BAD_INPUT)
        rb_error_prefix(err, "the space that trial %lld (%s) makes", (long long)rb_run_trial(run, child)->number,
                        rb_run_configuration(run, child)->entry->name);
    return err->status;
}

rb_status rb_run_make_space(rb_points *out, const rb_run_state *run, int64_t child, const rb_ctx *ctx, rb_error *err)
{
    const rb_configuration *c = rb_run_configuration(run, child);
    const rb_algorithm *a = c->entry->algorithm;
    const double *embedding = NULL;
    int64_t size[2] = { 0, 0 };
    rb_stored_model model = { 0 };
    *out = (rb_points){ 0 };
    if (ctx->rank == 0 && rb_stored_model_read(&model, run, child, -1, err) == RB_OK)
        embedding = a->embed(model.state, &size[0], &size[1]);
    RB_TRY_ALL(ctx, err->status);
    rb_bcast(ctx, size, sizeof size, 0);
    RB_TRY(rb_points_alloc_dense(out, size[0], size[1], ctx, err));
    if (embedding && size[0] * size[1] > 0)
        memcpy(out->memory.data, embedding, (size_t)(size[0] * size[1]) * sizeof *embedding);
    rb_shared_publish_from(&out->memory, 0, ctx);
    out->name = c->entry->name;
    RB_TRY_ALL(ctx, check(out, run, child, err));
done:
    rb_stored_model_fini(&model);
    if (err->status != RB_OK)
        rb_points_fini(out);
    return err->status;
}

bool rb_run_places_unseen(const rb_run_state *run, int64_t child) /* NOLINT(misc-no-recursion): as deep as references */
{
    const rb_configuration *c = rb_run_configuration(run, child);
    const int64_t maker = rb_run_space_child(run, child);
    return c->entry->algorithm->embed_new && (c->space || (maker >= 0 && rb_run_places_unseen(run, maker)));
}

rb_status rb_run_make_unseen(rb_points *out, const rb_run_state *run, int64_t child, rb_ctx *ctx,
                             rb_error *err) /* NOLINT(misc-no-recursion): as deep as references are */
{
    const rb_configuration *c = rb_run_configuration(run, child);
    const rb_algorithm *a = c->entry->algorithm;
    const rb_points *below = c->space ? rb_run_find_unseen(run, c->space) : NULL;
    rb_points made = { 0 };
    rb_stored_model model = { 0 };
    int64_t n, d;
    *out = (rb_points){ 0 };
    if (!below) {
        RB_TRY(rb_run_make_unseen(&made, run, rb_run_space_child(run, child), ctx, err));
        below = &made;
    }
    RB_TRY_ALL(ctx, rb_stored_model_read(&model, run, child, -1, err));
    (void)a->embed(model.state, &n, &d);
    RB_TRY(rb_points_alloc_dense(out, below->n, d, ctx, err));
    RB_TRY(a->embed_new(out->memory.data, model.state, below, c->config, ctx, err));
    rb_shared_publish_from(&out->memory, 0, ctx);
    out->name = c->entry->name;
    RB_TRY_ALL(ctx, check(out, run, child, err));
done:
    rb_points_fini(&made);
    rb_stored_model_fini(&model);
    if (err->status != RB_OK)
        rb_points_fini(out);
    return err->status;
}

rb_status rb_made_space_get(const rb_points **points, rb_run_state *run, int64_t child, rb_error *err)
{
    rb_made_space *made = &run->made;
    const char *key = run->work[child].key;
    if (strcmp(made->key, key) != 0) {
        rb_made_space_release(made);
        RB_TRY(rb_run_make_space(&made->points, run, child, &run->group, err));
        snprintf(made->key, sizeof made->key, "%s", key);
    }
    *points = &made->points;
done:
    return err->status;
}

void rb_made_space_release(rb_made_space *made)
{
    rb_points_fini(&made->points);
    made->key[0] = 0;
}

/* New titles in the clusters of a stored model, by way of the spaces and trials that it was fitted on. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "data/catalogue_read.h"
#include "harness/apply_model.h"

/* New titles on their way through a pipeline. */
typedef struct {
    const rb_apply_model *m;
    const rb_catalogue *titles;
    rb_ctx *ctx;
} journey;

static rb_status place_in_built_in(rb_points *out, const journey *j, const char *space, rb_error *err)
{
    rb_space_spec spec = { 0 };
    rb_space_model model = { 0 };
    RB_TRY(rb_space_parse(&spec, space, err));
    RB_TRY(rb_space_fit(&model, NULL, &spec, &j->m->run.data.catalogue, j->ctx, err));
    RB_TRY(rb_space_transform(out, &model, j->titles, j->ctx, err));
    RB_TRY(rb_points_check(out, err));
done:
    rb_space_model_fini(&model);
    rb_space_spec_fini(&spec);
    return err->status;
}

static rb_status place(rb_points *out, const journey *j, const rb_configuration *c, hid_t at, rb_error *err);

/* Through the model that made the space of c: it lies below c's own. */
static rb_status place_in_made(rb_points *out, const journey *j, const rb_configuration *c, hid_t at,
                               rb_error *err) /* NOLINT(misc-no-recursion): as deep as references are */
{
    const rb_plan *plan = &j->m->run.plan;
    const rb_configuration *maker = &plan->configuration[c->space_child];
    const rb_algorithm *a = maker->entry->algorithm;
    rb_stored_model model = { 0 };
    rb_points points = { 0 };
    int64_t n, d;
    hid_t below = -1;
    if (!a->embed_new || !(maker->space || maker->space_child >= 0))
        return RB_FAIL(err, RB_BAD_INPUT, "'%s' stands in the space of '%s', and %s cannot place new titles in it",
                       c->entry->name, maker->entry->name, a->name);
    below = rb_hdf_open_group(at, "space", err);
    RB_TRY(err->status);
    RB_TRY(rb_stored_model_read(&model, &j->m->run, rb_plan_trial(plan, maker->index, 0, 0)->number - 1, below, err));
    RB_TRY(place(&points, j, maker, below, err));
    (void)a->embed(model.state, &n, &d);
    RB_TRY(rb_points_alloc_dense(out, points.n, d, j->ctx, err));
    RB_TRY(a->embed_new(out->memory.data, model.state, &points, maker->config, j->ctx, err));
    RB_TRY(rb_points_check(out, err));
done:
    if (below >= 0)
        H5Gclose(below);
    rb_points_fini(&points);
    rb_stored_model_fini(&model);
    return err->status;
}

/* The titles in the space of c, whose model lies in `at`. */
static rb_status place(rb_points *out, const journey *j, const rb_configuration *c, hid_t at,
                       rb_error *err) /* NOLINT(misc-no-recursion): as deep as references are */
{
    return c->space ? place_in_built_in(out, j, c->space, err) : place_in_made(out, j, c, at, err);
}

/* Titles in the space of a trial, then in its clusters. */
static rb_status assign_in_space(int32_t *labels, const journey *j, const rb_apply_options *o, rb_error *err)
{
    const rb_apply_model *m = j->m;
    char name[64];
    rb_hdf results = { 0 };
    rb_points points = { 0 };
    hid_t at = -1;
    snprintf(name, sizeof name, "models/%lld", (long long)m->trial->number);
    RB_TRY(rb_run_results_open(&results, o->run, err));
    at = rb_hdf_open_group(results.id, name, err);
    RB_TRY(err->status);
    RB_TRY(place(&points, j, m->c, at, err));
    RB_TRY(m->algorithm->assign(labels, m->state, &points, m->c->config, j->ctx, err));
done:
    if (at >= 0)
        H5Gclose(at);
    rb_hdf_close(&results);
    rb_points_fini(&points);
    return err->status;
}

rb_status rb_apply_assign(const rb_apply_options *o, const char *file, rb_ctx *ctx, rb_error *err)
{
    rb_apply_model m = { 0 };
    rb_catalogue titles = { 0 };
    int32_t *labels = NULL;
    char id[32];
    RB_TRY(
        rb_apply_open(&m, o, &(rb_ability){ RB_CAN_ASSIGN, NULL, "cannot assign new titles to clusters" }, ctx, err));
    if (rb_configuration_is_of_users(&m.run.plan, m.c)) {
        RB_FAIL(err, RB_BAD_INPUT, "trial %lld (%s) clusters users: there is no cluster for a title",
                (long long)m.trial->number, m.c->entry->name);
        goto done;
    }
    if (!m.algorithm->assign_items && (!m.c->space_name || !m.algorithm->assign)) {
        RB_FAIL(err, RB_BAD_INPUT, "trial %lld has no space that new titles could be put in",
                (long long)m.trial->number);
        goto done;
    }
    RB_TRY(rb_catalogue_read(&titles, file, &(rb_source)RB_SOURCE_DEFAULT, NULL, ctx, err));
    RB_TRY(rb_alloc(&labels, titles.n, err));
    if (m.algorithm->assign_items)
        RB_TRY(m.algorithm->assign_items(labels, m.state, &titles, m.c->config, ctx, err));
    else
        RB_TRY(assign_in_space(labels, &(journey){ &m, &titles, ctx }, o, err));
    fputs("id\tlabel\ttitle\n", o->out);
    for (int32_t i = 0; i < titles.n; i++)
        fprintf(o->out, "%s\t%d\t%s\n", rb_ids_name(id, &titles.ids, i), labels[i],
                titles.has[RB_COLUMN_TITLE] ? rb_strings_at(&titles.column[RB_COLUMN_TITLE], i) : "");
done:
    rb_free(labels);
    rb_catalogue_fini(&titles);
    rb_apply_close(&m);
    return err->status;
}

/* The built-in spaces that the trials of a run name: which they are, and their points. */
#include <string.h>

#include "base/alloc.h"
#include "data/features.h"
#include "harness/state.h"

static rb_status add_space(rb_run_state *run, const char *name, rb_error *err)
{
    for (int32_t i = 0; i < run->n_spaces; i++)
        if (strcmp(run->space[i].name, name) == 0)
            return RB_OK;
    rb_run_space *s = &run->space[run->n_spaces++];
    s->name = name;
    RB_TRY(rb_space_parse(&s->spec, name, err));
    if (rb_space_is_of_users(name) && !run->data.has_interactions)
        return RB_FAIL(err, RB_BAD_INPUT, "space '%s' needs interactions, and the data set '%s' has none", name,
                       run->data.name);
    if (!rb_space_is_of_users(name) && !run->data.has_catalogue)
        return RB_FAIL(err, RB_BAD_INPUT, "space '%s' needs a catalogue, and the data set '%s' has none", name,
                       run->data.name);
    RB_TRY(rb_space_check(&s->spec, &run->data.catalogue, err));
    if (run->unseen.n > 0 && s->spec.kind->id == RB_SPACE_FEATURES)
        RB_FAIL(err, RB_BAD_INPUT, "space '%s' is of the whole data set: unseen titles have no place in it", name);
done:
    return err->status;
}

/* Where an entry says its space. */
static const rb_place *space_at(const rb_entry *entry)
{
    for (int32_t s = 0; s < entry->n_sweeps; s++)
        if (entry->sweep[s].param->kind == RB_PARAM_SPACE)
            return &entry->sweep[s].at;
    return &entry->at;
}

/* Who reads the labels of the items is not served by those of the users. */
static rb_status check_labels(const rb_run_state *run, const rb_configuration *c, rb_error *err)
{
    if (c->labels_child < 0 || !rb_configuration_is_of_users(&run->plan, &run->plan.configuration[c->labels_child]))
        return RB_OK;
    RB_FAIL(err, RB_BAD_INPUT, "'%s' reads a clustering of the items, and '%s' clusters the users", c->entry->name,
            run->plan.configuration[c->labels_child].entry->name);
    return rb_run_blame(err, &c->entry->at);
}

rb_status rb_run_collect_spaces(rb_run_state *run, rb_error *err)
{
    const rb_experiment *e = &run->experiment;
    RB_TRY(rb_alloc(&run->space, run->plan.n_configurations + 1, err));
    for (int32_t i = 0; i < run->plan.n_configurations; i++) {
        const rb_configuration *c = &run->plan.configuration[i];
        if (c->space && add_space(run, c->space, err) != RB_OK)
            return rb_run_blame(err, space_at(c->entry));
        RB_TRY(check_labels(run, c, err));
    }
    if (rb_run_wants_tfidf(e) && run->data.has_catalogue)
        RB_TRY(add_space(run, "tfidf", err));
done:
    return err->status;
}

/* Whether a fit that is not finished, or its metrics, read the space. */
static bool is_wanted(const rb_run_state *run, const rb_run_space *space)
{
    bool by_metric = false;
    for (int64_t t = 0; t < run->n_work; t++) {
        const char *name = rb_run_configuration(run, t)->space;
        const rb_work *w = &run->work[rb_run_holder(run, t)];
        if (w->want == RB_WANT_NOTHING || (w->evaluated && !w->again))
            continue;
        if (name && strcmp(name, space->name) == 0)
            return true;
        by_metric = by_metric || (!name && rb_run_wants_tfidf(&run->experiment) && strcmp(space->name, "tfidf") == 0);
    }
    return by_metric;
}

rb_status rb_run_build_space(rb_points *out, const rb_space_spec *spec, const rb_dataset *data, const rb_ctx *ctx,
                             rb_error *err)
{
    if (spec->kind->id == RB_SPACE_FEATURES)
        return rb_features_space(out, data, ctx, err);
    if (spec->kind->id == RB_SPACE_USERS)
        return rb_features_users(out, data, ctx, err);
    return rb_space_build(out, spec, &data->catalogue, ctx, err);
}

/* The space of the titles of training, and the unseen ones in it. */
static rb_status build_divided(rb_run_space *s, rb_run_state *run, rb_error *err)
{
    rb_space_model model = { 0 };
    RB_TRY(rb_space_fit(&model, &s->points, &s->spec, &run->data.catalogue, run->world, err));
    RB_TRY(rb_space_transform(&s->unseen, &model, &run->unseen, run->world, err));
    s->unseen.name = s->name;
    RB_TRY_ALL(run->world, rb_points_check(&s->unseen, err));
done:
    rb_space_model_fini(&model);
    return err->status;
}

/* Which space of the file cannot be made is what the user can change. */
static rb_status build_space(rb_run_space *s, rb_run_state *run, rb_error *err)
{
    RB_TRY(run->unseen.n > 0 ? build_divided(s, run, err)
                             : rb_run_build_space(&s->points, &s->spec, &run->data, run->world, err));
    s->points.name = s->name;
    RB_TRY_ALL(run->world, rb_points_check(&s->points, err));
done:
    if (err->status == RB_BAD_INPUT)
        rb_error_prefix(err, "the space %s", s->name);
    return err->status;
}

rb_status rb_run_build_spaces(rb_run_state *run, rb_error *err)
{
    for (int32_t i = 0; i < run->n_spaces; i++) {
        rb_run_space *s = &run->space[i];
        if (s->points.n == 0 && is_wanted(run, s))
            RB_TRY(build_space(s, run, err));
    }
done:
    return err->status;
}

static const rb_run_space *find_space(const rb_run_state *run, const char *name)
{
    for (int32_t i = 0; i < run->n_spaces; i++)
        if (strcmp(run->space[i].name, name) == 0)
            return &run->space[i];
    return NULL;
}

const rb_points *rb_run_find_space(const rb_run_state *run, const char *name)
{
    const rb_run_space *s = find_space(run, name);
    return s ? &s->points : NULL;
}

const rb_points *rb_run_find_unseen(const rb_run_state *run, const char *name)
{
    const rb_run_space *s = find_space(run, name);
    return s ? &s->unseen : NULL;
}

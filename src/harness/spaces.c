/* The built-in spaces that the trials and metrics of a run name: which they are, and their points. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "data/features.h"
#include "harness/state.h"

/* Where a metric asks for TF-IDF vectors of the items; NULL: none does. */
static const rb_place *tfidf_at(const rb_experiment *e)
{
    for (int32_t i = 0; i < e->n_metrics; i++)
        if (e->metrics[i].def->kind == RB_METRIC_DIVERSITY && e->metrics[i].variant[0] == RB_DIVERSITY_TFIDF)
            return &e->metric_at[i];
    return NULL;
}

bool rb_run_wants_tfidf(const rb_experiment *e)
{
    return tfidf_at(e) != NULL;
}

static rb_run_space *find(const rb_run_state *run, const char *name)
{
    for (int32_t i = 0; i < run->n_spaces; i++)
        if (strcmp(run->space[i].name, name) == 0)
            return &run->space[i];
    return NULL;
}

const rb_points *rb_run_find_space(const rb_run_state *run, const char *name)
{
    const rb_run_space *s = find(run, name);
    return s ? &s->points : NULL;
}

const rb_points *rb_run_find_unseen(const rb_run_state *run, const char *name)
{
    const rb_run_space *s = find(run, name);
    return s ? &s->unseen : NULL;
}

rb_space_size rb_run_space_size(const rb_run_state *run, const char *name)
{
    const rb_run_space *s = find(run, name);
    return s ? rb_space_cost(&s->spec, &run->data.catalogue, run->data.users.n) : (rb_space_size){ 0 };
}

const char *rb_run_space_refusal(const rb_run_state *run, const char *name)
{
    const rb_run_space *s = find(run, name);
    return s ? s->refusal : "";
}

/* ---- which they are ---- */

/* What the data of a run lack for a space. */
static rb_status check_space(const rb_run_state *run, const rb_run_space *s, rb_error *err)
{
    const bool of_users = rb_space_is_of_users(s->name);
    if (!(of_users ? run->data.has_interactions : run->data.has_catalogue))
        return RB_FAIL(err, RB_BAD_INPUT, "space '%s' needs %s, and the data set '%s' has none", s->name,
                       of_users ? "interactions" : "a catalogue", run->data.name);
    if (run->unseen.n > 0 && s->spec.kind->id == RB_SPACE_FEATURES)
        return RB_FAIL(err, RB_BAD_INPUT, "space '%s' is of the whole data set: unseen titles have no place in it",
                       s->name);
    return rb_space_check(&s->spec, &run->data.catalogue, err);
}

/* A space that the data cannot give is a message. */
static rb_status add_space(rb_run_state *run, rb_messages *m, const char *name, const rb_place *at, rb_error *err)
{
    rb_error refusal = { 0 };
    if (find(run, name))
        return RB_OK;
    rb_run_space *s = &run->space[run->n_spaces++];
    s->name = name;
    s->at = at;
    RB_TRY(rb_space_parse(&s->spec, name, err));
    if (check_space(run, s, &refusal) == RB_BAD_INPUT)
        RB_TRY(rb_messages_add(m, *at, err, "%s", refusal.message));
    else if (refusal.status != RB_OK)
        *err = refusal;
done:
    return err->status;
}

/* Where an entry says its space, or that of its re-ranking. */
static const rb_place *space_at(const rb_entry *entry, bool reranks)
{
    for (int32_t s = 0; s < entry->n_sweeps; s++)
        if (entry->sweep[s].param->kind == RB_PARAM_SPACE && entry->sweep[s].reranks == reranks)
            return &entry->sweep[s].at;
    return &entry->at;
}

/* Who reads the labels of the items is not served by those of the users. */
static rb_status check_labels(const rb_run_state *run, const rb_configuration *c, rb_error *err)
{
    const int32_t children[] = { c->labels_child, c->aspects_child };
    for (int i = 0; i < 2; i++) {
        if (children[i] < 0 || !rb_configuration_is_of_users(&run->plan, &run->plan.configuration[children[i]]))
            continue;
        RB_FAIL(err, RB_BAD_INPUT, "'%s' reads a clustering of the items, and '%s' clusters the users", c->entry->name,
                run->plan.configuration[children[i]].entry->name);
        return rb_run_blame(err, &c->entry->at);
    }
    return RB_OK;
}

rb_status rb_run_collect_spaces(rb_run_state *run, rb_error *err)
{
    const rb_experiment *e = &run->experiment;
    rb_messages messages = { 0 };
    RB_TRY(rb_alloc(&run->space, 2 * (int64_t)run->plan.n_configurations + 1, err));
    for (int32_t i = 0; i < run->plan.n_configurations; i++) {
        const rb_configuration *c = &run->plan.configuration[i];
        if (c->space)
            RB_TRY(add_space(run, &messages, c->space, space_at(c->entry, false), err));
        if (c->rerank && c->rerank->space)
            RB_TRY(add_space(run, &messages, c->rerank->space, space_at(c->entry, true), err));
    }
    if (rb_run_wants_tfidf(e) && run->data.has_catalogue)
        RB_TRY(add_space(run, &messages, "tfidf", tfidf_at(e), err));
    rb_messages_print(run->options->errors, &messages);
    RB_TRY(rb_messages_raise(&messages, e->file, err));
    for (int32_t i = 0; i < run->plan.n_configurations; i++)
        RB_TRY(check_labels(run, &run->plan.configuration[i], err));
done:
    rb_messages_fini(&messages);
    return err->status;
}

/* ---- their points ---- */

/* Whether what is not finished reads the space (1), or a metric alone (-1); 0: none does. */
static int is_wanted(const rb_run_state *run, const rb_run_space *space)
{
    int by_metric = 0;
    for (int64_t t = 0; t < run->n_work; t++) {
        const rb_configuration *c = rb_run_configuration(run, t);
        const int64_t maker = run->unseen.n > 0 ? rb_run_space_child(run, t) : -1; /* it places the unseen titles */
        const char *name = maker >= 0 ? rb_run_configuration(run, maker)->space : c->space;
        const rb_work *w = &run->work[rb_run_holder(run, t)];
        if (w->want == RB_WANT_NOTHING || (w->evaluated && !w->again))
            continue;
        if (name && strcmp(name, space->name) == 0)
            return 1;
        if (c->rerank && c->rerank->space && strcmp(c->rerank->space, space->name) == 0)
            return 1;
        if (!name && rb_run_wants_tfidf(&run->experiment) && strcmp(space->name, "tfidf") == 0)
            by_metric = -1;
    }
    return by_metric;
}

rb_status rb_run_build_space(rb_points *out, const rb_space_spec *spec, const rb_dataset *data, const rb_ctx *ctx,
                             rb_error *err)
{
    if (spec->kind->id == RB_SPACE_FEATURES)
        return rb_features_space(out, data, ctx, err);
    if (spec->kind->id == RB_SPACE_USERS)
        return rb_features_users(out, data, spec->config.genres, ctx, err);
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

static rb_status build_space(rb_run_space *s, rb_run_state *run, rb_error *err)
{
    RB_TRY(run->unseen.n > 0 ? build_divided(s, run, err)
                             : rb_run_build_space(&s->points, &s->spec, &run->data, run->world, err));
    s->points.name = s->name;
    RB_TRY_ALL(run->world, rb_points_check(&s->points, err));
done:
    if (err->status != RB_OK) {
        rb_points_fini(&s->points);
        rb_points_fini(&s->unseen);
    }
    return err->status;
}

/* What only the building shows, as more components than columns, fails the trials that read the space, not the run. */
static rb_status build_or_refuse(rb_run_space *s, rb_run_state *run, bool by_metric, rb_error *err)
{
    rb_error refusal = { 0 };
    if (build_space(s, run, &refusal) == RB_BAD_INPUT) {
        rb_error_prefix(&refusal, "the space %s", s->name);
        snprintf(s->refusal, sizeof s->refusal, "%.*s", (int)sizeof s->refusal - 1, refusal.message);
        rb_run_blame(&refusal, s->at);
        rb_log_warn(&run->log, "%s; %s", refusal.message,
                    by_metric ? "the metric is unavailable" : "the trials that read it fail");
    } else if (refusal.status != RB_OK) {
        *err = refusal;
    }
    return err->status;
}

rb_status rb_run_need_space(rb_run_state *run, const char *name, rb_error *err)
{
    for (int32_t i = 0; i < run->n_spaces; i++)
        if (strcmp(run->space[i].name, name) == 0 && run->space[i].points.n == 0)
            RB_TRY(build_space(&run->space[i], run, err));
done:
    return err->status;
}

rb_status rb_run_build_spaces(rb_run_state *run, rb_error *err)
{
    for (int32_t i = 0; i < run->n_spaces; i++) {
        rb_run_space *s = &run->space[i];
        int wanted = s->points.n == 0 && !s->refusal[0] ? is_wanted(run, s) : 0;
        if (wanted)
            RB_TRY(build_or_refuse(s, run, wanted < 0, err));
    }
done:
    return err->status;
}

/* Which clusterings wait for their values, and the spaces that they stand in. */
#include <string.h>

#include "base/alloc.h"
#include "harness/evaluate_clusters.h"

static bool waits(const rb_run_state *run, int64_t t, bool assigns)
{
    const rb_algorithm *a = rb_run_configuration(run, t)->entry->algorithm;
    const rb_work *w = &run->work[t];
    return w->fitted && !w->evaluated && !w->twin && w->outcome == RB_FIT_DONE && !(a->can & RB_CAN_RECOMMEND) &&
           !(a->can & RB_CAN_ASSIGN) == !assigns;
}

static bool is_of_catalogue(const rb_configuration *c)
{
    return !(c->entry->algorithm->needs & RB_NEEDS_SPACE);
}

/* Rank 0 reads the labels of a fit, all get them. */
static rb_status read_labels(rb_waiting *w, const rb_run_state *run, rb_error *err)
{
    if (run->world->rank == 0)
        rb_fit_record_read(&w->fit, run->folder, run->work[w->trial].key, err);
    RB_TRY_ALL(run->world, err->status);
    rb_bcast(run->world, &w->fit.n_labels, sizeof w->fit.n_labels, 0);
    rb_bcast(run->world, &w->fit.n_unseen, sizeof w->fit.n_unseen, 0);
    if (run->world->rank != 0)
        rb_alloc(&w->fit.labels, w->fit.n_labels, err);
    if (run->world->rank != 0 && w->fit.n_unseen > 0)
        rb_alloc(&w->fit.unseen, w->fit.n_unseen, err);
    RB_TRY_ALL(run->world, err->status);
    rb_bcast(run->world, w->fit.labels, w->fit.n_labels * (int64_t)sizeof *w->fit.labels, 0);
    if (w->fit.n_unseen > 0)
        rb_bcast(run->world, w->fit.unseen, w->fit.n_unseen * (int64_t)sizeof *w->fit.unseen, 0);
done:
    return err->status;
}

/* Whether a clustering is of the built-in space `name`, of the one that `maker` makes, or with neither the catalogue.
 */
static bool stands_in(const rb_run_state *run, int64_t t, const char *name, int64_t maker)
{
    const rb_configuration *c = rb_run_configuration(run, t);
    if (!name && maker < 0)
        return is_of_catalogue(c);
    return name ? c->space && strcmp(c->space, name) == 0 : rb_run_space_child(run, t) == maker;
}

/* points and unseen: NULL for the clusterings of the catalogue itself. */
static rb_status evaluate_space(rb_run_state *run, const rb_points *points, const rb_points *unseen, const char *name,
                                int64_t maker, rb_error *err)
{
    const int64_t n = points ? points->n : run->data.catalogue.n;
    rb_cluster_batch b = { .run = run, .points = points, .unseen = unseen };
    rb_alloc(&b.item, run->plan.n_trials, err);
    RB_TRY_ALL(run->world, rb_alloc(&b.reference, n > run->unseen.n ? n : run->unseen.n, err));
    for (int64_t t = 0; t < run->plan.n_trials; t++) {
        if (!waits(run, t, true) || !stands_in(run, t, name, maker))
            continue;
        rb_waiting *w = &b.item[b.n++];
        w->trial = t;
        w->distance = rb_run_clustered_with(rb_run_configuration(run, t));
        RB_TRY_ALL(run->world, rb_run_wanted(&w->wanted, run, t, err));
        RB_TRY(read_labels(w, run, err));
    }
    if (b.n > 0)
        RB_TRY(rb_evaluate_cluster_batch(&b, err));
done:
    for (int64_t i = 0; i < b.n; i++) {
        rb_fit_record_fini(&b.item[i].fit);
        rb_metric_record_fini(&b.item[i].record);
        rb_free(b.item[i].wanted.metric);
    }
    rb_free(b.item);
    rb_free(b.reference);
    return err->status;
}

/* Of the maker of a space, and where unseen titles go through them, of those that make the maker's. */
static bool has_models(const rb_run_state *run, int64_t maker)
{
    bool has = run->work[maker].has_model;
    for (int64_t m = rb_run_space_child(run, maker); m >= 0 && run->unseen.n > 0; m = rb_run_space_child(run, m))
        has = has && run->work[m].has_model;
    return has;
}

/* Those of spaces that trials made: each space is made again from the model of its trial, and dropped. */
static rb_status evaluate_made(rb_run_state *run, rb_error *err)
{
    rb_points points = { 0 }, unseen = { 0 };
    for (int64_t t = 0; t < run->plan.n_trials; t++) {
        int64_t maker = waits(run, t, true) ? rb_run_space_child(run, t) : -1;
        if (maker < 0 || !has_models(run, maker)) /* fitted again and stopped: the next start does it */
            continue;
        RB_TRY(rb_run_make_space(&points, run, maker, run->world, err));
        if (run->unseen.n > 0 && rb_run_places_unseen(run, maker))
            RB_TRY(rb_run_make_unseen(&unseen, run, maker, run->world, err));
        RB_TRY(evaluate_space(run, &points, &unseen, NULL, maker, err));
        rb_points_fini(&points);
        rb_points_fini(&unseen);
    }
done:
    rb_points_fini(&points);
    rb_points_fini(&unseen);
    return err->status;
}

/* What has no labels, as a maker of a space, and was finished before the file asked for these metrics. */
static rb_status evaluate_others(rb_run_state *run, rb_error *err)
{
    rb_metric_record record = { 0 };
    rb_wanted wanted = { 0 };
    for (int64_t t = 0; t < run->plan.n_trials; t++) {
        if (!waits(run, t, false))
            continue;
        RB_TRY_ALL(run->world, rb_run_wanted(&wanted, run, t, err));
        RB_TRY_ALL(run->world, rb_evaluate_nothing(&record, &wanted, run, err));
        memcpy(record.key, run->work[t].key, sizeof record.key);
        if (run->world->rank == 0)
            rb_metric_record_write(&record, run->folder, run->work[t].evaluation, err);
        RB_TRY_ALL(run->world, err->status);
        run->work[t].evaluated = true;
        rb_run_note_evaluated(run, t);
        rb_metric_record_fini(&record);
        rb_free(wanted.metric);
        wanted.metric = NULL;
    }
done:
    rb_metric_record_fini(&record);
    rb_free(wanted.metric);
    return err->status;
}

rb_status rb_evaluate_clusterings(rb_run_state *run, rb_error *err)
{
    for (int32_t i = 0; i < run->n_spaces; i++)
        if (run->space[i].points.n > 0)
            RB_TRY(evaluate_space(run, &run->space[i].points, &run->space[i].unseen, run->space[i].name, -1, err));
    RB_TRY(evaluate_space(run, NULL, NULL, NULL, -1, err));
    RB_TRY(evaluate_made(run, err));
    RB_TRY(evaluate_others(run, err));
done:
    return err->status;
}

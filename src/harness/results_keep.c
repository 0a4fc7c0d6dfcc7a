/* What results.h5 keeps beside the values: vectors, models and lists, of all trials or of the selected. */
#include <stdio.h>
#include <string.h>

#include "harness/replay.h"
#include "harness/results.h"
#include "harness/stored_model.h"

rb_status rb_results_write_vectors(rb_results *r, int64_t work, const rb_fit_record *fit, const rb_metric_record *m,
                                   rb_error *err)
{
    static const char *const users[RB_N_USERS] = { "", "ranking", "rating", "session", "ranking", "rating", "session" };
    const char *test = rb_run_is_refit(r->run, work) ? "refit" : "test";
    long long number = rb_run_trial(r->run, work)->number;
    char name[256];
    bool wanted[RB_N_POPULATIONS] = { false };
    for (int64_t i = 0; i < m->n_rows; i++)
        if (m->rows[i].vector && rb_results_asks_for(r, m->rows[i].id))
            wanted[m->rows[i].population] = true;
    for (int p = RB_USERS_NONE + 1; p < RB_N_USERS; p++)
        if (wanted[p] && m->users[p]) {
            snprintf(name, sizeof name, "per_user/%lld/%s/users_%s", number,
                     p < RB_USERS_TEST_RANKING ? "validation" : test, users[p]);
            RB_TRY(rb_hdf_write(r->file.id, name, RB_HDF_INT32, m->users[p], m->n_users[p], 1, true, err));
        }
    for (int64_t i = 0; i < m->n_rows; i++) {
        const rb_metric_row *row = &m->rows[i];
        if (!row->vector || row->population == RB_POINTS || !rb_results_asks_for(r, row->id))
            continue;
        snprintf(name, sizeof name, "per_user/%lld/%s/%s", number, row->part, row->id);
        RB_TRY(rb_hdf_write(r->file.id, name, RB_HDF_DOUBLE, row->vector, row->n_vector, 1, true, err));
    }
    RB_TRY(rb_results_write_points(r, work, fit, m, err));
done:
    return err->status;
}

static bool is_kept(rb_keep rule, bool selected)
{
    return rule == RB_KEEP_ALL || (rule == RB_KEEP_SELECTED && selected);
}

void rb_results_mark_selected(rb_results *r)
{
    const rb_plan *plan = &r->run->plan;
    for (int64_t t = 0; t < plan->n_trials; t++)
        for (int32_t i = 0; i < r->selection.n; i++)
            if (r->selection.selected[i].configuration == plan->trial[t].configuration)
                r->facts[t].selected = true;
    for (int64_t t = 0; t < plan->n_trials; t++) /* what a twin keeps lies with the first */
        if (r->run->work[t].twin && r->facts[t].selected)
            r->facts[r->run->work[t].twin_of].selected = true;
}

/* The model of a unit as the group `name` of `to`, with the models that it reads below it. */
static rb_status copy_unit(const rb_run_state *run, int64_t work, hid_t to, const char *name,
                           rb_error *err) /* NOLINT(misc-no-recursion): as deep as references are */
{
    const rb_configuration *c = rb_run_configuration(run, work);
    char path[4096], below[32];
    rb_hdf unit = { 0 };
    hid_t at = -1;
    RB_TRY(rb_hdf_open(&unit, rb_unit_path(path, run->folder, run->work[work].key, "model"), err));
    if (H5Ocopy(unit.id, "/", to, name, H5P_DEFAULT, H5P_DEFAULT) < 0)
        RB_FAIL(err, RB_IO, "%s: the model cannot be copied", path);
    RB_TRY(err->status);
    at = rb_hdf_open_group(to, name, err);
    RB_TRY(err->status);
    for (int32_t i = 0; i < c->n_children; i++) {
        rb_stored_child_name(below, c, i);
        if (below[0])
            RB_TRY(copy_unit(run, rb_run_child(run, work, i), at, below, err));
    }
done:
    if (at >= 0)
        H5Gclose(at);
    rb_hdf_close(&unit);
    return rb_unit_status(err);
}

static rb_status copy_model(rb_results *r, int64_t work, rb_error *err)
{
    char name[64];
    hid_t models = rb_hdf_group(r->file.id, "models", err);
    RB_TRY(err->status);
    snprintf(name, sizeof name, "%lld", (long long)rb_run_trial(r->run, work)->number);
    RB_TRY(copy_unit(r->run, work, models, name, err));
done:
    if (models >= 0)
        H5Gclose(models);
    return err->status;
}

static rb_status copy_lists(rb_results *r, int64_t work, rb_error *err)
{
    char name[96];
    rb_stored_lists lists = { 0 };
    long long number = rb_run_trial(r->run, work)->number;
    RB_TRY(rb_stored_lists_read(&lists, &r->units, r->run->folder, r->run->work[work].key,
                                r->run->work[work].evaluation, r->run->lists_k, err));
    snprintf(name, sizeof name, "recommendations/%lld/user", number);
    RB_TRY(rb_hdf_write(r->file.id, name, RB_HDF_INT32, lists.user, lists.n_users, 1, true, err));
    snprintf(name, sizeof name, "recommendations/%lld/item", number);
    RB_TRY(rb_hdf_write(r->file.id, name, RB_HDF_INT32, lists.item, lists.n_users, lists.k, true, err));
    snprintf(name, sizeof name, "recommendations/%lld/score", number);
    RB_TRY(rb_hdf_write(r->file.id, name, RB_HDF_DOUBLE, lists.score, lists.n_users, lists.k, true, err));
done:
    rb_stored_lists_fini(&lists);
    return err->status;
}

static rb_status keep_vectors(rb_results *r, int64_t work, rb_error *err)
{
    rb_metric_record m = { 0 };
    rb_fit_record fit = { 0 };
    RB_TRY(rb_fit_record_read(&fit, r->run->folder, r->run->work[work].key, err));
    if (rb_results_read(&m, r, work, true, err))
        rb_results_write_vectors(r, work, &fit, &m, err);
done:
    rb_fit_record_fini(&fit);
    rb_metric_record_fini(&m);
    return err->status;
}

/* Whether the models of a work and of what it reads are there. */
static bool is_whole(const rb_run_state *run, int64_t work) /* NOLINT(misc-no-recursion): as above */
{
    const rb_configuration *c = rb_run_configuration(run, work);
    char below[32];
    bool whole = rb_unit_exists(run->folder, run->work[work].key, "model");
    for (int32_t i = 0; i < c->n_children && whole; i++) {
        rb_stored_child_name(below, c, i);
        whole = !below[0] || is_whole(run, rb_run_child(run, work, i));
    }
    return whole;
}

/* Which models stay in their units once the selection stands. */
static rb_status mark_kept(rb_results *r, rb_error *err)
{
    bool *selected = NULL;
    RB_TRY(rb_alloc(&selected, r->run->n_work, err));
    for (int64_t t = 0; t < r->run->plan.n_trials; t++)
        selected[rb_run_stands_for(r->run, t)] = r->facts[t].selected;
    rb_run_mark_kept(r->run, selected);
done:
    rb_free(selected);
    return err->status;
}

rb_status rb_results_keep(rb_results *r, rb_error *err)
{
    const rb_run_state *run = r->run;
    const rb_store *store = &run->experiment.store;
    RB_TRY(mark_kept(r, err));
    for (int64_t t = 0; t < run->plan.n_trials; t++) {
        int64_t work = rb_run_stands_for(run, t);
        const char *key = run->work[work].key;
        bool selected = r->facts[t].selected;
        if (!r->facts[t].finished || run->work[t].twin)
            continue;
        if (is_kept(store->models, selected) && is_whole(run, work))
            RB_TRY(copy_model(r, work, err));
        if (run->makes_lists && is_kept(store->lists, selected) &&
            rb_stored_lists_width(&r->units, key, run->work[work].evaluation) >= run->lists_k)
            RB_TRY(copy_lists(r, work, err));
        if (store->per_user != RB_KEEP_SELECTED || !selected)
            continue;
        RB_TRY(keep_vectors(r, t, err));
        if (work != t)
            RB_TRY(keep_vectors(r, work, err));
    }
done:
    return err->status;
}

/* Whether anything that is wanted is not done and may yet be. */
static bool is_left(const rb_run_state *run, int64_t w)
{
    const rb_work *work = &run->work[w];
    bool done = work->evaluated || (work->fitted && rb_run_ending(run, w) != RB_FIT_DONE);
    return work->want != RB_WANT_NOTHING && !work->twin && !done;
}

/* Whether lists of other re-rankings lie under its key. */
static bool shares_key(const rb_run_state *run, int64_t w)
{
    return run->work[w].is_shared || run->work[w].fit_of != w;
}

void rb_results_drop(const rb_results *r)
{
    const rb_run_state *run = r->run;
    const rb_store *store = &run->experiment.store;
    for (int64_t w = 0; w < run->n_work; w++)
        if (is_left(run, w))
            return;
    if (rb_run_replays_left(run) > 0)
        return;
    for (int64_t w = 0; w < run->n_work; w++) {
        int64_t t = w % run->plan.n_trials;
        bool selected = r->facts[t].selected && rb_run_stands_for(run, t) == w;
        if (run->work[w].twin)
            continue;
        if (!run->work[w].keeps)
            rb_unit_remove(run->folder, run->work[w].key, "model");
        if (run->work[w].outcome != RB_FIT_TIMEOUT) /* a kill came between the unit and this */
            rb_unit_remove(run->folder, run->work[w].key, "checkpoint");
        if (!is_kept(store->lists, selected))
            rb_stored_lists_remove(&r->units, run->folder, run->work[w].key,
                                   shares_key(run, w) ? run->work[w].evaluation : NULL);
    }
}

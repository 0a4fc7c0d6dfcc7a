#include "harness/apply_model.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "data/ratings_format.h"

#define MOST_CANDIDATES 12 /* that a message names */

static rb_status no_such_trial(const rb_apply_model *m, const char *text, rb_error *err)
{
    const rb_experiment *e = &m->run.experiment;
    const char *near = NULL;
    for (int32_t i = 0; i < e->n_entries; i++) {
        const char *two[] = { e->entry[i].name, near, NULL };
        near = rb_text_nearest(text, two);
    }
    if (near)
        return RB_FAIL(err, RB_BAD_INPUT, "no trial '%s'; did you mean '%s'?", text, near);
    return RB_FAIL(err, RB_BAD_INPUT,
                   "no trial '%s': a number from 1 to %lld, or the name of an entry (reelbench report %s shows them)",
                   text, (long long)m->run.plan.n_trials, m->options.resume);
}

/* Whether results.h5 holds what is needed of a trial. */
static bool is_kept(const rb_apply_model *m, const rb_trial *trial)
{
    char path[4200], name[64];
    rb_hdf results = { 0 };
    rb_error none = { 0 };
    snprintf(path, sizeof path, "%s/results.h5", m->options.resume);
    snprintf(name, sizeof name, "%s/%lld", m->kept, (long long)trial->number);
    bool kept = rb_hdf_open(&results, path, &none) == RB_OK && rb_hdf_has(results.id, name);
    rb_hdf_close(&results);
    return kept;
}

/* Which trials were selected, [*n] by their place; none where results.h5 does not tell. */
static uint8_t *read_selected(int64_t *n, const rb_apply_model *m)
{
    char path[4200];
    rb_hdf results = { 0 };
    rb_error none = { 0 };
    void *selected = NULL;
    *n = 0;
    snprintf(path, sizeof path, "%s/results.h5", m->options.resume);
    if (rb_hdf_open(&results, path, &none) == RB_OK)
        rb_hdf_read_column(results.id, "trials", "selected", RB_HDF_UINT8, &selected, n, &none);
    rb_hdf_close(&results);
    return selected;
}

/* "12 (space=genre k=3 fold 2)"; of many the first ones alone. */
static rb_status name_candidate(rb_text *out, const rb_plan *plan, const rb_trial *trial, int64_t n, rb_error *err)
{
    const char *text = plan->configuration[trial->configuration].text;
    const bool folded = plan->n_folds > 1, repeated = plan->n_repeats > 1;
    char fold[32] = "", repeat[32] = "";
    if (n > MOST_CANDIDATES)
        return n == MOST_CANDIDATES + 1 ? rb_text_addf(out, err, ", ...") : err->status;
    if (folded)
        snprintf(fold, sizeof fold, "%sfold %d", *text ? " " : "", trial->fold + 1);
    if (repeated)
        snprintf(repeat, sizeof repeat, "%srepeat %d", *text || folded ? " " : "", trial->repeat + 1);
    return rb_text_addf(out, err, *text || folded || repeated ? "%s%lld (%.60s%s%s)" : "%s%lld", n > 1 ? ", " : "",
                        (long long)trial->number, text, fold, repeat);
}

/* The trial of an entry by name: its only one, the only one of which that was kept, or of several the one selected. */
static rb_status find_by_name(rb_apply_model *m, const char *text, rb_error *err)
{
    const rb_plan *plan = &m->run.plan;
    const rb_trial *kept = NULL, *chosen = NULL;
    int64_t n = 0, n_kept = 0, n_chosen = 0, n_flags;
    rb_text numbers = { 0 };
    uint8_t *selected = read_selected(&n_flags, m);
    for (int64_t t = 0; t < plan->n_trials; t++) {
        const rb_trial *trial = &plan->trial[t];
        if (strcmp(plan->configuration[trial->configuration].entry->name, text) != 0)
            continue;
        m->trial = trial;
        n++;
        if (!is_kept(m, trial))
            continue;
        kept = trial;
        RB_TRY(name_candidate(&numbers, plan, trial, ++n_kept, err));
        if (t < n_flags && selected[t]) {
            chosen = trial;
            n_chosen++;
        }
    }
    if (n == 0)
        no_such_trial(m, text, err);
    else if (n > 1 && n_kept == 0)
        RB_FAIL(
            err, RB_BAD_INPUT,
            "'%s' has %lld trials, and the %s of none were kept: store: { %s: all } keeps every one, `select` those "
            "that it takes",
            text, (long long)n, m->kept, strcmp(m->kept, "models") == 0 ? "models" : "lists");
    else if (n_kept > 1 && n_chosen != 1)
        RB_FAIL(err, RB_BAD_INPUT, "'%s' has %lld trials, and the %s of %lld were kept: name one by its number, %s",
                text, (long long)n, m->kept, (long long)n_kept, numbers.data);
    else if (n_kept > 0)
        m->trial = n_kept == 1 ? kept : chosen;
done:
    rb_free(selected);
    rb_text_fini(&numbers);
    return err->status;
}

static bool is_able(const rb_algorithm *a, unsigned can, const rb_ability *ability)
{
    return (!ability->can || can & ability->can) && (!ability->has || ability->has(a));
}

/* What a model of sessions does in place of ranking for users. */
static const char *instead(const rb_algorithm *a, const rb_ability *ability)
{
    return a->next && ability->can == RB_CAN_RANK ? " to users; --session ITEM,ITEM,... asks what comes next" : "";
}

/* Where every entry of this name lacks what is asked for, nothing need be read to say so. */
static rb_status check_name(const rb_experiment *e, const char *text, const rb_ability *ability, rb_error *err)
{
    const rb_algorithm *lacks = NULL;
    for (int32_t i = 0; i < e->n_entries; i++) {
        const rb_algorithm *a = e->entry[i].algorithm;
        if (strcmp(e->entry[i].name, text) != 0)
            continue;
        if (is_able(a, a->can, ability))
            return RB_OK;
        lacks = a;
    }
    return lacks ? RB_FAIL(err, RB_BAD_INPUT, "%s %s%s", lacks->name, ability->lack, instead(lacks, ability)) : RB_OK;
}

/* The first of the models that a trial asks which cannot do something; NULL: there is none. */
static const char *first_without(const rb_apply_model *m, const rb_ability *ability)
{
    for (int32_t i = 0; i < m->c->n_models; i++) {
        const rb_entry *asked = m->run.plan.configuration[m->c->children[i]].entry;
        if (!is_able(asked->algorithm, asked->can, ability))
            return asked->name;
    }
    return NULL;
}

/* Of the trial that was found: an ensemble can what its models can. */
static rb_status check_trial(const rb_apply_model *m, const rb_ability *ability, rb_error *err)
{
    const rb_algorithm *a = m->algorithm;
    const char *asked = is_able(a, a->can, ability) ? first_without(m, ability) : NULL;
    if (is_able(a, m->c->entry->can, ability))
        return RB_OK;
    if (asked)
        return RB_FAIL(err, RB_BAD_INPUT, "%s %s: it asks '%s', which cannot", a->name, ability->lack, asked);
    return RB_FAIL(err, RB_BAD_INPUT, "%s %s%s", a->name, ability->lack, instead(a, ability));
}

/* By number, or by the name of an entry. */
static rb_status find_trial(rb_apply_model *m, const char *text, rb_error *err)
{
    const rb_plan *plan = &m->run.plan;
    int64_t number = 0;
    if (rb_parse_int(&number, text, (int64_t)strlen(text))) {
        if (number < 1 || number > plan->n_trials)
            return no_such_trial(m, text, err);
        m->trial = &plan->trial[number - 1];
    } else if (find_by_name(m, text, err) != RB_OK) {
        return err->status;
    }
    m->c = &plan->configuration[m->trial->configuration];
    m->algorithm = m->c->entry->algorithm;
    return RB_OK;
}

/* The data must be those of the run, else the ids of the model mean others. */
static rb_status check_data(const rb_apply_model *m, const rb_hdf *results, rb_error *err)
{
    char hex[65], *stored = NULL;
    hid_t at = -1;
    rb_digest_hex(hex, &m->run.data.digest, 64);
    at = rb_hdf_open_group(results->id, "provenance", err);
    RB_TRY(err->status);
    RB_TRY(rb_hdf_get_text(at, "data_digest", &stored, err));
    if (strcmp(hex, stored) != 0)
        RB_FAIL(err, RB_BAD_INPUT, "the data have changed since the run: digest %.16s, then %.16s", hex, stored);
done:
    if (at >= 0)
        H5Gclose(at);
    rb_free(stored);
    return err->status;
}

static rb_status load_model(rb_apply_model *m, const rb_apply_options *o, rb_error *err)
{
    char name[64];
    rb_hdf results = { 0 };
    hid_t at = -1;
    RB_TRY(rb_run_results_open(&results, o->run, err));
    snprintf(name, sizeof name, "models/%lld", (long long)m->trial->number);
    if (!rb_hdf_has(results.id, name)) {
        RB_FAIL(
            err, RB_BAD_INPUT,
            "the model of trial %lld (%s) was not kept: store: { models: all } keeps every one, selected those that "
            "were selected",
            (long long)m->trial->number, m->c->entry->name);
        goto done;
    }
    at = rb_hdf_open_group(results.id, name, err);
    RB_TRY(err->status);
    RB_TRY(rb_hdf_get_int(at, "refit", &m->refit, err));
    RB_TRY(rb_stored_model_read(&m->stored, &m->run, m->trial->number - 1, at, err));
    m->state = m->stored.state;
done:
    if (at >= 0)
        H5Gclose(at);
    rb_hdf_close(&results);
    return err->status;
}

rb_status rb_apply_open_trial(rb_apply_model *m, const rb_apply_options *o, const char *kept, const rb_ability *ability,
                              rb_ctx *ctx, rb_error *err)
{
    static const rb_ability none = { 0 };
    ability = ability ? ability : &none;
    rb_hdf results = { 0 };
    m->kept = kept;
    m->options = (rb_run_options){ .resume = o->run,
                                   .data_dir = o->data_dir,
                                   .cache_dir = o->cache_dir,
                                   .errors = stderr,
                                   .algorithms = o->algorithms };
    rb_run_state_init(&m->run, &m->options, ctx);
    RB_TRY(rb_run_results_open(&results, o->run, err)); /* before the data, which may take minutes */
    RB_TRY(rb_run_load_experiment(&m->run, err));
    RB_TRY(check_name(&m->run.experiment, o->trial, ability, err));
    RB_TRY(rb_run_load_data(&m->run, err));
    RB_TRY(find_trial(m, o->trial, err));
    RB_TRY(check_trial(m, ability, err));
    RB_TRY(check_data(m, &results, err));
done:
    rb_hdf_close(&results);
    return err->status;
}

rb_status rb_apply_open(rb_apply_model *m, const rb_apply_options *o, const rb_ability *ability, rb_ctx *ctx,
                        rb_error *err)
{
    RB_TRY(rb_apply_open_trial(m, o, "models", ability, ctx, err));
    RB_TRY(load_model(m, o, err));
done:
    return err->status;
}

void rb_apply_close(rb_apply_model *m)
{
    rb_stored_model_fini(&m->stored);
    rb_fold_fini(&m->fold);
    if (m->run.world)
        rb_run_state_fini(&m->run);
}

const char *rb_apply_title(const rb_dataset *d, int32_t item)
{
    const bool titled = d->has_catalogue && d->catalogue.has[RB_COLUMN_TITLE];
    return titled ? rb_strings_at(&d->catalogue.column[RB_COLUMN_TITLE], item) : "";
}

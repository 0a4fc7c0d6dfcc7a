/* Which configurations are compared, and their values: from results.h5 alone. */
#include "report/compare_systems.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/param.h"
#include "base/text.h"

void rb_systems_fini(rb_systems *s)
{
    for (int32_t i = 0; i < s->n; i++)
        rb_free(s->system[i].x);
    rb_free(s->system);
    for (int i = 0; i < s->n_runs; i++)
        rb_results_file_close(&s->run[i]);
    rb_free(s->run);
    *s = (rb_systems){ 0 };
}

/* ---- which ---- */

static rb_status add_system(rb_systems *s, const rb_results_file *run, const rb_trial_line *trial, rb_error *err)
{
    for (int32_t i = 0; i < s->n; i++)
        if (strcmp(s->system[i].run->folder, run->folder) == 0 &&
            s->system[i].trial->configuration == trial->configuration)
            return RB_OK; /* named twice */
    RB_TRY(rb_grow(&s->system, &s->capacity, s->n + 1, err));
    s->system[s->n++] = (rb_system){ .run = run, .trial = trial };
done:
    return err->status;
}

/* All that a run selected by the metric. */
static rb_status add_selected(rb_systems *s, const rb_results_file *run, rb_error *err)
{
    int32_t before = s->n;
    for (int64_t i = 0; i < run->n_selection; i++)
        if (strcmp(run->selection[i].metric, s->metric.id) == 0)
            RB_TRY(add_system(s, run, &run->trial[run->selection[i].trial - 1], err));
    if (s->n == before)
        RB_FAIL(err, RB_BAD_INPUT, "%s: nothing was selected by %s; name a trial: %s:1", run->folder, s->metric.label,
                run->folder);
done:
    return err->status;
}

/* By number, or by the name of an entry: its only configuration, or the selected one. */
static rb_status add_trial(rb_systems *s, const rb_results_file *run, const char *text, rb_error *err)
{
    int64_t number;
    bool several;
    if (rb_parse_int(&number, text, (int64_t)strlen(text)))
        return number >= 1 && number <= run->n_trials
                   ? add_system(s, run, &run->trial[number - 1], err)
                   : RB_FAIL(err, RB_BAD_INPUT, "%s: no trial %s, expected 1 to %lld", run->folder, text,
                             (long long)run->n_trials);
    const rb_trial_line *found = rb_results_entry(run, text, &several);
    if (!found)
        return RB_FAIL(err, RB_BAD_INPUT, "%s: no trial '%s'; reelbench report %s shows them", run->folder, text,
                       run->folder);
    if (several)
        return RB_FAIL(err, RB_BAD_INPUT, "%s: '%s' has several configurations: name one by the number of a trial",
                       run->folder, text);
    return add_system(s, run, found, err);
}

/* An entry's name where no other system has it, else the run and the trial too. */
static void name_systems(rb_systems *s)
{
    for (int32_t i = 0; i < s->n; i++) {
        rb_system *a = &s->system[i];
        bool alone = true;
        for (int32_t j = 0; j < s->n; j++)
            alone = alone && (j == i || strcmp(s->system[j].trial->entry, a->trial->entry) != 0);
        const char *base = strrchr(a->run->folder, '/');
        if (alone)
            snprintf(a->name, sizeof a->name, "%s%s", a->trial->entry, rb_trial_label(a->trial));
        else
            snprintf(a->name, sizeof a->name, "%s (%.80s:%d)%s", a->trial->entry,
                     base && base[1] ? base + 1 : a->run->folder, a->trial->trial, rb_trial_label(a->trial));
    }
}

/* ---- whether they compare ---- */

static rb_status provenance_text(char **out, const rb_results_file *run, const char *name, rb_error *err)
{
    hid_t at = rb_hdf_open_group(run->file.id, "provenance", err);
    if (at >= 0) {
        rb_hdf_get_text(at, name, out, err);
        H5Gclose(at);
    }
    return err->status;
}

/* Data, filter, relevance, split and seed are in the digest that names the folder; and the data may have changed. */
static rb_status check_parts(const rb_systems *s, const char *const *what, rb_error *err)
{
    static const char *const names[] = { "folder_digest", "data_digest" };
    for (int i = 1; i < s->n_runs; i++)
        for (int k = 0; k < 2; k++) {
            char *first = NULL, *own = NULL;
            if (provenance_text(&first, &s->run[0], names[k], err) == RB_OK &&
                provenance_text(&own, &s->run[i], names[k], err) == RB_OK && strcmp(first, own) != 0)
                RB_FAIL(err, RB_BAD_INPUT, "%s and %s do not compare: they were evaluated on different parts (%s)",
                        what[0], what[i],
                        k == 0 ? "data set, filter, relevance, split or seed differ" : "the data have changed");
            rb_free(first);
            rb_free(own);
            RB_TRY(err->status);
        }
done:
    return err->status;
}

static rb_status check_spaces(const rb_systems *s, rb_error *err)
{
    const rb_trial_line *a = s->system[0].trial;
    if (s->metric.family != RB_FAMILY_CLUSTERING || s->metric.def->external)
        return RB_OK;
    for (int32_t i = 1; i < s->n; i++)
        if (strcmp(s->system[i].trial->space, a->space) != 0)
            return RB_FAIL(
                err, RB_BAD_INPUT,
                "%s is in space %s, %s in %s: values of %s in different spaces do not compare; name trials of "
                "one space",
                s->system[0].name, a->space, s->system[i].name, s->system[i].trial->space, s->metric.label);
    return RB_OK;
}

/* ---- values ---- */

static rb_status not_kept(const rb_system *a, const rb_systems *s, const rb_trial_line *t, rb_error *err)
{
    return RB_FAIL(err, RB_BAD_INPUT, "%s: trial %d has no %s of %s on %s%s", a->run->folder, t->trial,
                   s->over_users ? "values of users" : "value", s->metric.label, s->part,
                   s->over_users ? "; store: { per_user: all } keeps those of every trial that has the metric" : "");
}

/* Add a trial's vector to sums and counts by user. */
static rb_status add_vector(rb_systems *s, rb_system *a, int32_t **count, int64_t *n_counts, const rb_trial_line *t,
                            rb_error *err)
{
    char name[256];
    double *value = NULL;
    int32_t *user = NULL;
    int64_t n = 0, n_users = 0;
    const char *population = s->metric.family == RB_FAMILY_RATING    ? "rating"
                             : s->metric.family == RB_FAMILY_SESSION ? "session"
                                                                     : "ranking";
    snprintf(name, sizeof name, "per_user/%d/%s/%s", t->trial, s->part, s->metric.id);
    if (!rb_hdf_has(a->run->file.id, name))
        return not_kept(a, s, t, err);
    RB_TRY(rb_hdf_read_vector(a->run->file.id, name, RB_HDF_DOUBLE, (void **)&value, &n, err));
    snprintf(name, sizeof name, "per_user/%d/%s/users_%s", t->trial, s->part, population);
    RB_TRY(rb_hdf_read_vector(a->run->file.id, name, RB_HDF_INT32, (void **)&user, &n_users, err));
    if (n_users != n || (n > 0 && user[0] < 0))
        RB_TRY(rb_hdf_unfit(err, a->run->file.id, "'%s' has %lld users, its values are %lld", name, (long long)n_users,
                            (long long)n));
    int64_t most = n > 0 ? (int64_t)user[n - 1] + 1 : 0; /* they ascend */
    if (most > s->n_units)
        s->n_units = most;
    RB_TRY(rb_grow(&a->x, &a->capacity, s->n_units, err));
    RB_TRY(rb_grow(count, n_counts, s->n_units, err));
    for (int64_t i = 0; i < n; i++)
        if (!isnan(value[i]) && user[i] < s->n_units && user[i] >= 0) {
            a->x[user[i]] += value[i];
            (*count)[user[i]]++;
        }
done:
    rb_free(value);
    rb_free(user);
    return err->status;
}

/* A user's mean over the folds and repeats that evaluate it. */
static rb_status read_users(rb_systems *s, rb_system *a, rb_error *err)
{
    int32_t *count = NULL;
    int64_t n_counts = 0;
    for (int64_t i = 0; i < a->run->n_trials; i++)
        if (a->run->trial[i].configuration == a->trial->configuration)
            RB_TRY(add_vector(s, a, &count, &n_counts, &a->run->trial[i], err));
    for (int64_t u = 0; u < a->capacity && u < n_counts; u++)
        a->x[u] = count[u] > 0 ? a->x[u] / count[u] : NAN;
    for (int64_t u = n_counts; u < a->capacity; u++)
        a->x[u] = NAN;
done:
    rb_free(count);
    return err->status;
}

/* Unit (fold, repeat) in the order of the trials of a configuration. */
static rb_status read_values(rb_systems *s, rb_system *a, const char **definition, rb_error *err)
{
    int64_t unit = 0;
    for (int64_t i = 0; i < a->run->n_trials; i++) {
        const rb_trial_line *t = &a->run->trial[i];
        if (t->configuration != a->trial->configuration)
            continue;
        const rb_value_line *found = rb_results_value(a->run, t->trial, s->part, &s->metric);
        if (!found)
            return not_kept(a, s, t, err);
        if (*definition && strcmp(*definition, found->definition) != 0)
            return RB_FAIL(err, RB_BAD_INPUT, "%s and %s do not compare: %s", *definition, found->definition,
                           s->metric.def->kind == RB_METRIC_GAP ? "the runs have other numbers of reference sets"
                                                                : "name the distance, as in silhouette:cosine");
        *definition = found->definition;
        RB_TRY(rb_grow(&a->x, &a->capacity, unit + 1, err));
        a->x[unit++] = found->value;
    }
    if (s->n_units > 0 && unit != s->n_units)
        return RB_FAIL(err, RB_BAD_INPUT, "%s has %lld values over folds and repeats, %s has %lld: they do not pair",
                       s->system[0].name, (long long)s->n_units, a->name, (long long)unit);
    s->n_units = unit;
done:
    return err->status;
}

/* The refits' values where every system has them. */
static const char *part_of(const rb_systems *s)
{
    const char *part = "test";
    for (int32_t i = 0; i < s->n; i++) {
        part = rb_results_part(s->system[i].run, s->system[i].trial->configuration, &s->metric);
        if (strcmp(part, "refit") != 0)
            break;
    }
    return part;
}

static rb_status read_all(rb_systems *s, rb_error *err)
{
    const char *definition = NULL;
    for (int32_t i = 0; i < s->n; i++)
        RB_TRY(s->over_users ? read_users(s, &s->system[i], err) : read_values(s, &s->system[i], &definition, err));
    for (int32_t i = 0; i < s->n; i++) { /* users whom only the others have */
        int64_t had = s->system[i].capacity;
        RB_TRY(rb_grow(&s->system[i].x, &s->system[i].capacity, s->n_units, err));
        for (int64_t u = had; u < s->system[i].capacity; u++)
            s->system[i].x[u] = NAN;
    }
done:
    return err->status;
}

static rb_status open_runs(rb_systems *s, char **folder, const char *const *what, int n, const char *metric,
                           rb_error *err)
{
    hid_t at = -1;
    int64_t seed;
    for (int i = 0; i < n; i++)
        RB_TRY(rb_results_file_open(&s->run[s->n_runs++], folder[i], err));
    RB_TRY(check_parts(s, what, err));
    if (!metric && s->run[0].n_selection == 0)
        RB_TRY(RB_FAIL(err, RB_BAD_INPUT, "%s selected by no metric: name one by --metric", folder[0]));
    RB_TRY(rb_metric_parse(&s->metric, metric ? metric : s->run[0].selection[0].label, err));
    at = rb_hdf_open_group(s->run[0].file.id, "provenance", err);
    RB_TRY(err->status);
    RB_TRY(rb_hdf_get_int(at, "seed", &seed, err));
    s->seed = (uint64_t)seed;
done:
    if (at >= 0)
        H5Gclose(at);
    return err->status;
}

rb_status rb_systems_read(rb_systems *s, const char *const *what, int n, const char *metric, rb_error *err)
{
    char **folder = NULL;
    RB_TRY(rb_alloc(&folder, n, err)); /* NOLINT(bugprone-sizeof-expression): pointers */
    RB_TRY(rb_alloc(&s->run, n, err));
    for (int i = 0; i < n; i++) {
        folder[i] = rb_strdup(what[i], err);
        RB_TRY(err->status);
        char *colon = strrchr(folder[i], ':');
        if (colon)
            *colon = 0;
    }
    RB_TRY(open_runs(s, folder, what, n, metric, err));
    for (int i = 0; i < n; i++) {
        const char *trial = strrchr(what[i], ':');
        RB_TRY(trial ? add_trial(s, &s->run[i], trial + 1, err) : add_selected(s, &s->run[i], err));
    }
    name_systems(s);
    s->over_users = s->metric.def->per_user;
    s->part = part_of(s);
    RB_TRY(check_spaces(s, err));
    RB_TRY(read_all(s, err));
done:
    for (int i = 0; folder && i < n; i++)
        rb_free(folder[i]);
    rb_free(folder);
    return err->status;
}

#include "report/describe.h"

#include <math.h>
#include <string.h>

#include "data/space.h"
#include "eval/cluster_profile.h"
#include "eval/stability.h"
#include "harness/apply_model.h"
#include "report/cluster_means.h"
#include "report/table.h"

/* Values of the titles, of which a cluster has shares or weighed sums. */
typedef struct {
    const char *name;
    rb_csr x; /* [titles x values]; borrowed where weight is set: the terms' */
    rb_strings names;
    double *weight; /* NULL: shares */
} facet;

/* What is said of an entry beside its name. */
typedef enum { NAME_ALONE, SHARE, DEVIATIONS } shown;

enum { TERMS, GENRES, COUNTRIES, DECADES, AGE_GROUPS, N_FACETS };

typedef struct {
    const rb_describe_options *options;
    rb_apply_model model;
    bool of_users; /* else of titles */
    rb_classes classes;
    rb_cluster_counts counts;
    rb_cluster_means silhouettes;
    rb_metric_value stability; /* of the repeats of its configuration */
    int64_t n_repeats;         /* whose labels are stored */
    rb_points texts;           /* counts of the terms */
    rb_points space;
    facet facet[N_FACETS];
    double *scratch; /* as long as the longest row of all */
    rb_topk top;
    rb_table_column column[6];
    rb_table table;
} description;

/* ---- the labels ---- */

static int64_t n_points(const description *d)
{
    return d->of_users ? d->model.run.data.users.n : d->model.run.data.catalogue.n;
}

static const char *points_of(const description *d)
{
    return d->of_users ? "users" : "titles";
}

/* NULL where none are stored. */
static rb_status read_labels(int32_t **labels, const description *d, int64_t trial, hid_t results, rb_error *err)
{
    char name[64];
    int64_t n;
    snprintf(name, sizeof name, "labels/%lld", (long long)trial);
    if (!rb_hdf_has(results, name))
        return RB_OK;
    RB_TRY(rb_hdf_read_vector(results, name, RB_HDF_INT32, (void **)labels, &n, err));
    if (n != n_points(d))
        RB_TRY(rb_hdf_unfit(err, results, "'%s' has %lld labels, expected one for each of %lld %s", name, (long long)n,
                            (long long)n_points(d), points_of(d)));
done:
    return err->status;
}

/* How far the labellings of the other repeats agree, those that are stored. */
static rb_status read_stability(description *d, hid_t results, rb_error *err)
{
    const rb_plan *plan = &d->model.run.plan;
    const rb_trial *trial = d->model.trial;
    int32_t **labels = NULL;
    RB_TRY(rb_alloc(&labels, plan->n_repeats, err));
    for (int32_t r = 0; r < plan->n_repeats; r++) {
        const rb_trial *other = rb_plan_trial(plan, trial->configuration, trial->fold, r);
        RB_TRY(read_labels(&labels[d->n_repeats], d, other->number, results, err));
        d->n_repeats += labels[d->n_repeats] != NULL;
    }
    RB_TRY(
        rb_clustering_stability(&d->stability, (const int32_t *const *)labels, d->n_repeats, d->classes.n_points, err));
done:
    for (int32_t r = 0; labels && r < plan->n_repeats; r++)
        rb_free(labels[r]);
    rb_free(labels);
    return err->status;
}

static rb_status read_classes(description *d, rb_error *err)
{
    const rb_apply_model *m = &d->model;
    const int64_t n = n_points(d);
    int32_t *labels = NULL;
    rb_hdf results = { 0 };
    RB_TRY(rb_run_results_open(&results, m->options.resume, err));
    RB_TRY(read_labels(&labels, d, m->trial->number, results.id, err));
    if (!labels)
        RB_TRY(RB_FAIL(err, RB_BAD_INPUT, "no labels of trial %lld (%s) are stored: it failed, or was not finished",
                       (long long)m->trial->number, m->c->entry->name));
    RB_TRY(rb_classes_init(&d->classes, labels, n, err));
    RB_TRY(rb_cluster_counts_init(&d->counts, labels, n, err));
    RB_TRY(rb_cluster_means_read(&d->silhouettes, results.id, &m->run.experiment, m->trial->number, d->classes.n, err));
    RB_TRY(read_stability(d, results.id, err));
done:
    rb_free(labels);
    rb_hdf_close(&results);
    return err->status;
}

/* ---- what titles have ---- */

/* The texts that say most of a title: its other columns are described by themselves. */
static rb_status find_columns(rb_text *out, const description *d, rb_error *err)
{
    static const rb_column all[] = { RB_COLUMN_TITLE, RB_COLUMN_DESCRIPTION, RB_COLUMN_TAGS };
    if (d->options->columns)
        return rb_text_addf(out, err, "%s", d->options->columns);
    for (int i = 0; i < 3; i++)
        if (d->model.run.data.catalogue.has[all[i]])
            RB_TRY(rb_text_addf(out, err, "%s%s", out->length > 0 ? "+" : "", rb_column_name(all[i])));
done:
    return err->status;
}

static rb_status make_terms(description *d, rb_ctx *ctx, rb_error *err)
{
    facet *f = &d->facet[TERMS];
    rb_text columns = { 0 };
    rb_space_spec spec = { 0 };
    RB_TRY(find_columns(&columns, d, err));
    if (columns.length == 0)
        goto done;
    RB_TRY(rb_space_parse(&spec, "counts", err));
    RB_TRY(rb_space_set(&spec, "columns", columns.data, err));
    RB_TRY(rb_space_build(&d->texts, &spec, &d->model.run.data.catalogue, ctx, err));
    RB_TRY(rb_strings_copy(&f->names, &d->texts.terms, err));
    RB_TRY(rb_alloc(&f->weight, d->texts.d, err));
    f->x = *d->texts.sparse;
    rb_class_weights(f->weight, &d->classes, &f->x);
done:
    rb_space_spec_fini(&spec);
    rb_text_fini(&columns);
    return err->status;
}

static void add_value(rb_csr *x, int64_t row, int32_t value)
{
    int64_t *end = &x->row_begin[row + 1];
    for (int64_t e = x->row_begin[row]; e < *end; e++)
        if (x->col[e] == value)
            return; /* written twice */
    x->col[*end] = value;
    x->value[(*end)++] = 1;
}

static rb_status make_multi(facet *f, const rb_multi *m, int64_t n, rb_error *err)
{
    RB_TRY(rb_csr_init(&f->x, n, m->names.n, m->begin[n], err));
    RB_TRY(rb_strings_copy(&f->names, &m->names, err));
    for (int64_t i = 0; i < n; i++) {
        f->x.row_begin[i + 1] = f->x.row_begin[i];
        for (int64_t e = m->begin[i]; e < m->begin[i + 1]; e++)
            add_value(&f->x, i, m->value[e]);
    }
done:
    return err->status;
}

static rb_status make_decades(facet *f, const rb_catalogue *c, rb_error *err)
{
    int32_t first = INT32_MAX, last = -1;
    char(*name)[16] = NULL;
    const char **names = NULL;
    for (int32_t i = 0; i < c->n; i++)
        if (c->year[i] >= 0) {
            first = c->year[i] / 10 < first ? c->year[i] / 10 : first;
            last = c->year[i] / 10 > last ? c->year[i] / 10 : last;
        }
    const int32_t n = last < 0 ? 0 : last - first + 1;
    RB_TRY(rb_alloc(&name, n, err));
    RB_TRY(rb_alloc(&names, n, err));
    for (int32_t k = 0; k < n; k++) {
        snprintf(name[k], sizeof name[k], "%ds", (first + k) * 10);
        names[k] = name[k];
    }
    RB_TRY(rb_strings_from(&f->names, names, n, err));
    RB_TRY(rb_csr_init(&f->x, c->n, n, c->n, err));
    for (int32_t i = 0; i < c->n; i++) {
        f->x.row_begin[i + 1] = f->x.row_begin[i];
        if (c->year[i] >= 0)
            add_value(&f->x, i, c->year[i] / 10 - first);
    }
done:
    rb_free(name);
    rb_free(names);
    return err->status;
}

static rb_status make_age_groups(facet *f, const rb_catalogue *c, rb_error *err)
{
    static const char *const names[] = { "unrated", "kids", "older kids", "teens", "adults" };
    RB_TRY(rb_strings_from(&f->names, names, RB_AGE_ADULTS + 1, err));
    RB_TRY(rb_csr_init(&f->x, c->n, RB_AGE_ADULTS + 1, c->n, err));
    for (int32_t i = 0; i < c->n; i++) {
        f->x.row_begin[i + 1] = f->x.row_begin[i];
        add_value(&f->x, i, c->age_group[i]);
    }
done:
    return err->status;
}

static rb_status make_space(description *d, rb_ctx *ctx, rb_error *err)
{
    const rb_dataset *data = &d->model.run.data;
    const bool own = d->model.c->space != NULL;
    rb_space_spec spec = { 0 };
    rb_error none = { 0 };
    RB_TRY(rb_space_parse(&spec, own ? d->model.c->space : d->of_users ? "users" : "tfidf", err));
    if (own || rb_space_check(&spec, &data->catalogue, &none) == RB_OK)
        RB_TRY(rb_run_build_space(&d->space, &spec, data, ctx, err));
done:
    rb_space_spec_fini(&spec);
    return err->status;
}

static rb_status make_facets(description *d, rb_ctx *ctx, rb_error *err)
{
    static const char *const names[N_FACETS] = { "terms", "genres", "countries", "decades", "age groups" };
    const rb_catalogue *c = &d->model.run.data.catalogue;
    int64_t most = 0;
    for (int f = 0; f < N_FACETS; f++)
        d->facet[f].name = names[f];
    RB_TRY(make_space(d, ctx, err));
    if (d->of_users) /* who have features alone */
        return rb_alloc(&d->scratch, d->space.d, err);
    RB_TRY(make_terms(d, ctx, err));
    if (c->has[RB_COLUMN_GENRES])
        RB_TRY(make_multi(&d->facet[GENRES], &c->genre, c->n, err));
    if (c->has[RB_COLUMN_COUNTRY])
        RB_TRY(make_multi(&d->facet[COUNTRIES], &c->country, c->n, err));
    if (c->has[RB_COLUMN_RELEASE_YEAR])
        RB_TRY(make_decades(&d->facet[DECADES], c, err));
    if (c->has[RB_COLUMN_RATING])
        RB_TRY(make_age_groups(&d->facet[AGE_GROUPS], c, err));
    for (int f = 0; f < N_FACETS; f++)
        most = d->facet[f].x.n_cols > most ? d->facet[f].x.n_cols : most;
    RB_TRY(rb_alloc(&d->scratch, most > d->space.d ? most : d->space.d, err));
done:
    return err->status;
}

/* ---- the table ---- */

static const rb_table_column entry_columns[] = { { "cluster", RB_CELL_TEXT }, { "titles", RB_CELL_NUMBER },
                                                 { "of", RB_CELL_TEXT },      { "rank", RB_CELL_NUMBER },
                                                 { "name", RB_CELL_TEXT },    { "value", RB_CELL_NUMBER } };
static const rb_table_column line_columns[] = {
    { "cluster", RB_CELL_TEXT }, { "titles", RB_CELL_NUMBER }, { "of", RB_CELL_TEXT }, { "what", RB_CELL_TEXT }
};

static bool for_the_eye(const description *d)
{
    return d->options->format == RB_FORMAT_TABLE || d->options->format == RB_FORMAT_MARKDOWN;
}

static void begin_table(description *d)
{
    const int n = for_the_eye(d) ? 4 : 6;
    memcpy(d->column, for_the_eye(d) ? line_columns : entry_columns, (size_t)n * sizeof *d->column);
    d->column[1].name = points_of(d);
    rb_table_init(&d->table, d->column, n);
}

static rb_status add_cluster(description *d, int64_t c, const char *of, rb_error *err)
{
    char label[16];
    snprintf(label, sizeof label, "%d", d->classes.label[c]);
    RB_TRY(rb_table_text(&d->table, d->classes.label[c] < 0 ? "noise" : label, err));
    RB_TRY(rb_table_int(&d->table, d->classes.begin[c + 1] - d->classes.begin[c], err));
    RB_TRY(rb_table_text(&d->table, of, err));
done:
    return err->status;
}

/* Title of an item, or the id where it has none; id of a user. */
static const char *point_name(char id[32], const description *d, int32_t point)
{
    const rb_dataset *data = &d->model.run.data;
    const char *title = d->of_users ? "" : rb_apply_title(data, point);
    return *title ? title : rb_ids_name(id, d->of_users ? &data->users : &data->catalogue.ids, point);
}

/* What d->top holds: one line for the eye, else a row each. names NULL: points by their distance. */
static rb_status add_entries(description *d, int64_t c, const char *of, const rb_strings *names, shown how,
                             rb_error *err)
{
    rb_text line = { 0 };
    char id[32];
    rb_topk_finish(&d->top);
    for (int32_t r = 0; r < d->top.n; r++) {
        const rb_topk_entry *e = &d->top.entry[r];
        const char *name = names ? rb_strings_at(names, e->item) : point_name(id, d, e->item);
        const double value = how == DEVIATIONS ? d->scratch[e->item] : names ? e->score : sqrt(-e->score);
        if (for_the_eye(d)) {
            if (how == SHARE && 100 * value < 0.5) /* and so are those behind it */
                break;
            RB_TRY(rb_text_addf(&line, err, "%s%s", r ? "; " : "", name));
            if (how != NAME_ALONE)
                RB_TRY(
                    rb_text_addf(&line, err, how == SHARE ? " %.0f%%" : " %+.2f", how == SHARE ? 100 * value : value));
            continue;
        }
        RB_TRY(add_cluster(d, c, of, err));
        RB_TRY(rb_table_int(&d->table, r + 1, err));
        RB_TRY(rb_table_text(&d->table, name, err));
        RB_TRY(rb_table_double(&d->table, value, -1, err));
    }
    if (line.length > 0) {
        RB_TRY(add_cluster(d, c, of, err));
        RB_TRY(rb_table_text(&d->table, line.data, err));
    }
done:
    rb_text_fini(&line);
    d->top.n = 0;
    return err->status;
}

/* The mean of its points, of each silhouette that the run has. */
static rb_status add_silhouettes(description *d, int64_t c, rb_error *err)
{
    for (int64_t i = 0; i < d->silhouettes.n; i++) {
        const double mean = d->silhouettes.mean[i][c];
        if (isnan(mean)) /* noise that was left out */
            continue;
        RB_TRY(add_cluster(d, c, d->silhouettes.label[i], err));
        if (!for_the_eye(d)) {
            RB_TRY(rb_table_int(&d->table, 1, err));
            RB_TRY(rb_table_text(&d->table, "mean", err));
            RB_TRY(rb_table_double(&d->table, mean, -1, err));
            continue;
        }
        char text[32];
        snprintf(text, sizeof text, "%+.4f", mean);
        RB_TRY(rb_table_text(&d->table, text, err));
    }
done:
    return err->status;
}

static rb_status add_class(description *d, int64_t c, rb_error *err)
{
    RB_TRY(add_silhouettes(d, c, err));
    for (int f = 0; f < N_FACETS; f++) {
        const facet *of = &d->facet[f];
        if (of->x.n_cols == 0)
            continue;
        memset(d->scratch, 0, (size_t)of->x.n_cols * sizeof *d->scratch);
        rb_class_columns(&d->top, d->scratch, &d->classes, c, &of->x, of->weight);
        RB_TRY(add_entries(d, c, of->name, &of->names, of->weight ? NAME_ALONE : SHARE, err));
    }
    if (d->space.n > 0) {
        rb_class_nearest(&d->top, d->scratch, &d->classes, c, &d->space);
        RB_TRY(add_entries(d, c, d->of_users ? "nearest users" : "nearest titles", NULL, NAME_ALONE, err));
        for (int32_t j = 0; d->of_users && j < d->space.d; j++) /* the mean, in standard deviations of all users */
            rb_topk_offer(&d->top, fabs(d->scratch[j]), 0, j);
        if (d->of_users)
            RB_TRY(add_entries(d, c, "features", &d->space.terms, DEVIATIONS, err));
    }
done:
    return err->status;
}

/* The row of all clusters together. */
static rb_status add_stability(description *d, rb_error *err)
{
    char repeats[48];
    if (for_the_eye(d) || d->stability.state != RB_VALUE_OK)
        return RB_OK;
    snprintf(repeats, sizeof repeats, "%lld repeats", (long long)d->n_repeats);
    RB_TRY(rb_table_text(&d->table, "all", err));
    RB_TRY(rb_table_int(&d->table, d->classes.n_points, err));
    RB_TRY(rb_table_text(&d->table, "stability:seeds", err));
    RB_TRY(rb_table_double(&d->table, NAN, -1, err));
    RB_TRY(rb_table_text(&d->table, repeats, err));
    RB_TRY(rb_table_double(&d->table, d->stability.value, -1, err));
done:
    return err->status;
}

static rb_status print(const description *d, FILE *out, rb_error *err)
{
    const rb_classes *c = &d->classes;
    if (for_the_eye(d)) {
        fprintf(out, "trial %lld (%s%s): %lld %s, %lld cluster%s of %.0f to %.0f, median %g; %lld noise",
                (long long)d->model.trial->number, d->model.c->entry->name, d->model.c->is_fast ? " [fast]" : "",
                (long long)c->n_points, points_of(d), (long long)c->n_proper, rb_text_plural(c->n_proper),
                d->counts.least, d->counts.most, d->counts.middle, (long long)(c->n_points - c->begin[c->n_proper]));
        if (d->stability.state == RB_VALUE_OK)
            fprintf(out, "; stability:seeds %.4f over %lld repeats", d->stability.value, (long long)d->n_repeats);
        fputs("\n\n", out);
    }
    return rb_table_write(out, &d->table, d->options->format, err);
}

static void fini(description *d)
{
    d->facet[TERMS].x = (rb_csr){ 0 };
    for (int f = 0; f < N_FACETS; f++) {
        rb_csr_fini(&d->facet[f].x);
        rb_strings_fini(&d->facet[f].names);
        rb_free(d->facet[f].weight);
    }
    rb_points_fini(&d->texts);
    rb_points_fini(&d->space);
    rb_classes_fini(&d->classes);
    rb_cluster_counts_fini(&d->counts);
    rb_cluster_means_fini(&d->silhouettes);
    rb_table_fini(&d->table);
    rb_free(d->scratch);
    rb_free(d->top.entry);
    rb_apply_close(&d->model);
}

rb_status rb_report_describe(const rb_apply_options *o, const rb_describe_options *options, rb_ctx *ctx, rb_error *err)
{
    description d = { .options = options };
    const rb_apply_model *m = &d.model;
    RB_TRY(rb_apply_open_trial(&d.model, o, "labels", NULL, ctx, err));
    if (!(m->algorithm->can & RB_CAN_ASSIGN) || (m->algorithm->can & RB_CAN_RECOMMEND))
        RB_TRY(RB_FAIL(err, RB_BAD_INPUT, "%s is no clustering: it has no clusters to describe", m->algorithm->name));
    d.of_users = rb_configuration_is_of_users(&m->run.plan, m->c);
    if (!d.of_users && !m->run.data.has_catalogue)
        RB_TRY(RB_FAIL(err, RB_BAD_INPUT, "the data set '%s' has no titles to describe clusters by", m->run.data.name));
    RB_TRY(read_classes(&d, err));
    RB_TRY(make_facets(&d, ctx, err));
    d.top.k = (int32_t)options->top;
    RB_TRY(rb_alloc(&d.top.entry, options->top, err));
    begin_table(&d);
    RB_TRY(add_stability(&d, err));
    for (int64_t c = 0; c < d.classes.n; c++)
        RB_TRY(add_class(&d, c, err));
    RB_TRY(print(&d, o->out, err));
done:
    fini(&d);
    return err->status;
}

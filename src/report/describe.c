#include "report/describe.h"

#include <math.h>
#include <string.h>

#include "eval/cluster_profile.h"
#include "eval/stability.h"
#include "harness/apply_model.h"
#include "report/cluster_means.h"
#include "report/describe_facets.h"
#include "report/describe_space.h"
#include "report/table.h"

/* What is said of an entry beside its name. */
typedef enum { NAME_ALONE, SHARE, DEVIATIONS } shown;

typedef struct {
    const rb_describe_options *options;
    rb_apply_model model;
    bool of_users; /* else of titles */
    rb_classes classes;
    rb_cluster_counts counts;
    rb_cluster_means silhouettes;
    rb_metric_value stability; /* of the repeats of its configuration */
    int64_t n_repeats;         /* whose labels are stored */
    int n_threads;
    rb_description_space space;
    rb_facets facets;
    rb_topic_words topics; /* of a topic model; n 0: of another */
    double *scratch;       /* as long as the longest row of all */
    double *sums;          /* [2 x points of the largest cluster] */
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

static rb_status make_facets(description *d, rb_ctx *ctx, rb_error *err)
{
    RB_TRY(rb_describe_space(&d->space, &d->model, d->classes.n_points, ctx, err));
    if (!d->of_users) /* who have features alone */
        RB_TRY(rb_facets_init(&d->facets, d->options->columns, &d->model.run.data.catalogue, &d->classes, ctx, err));
    const int64_t d_space = d->space.points.d, most = d->facets.most;
    const int64_t largest = d->counts.n_clusters > 0 ? (int64_t)d->counts.most : 0;
    RB_TRY(rb_alloc(&d->scratch, most > d_space ? most : d_space, err));
    RB_TRY(rb_alloc(&d->sums, 2 * largest, err));
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

/* One entry by itself. */
static rb_status add_one(description *d, int64_t c, const char *of, const char *name, double value, rb_error *err)
{
    RB_TRY(add_cluster(d, c, of, err));
    if (for_the_eye(d))
        return rb_table_text(&d->table, name, err);
    RB_TRY(rb_table_int(&d->table, 1, err));
    RB_TRY(rb_table_text(&d->table, name, err));
    RB_TRY(rb_table_double(&d->table, value, -1, err));
done:
    return err->status;
}

/* The mean of its points, of each silhouette that the run has. */
static rb_status add_silhouettes(description *d, int64_t c, rb_error *err)
{
    for (int64_t i = 0; i < d->silhouettes.n; i++) {
        const double mean = d->silhouettes.mean[i][c];
        if (isnan(mean)) /* noise that was left out */
            continue;
        char text[32];
        snprintf(text, sizeof text, "%+.4f", mean);
        RB_TRY(add_one(d, c, d->silhouettes.label[i], for_the_eye(d) ? text : "mean", mean, err));
    }
done:
    return err->status;
}

/* The words of the topic that a cluster is, and how they keep together. */
static rb_status add_topic(description *d, int64_t c, rb_error *err)
{
    const rb_topic_words *t = &d->topics;
    const int32_t k = d->classes.label[c];
    rb_text line = { 0 };
    char text[32];
    for (int64_t r = 0; k >= 0 && k < t->n && r < t->n_top && r < d->options->top; r++) {
        const char *word = rb_strings_at(&t->words, k * t->n_top + r);
        if (for_the_eye(d)) {
            RB_TRY(rb_text_addf(&line, err, "%s%s %.1f%%", r ? "; " : "", word, 100 * t->share[k * t->n_top + r]));
            continue;
        }
        RB_TRY(add_cluster(d, c, "topic words", err));
        RB_TRY(rb_table_int(&d->table, r + 1, err));
        RB_TRY(rb_table_text(&d->table, word, err));
        RB_TRY(rb_table_double(&d->table, t->share[k * t->n_top + r], -1, err));
    }
    if (line.length > 0)
        RB_TRY(add_one(d, c, "topic words", line.data, NAN, err));
    if (k >= 0 && k < t->n && !isnan(t->coherence[k])) {
        snprintf(text, sizeof text, "%+.4f", t->coherence[k]);
        RB_TRY(add_one(d, c, "coherence", for_the_eye(d) ? text : "npmi", t->coherence[k], err));
    }
done:
    rb_text_fini(&line);
    return err->status;
}

/* Pairs of a cluster's points are worth it up to so many of them. */
#define MOST_FOR_MEDOID 4000

/* Of a large cluster the point nearest to its mean stands for it, and is called so. Noise has none. */
static rb_status add_medoid(description *d, int64_t c, rb_error *err)
{
    const int64_t size = d->classes.begin[c + 1] - d->classes.begin[c];
    char id[32];
    double mean;
    if (d->classes.label[c] < 0)
        return RB_OK;
    if (size <= MOST_FOR_MEDOID) {
        const int32_t point =
            rb_class_medoid(&mean, d->sums, &d->classes, c, &d->space.points, d->space.is_cosine, d->n_threads);
        return add_one(d, c, "medoid", point_name(id, d, point), mean, err);
    }
    rb_topk_entry nearest = { 0 };
    rb_topk one = { .k = 1, .entry = &nearest };
    rb_class_nearest(&one, d->scratch, &d->classes, c, &d->space.points);
    rb_topk_finish(&one);
    return add_one(d, c, "medoid (nearest to the mean)", point_name(id, d, nearest.item), sqrt(-nearest.score), err);
}

static rb_status add_class(description *d, int64_t c, rb_error *err)
{
    char nearest[320];
    RB_TRY(add_silhouettes(d, c, err));
    RB_TRY(add_topic(d, c, err));
    for (int f = 0; f < RB_N_FACETS; f++) {
        const rb_facet *of = &d->facets.facet[f];
        if (of->x.n_cols == 0)
            continue;
        memset(d->scratch, 0, (size_t)of->x.n_cols * sizeof *d->scratch);
        rb_class_columns(&d->top, d->scratch, &d->classes, c, &of->x, of->weight);
        RB_TRY(add_entries(d, c, of->name, &of->names, of->weight ? NAME_ALONE : SHARE, err));
    }
    const rb_points *space = &d->space.points;
    if (space->n > 0) {
        snprintf(nearest, sizeof nearest, "nearest %s%s%s", points_of(d), d->space.stands_in ? " in " : "",
                 d->space.stands_in ? d->space.stands_in : "");
        rb_class_nearest(&d->top, d->scratch, &d->classes, c, space);
        RB_TRY(add_entries(d, c, nearest, NULL, NAME_ALONE, err));
        for (int32_t j = 0; d->of_users && j < space->d; j++) /* the mean, in standard deviations of all users */
            rb_topk_offer(&d->top, fabs(d->scratch[j]), 0, j);
        if (d->of_users && space->terms.n > 0)
            RB_TRY(add_entries(d, c, "features", &space->terms, DEVIATIONS, err));
        RB_TRY(add_medoid(d, c, err));
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
    rb_facets_fini(&d->facets);
    rb_points_fini(&d->space.points);
    rb_topic_words_fini(&d->topics);
    rb_classes_fini(&d->classes);
    rb_cluster_counts_fini(&d->counts);
    rb_cluster_means_fini(&d->silhouettes);
    rb_table_fini(&d->table);
    rb_free(d->scratch);
    rb_free(d->sums);
    rb_free(d->top.entry);
    rb_apply_close(&d->model);
}

rb_status rb_report_describe(const rb_apply_options *o, const rb_describe_options *options, rb_ctx *ctx, rb_error *err)
{
    description d = { .options = options, .n_threads = ctx->n_threads };
    const rb_apply_model *m = &d.model;
    RB_TRY(rb_apply_open_trial(&d.model, o, "labels", NULL, ctx, err));
    if (!(m->algorithm->can & RB_CAN_ASSIGN) || (m->algorithm->can & RB_CAN_RECOMMEND))
        RB_TRY(RB_FAIL(err, RB_BAD_INPUT, "%s is no clustering: it has no clusters to describe", m->algorithm->name));
    d.of_users = rb_configuration_is_of_users(&m->run.plan, m->c);
    if (!d.of_users && !m->run.data.has_catalogue)
        RB_TRY(RB_FAIL(err, RB_BAD_INPUT, "the data set '%s' has no titles to describe clusters by", m->run.data.name));
    RB_TRY(read_classes(&d, err));
    RB_TRY(make_facets(&d, ctx, err));
    RB_TRY(rb_topic_words_read(&d.topics, m, err));
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

#include "report/export_merges.h"

#include <string.h>

#include "base/alloc.h"
#include "base/output.h"
#include "harness/apply_model.h"
#include "report/merges.h"

/* What results.h5 keeps of the model, and of whom. */
typedef struct {
    const rb_dataset *data;
    bool of_users; /* else of titles */
    double *tree;  /* [n - 1 x 4] */
    int32_t *labels;
    int64_t n, k; /* k: clusters of the labels */
} kept_tree;

static const rb_ids *ids_of(const kept_tree *t)
{
    return t->of_users ? &t->data->users : &t->data->items;
}

static const char *points_of(const kept_tree *t)
{
    return t->of_users ? "users" : "titles";
}

static rb_status read_tree(kept_tree *t, const rb_apply_model *m, rb_error *err)
{
    char name[64];
    int64_t n_rows, n_cols;
    rb_hdf results = { 0 };
    rb_error bad = { 0 };
    RB_TRY(rb_run_results_open(&results, m->options.resume, err));
    snprintf(name, sizeof name, "models/%lld", (long long)m->trial->number);
    if (!rb_hdf_has(results.id, name))
        RB_TRY(RB_FAIL(err, RB_BAD_INPUT,
                       "the model of trial %lld (%s) was not kept: store: { models: all } keeps every one",
                       (long long)m->trial->number, m->c->entry->name));
    snprintf(name, sizeof name, "models/%lld/tree", (long long)m->trial->number);
    RB_TRY(rb_hdf_read(results.id, name, RB_HDF_DOUBLE, (void **)&t->tree, &n_rows, &n_cols, err));
    snprintf(name, sizeof name, "models/%lld/labels", (long long)m->trial->number);
    RB_TRY(rb_hdf_read_vector(results.id, name, RB_HDF_INT32, (void **)&t->labels, &t->n, err));
    if (n_cols != 4 || n_rows != t->n - 1 || t->n != ids_of(t)->n)
        RB_TRY(rb_hdf_unfit(err, results.id, "trial %lld has %lld merges of %lld numbers, expected those of %lld %s",
                            (long long)m->trial->number, (long long)n_rows, (long long)n_cols, (long long)ids_of(t)->n,
                            points_of(t)));
    for (int64_t i = 0; i < t->n; i++)
        t->k = t->labels[i] + 1 > t->k ? t->labels[i] + 1 : t->k;
    if (rb_merges_check(t->tree, t->n, &bad) == RB_BAD_INPUT)
        RB_TRY(rb_hdf_unfit(err, results.id, "trial %lld: %s", (long long)m->trial->number, bad.message));
    RB_TRY(bad.status ? RB_FAIL(err, bad.status, "%s", bad.message) : RB_OK);
done:
    rb_hdf_close(&results);
    return err->status;
}

static const char *id_of(char buffer[32], const void *tree, int64_t point)
{
    return rb_ids_name(buffer, ids_of(tree), (int32_t)point);
}

/* Users have ids alone. */
static const char *title_of(char buffer[32], const void *tree, int64_t point)
{
    const kept_tree *t = tree;
    const char *title = t->of_users ? "" : rb_apply_title(t->data, (int32_t)point);
    return title[0] ? title : id_of(buffer, tree, point);
}

static rb_status write_figure(FILE *out, const rb_merges *merges, const kept_tree *t, const rb_apply_model *m,
                              int64_t last, rb_error *err)
{
    char caption[256];
    const bool is_cut = last < t->n;
    snprintf(caption, sizeof caption, "%.60s %.120s: heights of the merges of %lld %s%s", m->c->entry->name, m->c->text,
             (long long)t->n, points_of(t), is_cut ? "; (n): a cluster of n" : "");
    return rb_figure_merges(out, merges, last, t->k, caption, err);
}

rb_status rb_export_merges(const rb_apply_options *o, const rb_export_merges_options *options, rb_ctx *ctx,
                           rb_error *err)
{
    rb_apply_model m = { 0 };
    kept_tree tree = { 0 };
    FILE *newick = NULL, *figure = NULL;
    RB_TRY(rb_apply_open_trial(&m, o, "models", &(rb_ability){ RB_CAN_MERGE, NULL, "has no merge tree" }, ctx, err));
    tree.data = &m.run.data;
    tree.of_users = rb_configuration_is_of_users(&m.run.plan, m.c);
    RB_TRY(read_tree(&tree, &m, err));
    const rb_merges merges = { tree.tree, tree.n, options->by_title ? title_of : id_of, &tree };
    RB_TRY(rb_output_open(&newick, options->newick, o->out, err));
    RB_TRY(rb_output_open(&figure, options->figure, o->out, err));
    if (newick)
        RB_TRY(rb_newick_write(newick, &merges, err));
    if (figure)
        RB_TRY(write_figure(figure, &merges, &tree, &m, options->last, err));
done:
    rb_output_close(newick, options->newick, o->out, err);
    rb_output_close(figure, options->figure, o->out, err);
    rb_free(tree.tree);
    rb_free(tree.labels);
    rb_apply_close(&m);
    return err->status;
}

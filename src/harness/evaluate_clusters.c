/* The values of clusterings of one space. */
#include "harness/evaluate_clusters.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "eval/dbcv.h"
#include "eval/silhouette.h"

static int noise_of(const rb_metric *m)
{
    for (int g = RB_METRIC_GROUPS - 1; g >= 0; g--)
        if (m->def->group[g].choices)
            return m->variant[g];
    return RB_NOISE_DROP;
}

static rb_metric_row *add_row(const rb_cluster_batch *b, rb_waiting *w, const rb_metric *m, rb_metric_value value,
                              rb_error *err)
{
    rb_metric_row *row = rb_metric_record_add(&w->record, b->part, m->id, err);
    if (row) {
        row->value = value;
        for (int64_t i = 0; i < w->n_labels; i++)
            row->n_left_out += w->labels[i] < 0;
        row->n = w->n_labels - row->n_left_out;
    }
    return row;
}

/* ---- silhouettes: one pass for everything that has the same points and distance ---- */

const char *rb_run_clustered_with(const rb_configuration *c)
{
    return c->entry->algorithm->distance ? c->entry->algorithm->distance(c->config) : "euclidean";
}

static rb_silhouette_distance distance_of(const rb_metric *m, const char *clustered)
{
    if (m->variant[0] != RB_DISTANCE_CLUSTERED)
        return m->variant[0] == RB_DISTANCE_COSINE ? RB_SILHOUETTE_COSINE : RB_SILHOUETTE_EUCLIDEAN;
    return strcmp(clustered, "cosine") == 0 ? RB_SILHOUETTE_COSINE : RB_SILHOUETTE_EUCLIDEAN;
}

bool rb_run_needs_pairs(const rb_metric *m, const rb_configuration *c)
{
    return m->def->kind == RB_METRIC_SILHOUETTE && !m->sample &&
           (distance_of(m, rb_run_clustered_with(c)) == RB_SILHOUETTE_EUCLIDEAN || noise_of(m) == RB_NOISE_SINGLETONS);
}

/* *score [points] becomes the row's; NULL on ranks that write nothing, and of a sample. */
static rb_status take_silhouette(const rb_cluster_batch *b, rb_waiting *w, const rb_metric *m,
                                 rb_silhouette_distance distance, rb_metric_value value, double **score,
                                 int64_t n_noise, rb_error *err)
{
    rb_metric named = *m;
    rb_metric_row *row = add_row(b, w, m, value, err);
    if (row && m->sample) {
        row->n_left_out = n_noise;
        row->n = (m->sample < w->n_labels ? m->sample : w->n_labels) - n_noise;
    }
    if (row && m->variant[0] == RB_DISTANCE_CLUSTERED &&
        rb_metric_choose(&named, distance == RB_SILHOUETTE_COSINE ? "cosine" : "euclidean", err) == RB_OK)
        snprintf(row->definition, sizeof row->definition, "%s", named.definition);
    if (row && *score && value.state == RB_VALUE_OK) {
        rb_metric_row_take(row, RB_POINTS, *score, w->n_labels, err);
        *score = NULL;
    }
    return err->status;
}

/* Labellings that ask for a silhouette of these points in this distance, in the order of trials, then metrics. */
static int collect(rb_labelling *labelling, rb_waiting **owner, const rb_metric **metric, const rb_cluster_batch *b,
                   rb_silhouette_distance distance, int64_t sample)
{
    int n = 0;
    for (int64_t i = 0; i < b->n; i++)
        for (int32_t k = 0; k < b->item[i].wanted.n; k++) {
            const rb_metric *m = &b->item[i].wanted.metric[k];
            if (m->def->kind != RB_METRIC_SILHOUETTE || m->sample != sample || !b->item[i].labels ||
                distance_of(m, b->item[i].distance) != distance)
                continue;
            labelling[n] = (rb_labelling){ b->item[i].labels, noise_of(m) };
            owner[n] = &b->item[i];
            metric[n++] = m;
        }
    return n;
}

/* The least sample above `after` that a silhouette asks for; -1: none. 0 stands for all points. */
static int64_t next_sample(const rb_cluster_batch *b, int64_t after)
{
    const rb_experiment *e = &b->run->experiment;
    int64_t least = -1;
    for (int32_t i = 0; i < e->n_metrics; i++)
        if (e->metrics[i].sample > after && (least < 0 || e->metrics[i].sample < least))
            least = e->metrics[i].sample;
    return least;
}

static rb_status silhouettes(rb_cluster_batch *b, rb_silhouette_distance distance, int64_t sample, rb_error *err)
{
    const rb_ctx *world = b->run->world;
    int64_t most = b->n * b->run->experiment.n_metrics;
    rb_labelling *labelling = NULL;
    rb_waiting **owner = NULL;
    const rb_metric **metric = NULL;
    rb_metric_value *value = NULL;
    int64_t *n_noise = NULL;
    double **score = NULL;
    int n = 0;
    rb_alloc(&score, most, err);
    rb_alloc(&labelling, most, err);
    rb_alloc(&owner, most, err);
    rb_alloc(&metric, most, err);
    rb_alloc(&n_noise, most, err);
    RB_TRY_ALL(world, rb_alloc(&value, most, err));
    n = collect(labelling, owner, metric, b, distance, sample);
    for (int i = 0; i < n && world->rank == 0 && !sample; i++) /* which writes the units */
        rb_alloc(&score[i], b->points->n, err);
    RB_TRY_ALL(world, err->status);
    int step = b->run->options->no_share ? 1 : n;
    for (int i = 0; i < n; i += step)
        if (sample)
            RB_TRY(rb_silhouette_sampled(value + i, n_noise + i, b->points, labelling + i, step, distance, sample,
                                         world, err));
        else
            RB_TRY(rb_silhouette_many(value + i, score + i, b->points, labelling + i, step, distance, world, err));
    for (int i = 0; i < n; i++)
        RB_TRY_ALL(world, take_silhouette(b, owner[i], metric[i], distance, value[i], &score[i], n_noise[i], err));
done:
    for (int i = 0; i < n; i++)
        rb_free(score[i]);
    rb_free(score);
    rb_free(labelling);
    rb_free(owner);
    rb_free(metric);
    rb_free(value);
    rb_free(n_noise);
    return err->status;
}

/* ---- everything else ---- */

static rb_metric_value of_compactness(const rb_compactness *c, rb_metric_kind kind)
{
    if (kind == RB_METRIC_DAVIES_BOULDIN)
        return c->davies_bouldin;
    return kind == RB_METRIC_CALINSKI_HARABASZ ? c->calinski_harabasz : c->inertia;
}

static rb_metric_value of_agreement(const rb_agreement *a, rb_metric_kind kind)
{
    switch (kind) {
    case RB_METRIC_ARI:
        return a->ari;
    case RB_METRIC_AMI:
        return a->ami;
    case RB_METRIC_NMI:
        return a->nmi;
    case RB_METRIC_HOMOGENEITY:
        return a->homogeneity;
    case RB_METRIC_COMPLETENESS:
        return a->completeness;
    case RB_METRIC_V_MEASURE:
        return a->v_measure;
    default:
        return a->purity;
    }
}

/* Users have the generator's segments, items what their catalogue tells. */
static rb_status find_reference(const rb_cluster_batch *b, const rb_waiting *w, const char *reference, rb_error *err)
{
    const rb_run_state *run = b->run;
    if (!rb_configuration_is_of_users(&run->plan, rb_run_configuration(run, w->trial)))
        return rb_catalogue_labels(b->reference, b->titles, reference, err);
    if (strcmp(reference, "planted") != 0 || !run->data.user_segment)
        return RB_FAIL(err, RB_NOT_APPLICABLE, "users have no labels '%s'", reference);
    memcpy(b->reference, run->data.user_segment, (size_t)w->fit.n_labels * sizeof *b->reference);
    return RB_OK;
}

static rb_status agreement(rb_metric_value *value, const rb_cluster_batch *b, const rb_waiting *w, const rb_metric *m,
                           rb_error *err)
{
    char reference[64];
    rb_agreement a;
    rb_labelling labelling = { w->labels, noise_of(m) };
    rb_metric_variant(reference, m, 0);
    for (char *c = reference; *c; c++)
        *c = *c == '-' ? '_' : *c; /* the catalogue's names */
    rb_error none = { 0 };
    if (find_reference(b, w, reference, &none) != RB_OK) {
        *value = (rb_metric_value){ NAN, RB_VALUE_NOT_APPLICABLE };
        return none.status == RB_NOT_APPLICABLE ? RB_OK : RB_FAIL(err, none.status, "%s", none.message);
    }
    RB_TRY(rb_clustering_agreement(&a, &labelling, b->reference, w->n_labels, err));
    *value = of_agreement(&a, m->def->kind);
done:
    return err->status;
}

static rb_status counts(rb_metric_value *value, const rb_waiting *w, const rb_metric *m, rb_error *err)
{
    rb_cluster_counts c;
    RB_TRY(rb_cluster_counts_init(&c, w->labels, w->n_labels, err));
    const double sizes[] = { c.middle, c.least, c.most };
    const bool is_size = m->def->kind == RB_METRIC_CLUSTER_SIZES;
    const double number = is_size                                ? sizes[m->variant[0]]
                          : m->def->kind == RB_METRIC_N_CLUSTERS ? (double)c.n_clusters
                                                                 : c.noise_fraction;
    if (!is_size || c.n_clusters > 0)
        *value = (rb_metric_value){ number, RB_VALUE_OK };
    rb_cluster_counts_fini(&c);
done:
    return err->status;
}

static rb_status evaluate_one(rb_cluster_batch *b, rb_waiting *w, const rb_metric *m, rb_error *err)
{
    const rb_ctx *world = b->run->world;
    rb_metric_value value = { NAN, RB_VALUE_NOT_APPLICABLE };
    rb_compactness c;
    int64_t n_skipped = 0; /* points in clusters of one */
    rb_labelling labelling = { w->labels, noise_of(m) };
    rb_metric_row *row;
    switch (w->labels ? m->def->kind : RB_N_METRIC_KINDS) {
    case RB_N_METRIC_KINDS: /* it cannot assign new titles */
        break;
    case RB_METRIC_SILHOUETTE:
        if (b->points)
            return RB_OK; /* with all others */
        break;
    case RB_METRIC_DAVIES_BOULDIN:
    case RB_METRIC_CALINSKI_HARABASZ:
    case RB_METRIC_INERTIA:
        if (!b->points)
            break;
        RB_TRY(rb_clustering_compactness(&c, b->points, &labelling, world, err));
        value = of_compactness(&c, m->def->kind);
        break;
    case RB_METRIC_DBCV:
        if (!b->points)
            break;
        RB_TRY(rb_dbcv(&value, &n_skipped, b->points, &labelling, world, err));
        break;
    case RB_METRIC_GAP: /* of what the fit saw */
        if (w->labels == w->fit.labels)
            value = w->gap[m->variant[0]];
        break;
    case RB_METRIC_STABILITY: /* of the fit: new titles have none of their own */
        if (w->labels == w->fit.labels)
            value = w->stability;
        break;
    case RB_METRIC_N_CLUSTERS:
    case RB_METRIC_NOISE_FRACTION:
    case RB_METRIC_CLUSTER_SIZES:
        RB_TRY_ALL(world, counts(&value, w, m, err));
        break;
    default:
        RB_TRY_ALL(world, agreement(&value, b, w, m, err));
        break;
    }
    row = add_row(b, w, m, value, err);
    RB_TRY_ALL(world, err->status);
    row->n_left_out += n_skipped;
    row->n -= n_skipped;
    if (m->def->kind == RB_METRIC_GAP)
        snprintf(row->definition, sizeof row->definition, "%s:%s-%lld", m->definition,
                 b->points && b->points->sparse ? "columns" : "box",
                 (long long)b->run->experiment.evaluation.gap_references);
done:
    return err->status;
}

/* Metrics of recommenders do not apply. */
static rb_status add_not_applicable(rb_cluster_batch *b, rb_waiting *w, const rb_metric *m, rb_error *err)
{
    const rb_run_state *run = b->run;
    rb_metric_value none = { NAN, RB_VALUE_NOT_APPLICABLE };
    for (int p = 0; p < 2; p++) {
        if (p == 0 && (!rb_split_has_validation(&run->experiment.split) || !run->data.has_interactions))
            continue;
        rb_metric_row *row = rb_metric_record_add(&w->record, p == 0 ? "validation" : "test", m->id, err);
        if (!row)
            break;
        row->value = none;
    }
    return err->status;
}

/* All labellings of one part. */
static rb_status evaluate_part(rb_cluster_batch *b, rb_error *err)
{
    for (int64_t sample = b->points ? 0 : -1; sample >= 0; sample = next_sample(b, sample)) {
        RB_TRY(silhouettes(b, RB_SILHOUETTE_EUCLIDEAN, sample, err));
        RB_TRY(silhouettes(b, RB_SILHOUETTE_COSINE, sample, err));
    }
    for (int64_t i = 0; i < b->n; i++)
        for (int32_t k = 0; k < b->item[i].wanted.n; k++) {
            const rb_metric *m = &b->item[i].wanted.metric[k];
            if (m->def->family == RB_FAMILY_CLUSTERING)
                RB_TRY(evaluate_one(b, &b->item[i], m, err));
        }
done:
    return err->status;
}

static rb_status evaluate_unseen(rb_cluster_batch *b, rb_error *err)
{
    b->part = "test";
    b->points = b->unseen;
    b->titles = &b->run->unseen;
    for (int64_t i = 0; i < b->n; i++) {
        b->item[i].labels = b->item[i].fit.unseen;
        b->item[i].n_labels = b->item[i].fit.n_unseen;
    }
    return evaluate_part(b, err);
}

rb_status rb_evaluate_cluster_batch(rb_cluster_batch *b, rb_error *err)
{
    double begin_s = rb_clock_s();
    b->part = rb_experiment_fitted_part(&b->run->experiment);
    b->titles = &b->run->data.catalogue;
    for (int64_t i = 0; i < b->n; i++) {
        b->item[i].labels = b->item[i].fit.labels;
        b->item[i].n_labels = b->item[i].fit.n_labels;
    }
    RB_TRY(rb_run_find_gaps(b, err));
    RB_TRY(rb_run_bootstrap(b, err));
    RB_TRY(evaluate_part(b, err));
    if (b->run->unseen.n > 0)
        RB_TRY(evaluate_unseen(b, err));
    for (int64_t i = 0; i < b->n; i++)
        for (int32_t k = 0; k < b->item[i].wanted.n; k++)
            if (b->item[i].wanted.metric[k].def->family != RB_FAMILY_CLUSTERING)
                RB_TRY_ALL(b->run->world, add_not_applicable(b, &b->item[i], &b->item[i].wanted.metric[k], err));
    double share_s = (rb_clock_s() - begin_s) / (double)(b->n > 0 ? b->n : 1);
    for (int64_t i = 0; i < b->n; i++) {
        rb_waiting *w = &b->item[i];
        w->record.wall_s = share_s;
        memcpy(w->record.key, b->run->work[w->trial].key, sizeof w->record.key);
        if (b->run->world->rank == 0)
            rb_metric_record_write(&w->record, b->run->folder, b->run->work[w->trial].evaluation, err);
        RB_TRY_ALL(b->run->world, err->status);
        b->run->work[w->trial].evaluated = true;
        rb_run_note_evaluated(b->run, w->trial);
    }
done:
    return err->status;
}

/* Before anything is fitted: what metrics of clusterings take beside the fits. */
#include <string.h>

#include "base/alloc.h"
#include "eval/dbcv.h"
#include "eval/silhouette.h"
#include "eval/stability.h"
#include "harness/evaluate_clusters.h"

/* Points from which on all pairs are worth a sentence, and the sample that it names. */
#define MANY_POINTS 100000
#define SAMPLE 10000

/* Share of the points that a resample holds: 1 - 1/e. */
#define RESAMPLED 0.632

/* Clusterings of the same points that a metric is asked of, and one of them. */
typedef struct {
    int64_t n, trial;
} place;

/* What is said of a built-in space, or of all that the trials of an entry make. */
typedef struct {
    int64_t n, n_points;
    double all, some; /* flops of all pairs, of those of samples */
} sentence;

/* Built-in spaces come first, then the works that make a space. */
static int64_t place_of(const rb_run_state *run, int64_t t)
{
    const rb_configuration *c = rb_run_configuration(run, t);
    const int64_t maker = rb_run_space_child(run, t);
    if (maker >= 0)
        return run->n_spaces + maker;
    for (int32_t i = 0; c->space && i < run->n_spaces; i++)
        if (strcmp(run->space[i].name, c->space) == 0)
            return i;
    return -1;
}

/* A sentence for each space, then one for each entry that makes some. */
static int64_t sentence_of(const rb_run_state *run, int64_t at)
{
    return at < run->n_spaces
               ? at
               : run->n_spaces + (rb_run_configuration(run, at - run->n_spaces)->entry - run->experiment.entry);
}

static const char *sentence_name(const rb_run_state *run, int64_t i)
{
    return i < run->n_spaces ? run->space[i].name : run->experiment.entry[i - run->n_spaces].name;
}

/* Whether a value of a trial is yet to be computed. */
static bool is_asked(const rb_run_state *run, int64_t t, const rb_metric *m)
{
    return !run->work[t].twin && !run->work[t].evaluated &&
           rb_experiment_applies(m, rb_run_configuration(run, t)->entry);
}

static bool takes_pairs(const rb_metric *m, const rb_configuration *c)
{
    return m->def->kind == RB_METRIC_DBCV || rb_run_needs_pairs(m, c);
}

/* One pass serves all silhouettes of the same points; dbcv has one of its own. */
static void add_place(sentence *to, const rb_run_state *run, const place *p, const rb_metric *m)
{
    const rb_shape s = rb_run_shape(run, p->trial, run->world);
    const double share = (double)SAMPLE / (double)(s.n_points > 0 ? s.n_points : 1);
    to->n += p->n;
    to->n_points = s.n_points > to->n_points ? s.n_points : to->n_points;
    if (m->def->kind == RB_METRIC_DBCV) {
        to->all += (double)p->n * rb_dbcv_flops(s.n_points, s.n_dims, s.n_points_nnz);
        return;
    }
    to->all += rb_silhouette_flops(s.n_points, s.n_dims, s.n_points_nnz, 0, (int)p->n, RB_SILHOUETTE_EUCLIDEAN);
    to->some += rb_silhouette_flops(SAMPLE, s.n_dims, (int64_t)(share * (double)s.n_points_nnz), 0, (int)p->n,
                                    RB_SILHOUETTE_EUCLIDEAN);
}

/* Exact silhouettes go over all pairs: what that takes, and the way round it; of dbcv there is none. */
static void say_pairs(rb_run_state *run, const sentence *s, const char *name, const rb_metric *m)
{
    char points[32];
    rb_text_count(points, s->n_points);
    if (s->n_points <= MANY_POINTS)
        return;
    if (m->def->kind == RB_METRIC_DBCV)
        rb_log_say(&run->log, "%s of %lld clustering%s: up to %.2g flops for all pairs of %s points of %s", m->label,
                   (long long)s->n, rb_text_plural(s->n), s->all, points, name);
    else
        rb_log_say(&run->log,
                   "%s of %lld clustering%s: %.2g flops for all pairs of %s points of %s; %s:sample-%d takes %.2g",
                   m->label, (long long)s->n, rb_text_plural(s->n), s->all, points, name, m->label, SAMPLE, s->some);
}

static rb_status say_all_pairs(rb_run_state *run, const rb_metric *m, rb_error *err)
{
    const int64_t n_places = run->n_spaces + run->n_work, n_sentences = run->n_spaces + run->experiment.n_entries;
    place *at = NULL;
    sentence *of = NULL;
    RB_TRY(rb_alloc(&at, n_places, err));
    RB_TRY(rb_alloc(&of, n_sentences, err));
    for (int64_t t = 0; t < run->plan.n_trials; t++) {
        const int64_t p = takes_pairs(m, rb_run_configuration(run, t)) && is_asked(run, t, m) ? place_of(run, t) : -1;
        if (p >= 0)
            at[p] = (place){ at[p].n + 1, t };
    }
    for (int64_t p = 0; p < n_places; p++)
        if (at[p].n > 0)
            add_place(&of[sentence_of(run, p)], run, &at[p], m);
    for (int64_t i = 0; i < n_sentences; i++)
        say_pairs(run, &of[i], sentence_name(run, i), m);
done:
    rb_free(at);
    rb_free(of);
    return err->status;
}

/* What a trial is fitted to again is as large as its points, or a share of them. */
static rb_cost refit_cost(const rb_run_state *run, int64_t t, double share)
{
    const rb_configuration *c = rb_run_configuration(run, t);
    rb_shape s = rb_run_shape(run, t, run->world);
    s.n_points = (int64_t)(share * (double)s.n_points);
    s.n_points_nnz = (int64_t)(share * (double)s.n_points_nnz);
    s.n_items = (int64_t)(share * (double)s.n_items);
    return c->entry->algorithm->cost(c->config, &s);
}

/* The fits that a metric asks for beside those of the trials. */
static void say_fits(rb_run_state *run, const rb_metric *m)
{
    const bool is_gap = m->def->kind == RB_METRIC_GAP;
    const int64_t n_sets = is_gap ? run->experiment.evaluation.gap_references : RB_STABILITY_SAMPLES;
    const rb_digest *last = NULL; /* what the fit before prepared: trials of a sweep stand side by side */
    int64_t n = 0;
    double flops = 0;
    for (int64_t t = 0; t < run->plan.n_trials; t++) {
        const rb_algorithm *a = rb_run_configuration(run, t)->entry->algorithm;
        if (!is_asked(run, t, m) || !(is_gap ? rb_run_has_gap(m, a) : rb_run_can_resample(a)))
            continue;
        const rb_digest *prepares = &run->work[t].prepares;
        const rb_cost cost = refit_cost(run, t, is_gap ? 1 : RESAMPLED);
        const bool is_shared = last && a->prepare && !run->options->no_share && /* as in harness/fit_points.c */
                               memcmp(last->byte, prepares->byte, sizeof last->byte) == 0;
        n++;
        flops += (double)n_sets * (cost.flops - (is_shared ? cost.prepare_flops : 0));
        last = prepares;
    }
    char fits[32];
    if (n > 0)
        rb_log_say(&run->log, "%s of %lld clustering%s: %s more fits, to %lld %s, %.2g flops", m->def->name,
                   (long long)n, rb_text_plural(n), rb_text_count(fits, n * n_sets), (long long)n_sets,
                   is_gap ? "reference sets" : "resamples", flops);
}

/* gap and gap:error come from the same fits. */
static bool asks_for_fits(const rb_experiment *e, int32_t i)
{
    const rb_metric *m = &e->metrics[i];
    if (m->def->kind == RB_METRIC_STABILITY)
        return m->variant[0] == RB_STABILITY_BOOTSTRAP;
    for (int32_t k = 0; k < i; k++)
        if (e->metrics[k].def->kind == RB_METRIC_GAP)
            return false;
    return m->def->kind == RB_METRIC_GAP;
}

rb_status rb_run_say_metrics(rb_run_state *run, rb_error *err)
{
    const rb_experiment *e = &run->experiment;
    for (int32_t i = 0; i < e->n_metrics; i++) {
        const rb_metric_kind kind = e->metrics[i].def->kind;
        if (kind == RB_METRIC_SILHOUETTE || kind == RB_METRIC_DBCV)
            RB_TRY(say_all_pairs(run, &e->metrics[i], err));
        if (asks_for_fits(e, i))
            say_fits(run, &e->metrics[i]);
    }
done:
    return err->status;
}

/* Metrics of a recommender on the parts of a fold. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "eval/rating.h"
#include "eval/session.h"
#include "harness/state.h"

static const char *const part_names[] = { [RB_PART_VALIDATION] = "validation", [RB_PART_TEST] = "test" };

/* One evaluation: a model on one part of a fold. */
typedef struct {
    const rb_run_state *run;
    const rb_fold *fold;
    const rb_algorithm *algorithm;
    unsigned can; /* of the entry */
    const void *config, *state;
    rb_part part;
    rb_ctx *ctx;
    const rb_reranker *rerank; /* NULL: lists as scored */
} pass;

static bool is_ranking(const rb_metric *m)
{
    return m->family == RB_FAMILY_RANKING || m->family == RB_FAMILY_BEYOND;
}

static rb_ranking_rules rules_of(const pass *p, const rb_candidates *candidates)
{
    const rb_fold *f = p->fold;
    return (rb_ranking_rules){
        .n_users = f->train.n_users,
        .n_items = f->train.n_items,
        .train = rb_fold_seen(f),
        .masked = p->part == RB_PART_TEST && f->has_validation ? rb_fold_validation(f) : NULL,
        .candidates = f->candidate_begin && p->part == RB_PART_TEST ? candidates : NULL,
        .ties = p->run->experiment.evaluation.ties,
        .tie_seed = p->run->tie_seed,
        .rerank = p->rerank,
    };
}

static rb_status rank_part(rb_ranking *out, const pass *p, const rb_metric *metrics, int32_t n, rb_error *err)
{
    const rb_algorithm *a = p->algorithm;
    rb_scorer scorer = { a->score, p->state, a->precision ? a->precision(p->config) : RB_DOUBLE_PRECISION };
    rb_candidates candidates = { p->fold->candidate_begin, p->fold->candidate_item };
    rb_ranking_rules rules = rules_of(p, &candidates);
    return rb_rank(out, &scorer, &rules, rb_fold_relevant(p->fold, p->part), &p->fold->facts, metrics, n,
                   (int32_t)p->run->lists_k, p->ctx, err);
}

static rb_status rate_part(rb_rating *out, const pass *p, const rb_metric *metrics, int32_t n, rb_error *err)
{
    rb_predictor predictor = { p->algorithm->predict, p->state };
    rb_ratings known = p->fold->train; /* with the users whom the model met when they were revealed */
    if (p->algorithm->reveal)
        known.user_begin = rb_fold_seen(p->fold)->user_begin;
    return rb_rate(out, &predictor, &known, &p->fold->held[p->part], p->run->experiment.evaluation.clip, metrics, n,
                   p->ctx, err);
}

static rb_status judge_part(rb_session_result *out, const pass *p, const rb_metric *metrics, int32_t n, rb_error *err)
{
    rb_session_model model = { p->algorithm, p->state, p->config };
    rb_session_rules rules = { .n_users = p->fold->train.n_users,
                               .n_items = p->fold->train.n_items,
                               .repeats = p->run->experiment.evaluation.repeats,
                               .ties = p->run->experiment.evaluation.ties,
                               .tie_seed = p->run->tie_seed };
    return rb_judge_sessions(out, &model, &rules, &p->fold->sessions.part[p->part].left, metrics, n, p->ctx, err);
}

/* What is evaluated in one pass. */
typedef enum { PASS_RANKING, PASS_RATING, PASS_SESSION, N_PASSES } pass_kind;

static bool is_of(pass_kind kind, const rb_metric *m)
{
    return kind == PASS_RANKING ? is_ranking(m)
                                : m->family == (kind == PASS_RATING ? RB_FAMILY_RATING : RB_FAMILY_SESSION);
}

static bool can_pass(pass_kind kind, const pass *p)
{
    if (kind == PASS_SESSION)
        return p->fold->view.sessions && rb_session_applies(p->algorithm) && !p->rerank;
    return p->can & (kind == PASS_RANKING ? RB_CAN_RANK : RB_CAN_PREDICT);
}

static rb_population population_of(rb_part part, pass_kind kind)
{
    return (part == RB_PART_VALIDATION ? RB_USERS_VALIDATION_RANKING : RB_USERS_TEST_RANKING) + kind;
}

static rb_status note_users(rb_metric_record *record, rb_population population, const int32_t *users, int64_t n,
                            rb_error *err)
{
    RB_TRY(rb_alloc(&record->users[population], n, err));
    memcpy(record->users[population], users, (size_t)n * sizeof *users);
    record->n_users[population] = n;
done:
    return err->status;
}

/* Column `m` of a matrix with a row for each user becomes the vector of a metric's row. */
static rb_status take_vector(rb_metric_row *row, rb_population population, const double *matrix, int64_t n_users,
                             int32_t n_metrics, int32_t m, rb_error *err)
{
    double *vector;
    RB_TRY(rb_alloc(&vector, n_users, err));
    for (int64_t u = 0; u < n_users; u++)
        vector[u] = matrix[u * n_metrics + m];
    RB_TRY(rb_metric_row_take(row, population, vector, n_users, err));
done:
    return err->status;
}

static rb_status take_bound(rb_metric_record *record, rb_part part, const rb_metric *m, const char *segment,
                            rb_metric_value value, int64_t n, rb_error *err)
{
    rb_metric_row *row = rb_metric_record_add(record, part_names[part], m->id, err);
    if (row) {
        snprintf(row->segment, sizeof row->segment, "%s", segment);
        row->value = value;
        row->n = n;
    }
    return err->status;
}

static rb_status take_ranking(rb_metric_record *record, const pass *p, const rb_ranking *r, const rb_metric *metrics,
                              rb_error *err)
{
    rb_population population = population_of(p->part, PASS_RANKING);
    RB_TRY(note_users(record, population, r->lists.user, r->n_evaluated, err));
    for (int32_t m = 0; m < r->n_metrics; m++) {
        const rb_ranking_value *v = &r->value[m];
        rb_metric_row *row = rb_metric_record_add(record, part_names[p->part], metrics[m].id, err);
        if (!row)
            goto done;
        row->value = v->mean;
        row->n = v->n_users;
        row->n_left_out = r->n_left_out;
        if (metrics[m].def->per_user && v->mean.state == RB_VALUE_OK)
            RB_TRY(take_vector(row, population, r->per_user, r->n_evaluated, r->n_metrics, m, err));
        if (v->best.state == RB_VALUE_OK) {
            RB_TRY(take_bound(record, p->part, &metrics[m], "best tie order", v->best, v->n_users, err));
            RB_TRY(take_bound(record, p->part, &metrics[m], "worst tie order", v->worst, v->n_users, err));
        }
    }
done:
    return err->status;
}

static rb_status take_rating(rb_metric_record *record, const pass *p, const rb_rating *r, const rb_metric *metrics,
                             rb_error *err)
{
    rb_population population = population_of(p->part, PASS_RATING);
    RB_TRY(note_users(record, population, r->user, r->n_users, err));
    for (int32_t m = 0; m < r->n_metrics; m++) {
        rb_metric_row *row = rb_metric_record_add(record, part_names[p->part], metrics[m].id, err);
        if (!row)
            goto done;
        row->value = r->value[m].value;
        row->n = r->value[m].n_ratings;
        row->n_left_out = r->n_test - r->value[m].n_ratings;
        if (row->value.state == RB_VALUE_OK)
            RB_TRY(take_vector(row, population, r->per_user, r->n_users, r->n_metrics, m, err));
    }
done:
    return err->status;
}

static rb_status take_sessions(rb_metric_record *record, const pass *p, const rb_session_result *r,
                               const rb_metric *metrics, rb_error *err)
{
    rb_population population = population_of(p->part, PASS_SESSION);
    const rb_session_part *part = &p->fold->sessions.part[p->part];
    RB_TRY(note_users(record, population, r->user, r->n_users, err));
    for (int32_t m = 0; m < r->n_metrics; m++) {
        const rb_session_value *v = &r->value[m];
        rb_metric_row *row = rb_metric_record_add(record, part_names[p->part], metrics[m].id, err);
        if (!row)
            goto done;
        row->value = v->mean;
        row->n = r->n_positions;
        row->n_left_out = part->n_events - part->n_sessions - r->n_positions;
        if (v->mean.state == RB_VALUE_OK)
            RB_TRY(take_vector(row, population, r->per_user, r->n_users, r->n_metrics, m, err));
        if (v->best.state == RB_VALUE_OK) {
            RB_TRY(take_bound(record, p->part, &metrics[m], "best tie order", v->best, r->n_positions, err));
            RB_TRY(take_bound(record, p->part, &metrics[m], "worst tie order", v->worst, r->n_positions, err));
        }
    }
done:
    return err->status;
}

static rb_status not_applicable(rb_metric_record *record, const char *part, const rb_metric *m, rb_error *err)
{
    rb_metric_row *row = rb_metric_record_add(record, part, m->id, err);
    if (row)
        row->value = (rb_metric_value){ NAN, RB_VALUE_NOT_APPLICABLE };
    return err->status;
}

static rb_status keep_lists(rb_stored_lists *out, const rb_lists *lists, rb_error *err)
{
    *out = (rb_stored_lists){ .n_users = lists->n, .k = lists->k };
    RB_TRY(rb_alloc(&out->user, out->n_users, err));
    RB_TRY(rb_alloc(&out->item, out->n_users * out->k, err));
    RB_TRY(rb_alloc(&out->score, out->n_users * out->k, err));
    memcpy(out->user, lists->user, (size_t)out->n_users * sizeof *out->user);
    memcpy(out->item, lists->item, (size_t)(out->n_users * out->k) * sizeof *out->item);
    memcpy(out->score, lists->score, (size_t)(out->n_users * out->k) * sizeof *out->score);
done:
    return err->status;
}

/* The digests of the lists and of what fewer cutoffs would make of them. */
static rb_status note_lists(rb_metric_record *record, const rb_stored_lists *lists, const rb_run_state *run,
                            rb_error *err)
{
    for (int64_t k = RB_LISTS_K; k <= run->lists_k; k++) {
        bool asked = k == RB_LISTS_K;
        char id[64];
        for (int32_t i = 0; i < run->experiment.n_metrics; i++)
            asked = asked || run->experiment.metrics[i].cutoff == k;
        rb_run_lists_id(id, k);
        rb_metric_row *row = asked ? rb_metric_record_add(record, "test", id, err) : NULL;
        if (row) {
            row->n = lists->n_users;
            RB_TRY(rb_stored_lists_digest(&row->per_user, lists, k, err));
        }
        RB_TRY(err->status);
    }
done:
    return err->status;
}

/* The ranking pass, which makes the lists too. */
static rb_status pass_ranking(rb_metric_record *record, rb_stored_lists *lists, const pass *p, const rb_metric *metrics,
                              int32_t n, rb_error *err)
{
    rb_ranking ranking = { 0 };
    rb_candidates candidates = { p->fold->candidate_begin, p->fold->candidate_item };
    rb_ranking_rules rules = rules_of(p, &candidates);
    RB_TRY(rank_part(&ranking, p, metrics, n, err));
    record->score_s += ranking.score_s;
    RB_TRY_ALL(p->ctx, take_ranking(record, p, &ranking, metrics, err));
    RB_TRY_ALL(p->ctx, rb_evaluate_segments(record, p->fold, p->part, part_names[p->part], &ranking, &rules, metrics,
                                            p->run->experiment.evaluation.segments, err));
    if (lists)
        RB_TRY_ALL(p->ctx, keep_lists(lists, &ranking.lists, err));
    if (lists)
        RB_TRY_ALL(p->ctx, note_lists(record, lists, p->run, err));
done:
    rb_ranking_fini(&ranking);
    return err->status;
}

static rb_status pass_rating(rb_metric_record *record, const pass *p, const rb_metric *metrics, int32_t n,
                             rb_error *err)
{
    rb_rating rating = { 0 };
    RB_TRY(rate_part(&rating, p, metrics, n, err));
    record->score_s += rating.score_s;
    RB_TRY_ALL(p->ctx, take_rating(record, p, &rating, metrics, err));
done:
    rb_rating_fini(&rating);
    return err->status;
}

static rb_status pass_sessions(rb_metric_record *record, const pass *p, const rb_metric *metrics, int32_t n,
                               rb_error *err)
{
    rb_session_result result = { 0 };
    RB_TRY(judge_part(&result, p, metrics, n, err));
    record->score_s += result.score_s;
    RB_TRY_ALL(p->ctx, take_sessions(record, p, &result, metrics, err));
done:
    rb_session_result_fini(&result);
    return err->status;
}

/* All metrics of a kind in one pass over the part. */
static rb_status evaluate_kind(rb_metric_record *record, rb_stored_lists *lists, pass_kind kind, const pass *p,
                               const rb_metric *metrics, int32_t n, rb_error *err)
{
    if (!can_pass(kind, p)) {
        for (int32_t i = 0; i < n; i++)
            RB_TRY_ALL(p->ctx, not_applicable(record, part_names[p->part], &metrics[i], err));
        goto done;
    }
    if (kind == PASS_RANKING && (n > 0 || lists))
        RB_TRY(pass_ranking(record, lists, p, metrics, n, err));
    if (kind == PASS_RATING && n > 0)
        RB_TRY(pass_rating(record, p, metrics, n, err));
    if (kind == PASS_SESSION && n > 0)
        RB_TRY(pass_sessions(record, p, metrics, n, err));
done:
    return err->status;
}

static rb_status evaluate_part(rb_metric_record *record, rb_stored_lists *lists, const rb_wanted *wanted, const pass *p,
                               rb_error *err)
{
    rb_metric *group = NULL;
    RB_TRY_ALL(p->ctx, rb_alloc(&group, wanted->n, err));
    for (pass_kind kind = PASS_RANKING; kind < N_PASSES; kind++) {
        int32_t n = 0;
        for (int32_t i = 0; i < wanted->n; i++)
            if (is_of(kind, &wanted->metric[i]))
                group[n++] = wanted->metric[i];
        RB_TRY(evaluate_kind(record, lists, kind, p, group, n, err));
    }
done:
    rb_free(group);
    return err->status;
}

rb_status rb_evaluate_recommender(rb_metric_record *record, rb_stored_lists *lists, const rb_wanted *wanted,
                                  const rb_run_state *run, const rb_fold *fold, int64_t work, const void *state,
                                  rb_ctx *ctx, rb_error *err)
{
    const rb_configuration *c = rb_run_configuration(run, work);
    rb_reranker rerank = { 0 };
    pass p = { .run = run,
               .fold = fold,
               .algorithm = c->entry->algorithm,
               .can = c->entry->can,
               .config = c->config,
               .state = state,
               .part = RB_PART_VALIDATION,
               .ctx = ctx };
    if (c->rerank) {
        RB_TRY_ALL(ctx, rb_evaluate_reranker(&rerank, run, work, err));
        p.rerank = &rerank;
    }
    if (fold->has_validation)
        RB_TRY(evaluate_part(record, NULL, wanted, &p, err));
    p.part = RB_PART_TEST;
    RB_TRY(evaluate_part(record, wanted->lists ? lists : NULL, wanted, &p, err));
    for (int32_t i = 0; i < wanted->n; i++)
        if (wanted->metric[i].def->family == RB_FAMILY_CLUSTERING)
            RB_TRY_ALL(ctx, not_applicable(record, "all", &wanted->metric[i], err));
done:
    rb_reranker_fini(&rerank);
    return err->status;
}

rb_status rb_evaluate_validation(rb_metric_value *value, const rb_run_state *run, const rb_fold *fold,
                                 const rb_metric *metric, const rb_configuration *c, const void *state, rb_ctx *ctx,
                                 rb_error *err)
{
    pass p = { .run = run,
               .fold = fold,
               .algorithm = c->entry->algorithm,
               .can = c->entry->can,
               .config = c->config,
               .state = state,
               .part = RB_PART_VALIDATION,
               .ctx = ctx };
    rb_ranking ranking = { 0 };
    rb_rating rating = { 0 };
    rb_session_result sessions = { 0 };
    if (is_ranking(metric)) {
        RB_TRY(rank_part(&ranking, &p, metric, 1, err));
        *value = ranking.value[0].mean;
    } else if (metric->family == RB_FAMILY_SESSION) {
        RB_TRY(judge_part(&sessions, &p, metric, 1, err));
        *value = sessions.value[0].mean;
    } else {
        RB_TRY(rate_part(&rating, &p, metric, 1, err));
        *value = rating.value[0].value;
    }
done:
    rb_ranking_fini(&ranking);
    rb_rating_fini(&rating);
    rb_session_result_fini(&sessions);
    return err->status;
}

rb_status rb_evaluate_nothing(rb_metric_record *record, const rb_wanted *wanted, const rb_run_state *run, rb_error *err)
{
    for (int32_t i = 0; i < wanted->n; i++) {
        const rb_metric *m = &wanted->metric[i];
        if (m->def->family == RB_FAMILY_CLUSTERING) {
            RB_TRY(not_applicable(record, rb_experiment_fitted_part(&run->experiment), m, err));
            if (run->unseen.n > 0)
                RB_TRY(not_applicable(record, "test", m, err));
            continue;
        }
        if (rb_split_has_validation(&run->experiment.split))
            RB_TRY(not_applicable(record, "validation", m, err));
        RB_TRY(not_applicable(record, "test", m, err));
    }
done:
    return err->status;
}

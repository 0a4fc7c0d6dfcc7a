/* Keys of the durable units (ALGORITHMS.md, "Two durable units"). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "harness/facts.h"
#include "harness/state.h"

const char *rb_code_digest_of(const char *algorithm)
{
    for (const rb_code_digest *d = rb_code_digests; d->id; d++)
        if (strcmp(d->id, algorithm) == 0)
            return d->hex;
    return NULL;
}

/* Which users of the validation part select, where it is not all of them. */
static const char *judges(const rb_experiment *e)
{
    return rb_experiment_learns(e) ? "users of odd hash" : NULL;
}

/* F of one trial; the keys of its children are known. */
static rb_status trial_key(rb_run_state *run, int64_t work, rb_error *err)
{
    const rb_trial *trial = rb_run_trial(run, work);
    const rb_experiment *e = &run->experiment;
    const rb_configuration *c = &run->plan.configuration[trial->configuration];
    const rb_algorithm *a = c->entry->algorithm;
    rb_hasher h = { 0 };
    rb_digest digest;
    RB_TRY(rb_hasher_begin(&h, err));
    rb_hasher_text(&h, a->name);
    rb_hasher_text(&h, c->canonical);
    rb_hasher_text(&h, c->space);
    rb_hasher_bytes(&h, run->data.digest.byte, RB_DIGEST_BYTES);
    if (rb_depends_on_fold(&run->plan, c)) {
        rb_hasher_text(&h, e->filter_text);
        rb_hasher_text(&h, e->split_key);
        rb_hasher_bytes(&h, run->split_files.byte, RB_DIGEST_BYTES);
        rb_hasher_double(&h, e->relevance);
        rb_hasher_int(&h, (int64_t)e->seed); /* of the split */
        rb_hasher_int(&h, trial->fold);
    }
    rb_hasher_int(&h, (int64_t)rb_plan_seed(&run->plan, trial->repeat));
    for (int32_t i = 0; i < c->n_children; i++)
        rb_hasher_text(&h, run->work[rb_run_child(run, work, i)].key);
    bool early = rb_experiment_watches(e, c->entry); /* what stops it is evaluated */
    rb_hasher_text(&h, early ? e->early_stopping_text : NULL);
    rb_hasher_text(&h, early ? e->evaluation_text : NULL);
    rb_hasher_text(&h, early ? rb_eval_digest : NULL);
    rb_hasher_text(&h, early ? judges(e) : NULL);
    rb_hasher_text(&h, rb_code_digest_of(a->name));
    rb_hasher_text(&h, run->environment->blas_core);
    rb_hasher_text(&h, run->environment->instructions);
    rb_hasher_end(&h, &digest);
    rb_digest_hex(run->work[work].key, &digest, RB_KEY_DIGITS);
done:
    return err->status;
}

/* Names what the fit's algorithm prepares from the data of a fold; not the seed. The keys of its children are known. */
static rb_status prepare_key(rb_run_state *run, int64_t work, rb_error *err)
{
    const rb_configuration *c = rb_run_configuration(run, work);
    rb_hasher h = { 0 };
    RB_TRY(rb_hasher_begin(&h, err));
    rb_hasher_text(&h, c->entry->algorithm->name);
    rb_hasher_text(&h, c->prepares);
    rb_hasher_text(&h, c->space);
    for (int32_t i = 0; i < c->n_children; i++)
        rb_hasher_text(&h, run->work[rb_run_child(run, work, i)].key);
    rb_hasher_end(&h, &run->work[work].prepares);
done:
    return err->status;
}

/* F of a refit: of its trial, which decides everything but the split, and of the refits that it refers to. */
static rb_status refit_key(rb_run_state *run, int64_t work, rb_error *err)
{
    rb_hasher h = { 0 };
    rb_digest digest;
    RB_TRY(rb_hasher_begin(&h, err));
    rb_hasher_text(&h, "refitted on training and validation");
    rb_hasher_text(&h, run->work[work - run->plan.n_trials].key);
    for (int32_t i = 0; i < rb_run_configuration(run, work)->n_children; i++)
        rb_hasher_text(&h, run->work[rb_run_child(run, work, i)].key);
    rb_hasher_end(&h, &digest);
    rb_digest_hex(run->work[work].key, &digest, RB_KEY_DIGITS);
done:
    return err->status;
}

/* How metrics are evaluated, what re-ranks the lists, and the code of it: with F and the metric's id the key of one
 * value. The keys of all clusterings are known. */
static rb_status name_evaluation(rb_run_state *run, int64_t work, rb_error *err)
{
    rb_hasher h = { 0 };
    rb_digest digest;
    const rb_evaluation *with = &run->experiment.evaluation;
    const rb_configuration *c = rb_run_configuration(run, work);
    const bool is_recommender = c->entry->algorithm->can & RB_CAN_RECOMMEND;
    const int64_t aspects = rb_run_aspects(run, work);
    RB_TRY(rb_hasher_begin(&h, err));
    rb_hasher_text(&h, run->experiment.evaluation_text);
    rb_hasher_int(&h, is_recommender ? with->segments : with->gap_references);
    rb_hasher_text(&h, rb_eval_digest);
    rb_hasher_text(&h, is_recommender ? judges(&run->experiment) : NULL);
    if (c->rerank_text)
        rb_hasher_text(&h, c->rerank_text);
    if (aspects >= 0)
        rb_hasher_text(&h, run->work[aspects].key);
    rb_hasher_end(&h, &digest);
    rb_digest_hex(run->work[work].evaluation, &digest, 8);
done:
    return err->status;
}

typedef struct {
    const rb_work *work;
    int64_t index;
    int64_t place; /* in the plan's order, children before parents */
} keyed;

static int by_key(const void *a, const void *b)
{
    const keyed *x = a, *y = b;
    int order = strcmp(x->work->key, y->work->key);
    order = order ? order : strcmp(x->work->evaluation, y->work->evaluation);
    return order ? order : x->place < y->place ? -1 : 1; /* the level of a holder stands before any parent asks */
}

/* Of all[first .. end), which have one key: the first of the plan's order fits for all. */
static void share_fit(rb_run_state *run, const keyed *all, int64_t first, int64_t end)
{
    int64_t leader = first;
    for (int64_t i = first; i < end; i++)
        if (!run->work[all[i].index].twin && all[i].place < all[leader].place)
            leader = i;
    for (int64_t i = first; i < end; i++) {
        if (run->work[all[i].index].twin || i == leader)
            continue;
        run->work[all[i].index].fit_of = all[leader].index;
        run->work[all[leader].index].is_shared = true;
    }
}

/*
 * Marks what has key and evaluation of one before it in the plan's order (a clustering on another fold, the same
 * configuration in two entries), and what has its key alone: the same fit, whose lists are re-ranked.
 */
static rb_status mark_twins(rb_run_state *run, rb_error *err)
{
    const rb_plan *plan = &run->plan;
    int64_t n = run->n_work, begin = 0;
    keyed *all = NULL;
    RB_TRY(rb_alloc(&all, n, err));
    for (int64_t w = 0; w < n; w++)
        all[w] = (keyed){ &run->work[w], w, 0 };
    for (int32_t i = 0; i < plan->n_configurations; i++)
        for (int64_t k = 0, of = plan->n_folds * plan->n_repeats; k < of; k++)
            for (int64_t w = of * plan->order[i] + k; w < n; w += plan->n_trials)
                all[w].place = of * i + k;
    qsort(all, (size_t)n, sizeof *all, by_key);
    for (int64_t i = 1, first = 0; i <= n; i++) {
        bool same_key = i < n && strcmp(all[i].work->key, all[begin].work->key) == 0;
        if (same_key && strcmp(all[i].work->evaluation, all[first].work->evaluation) == 0) {
            run->work[all[i].index].twin = true;
            run->work[all[i].index].twin_of = all[first].index;
            continue;
        }
        first = i;
        if (!same_key) {
            share_fit(run, all, begin, i);
            begin = i;
        }
    }
done:
    rb_free(all);
    return err->status;
}

/* Above what it reads: models and spaces, clusters, and the fit that it shares. */
static void find_level(rb_run_state *run, int64_t work)
{
    rb_work *w = &run->work[work];
    const int64_t aspects = rb_run_aspects(run, work);
    w->level = w->fit_of != work ? run->work[w->fit_of].level + 1 : 0;
    if (aspects >= 0 && run->work[aspects].level >= w->level)
        w->level = run->work[aspects].level + 1;
    for (int32_t i = 0; i < rb_run_configuration(run, work)->n_children; i++) {
        int32_t below = run->work[rb_run_child(run, work, i)].level + 1;
        w->level = below > w->level ? below : w->level;
    }
}

rb_status rb_run_keys(rb_run_state *run, rb_error *err)
{
    const rb_plan *plan = &run->plan;
    for (int32_t i = 0; i < plan->n_configurations; i++) /* children before parents */
        for (int32_t f = 0; f < plan->n_folds; f++)
            for (int32_t r = 0; r < plan->n_repeats; r++) {
                int64_t t = rb_plan_trial(plan, plan->order[i], f, r)->number - 1;
                RB_TRY(trial_key(run, t, err));
                RB_TRY(prepare_key(run, t, err));
                if (run->n_work <= plan->n_trials)
                    continue;
                RB_TRY(refit_key(run, t + plan->n_trials, err));
                RB_TRY(prepare_key(run, t + plan->n_trials, err));
            }
    for (int64_t w = 0; w < run->n_work; w++)
        RB_TRY(name_evaluation(run, w, err));
    RB_TRY(mark_twins(run, err));
    for (int32_t i = 0; i < plan->n_configurations; i++)
        for (int32_t k = 0; k < plan->n_folds * plan->n_repeats; k++)
            for (int64_t w = (int64_t)plan->n_folds * plan->n_repeats * plan->order[i] + k; w < run->n_work;
                 w += plan->n_trials)
                find_level(run, w);
done:
    return err->status;
}

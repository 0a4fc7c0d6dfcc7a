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

/* A clustering of a space sees neither the fold nor the split. */
static bool depends_on_fold(const rb_configuration *c)
{
    return c->entry->algorithm->needs != RB_NEEDS_SPACE || c->space_child >= 0;
}

/* F of one trial; the keys of its children are known. */
static rb_status trial_key(rb_work *w, const rb_run_state *run, const rb_trial *trial, rb_error *err)
{
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
    if (depends_on_fold(c)) {
        rb_hasher_text(&h, e->filter_text);
        rb_hasher_text(&h, e->split_key);
        rb_hasher_bytes(&h, run->split_files.byte, RB_DIGEST_BYTES);
        rb_hasher_double(&h, e->relevance);
        rb_hasher_int(&h, (int64_t)e->seed); /* of the split */
        rb_hasher_int(&h, trial->fold);
    }
    rb_hasher_int(&h, (int64_t)rb_plan_seed(&run->plan, trial->repeat));
    for (int32_t i = 0; i < c->n_children; i++) {
        const rb_trial *child = rb_plan_trial(&run->plan, c->children[i], trial->fold, trial->repeat);
        rb_hasher_text(&h, run->work[child->number - 1].key);
    }
    bool early = rb_experiment_watches(e, a); /* what stops it is evaluated */
    rb_hasher_text(&h, early ? e->early_stopping_text : NULL);
    rb_hasher_text(&h, early ? e->evaluation_text : NULL);
    rb_hasher_text(&h, early ? rb_eval_digest : NULL);
    rb_hasher_text(&h, rb_code_digest_of(a->name));
    rb_hasher_text(&h, run->environment->blas_core);
    rb_hasher_text(&h, run->environment->instructions);
    rb_hasher_end(&h, &digest);
    rb_digest_hex(w->key, &digest, RB_KEY_DIGITS);
done:
    return err->status;
}

/* How metrics are evaluated, and the code of it: with F and the metric's id the key of one value. */
static rb_status name_evaluation(rb_run_state *run, rb_error *err)
{
    rb_hasher h = { 0 };
    rb_digest digest;
    RB_TRY(rb_hasher_begin(&h, err));
    rb_hasher_text(&h, run->experiment.evaluation_text);
    rb_hasher_text(&h, rb_eval_digest);
    rb_hasher_end(&h, &digest);
    rb_digest_hex(run->evaluation, &digest, 8);
done:
    return err->status;
}

typedef struct {
    const char *key;
    int64_t trial;
} keyed;

static int by_key(const void *a, const void *b)
{
    const keyed *x = a, *y = b;
    int order = strcmp(x->key, y->key);
    return order ? order : x->trial < y->trial ? -1 : 1;
}

/* Marks trials whose key an earlier trial has: a clustering on another fold, the same configuration in two entries. */
static rb_status mark_twins(rb_run_state *run, rb_error *err)
{
    int64_t n = run->plan.n_trials;
    keyed *all = NULL;
    RB_TRY(rb_alloc(&all, n, err));
    for (int64_t t = 0; t < n; t++)
        all[t] = (keyed){ run->work[t].key, t };
    qsort(all, (size_t)n, sizeof *all, by_key);
    for (int64_t i = 1, first = 0; i < n; i++) {
        if (strcmp(all[i].key, all[first].key) != 0) {
            first = i;
            continue;
        }
        run->work[all[i].trial].twin = true;
        run->work[all[i].trial].twin_of = all[first].trial;
    }
done:
    rb_free(all);
    return err->status;
}

rb_status rb_run_keys(rb_run_state *run, rb_error *err)
{
    const rb_plan *plan = &run->plan;
    for (int32_t i = 0; i < plan->n_configurations; i++) /* children before parents */
        for (int32_t f = 0; f < plan->n_folds; f++)
            for (int32_t r = 0; r < plan->n_repeats; r++) {
                const rb_trial *trial = rb_plan_trial(plan, plan->order[i], f, r);
                RB_TRY(trial_key(&run->work[trial->number - 1], run, trial, err));
            }
    RB_TRY(mark_twins(run, err));
    RB_TRY(name_evaluation(run, err));
done:
    return err->status;
}

/* Keys of the durable units (ALGORITHMS.md, "Two durable units"). */
#include <stdio.h>
#include <string.h>

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
        rb_hasher_text(&h, e->split_text);
        rb_hasher_double(&h, e->relevance);
        rb_hasher_int(&h, (int64_t)e->seed); /* of the split */
        rb_hasher_int(&h, trial->fold);
    }
    rb_hasher_int(&h, (int64_t)rb_plan_seed(&run->plan, trial->repeat));
    for (int32_t i = 0; i < c->n_children; i++) {
        const rb_trial *child = rb_plan_trial(&run->plan, c->children[i], trial->fold, trial->repeat);
        rb_hasher_text(&h, run->work[child->number - 1].key);
    }
    rb_hasher_text(&h, a->iterate && e->early_stopping.on ? e->early_stopping_text : NULL);
    rb_hasher_text(&h, rb_code_digest_of(a->name));
    rb_hasher_text(&h, run->environment->blas_core);
    rb_hasher_text(&h, run->environment->instructions);
    rb_hasher_end(&h, &digest);
    rb_digest_hex(w->key, &digest, RB_KEY_DIGITS);
done:
    return err->status;
}

/* What a metric unit holds: the metrics asked for, how they are evaluated, and the code of the evaluation. */
static rb_status name_metrics(rb_run_state *run, rb_error *err)
{
    rb_hasher h = { 0 };
    rb_digest digest;
    RB_TRY(rb_hasher_begin(&h, err));
    for (int32_t i = 0; i < run->experiment.n_metrics; i++)
        rb_hasher_text(&h, run->experiment.metrics[i].id);
    rb_hasher_text(&h, run->experiment.evaluation_text);
    rb_hasher_text(&h, rb_eval_digest);
    rb_hasher_end(&h, &digest);
    rb_digest_hex(run->which, &digest, 8);
done:
    return err->status;
}

/* Marks trials whose key an earlier trial has; folds of one clustering lie side by side in the plan. */
static void mark_twins(rb_run_state *run)
{
    const rb_plan *plan = &run->plan;
    for (int64_t t = 0; t < plan->n_trials; t++) {
        const rb_trial *trial = &plan->trial[t];
        const rb_trial *first = rb_plan_trial(plan, trial->configuration, 0, trial->repeat);
        run->work[t].twin = trial->fold > 0 && strcmp(run->work[t].key, run->work[first->number - 1].key) == 0;
    }
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
    mark_twins(run);
    RB_TRY(name_metrics(run, err));
done:
    return err->status;
}

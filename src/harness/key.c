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

/* How metrics are evaluated, and the code of it: with F and the metric's id the key of one value. */
static rb_status name_evaluation(rb_run_state *run, rb_error *err)
{
    rb_hasher h = { 0 };
    rb_digest digest;
    RB_TRY(rb_hasher_begin(&h, err));
    rb_hasher_text(&h, run->experiment.evaluation_text);
    rb_hasher_text(&h, rb_eval_digest);
    rb_hasher_text(&h, judges(&run->experiment));
    rb_hasher_end(&h, &digest);
    rb_digest_hex(run->evaluation, &digest, 8);
done:
    return err->status;
}

typedef struct {
    const char *key;
    int64_t work;
} keyed;

static int by_key(const void *a, const void *b)
{
    const keyed *x = a, *y = b;
    int order = strcmp(x->key, y->key);
    return order ? order : x->work < y->work ? -1 : 1;
}

/* Marks what has the key of an earlier one: a clustering on another fold, the same configuration in two entries. */
static rb_status mark_twins(rb_run_state *run, rb_error *err)
{
    int64_t n = run->n_work;
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
        run->work[all[i].work].twin = true;
        run->work[all[i].work].twin_of = all[first].work;
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
                int64_t t = rb_plan_trial(plan, plan->order[i], f, r)->number - 1;
                RB_TRY(trial_key(run, t, err));
                RB_TRY(prepare_key(run, t, err));
                if (run->n_work <= plan->n_trials)
                    continue;
                RB_TRY(refit_key(run, t + plan->n_trials, err));
                RB_TRY(prepare_key(run, t + plan->n_trials, err));
            }
    RB_TRY(mark_twins(run, err));
    RB_TRY(name_evaluation(run, err));
done:
    return err->status;
}

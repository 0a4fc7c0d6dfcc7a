/* The trials that a trial refers to: their models, labels and spaces, read back from their units. */
#include "base/alloc.h"
#include "harness/job.h"

/* A trial whose child was stopped ends like the child: both are tried again by the next start. */
static rb_status status_of(rb_fit_outcome child)
{
    switch (child) {
    case RB_FIT_TIMEOUT:
        return RB_TIMEOUT;
    case RB_FIT_OVER_BUDGET:
        return RB_OVER_BUDGET;
    default:
        return RB_FAILED;
    }
}

static const rb_trial *trial_of(const rb_job *j, int32_t i)
{
    return rb_plan_trial(&j->run->plan, j->c->children[i], j->trial->fold, j->trial->repeat);
}

static const char *name_of(const rb_job *j, int32_t i)
{
    return j->run->plan.configuration[j->c->children[i]].entry->name;
}

static rb_status check_children(const rb_job *j, rb_error *err)
{
    for (int32_t i = 0; i < j->c->n_children; i++) {
        const rb_work *w = &j->run->work[rb_run_child(j->run, j->index, i)];
        if (w->outcome != RB_FIT_DONE)
            return RB_FAIL(err, status_of(w->outcome), "trial %lld (%s), which it refers to, has no model: %s",
                           (long long)trial_of(j, i)->number, name_of(j, i), rb_fit_outcome_name(w->outcome));
    }
    return RB_OK;
}

static rb_status load_models(rb_job *j, rb_error *err)
{
    RB_TRY(rb_alloc(&j->models, j->c->n_models, err));
    RB_TRY(rb_alloc(&j->child, j->c->n_models, err));
    for (int32_t i = 0; i < j->c->n_models; i++) {
        rb_stored_model *child = &j->child[i];
        RB_TRY(rb_stored_model_read(child, j->run, rb_run_child(j->run, j->index, i), -1, err));
        j->models[i] = (rb_model_view){ child->c->entry->algorithm, child->c->config, child->state };
    }
    j->view.models = j->models;
    j->view.n_models = j->c->n_models;
done:
    return err->status;
}

/* The labels of a clustering are of the items where it has one for each: points of a catalogue are in their order. */
static rb_status load_labels(rb_job *j, rb_error *err)
{
    const int32_t i = j->c->n_models, n_items = j->run->data.items.n;
    if (j->c->labels_child < 0)
        return RB_OK;
    RB_TRY(
        rb_fit_record_read(&j->clustering, j->run->folder, j->run->work[rb_run_child(j->run, j->index, i)].key, err));
    if (j->clustering.n_labels != n_items)
        return RB_FAIL(err, RB_BAD_INPUT,
                       "trial %lld (%s), which it refers to, has labels of %lld points, expected one for each of the "
                       "%d items",
                       (long long)trial_of(j, i)->number, name_of(j, i), (long long)j->clustering.n_labels, n_items);
    j->view.labels = j->clustering.labels;
done:
    return rb_unit_status(err);
}

rb_status rb_job_load_children(rb_job *j, rb_error *err)
{
    int64_t maker = rb_run_space_child(j->run, j->index);
    RB_TRY_ALL(&j->ctx, check_children(j, err));
    RB_TRY_ALL(&j->ctx, load_models(j, err));
    RB_TRY_ALL(&j->ctx, load_labels(j, err));
    if (maker >= 0)
        RB_TRY(rb_made_space_get(&j->view.space, j->run, maker, err));
done:
    return err->status;
}

void rb_job_release_children(rb_job *j)
{
    for (int32_t i = 0; j->child && i < j->c->n_models; i++)
        rb_stored_model_fini(&j->child[i]);
    rb_free(j->child);
    rb_free(j->models);
    rb_fit_record_fini(&j->clustering);
}

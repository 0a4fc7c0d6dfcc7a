/* The trials that a trial refers to: their models, read back from their units, and the spaces that they make. */
#include "base/alloc.h"
#include "harness/job.h"
#include "harness/model.h"

/* ---- children: other trials' models, read back from their units ---- */

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

static rb_status load_child(rb_job *j, int32_t i, rb_error *err)
{
    const rb_configuration *child = &j->run->plan.configuration[j->c->children[i]];
    const rb_trial *of = rb_plan_trial(&j->run->plan, child->index, j->trial->fold, j->trial->repeat);
    const rb_work *w = &j->run->work[rb_run_child(j->run, j->index, i)];
    char path[4096];
    rb_hdf file = { 0 };
    if (w->outcome != RB_FIT_DONE)
        return RB_FAIL(err, status_of(w->outcome), "trial %lld (%s), which it refers to, has no model: %s",
                       (long long)of->number, child->entry->name, rb_fit_outcome_name(w->outcome));
    char *memory = NULL;
    RB_TRY(rb_alloc(&memory, (int64_t)child->entry->algorithm->state_size, err));
    j->child_state[i] = memory;
    rb_unit_path(path, j->run->folder, w->key, "model");
    RB_TRY(rb_hdf_open(&file, path, err));
    RB_TRY(rb_model_load(file.id, child->entry->algorithm, j->child_state[i], err));
    j->models[i] = (rb_model_view){ child->entry->algorithm, child->config, j->child_state[i] };
done:
    rb_hdf_close(&file);
    return rb_unit_status(err);
}

/* The points that a child trial made of its data; the values stay the child's. */
static rb_status take_space(rb_job *j, rb_error *err)
{
    for (int32_t i = 0; i < j->c->n_children; i++) {
        if (j->c->children[i] != j->c->space_child)
            continue;
        const rb_algorithm *a = j->models[i].algorithm;
        if (!a->embed)
            return RB_FAIL(err, RB_NOT_APPLICABLE, "%s makes no space that another trial could use", a->name);
        j->made.dense = a->embed(j->models[i].state, &j->made.n, &j->made.d);
        j->made.name = j->c->entry->name;
        j->view.space = &j->made;
        return rb_blocks_init(&j->made.blocks, j->made.n, NULL, 1, err);
    }
    return RB_OK;
}

rb_status rb_job_load_children(rb_job *j, rb_error *err)
{
    rb_alloc(&j->models, j->c->n_children, err);
    rb_alloc(&j->child_state, j->c->n_children, err);
    for (int32_t i = 0; i < j->c->n_children && err->status == RB_OK; i++)
        load_child(j, i, err);
    j->view.models = j->models;
    j->view.n_models = j->c->n_children - (j->c->space_child >= 0);
    RB_TRY_ALL(&j->ctx, err->status);
    RB_TRY_ALL(&j->ctx, take_space(j, err));
done:
    return err->status;
}

void rb_job_release_children(rb_job *j)
{
    for (int32_t i = 0; j->child_state && i < j->c->n_children; i++)
        if (j->child_state[i]) {
            const rb_configuration *child = &j->run->plan.configuration[j->c->children[i]];
            child->entry->algorithm->fini(j->child_state[i]);
            rb_free(j->child_state[i]);
        }
    rb_free(j->child_state);
    rb_free(j->models);
    rb_blocks_fini(&j->made.blocks);
}

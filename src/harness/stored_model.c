#include "harness/stored_model.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "harness/model.h"

void rb_stored_child_name(char out[32], const rb_configuration *c, int32_t child)
{
    const rb_algorithm *a = c->entry->algorithm;
    out[0] = 0;
    if (child < c->n_models && a->attach)
        snprintf(out, 32, "model_%d", child);
    else if (child >= c->n_models && rb_configuration_reads_model(c, child) && (a->assign || a->embed_new))
        snprintf(out, 32, "space");
}

rb_status rb_stored_model_attach(void *state, const rb_algorithm *a, const void *config, const rb_model_view *models,
                                 int32_t n_models, rb_error *err)
{
    const rb_train_view view = { .models = models, .n_models = n_models };
    return a->attach ? a->attach(state, &view, config, err) : RB_OK;
}

static rb_status read_state(rb_stored_model *m, const rb_run_state *run, int64_t work, hid_t at, rb_error *err)
{
    const rb_algorithm *a = m->c->entry->algorithm;
    char path[4096], *memory = NULL;
    rb_hdf file = { 0 };
    RB_TRY(rb_alloc(&memory, (int64_t)a->state_size, err));
    m->state = memory;
    if (at >= 0)
        return rb_model_load(at, a, m->state, err);
    RB_TRY(rb_hdf_open(&file, rb_unit_path(path, run->folder, run->work[work].key, "model"), err));
    RB_TRY(rb_model_load(file.id, a, m->state, err));
done:
    rb_hdf_close(&file);
    return rb_unit_status(err);
}

static rb_status read_child(rb_stored_model *m, int32_t i, const rb_run_state *run, int64_t work, hid_t at,
                            rb_error *err) /* NOLINT(misc-no-recursion): as deep as references are */
{
    char name[32];
    hid_t below = -1;
    if (at >= 0) {
        rb_stored_child_name(name, m->c, i);
        below = rb_hdf_open_group(at, name, err);
        RB_TRY(err->status);
    }
    RB_TRY(rb_stored_model_read(&m->model[i], run, rb_run_child(run, work, i), below, err));
    const rb_stored_model *child = &m->model[i];
    m->view[i] = (rb_model_view){ child->c->entry->algorithm, child->c->config, child->state };
done:
    if (below >= 0)
        H5Gclose(below);
    return err->status;
}

rb_status rb_stored_model_read(rb_stored_model *m, const rb_run_state *run, int64_t work, hid_t at,
                               rb_error *err) /* NOLINT(misc-no-recursion): as deep as references are */
{
    m->c = rb_run_configuration(run, work);
    const rb_algorithm *a = m->c->entry->algorithm;
    RB_TRY(read_state(m, run, work, at, err));
    if (!a->attach)
        return RB_OK;
    RB_TRY(rb_alloc(&m->model, m->c->n_models, err));
    RB_TRY(rb_alloc(&m->view, m->c->n_models, err));
    for (int32_t i = 0; i < m->c->n_models; i++)
        RB_TRY(read_child(m, i, run, work, at, err));
    RB_TRY(rb_stored_model_attach(m->state, a, m->c->config, m->view, m->c->n_models, err));
done:
    return err->status;
}

void rb_stored_model_fini(rb_stored_model *m) /* NOLINT(misc-no-recursion): as deep as references are */
{
    if (m->state)
        m->c->entry->algorithm->fini(m->state);
    rb_free(m->state);
    for (int32_t i = 0; m->model && i < m->c->n_models; i++)
        rb_stored_model_fini(&m->model[i]);
    rb_free(m->model);
    rb_free(m->view);
    memset(m, 0, sizeof *m);
}

/*
 * A fitted model read back, with the models that it borrows: from the units of a run, or from results.h5, where these
 * lie below it (`model_0`, `model_1`, ...; `space` for the trial that makes the space of a clustering).
 */
#ifndef RB_HARNESS_STORED_MODEL_H
#define RB_HARNESS_STORED_MODEL_H

#include "harness/state.h"

typedef struct rb_stored_model {
    const rb_configuration *c;
    void *state;                   /* owned */
    struct rb_stored_model *model; /* [c->n_models] that the state borrows; NULL where it borrows none */
    rb_model_view *view;           /* of them */
} rb_stored_model;

/** Name, below a stored model, of its child number `child`; "" where applying the model does not read that one. */
void rb_stored_child_name(char out[32], const rb_configuration *c, int32_t child);

/**
 * Read a model. Local.
 *
 * @param[out] m     zeroed before; rb_stored_model_fini whatever is returned
 * @param[in]  work  a trial or refit of the model's configuration
 * @param[in]  at    group of results.h5 that holds it; below 0: its unit
 * @return RB_OK, RB_NO_MEMORY, RB_IO or RB_BAD_INPUT: damaged
 */
rb_status rb_stored_model_read(rb_stored_model *m, const rb_run_state *run, int64_t work, hid_t at, rb_error *err);
void rb_stored_model_fini(rb_stored_model *m);

/** What the state of `a` borrows is in `models` again, after its arrays were read. Local. */
rb_status rb_stored_model_attach(void *state, const rb_algorithm *a, const void *config, const rb_model_view *models,
                                 int32_t n_models, rb_error *err);

#endif

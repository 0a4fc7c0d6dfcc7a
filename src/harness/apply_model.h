/*
 * A stored model with the data it was fitted on: what the commands share that apply it.
 */
#ifndef RB_HARNESS_APPLY_MODEL_H
#define RB_HARNESS_APPLY_MODEL_H

#include "harness/apply.h"
#include "harness/stored_model.h"

typedef struct {
    rb_run_state run;
    rb_run_options options;
    rb_fold fold;
    const rb_trial *trial;
    const rb_configuration *c;
    const rb_algorithm *algorithm;
    rb_stored_model stored;
    void *state;      /* of it */
    int64_t refit;    /* fitted on validation too */
    const char *kept; /* what a trial named by its entry must have in results.h5: "models", "recommendations" */
} rb_apply_model;

/* What an algorithm must be able to do, and what is said of one that is not. */
typedef struct rb_ability {
    unsigned can;                           /* RB_CAN_...; 0: what `has` says alone */
    bool (*has)(const rb_algorithm *other); /* NULL: nothing more */
    const char *lack;                       /* "cannot recommend" */
} rb_ability;

/**
 * The model that the options name, with its run and data.
 *
 * @param[out] m        zeroed before; rb_apply_close whatever is returned
 * @param[in]  ability  asked before whether the model was kept
 * @return RB_OK; RB_BAD_INPUT: no such run, trial or model, data that have changed, an algorithm that cannot
 */
rb_status rb_apply_open(rb_apply_model *m, const rb_apply_options *o, const rb_ability *ability, rb_ctx *ctx,
                        rb_error *err);
/** The trial alone, with its run and data: what results.h5 keeps of it is the caller's to read; ability: NULL: none. As
 * above. */
rb_status rb_apply_open_trial(rb_apply_model *m, const rb_apply_options *o, const char *kept, const rb_ability *ability,
                              rb_ctx *ctx, rb_error *err);
void rb_apply_close(rb_apply_model *m);

/** Title of an item; "" where the data have none. Local. */
const char *rb_apply_title(const rb_dataset *d, int32_t item);

#endif

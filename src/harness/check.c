#include "harness/check.h"

#include "harness/state.h"

/* One configuration, by the check of its algorithm. Of many, each has its message. */
static rb_status check_one(rb_messages *m, const rb_configuration *c, const rb_shape *shape, rb_error *err)
{
    rb_error refusal = { 0 };
    const rb_algorithm *a = c->entry->algorithm;
    if (!a->check || a->check(c->config, shape, &refusal) == RB_OK)
        return RB_OK;
    if (refusal.status == RB_NO_MEMORY) {
        *err = refusal;
        return err->status;
    }
    return rb_messages_add(m, c->entry->at, err, "%s%s%s: %s", c->entry->name, *c->text ? " " : "", c->text,
                           refusal.message);
}

/* Sizes that the file itself tells: those of data that are made, whole. */
static bool shape_of(rb_shape *shape, const rb_experiment *e, const rb_configuration *c)
{
    if (e->data_kind != RB_DATA_SYNTHETIC || !rb_filter_is_none(&e->filter))
        return false;
    *shape = (rb_shape){ .n_users = e->synth.users,
                         .n_items = e->synth.items,
                         .n_points = !c->space                        ? 0
                                     : rb_space_is_of_users(c->space) ? e->synth.users
                                                                      : e->synth.items,
                         .n_ranks = 1,
                         .n_node_ranks = 1,
                         .n_threads = 1 };
    return true;
}

rb_status rb_check_plan(rb_messages *m, const rb_plan *plan, rb_error *err)
{
    for (int32_t i = 0; i < plan->n_configurations; i++) {
        rb_shape shape;
        const rb_configuration *c = &plan->configuration[i];
        RB_TRY(check_one(m, c, shape_of(&shape, plan->experiment, c) ? &shape : NULL, err));
    }
done:
    return err->status;
}

rb_status rb_run_check(rb_run_state *run, rb_error *err)
{
    rb_messages messages = { 0 };
    for (int32_t i = 0; i < run->plan.n_configurations; i++) {
        rb_shape shape = rb_run_shape(run, rb_plan_trial(&run->plan, i, 0, 0)->number - 1, &run->group);
        RB_TRY(check_one(&messages, &run->plan.configuration[i], &shape, err));
    }
    rb_messages_print(run->options->errors, &messages);
    RB_TRY(rb_messages_raise(&messages, run->experiment.file, err));
done:
    rb_messages_fini(&messages);
    return rb_agree(run->world, err->status, err);
}

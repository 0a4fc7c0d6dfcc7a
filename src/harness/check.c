#include "harness/check.h"

#include <stdio.h>
#include <string.h>

#include "harness/state.h"

/* Of the value of the parameter that a refusal begins with, as 'algorithm.parameter'; else of the entry. */
static rb_place place_of(const rb_entry *entry, const char *message)
{
    char name[200];
    for (int32_t s = 0; s < entry->n_sweeps; s++) {
        snprintf(name, sizeof name, "'%s.%s'", entry->algorithm->name, entry->sweep[s].param->name);
        if (strncmp(message, name, strlen(name)) == 0)
            return entry->sweep[s].at;
    }
    return entry->at;
}

/* What an algorithm refused becomes a message with its place; of many configurations each says which. */
static rb_status refuse(rb_messages *m, const rb_configuration *c, const rb_error *refusal, rb_error *err)
{
    if (refusal->status == RB_OK)
        return RB_OK;
    if (refusal->status == RB_NO_MEMORY) {
        *err = *refusal;
        return err->status;
    }
    const rb_place at = place_of(c->entry, refusal->message);
    if (c->entry->n_configurations == 1)
        return rb_messages_add(m, at, err, "%s", refusal->message);
    return rb_messages_add(m, at, err, "%s %s: %s", c->entry->name, c->text, refusal->message);
}

/* A model that is asked twice is a slip: its weight says how much it counts. */
static rb_status check_models(const rb_plan *plan, const rb_configuration *c, rb_error *refusal)
{
    for (int32_t i = 0; i < c->n_models; i++)
        for (int32_t k = 0; k < i; k++)
            if (c->children[k] == c->children[i])
                return RB_FAIL(refusal, RB_BAD_INPUT, "%s asks '%s' twice: name different entries",
                               c->entry->algorithm->name, plan->configuration[c->children[i]].entry->name);
    return RB_OK;
}

/* shape: NULL where the data are not known. */
static rb_status check(rb_messages *m, const rb_plan *plan, const rb_configuration *c, const rb_shape *shape,
                       rb_error *err)
{
    rb_error refusal = { 0 };
    if (c->entry->algorithm->check)
        c->entry->algorithm->check(c->config, shape, &refusal);
    if (refusal.status == RB_OK)
        check_models(plan, c, &refusal);
    return refuse(m, c, &refusal, err);
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
        RB_TRY(check(m, plan, c, shape_of(&shape, plan->experiment, c) ? &shape : NULL, err));
    }
done:
    return err->status;
}

/* Releases the messages. */
static rb_status print_and_raise(const rb_run_state *run, rb_messages *m, rb_error *err)
{
    rb_messages_print(run->options->errors, m);
    if (err->status == RB_OK)
        rb_messages_raise(m, run->experiment.file, err);
    rb_messages_fini(m);
    return rb_agree(run->world, err->status, err);
}

rb_status rb_run_check_parameters(rb_run_state *run, rb_error *err)
{
    rb_messages messages = { 0 };
    for (int32_t i = 0; i < run->plan.n_configurations; i++)
        RB_TRY(check(&messages, &run->plan, &run->plan.configuration[i], NULL, err));
done:
    return print_and_raise(run, &messages, err);
}

rb_status rb_run_check(rb_run_state *run, rb_error *err)
{
    rb_messages messages = { 0 };
    for (int32_t i = 0; i < run->plan.n_configurations; i++) {
        rb_shape shape = rb_run_shape(run, rb_plan_trial(&run->plan, i, 0, 0)->number - 1, &run->group);
        RB_TRY(check(&messages, &run->plan, &run->plan.configuration[i], &shape, err));
    }
done:
    return print_and_raise(run, &messages, err);
}

static bool tells_cold_titles(const rb_plan *plan, const rb_configuration *c) /* NOLINT(misc-no-recursion) */
{
    bool tells = c->entry->algorithm->can & RB_CAN_COLD_ITEM, any = c->n_models == 0;
    for (int32_t i = 0; i < c->n_models; i++)
        any = any || tells_cold_titles(plan, &plan->configuration[c->children[i]]);
    return tells && any;
}

rb_status rb_run_warn_of_cold_titles(rb_run_state *run, rb_error *err)
{
    const rb_experiment *e = &run->experiment;
    const rb_entry *last = NULL;
    rb_text names = { 0 };
    int n = 0;
    if (e->split.kind != RB_SPLIT_STRONG_TITLES)
        return RB_OK;
    for (int32_t i = 0; i < run->plan.n_configurations; i++) {
        const rb_configuration *c = &run->plan.configuration[i];
        if (c->entry == last || !(c->entry->algorithm->can & RB_CAN_RANK) || tells_cold_titles(&run->plan, c))
            continue;
        last = c->entry;
        RB_TRY(rb_text_addf(&names, err, "%s%s", n++ ? ", " : "", last->name));
    }
    if (n > 0)
        rb_log_warn(&run->log,
                    "%s:%d:%d: split kind strong_titles: %s cannot tell titles without training data apart: "
                    "they share one score, or all rank low",
                    e->split_at.origin, e->split_at.line, e->split_at.column, names.data);
done:
    rb_text_fini(&names);
    return err->status;
}

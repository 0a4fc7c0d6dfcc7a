#include <math.h>

#include "cli/command.h"
#include "harness/check.h"

static const rb_operand operands[] = {
    RB_OPERAND_EXPERIMENT,
    { .name = NULL },
};

static const rb_command_option options[] = {
    RB_OPTION_SET,
    { .name = NULL },
};

static void describe(FILE *out, const rb_plan *plan)
{
    char trials[32];
    const rb_experiment *e = plan->experiment;
    fprintf(out, "%s: valid; experiment %s, seed %llu\n", e->file, e->name, (unsigned long long)e->seed);
    if (plan->n_trials == 0)
        return;
    fprintf(out, "%s trial%s: %d configuration%s of %d entr%s, %d fold%s, %d repeat%s\n",
            rb_text_count(trials, plan->n_trials), plan->n_trials == 1 ? "" : "s", plan->n_configurations,
            plan->n_configurations == 1 ? "" : "s", e->n_entries, e->n_entries == 1 ? "y" : "ies", plan->n_folds,
            plan->n_folds == 1 ? "" : "s", plan->n_repeats, plan->n_repeats == 1 ? "" : "s");
}

static rb_status describe_replays(FILE *out, const rb_experiment *e, rb_error *err)
{
    char n[32];
    rb_plan jobs = { 0 };
    if (!e->replay.jobs)
        return RB_OK;
    RB_TRY(rb_expand(&jobs, e->replay.jobs, err));
    fprintf(out, "%s replay%s: %d configuration%s, %d repeat%s\n", rb_text_count(n, jobs.n_trials),
            rb_text_plural(jobs.n_trials), jobs.n_configurations, rb_text_plural(jobs.n_configurations), jobs.n_repeats,
            rb_text_plural(jobs.n_repeats));
done:
    rb_plan_fini(&jobs);
    return err->status;
}

/* What is valid and may yet not be meant. */
static void note_namesakes(FILE *out, const rb_experiment *e)
{
    for (int32_t i = 0; i < e->n_entries; i++) {
        const rb_entry *entry = &e->entry[i], *first = rb_experiment_namesake(e, i);
        if (first)
            fprintf(out, "%s:%d:%d: note: %s stands on line %d already; `as: NAME` beside one tells them apart\n",
                    entry->at.origin, entry->at.line, entry->at.column, entry->name, first->at.line);
    }
}

/* A curve over k chooses among several of one entry, or of entries that count as one. */
static bool has_curve(const rb_experiment *e, int32_t i)
{
    const rb_entry *entry = &e->entry[i];
    for (int32_t s = 0; s < entry->n_sweeps; s++)
        if (strcmp(entry->sweep[s].param->name, "k") == 0 && entry->sweep[s].n > 1)
            return true;
    for (int32_t k = 0; k < e->n_entries; k++)
        if (k != i && strcmp(e->entry[k].name, entry->name) == 0)
            return true;
    return false;
}

/* By what clusterings of an entry are selected; what no metric selects would need k for the first rule that does. */
static rb_select_rule rule_of(const rb_experiment *e, const rb_entry *entry)
{
    rb_select_rule rule = RB_SELECT_BEST;
    for (int32_t m = e->n_select - 1; m >= 0; m--) {
        if (rb_experiment_selects(e, m, entry))
            return e->select_rule[m];
        rule = e->select_rule[m] != RB_SELECT_BEST ? e->select_rule[m] : rule;
    }
    return rule;
}

static void note_selection(FILE *out, const rb_experiment *e)
{
    const char *lack = rb_experiment_lacks_select(e);
    if (lack)
        fprintf(out, "%s: note: %s\n", e->file, lack);
    for (int32_t i = 0; i < e->n_entries; i++) {
        const rb_entry *entry = &e->entry[i];
        const rb_select_rule rule = entry->can & RB_CAN_ASSIGN ? rule_of(e, entry) : RB_SELECT_BEST;
        if (rule != RB_SELECT_BEST && !has_curve(e, i))
            fprintf(out, "%s:%d:%d: note: %s has no sweep over 'k': %s selects nothing of it\n", entry->at.origin,
                    entry->at.line, entry->at.column, entry->name, rule == RB_SELECT_GAP ? "gap" : "elbow");
    }
}

static rb_status run(rb_call *call, rb_error *err)
{
    rb_experiment experiment = { 0 };
    rb_messages messages = { 0 };
    rb_plan plan = { 0 };
    rb_text text = { 0 };
    const char **sets = NULL;
    RB_TRY(rb_alloc(&sets, call->n_values, err));
    rb_experiment_input input = { .file = call->operands[0], .sets = sets };
    input.n_sets = rb_call_list(sets, call, "set");
    RB_TRY(rb_experiment_load(&text, input.file, err));
    input.text = text.data ? text.data : "";
    input.n_bytes = text.length;
    RB_TRY(rb_experiment_parse(&experiment, &input, &messages, err));
    RB_TRY(rb_expand(&plan, &experiment, err));
    RB_TRY(rb_check_plan(&messages, &plan, err));
    RB_TRY(rb_messages_raise(&messages, experiment.file, err));
    describe(call->out, &plan);
    RB_TRY(describe_replays(call->out, &experiment, err));
    note_namesakes(call->out, &experiment);
    note_selection(call->out, &experiment);
done:
    rb_messages_print(call->errors, &messages);
    rb_plan_fini(&plan);
    rb_experiment_fini(&experiment);
    rb_messages_fini(&messages);
    rb_text_fini(&text);
    rb_free(sets);
    return err->status;
}

const rb_command rb_cmd_validate = {
    .name = "validate",
    .summary = "check an experiment file, naming all its errors at once",
    .description =
        "Reads no data and starts nothing. Sizes, such as k against the number of points, are checked where the data "
        "are\n"
        "synthetic and not filtered; of others, and with the predicted bytes and flops of each trial: run --dry-run.",
    .operands = operands,
    .options = options,
    .example = "reelbench validate experiments/quickstart.yaml",
    .run = run,
};

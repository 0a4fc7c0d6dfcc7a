#include "cli/session.h"

static const rb_operand operands[] = { RB_OPERAND_RUN, { .name = NULL } };

static const rb_command_option options[] = { RB_OPTION_FORMAT, { .name = NULL } };

static rb_status run(rb_call *call, rb_error *err)
{
    return rb_report_run(call->out, call->operands[0], rb_session_format(call), err);
}

const rb_command rb_cmd_report = {
    .name = "report",
    .summary = "the best of each algorithm with its significance, and every trial",
    .description =
        "Recommenders and clusterings have tables of their own. JSON is an object: selection and trials. CSV and TSV\n"
        "are the table of trials: `selected` marks the best, and the last columns hold the metric that chose them,\n"
        "rank, values on validation and test, the interval with its level, letters and the correction they come from.",
    .operands = operands,
    .options = options,
    .example = "reelbench report results/quickstart-8c1f22a0 --format csv > trials.csv",
    .run = run,
};

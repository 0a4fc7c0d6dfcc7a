#include "cli/session.h"

static const rb_operand operands[] = { RB_OPERAND_RUN, { .name = NULL } };

static rb_status run(rb_call *call, rb_error *err)
{
    return rb_report_digest(call->out, call->operands[0], err);
}

const rb_command rb_cmd_digest = {
    .name = "digest",
    .summary = "digest of a run's results, and the class of machines in which it holds",
    .description =
        "SHA-256 over the sorted keys, arrays and metric values that the experiment asks for: the same for any\n"
        "ranks, threads, groups and order of trials, and after any crash and resume. Timing is not part of it.",
    .operands = operands,
    .example = "reelbench digest results/quickstart-8c1f22a0",
    .run = run,
};

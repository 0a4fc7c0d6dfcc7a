#include "cli/session.h"

static const rb_operand operands[] = { RB_OPERAND_RUN, { .name = NULL } };

static rb_status run(rb_call *call, rb_error *err)
{
    return rb_report_status(call->out, call->operands[0], err);
}

const rb_command rb_cmd_status = {
    .name = "status",
    .summary = "say how far a run is, and how to resume it",
    .operands = operands,
    .example = "reelbench status results/quickstart-8c1f22a0",
    .run = run,
};

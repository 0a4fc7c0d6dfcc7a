#include "cli/applying.h"

static const rb_operand operands[] = {
    RB_OPERANDS_MODEL,
    { .name = "FILE", .kind = RB_ARG_FILE, .help = "titles, in a form that catalogues are read in" },
    { .name = NULL },
};

static rb_status run(rb_call *call, rb_error *err)
{
    return rb_applying_to_file(call, rb_apply_assign, err);
}

const rb_command rb_cmd_assign = {
    .name = "assign",
    .summary = "clusters of titles, from a stored clustering",
    .operands = operands,
    .options = rb_applying_options,
    .example = "reelbench assign results/catalogue-51d09e7b kmeans new-titles.csv",
    .run = run,
};

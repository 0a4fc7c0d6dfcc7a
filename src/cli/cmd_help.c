#include <string.h>

#include "cli/command.h"
#include "harness/facts.h"

static const rb_operand operands[] = {
    { .name = "COMMAND", .is_optional = true, .repeats = true, .help = "the command to explain (data synth, ...)" },
    { .name = NULL },
};

static const rb_command_option options[] = {
    { .name = "man", .help = "the man page of the program, in roff" },
    { .name = NULL },
};

static rb_status run(rb_call *call, rb_error *err)
{
    if (rb_call_flag(call, "man")) {
        rb_help_man(call->out, rb_build.version);
        return RB_OK;
    }
    if (call->n_operands == 0) {
        rb_help_program(call->out);
        return RB_OK;
    }
    char name[64];
    snprintf(name, sizeof name, "%s%s%s", call->operands[0], call->n_operands > 1 ? " " : "",
             call->n_operands > 1 ? call->operands[1] : "");
    const char *names[64];
    int n = 0;
    for (const rb_command *const *c = rb_commands; *c; c++) {
        if (strcmp((*c)->name, name) == 0) {
            rb_help_command(call->out, *c);
            return RB_OK;
        }
        names[n++] = (*c)->name;
    }
    names[n] = NULL;
    if (call->n_operands == 1 && rb_help_family(call->out, name))
        return RB_OK;
    const char *nearest = rb_text_nearest(name, names);
    if (!nearest)
        return RB_FAIL(err, RB_BAD_INPUT, "unknown command '%s'; see reelbench --help", name);
    return RB_FAIL(err, RB_BAD_INPUT, "unknown command '%s'; did you mean '%s'?", name, nearest);
}

const rb_command rb_cmd_help = {
    .name = "help",
    .summary = "explain the program or a command",
    .operands = operands,
    .options = options,
    .example = "reelbench help run\nreelbench help --man | man -l -",
    .run = run,
};

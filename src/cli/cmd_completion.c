#include "cli/command.h"

static const rb_operand operands[] = {
    { .name = "SHELL", .choices = "bash|zsh|fish", .help = "for which shell" },
    { .name = NULL },
};

static rb_status run(rb_call *call, rb_error *err)
{
    if (!rb_completion_write(call->out, call->operands[0]))
        return RB_FAIL(err, RB_BAD_INPUT, "completion: '%s' is not a shell that is known, expected bash, zsh or fish",
                       call->operands[0]);
    return RB_OK;
}

const rb_command rb_cmd_completion = {
    .name = "completion",
    .summary = "print a completion script for a shell",
    .operands = operands,
    .example = "reelbench completion bash > ~/.local/share/bash-completion/completions/reelbench",
    .run = run,
};

/* Reading a command line against a command's table. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/param.h"
#include "cli/command.h"

static int count_options(const rb_command *command)
{
    int n = 0;
    while (command->options && command->options[n].name)
        n++;
    return n;
}

static int count_operands(const rb_command *command)
{
    int n = 0;
    while (command->operands && command->operands[n].name)
        n++;
    return n;
}

static int find_long(const rb_command *command, const char *name, size_t length)
{
    for (int i = 0; i < count_options(command); i++)
        if (strlen(command->options[i].name) == length && strncmp(command->options[i].name, name, length) == 0)
            return i;
    return -1;
}

static rb_status fail_unknown(const rb_command *command, const char *name, size_t length, rb_error *err)
{
    char written[64];
    const char *names[64] = { "help" };
    int n = 1;
    snprintf(written, sizeof written, "%.*s", (int)length, name);
    for (int i = 0; i < count_options(command) && n < 63; i++)
        names[n++] = command->options[i].name;
    const char *nearest = NULL;
    for (int i = 0; i < n && length > 1; i++) /* an abbreviation is refused, but understood */
        if (strncmp(names[i], written, strlen(written)) == 0)
            nearest = names[i];
    if (!nearest)
        nearest = rb_text_nearest(written, names);
    return nearest ? RB_FAIL(err, RB_BAD_INPUT, "%s: unknown option '--%s'; did you mean '--%s'?", command->name,
                             written, nearest)
                   : RB_FAIL(err, RB_BAD_INPUT, "%s: unknown option '--%s'; see reelbench %s --help", command->name,
                             written, command->name);
}

/* A choice, or a number in range. */
static rb_status check_value(const rb_command *command, const rb_command_option *option, const char *value,
                             rb_error *err)
{
    int64_t number;
    bool is_free = !option->choices && option->max == 0;
    bool is_choice = option->choices && rb_choice_index(option->choices, value) >= 0;
    if (is_free || is_choice)
        return RB_OK;
    if (option->max == 0)
        return RB_FAIL(err, RB_BAD_INPUT, "%s: --%s is '%s', expected one of %s", command->name, option->name, value,
                       option->choices);
    if (rb_parse_int(&number, value, (int64_t)strlen(value)) && number >= option->min && number <= option->max)
        return RB_OK;
    return RB_FAIL(err, RB_BAD_INPUT, "%s: --%s is '%s', expected a whole number in [%lld, %lld]%s%s", command->name,
                   option->name, value, (long long)option->min, (long long)option->max, option->choices ? " or " : "",
                   option->choices ? option->choices : "");
}

static rb_status add_value(rb_call *call, int option, const char *value, rb_error *err)
{
    const rb_command_option *o = &call->command->options[option];
    for (int i = 0; i < call->n_values && !o->repeats && !o->takes_many; i++)
        if (call->option_index[i] == option)
            return RB_FAIL(err, RB_BAD_INPUT, "%s: --%s is given twice", call->command->name, o->name);
    if (o->argument)
        RB_TRY(check_value(call->command, o, value, err));
    call->option_index[call->n_values] = option;
    call->values[call->n_values++] = value;
done:
    return err->status;
}

/* The option's values: attached ("--top=5", "-k5"), or the next argument, or all up to the next option. */
static rb_status take_values(rb_call *call, int option, const char *attached, int n, char **arguments, int *at,
                             rb_error *err)
{
    const rb_command_option *o = &call->command->options[option];
    if (!o->argument) {
        if (attached)
            return RB_FAIL(err, RB_BAD_INPUT, "%s: --%s takes no value", call->command->name, o->name);
        return add_value(call, option, "", err);
    }
    if (attached)
        return add_value(call, option, attached, err);
    if (*at + 1 >= n)
        return RB_FAIL(err, RB_BAD_INPUT, "%s: --%s needs a value: --%s %s", call->command->name, o->name, o->name,
                       o->argument);
    do
        RB_TRY(add_value(call, option, arguments[++*at], err));
    while (o->takes_many && *at + 1 < n && arguments[*at + 1][0] != '-');
done:
    return err->status;
}

static rb_status take_long(rb_call *call, int n, char **arguments, int *at, rb_error *err)
{
    const char *name = arguments[*at] + 2;
    size_t length = strcspn(name, "=");
    if (length == 4 && strncmp(name, "help", 4) == 0) {
        call->wants_help = true;
        return RB_OK;
    }
    int option = find_long(call->command, name, length);
    if (option < 0)
        return fail_unknown(call->command, name, length, err);
    return take_values(call, option, name[length] ? name + length + 1 : NULL, n, arguments, at, err);
}

/* "-k 5", "-k5", flags together "-ab". */
static rb_status take_short(rb_call *call, int n, char **arguments, int *at, rb_error *err)
{
    for (const char *letter = arguments[*at] + 1; *letter; letter++) {
        int option = -1;
        if (*letter == 'h') {
            call->wants_help = true;
            continue;
        }
        for (int i = 0; i < count_options(call->command); i++)
            if (call->command->options[i].letter == *letter)
                option = i;
        if (option < 0)
            return RB_FAIL(err, RB_BAD_INPUT, "%s: unknown option '-%c'; see reelbench %s --help", call->command->name,
                           *letter, call->command->name);
        bool is_flag = !call->command->options[option].argument;
        RB_TRY(take_values(call, option, is_flag || !letter[1] ? NULL : letter + 1, n, arguments, at, err));
        if (!is_flag)
            break;
    }
done:
    return err->status;
}

static rb_status check_operands(const rb_call *call, rb_error *err)
{
    const rb_operand *operands = call->command->operands;
    int known = count_operands(call->command);
    bool is_open = known > 0 && operands[known - 1].repeats;
    if (call->n_operands > known && !is_open)
        return RB_FAIL(err, RB_BAD_INPUT, "%s: '%s' is one argument too many; see reelbench %s --help",
                       call->command->name, call->operands[known], call->command->name);
    if (call->n_operands < known && !operands[call->n_operands].is_optional)
        return RB_FAIL(err, RB_BAD_INPUT, "%s: %s is missing; see reelbench %s --help", call->command->name,
                       operands[call->n_operands].name, call->command->name);
    return RB_OK;
}

rb_status rb_call_parse(rb_call *call, int n, char **arguments, rb_error *err)
{
    bool is_ended = false; /* by "--" */
    RB_TRY(rb_alloc(&call->operands, n + 1, err));
    RB_TRY(rb_alloc(&call->values, n + 1, err));
    RB_TRY(rb_alloc(&call->option_index, n + 1, err));
    call->option_of = call->option_index;
    for (int at = 0; at < n; at++) {
        const char *word = arguments[at];
        if (is_ended || word[0] != '-' || !word[1])
            call->operands[call->n_operands++] = word;
        else if (strcmp(word, "--") == 0)
            is_ended = true;
        else
            RB_TRY(word[1] == '-' ? take_long(call, n, arguments, &at, err) : take_short(call, n, arguments, &at, err));
    }
    if (!call->wants_help)
        RB_TRY(check_operands(call, err));
done:
    return err->status;
}

void rb_call_fini(rb_call *call)
{
    rb_free(call->operands);
    rb_free(call->values);
    rb_free(call->option_index);
    call->operands = call->values = NULL;
    call->option_of = call->option_index = NULL;
}

const char *rb_call_operand(const rb_call *call, int i)
{
    return i < call->n_operands ? call->operands[i] : NULL;
}

const char *rb_call_text(const rb_call *call, const char *option)
{
    int index = find_long(call->command, option, strlen(option));
    RB_ASSERT(index >= 0);
    for (int i = call->n_values - 1; i >= 0; i--)
        if (call->option_of[i] == index)
            return call->values[i];
    return call->command->options[index].fallback;
}

int64_t rb_call_int(const rb_call *call, const char *option)
{
    int64_t value = 0;
    const char *text = rb_call_text(call, option);
    return text && rb_parse_int(&value, text, (int64_t)strlen(text)) ? value : 0;
}

bool rb_call_flag(const rb_call *call, const char *option)
{
    int index = find_long(call->command, option, strlen(option));
    for (int i = 0; i < call->n_values; i++)
        if (call->option_of[i] == index)
            return true;
    return false;
}

int rb_call_list(const char **list, const rb_call *call, const char *option)
{
    int n = 0;
    int index = find_long(call->command, option, strlen(option));
    for (int i = 0; i < call->n_values; i++)
        if (call->option_of[i] == index)
            list[n++] = call->values[i];
    return n;
}

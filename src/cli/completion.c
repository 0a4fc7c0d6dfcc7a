/* Completion of shells, from the tables. */
#include <string.h>

#include "cli/command.h"
#include "eval/metric.h"

/* The words of "a|b|c", a space between. */
static void write_choices(FILE *out, const char *choices)
{
    for (; *choices; choices++)
        fputc(*choices == '|' ? ' ' : *choices, out);
}

/* The commands of one word, and once the first word of those of two. */
static void write_first_words(FILE *out)
{
    const char *last = "";
    for (const rb_command *const *c = rb_commands; *c; c++) {
        size_t n = strcspn((*c)->name, " ");
        if (strcspn(last, " ") != n || strncmp(last, (*c)->name, n) != 0)
            fprintf(out, "%.*s ", (int)n, (*c)->name);
        last = (*c)->name;
    }
}

static void write_second_words(FILE *out, const char *first)
{
    size_t n = strlen(first);
    for (const rb_command *const *c = rb_commands; *c; c++)
        if (strncmp((*c)->name, first, n) == 0 && (*c)->name[n] == ' ')
            fprintf(out, "%s ", (*c)->name + n + 1);
}

/* Names of all metrics; those that need a cutoff with the usual one. */
static void write_metrics(FILE *out)
{
    for (const rb_metric_def *m = rb_metric_registry; m->name; m++)
        fprintf(out, "%s%s ", m->name, m->has_cutoff ? "@10" : "");
}

/* Whether a shell can offer words for a value. */
static bool has_words(const char *choices, rb_arg_kind kind)
{
    return choices || kind == RB_ARG_METRIC;
}

static void write_words(FILE *out, const char *choices, rb_arg_kind kind)
{
    if (kind == RB_ARG_METRIC)
        write_metrics(out);
    else
        write_choices(out, choices);
}

static const char *bash_action(rb_arg_kind kind)
{
    return kind == RB_ARG_FOLDER ? "-d" : "-f";
}

/* One branch for each option that takes a value: its choices, files or folders. */
static void write_bash_values(FILE *out, const rb_command *command)
{
    for (const rb_command_option *o = command->options; o && o->name; o++) {
        if (!o->argument)
            continue;
        fprintf(out, "        '%s --%s'", command->name, o->name);
        if (o->letter)
            fprintf(out, " | '%s -%c'", command->name, o->letter);
        fputs(") ", out);
        if (has_words(o->choices, o->kind)) {
            fputs("COMPREPLY=($(compgen -W '", out);
            write_words(out, o->choices, o->kind);
            fputs("' -- \"$cur\"))", out);
        } else if (o->kind != RB_ARG_OTHER) {
            fprintf(out, "COMPREPLY=($(compgen %s -- \"$cur\"))", bash_action(o->kind));
        } else {
            fputs("COMPREPLY=()", out);
        }
        fputs("; return ;;\n", out);
    }
}

static void write_bash_words(FILE *out, const rb_command *command)
{
    const rb_operand *first = command->operands;
    fprintf(out, "        '%s')\n            if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W '", command->name);
    for (const rb_command_option *o = command->options; o && o->name; o++)
        fprintf(out, "--%s ", o->name);
    fputs("--help' -- \"$cur\"))", out);
    if (first && first->name && first->choices) {
        fputs("; else COMPREPLY=($(compgen -W '", out);
        write_choices(out, first->choices);
        fputs("' -- \"$cur\"))", out);
    } else if (first && first->name && first->kind != RB_ARG_OTHER) {
        fprintf(out, "; else COMPREPLY=($(compgen %s -- \"$cur\"))", bash_action(first->kind));
    }
    fputs("; fi ;;\n", out);
}

static void write_bash(FILE *out)
{
    fputs("# bash completion of reelbench; made by: reelbench completion bash\n"
          "_reelbench()\n{\n"
          "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]}\n"
          "    COMPREPLY=()\n"
          "    if ((COMP_CWORD == 1)); then COMPREPLY=($(compgen -W '",
          out);
    write_first_words(out);
    fputs("' -- \"$cur\")); return; fi\n    if [[ $command == data ]]; then\n"
          "        if ((COMP_CWORD == 2)); then COMPREPLY=($(compgen -W '",
          out);
    write_second_words(out, "data");
    fputs("' -- \"$cur\")); return; fi\n        command=\"data ${COMP_WORDS[2]}\"\n    fi\n"
          "    case \"$command $prev\" in\n",
          out);
    for (const rb_command *const *c = rb_commands; *c; c++)
        write_bash_values(out, *c);
    fputs("        'list metrics') COMPREPLY=($(compgen -W '", out);
    write_metrics(out);
    fputs("' -- \"$cur\")); return ;;\n", out);
    fputs("    esac\n    case $command in\n", out);
    for (const rb_command *const *c = rb_commands; *c; c++)
        write_bash_words(out, *c);
    fputs("    esac\n}\ncomplete -o filenames -F _reelbench reelbench\n", out);
}

/* Text within single quotes of a shell; `also` is a character to escape with a backslash. */
static void write_quoted(FILE *out, const char *text, const char *also)
{
    for (; *text; text++) {
        if (*text == '\'')
            fputs("'\\''", out);
        else if (strchr(also, *text))
            fprintf(out, "\\%c", *text);
        else
            fputc(*text, out);
    }
}

static void write_zsh_action(FILE *out, const char *choices, rb_arg_kind kind)
{
    if (has_words(choices, kind)) {
        fputs(":(", out);
        write_words(out, choices, kind);
        fputc(')', out);
    } else {
        fputs(kind == RB_ARG_FILE ? ":_files" : kind == RB_ARG_FOLDER ? ":_files -/" : ":", out);
    }
}

static void write_zsh_command(FILE *out, const rb_command *command)
{
    fprintf(out, "        '%s') _arguments '--help[this text]'", command->name);
    for (const rb_command_option *o = command->options; o && o->name; o++) {
        fprintf(out, " \\\n            '%s--%s%s[", o->repeats || o->takes_many ? "*" : "", o->name,
                o->argument ? "=" : "");
        write_quoted(out, o->help, "[]:");
        fputc(']', out);
        if (o->argument) {
            fprintf(out, ":%s", o->argument);
            write_zsh_action(out, o->choices, o->kind);
        }
        fputc('\'', out);
    }
    for (const rb_operand *o = command->operands; o && o->name; o++) {
        fprintf(out, " \\\n            '%s:%s", o->repeats ? "*" : o->is_optional ? ":" : "", o->name);
        write_zsh_action(out, o->choices, o->kind);
        fputc('\'', out);
    }
    fputs(" ;;\n", out);
}

static void write_zsh(FILE *out)
{
    fputs("#compdef reelbench\n# zsh completion of reelbench; made by: reelbench completion zsh\n_reelbench() {\n"
          "    if ((CURRENT == 2)); then compadd -- ",
          out);
    write_first_words(out);
    fputs("; return; fi\n    local command=$words[2] n=1\n    if [[ $command == data ]]; then\n"
          "        if ((CURRENT == 3)); then compadd -- ",
          out);
    write_second_words(out, "data");
    fputs("; return; fi\n        command=\"data $words[3]\" n=2\n    fi\n"
          "    shift $n words; ((CURRENT -= n))\n    case $command in\n",
          out);
    for (const rb_command *const *c = rb_commands; *c; c++)
        write_zsh_command(out, *c);
    fputs("    esac\n}\n_reelbench \"$@\"\n", out);
}

static void write_fish_command(FILE *out, const rb_command *command)
{
    const char *space = strchr(command->name, ' ');
    char condition[160];
    if (space)
        snprintf(condition, sizeof condition, "__fish_seen_subcommand_from data; and __fish_seen_subcommand_from %s",
                 space + 1);
    else
        snprintf(condition, sizeof condition, "__fish_seen_subcommand_from %s", command->name);
    if (space)
        fprintf(out, "complete -c reelbench -f -n '__fish_seen_subcommand_from data' -a %s -d '", space + 1);
    else
        fprintf(out, "complete -c reelbench -f -n __fish_use_subcommand -a %s -d '", command->name);
    write_quoted(out, command->summary, "");
    fputs("'\n", out);
    if (command->operands && command->operands[0].choices) {
        fprintf(out, "complete -c reelbench -f -n '%s' -a '", condition);
        write_choices(out, command->operands[0].choices);
        fputs("'\n", out);
    } else if (command->operands && command->operands[0].kind != RB_ARG_OTHER) {
        fprintf(out, "complete -c reelbench -F -n '%s'\n", condition);
    }
    for (const rb_command_option *o = command->options; o && o->name; o++) {
        fprintf(out, "complete -c reelbench -n '%s' -l %s", condition, o->name);
        if (o->letter)
            fprintf(out, " -s %c", o->letter);
        if (o->argument)
            fputs(o->kind == RB_ARG_FILE || o->kind == RB_ARG_FOLDER ? " -r -F" : " -x", out);
        if (has_words(o->choices, o->kind)) {
            fputs(" -a '", out);
            write_words(out, o->choices, o->kind);
            fputc('\'', out);
        }
        fputs(" -d '", out);
        write_quoted(out, o->help, "");
        fputs("'\n", out);
    }
}

static void write_fish(FILE *out)
{
    fputs("# fish completion of reelbench; made by: reelbench completion fish\n", out);
    fputs("complete -c reelbench -f -n __fish_use_subcommand -a data -d 'make, convert and describe data'\n", out);
    for (const rb_command *const *c = rb_commands; *c; c++)
        write_fish_command(out, *c);
}

bool rb_completion_write(FILE *out, const char *shell)
{
    static const struct {
        const char *name;
        void (*write)(FILE *out);
    } shells[] = { { "bash", write_bash }, { "zsh", write_zsh }, { "fish", write_fish } };
    for (size_t i = 0; i < sizeof shells / sizeof *shells; i++) {
        if (strcmp(shells[i].name, shell) == 0) {
            shells[i].write(out);
            return true;
        }
    }
    return false;
}

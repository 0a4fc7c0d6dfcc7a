/* --help, from the tables. */
#include <ctype.h>
#include <string.h>

#include "cli/command.h"

#define PAGE_WIDTH 100
#define TEXT_COLUMN 34 /* where the words of an option begin */

const rb_exit_words rb_exit_table[] = {
    { 0, "all went well; also after SIGUSR1, which finishes the running trials and saves" },
    { 1, "some trials failed, replays could not be made, or pairs have no rating; the reasons stand in the report, or "
         "in what was said" },
    { 2, "usage or bad input, a file that is missing: nothing was started" },
    { 3, "the environment: memory, files that the system does not let be read or written, MPI, nodes that differ" },
    { 130, "stopped by Ctrl-C; resume goes on (mpirun itself then returns 1)" },
    { 143, "stopped by SIGTERM; resume goes on (mpirun itself then returns 1)" },
    { 0, NULL },
};

/* Words up to the width of a page, further lines indented like the first. */
static void write_wrapped(FILE *out, const char *text, int indent)
{
    int at = indent;
    while (*text) {
        int length = (int)strcspn(text, " ");
        if (at > indent && at + 1 + length > PAGE_WIDTH) {
            fprintf(out, "\n%*s", indent, "");
            at = indent;
        } else if (at > indent) {
            fputc(' ', out);
            at++;
        }
        fprintf(out, "%.*s", length, text);
        at += length;
        text += length + (text[length] == ' ');
    }
    fputc('\n', out);
}

static void write_signature(FILE *out, const rb_command_option *option)
{
    char text[64];
    if (option->letter)
        fprintf(out, "  -%c, ", option->letter);
    else
        fputs("      ", out);
    snprintf(text, sizeof text, "--%s%s%s%s", option->name, option->argument ? " " : "",
             option->argument ? option->argument : "", option->takes_many ? "..." : "");
    fprintf(out, "%-26s  ", text);
}

static void write_option(FILE *out, const rb_command_option *option)
{
    char text[512];
    write_signature(out, option);
    snprintf(text, sizeof text, "%s%s%s%s%s", option->help, option->fallback ? " [" : "",
             option->fallback ? option->fallback : "", option->fallback ? "]" : "",
             option->repeats ? " (may be repeated)" : "");
    write_wrapped(out, text, TEXT_COLUMN);
}

void rb_help_usage(FILE *out, const rb_command *command)
{
    int open = 0;
    fprintf(out, "reelbench %s", command->name);
    for (const rb_operand *o = command->operands; o && o->name; o++) {
        fprintf(out, o->is_optional ? " [%s%s" : " %s%s", o->name, o->repeats ? "..." : "");
        open += o->is_optional;
    }
    while (open-- > 0)
        fputc(']', out);
    if (command->options && command->options[0].name)
        fputs(" [OPTION]...", out);
}

static void write_lines(FILE *out, const char *lines, const char *before)
{
    while (*lines) {
        int length = (int)strcspn(lines, "\n");
        fprintf(out, "%s%.*s\n", before, length, lines);
        lines += length + (lines[length] == '\n');
    }
}

void rb_help_command(FILE *out, const rb_command *command)
{
    static const rb_command_option help = { .name = "help", .letter = 'h', .help = "this text" };
    fputs("usage: ", out);
    rb_help_usage(out, command);
    fprintf(out, "\n\n%c%s.\n", toupper((unsigned char)command->summary[0]), command->summary + 1);
    if (command->description) {
        fputc('\n', out);
        write_lines(out, command->description, "");
    }
    fputc('\n', out);
    for (const rb_operand *o = command->operands; o && o->name; o++)
        fprintf(out, "  %-30s  %s%s%s\n", o->name, o->help, o->choices ? ": " : "", o->choices ? o->choices : "");
    for (const rb_command_option *o = command->options; o && o->name; o++)
        write_option(out, o);
    write_option(out, &help);
    fputs("\nexample:\n", out);
    write_lines(out, command->example, "  $ ");
}

bool rb_help_family(FILE *out, const char *word)
{
    size_t length = strlen(word);
    bool any = false;
    for (const rb_command *const *c = rb_commands; *c; c++) {
        if (strncmp((*c)->name, word, length) != 0 || (*c)->name[length] != ' ')
            continue;
        if (any)
            fputc('\n', out);
        rb_help_command(out, *c);
        any = true;
    }
    return any;
}

void rb_help_program(FILE *out)
{
    fputs("usage: reelbench COMMAND [ARGUMENT]...\n\n"
          "A parallel experiment harness for recommender and clustering algorithms: one YAML file in,\n"
          "one HDF5 file out, the same bits for any number of ranks and threads.\n\n",
          out);
    for (const rb_command *const *c = rb_commands; *c; c++)
        fprintf(out, "  %-14s  %s\n", (*c)->name, (*c)->summary);
    fputs("\n  reelbench COMMAND --help   what a command takes, with an example\n"
          "  reelbench --version        the version\n\nexample:\n"
          "  $ mpirun -n 4 reelbench run experiments/quickstart.yaml\n\nexit status:\n",
          out);
    for (const rb_exit_words *e = rb_exit_table; e->meaning; e++)
        fprintf(out, "  %3d  %s\n", e->status, e->meaning);
}

/* The man page, from the tables. */
#include <string.h>

#include "cli/command.h"

/* Text in which roff sees no requests: backslashes and dashes are escaped, a leading dot is hidden. */
static void write_text(FILE *out, const char *text)
{
    bool at_start = true;
    for (; *text; text++) {
        if (at_start && (*text == '.' || *text == '\''))
            fputs("\\&", out);
        if (*text == '\\')
            fputs("\\e", out);
        else if (*text == '-')
            fputs("\\-", out);
        else
            fputc(*text, out);
        at_start = *text == '\n';
    }
}

static void write_options(FILE *out, const rb_command *command)
{
    for (const rb_command_option *o = command->options; o && o->name; o++) {
        fputs(".TP\n", out);
        if (o->letter)
            fprintf(out, "\\fB\\-%c\\fR, ", o->letter);
        fputs("\\fB\\-\\-", out);
        write_text(out, o->name);
        fputs("\\fR", out);
        if (o->argument)
            fprintf(out, " \\fI%s\\fR%s", o->argument, o->takes_many ? "..." : "");
        fputc('\n', out);
        write_text(out, o->help);
        if (o->fallback) {
            fputs("; default ", out);
            write_text(out, o->fallback);
        }
        fputs(o->repeats ? "; may be repeated\n" : "\n", out);
    }
}

static void write_command(FILE *out, const rb_command *command)
{
    fprintf(out, ".SS %s\n.nf\n\\fB", command->name);
    rb_help_usage(out, command);
    fputs("\\fR\n.fi\n.PP\n", out);
    write_text(out, command->summary);
    fputs(".\n", out);
    if (command->description) {
        fputs(".PP\n", out);
        write_text(out, command->description);
        fputc('\n', out);
    }
    for (const rb_operand *o = command->operands; o && o->name; o++) {
        fprintf(out, ".TP\n\\fI%s\\fR\n", o->name);
        write_text(out, o->help);
        fputc('\n', out);
    }
    write_options(out, command);
    fputs(".PP\nExample:\n.PP\n.nf\n.RS\n", out);
    write_text(out, command->example);
    fputs("\n.RE\n.fi\n", out);
}

void rb_help_man(FILE *out, const char *version)
{
    fprintf(
        out,
        ".TH REELBENCH 1 \"\" \"reelbench %s\" \"User Commands\"\n"
        ".SH NAME\nreelbench \\- parallel experiment harness for recommender and clustering algorithms\n"
        ".SH SYNOPSIS\n\\fBreelbench\\fR \\fICOMMAND\\fR [\\fIARGUMENT\\fR]...\n.br\n"
        "\\fBmpirun \\-n\\fR \\fIN\\fR \\fBreelbench run\\fR \\fIFILE\\fR\n"
        ".SH DESCRIPTION\nOne YAML file names data, split, algorithms with their grids, metrics and seeds; a run "
        "makes\n"
        "one HDF5 file of it, in which every number can be traced. One binary and one seed give the same bits for any\n"
        "number of ranks and threads, and after any crash and resume.\n.SH COMMANDS\n",
        version);
    for (const rb_command *const *c = rb_commands; *c; c++)
        write_command(out, *c);
    fputs(".SH EXIT STATUS\n", out);
    for (const rb_exit_words *e = rb_exit_table; e->meaning; e++) {
        fprintf(out, ".TP\n%d\n", e->status);
        write_text(out, e->meaning);
        fputc('\n', out);
    }
    fputs(".SH ENVIRONMENT\n"
          ".TP\nREELBENCH_DATA\nfolder of the named data sets, where \\-\\-data is not given\n"
          ".TP\nOMP_NUM_THREADS\nthreads of each rank, where \\-\\-threads is not given\n"
          ".TP\nOPENBLAS_CORETYPE\ntaken only with \\-\\-blas\\-core inherit\n"
          ".TP\nNO_COLOR\nno colours on a terminal\n"
          ".SH SIGNALS\nSIGUSR1 finishes the running trials, saves and exits 0. Without mpirun, the first SIGINT or "
          "SIGTERM\n"
          "finishes the running trials and exits 130 or 143, the second stops at once. Under mpirun the job ends at "
          "once;\n"
          "resume loses only the trials that were running.\n",
          out);
}

/*
 * reelbench: finds the command, reads its arguments, runs it, says once what went wrong, and exits.
 *
 * The only file that exits.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "harness/facts.h"

#define SPEAKER_S 2 /* what the speaking process has to say why all of them end */

const rb_command *rb_command_find(int n, char **arguments, int *n_words)
{
    for (const rb_command *const *c = rb_commands; *c; c++) {
        const char *space = strchr((*c)->name, ' ');
        size_t first = space ? (size_t)(space - (*c)->name) : strlen((*c)->name);
        *n_words = space ? 2 : 1;
        if (n >= *n_words && strlen(arguments[0]) == first && strncmp((*c)->name, arguments[0], first) == 0 &&
            (!space || strcmp(space + 1, arguments[1]) == 0))
            return *c;
    }
    return NULL;
}

/* The word that is wrong, and the nearest command: of all, or of those that begin with the same word. */
static rb_status fail_unknown(int n, char **arguments, rb_error *err)
{
    const char *names[64];
    int n_names = 0;
    size_t first = strlen(arguments[0]);
    bool is_family = false;
    for (const rb_command *const *c = rb_commands; *c; c++)
        is_family |= strncmp((*c)->name, arguments[0], first) == 0 && (*c)->name[first] == ' ';
    for (const rb_command *const *c = rb_commands; *c && n_names < 63; c++)
        if (!is_family || (strncmp((*c)->name, arguments[0], first) == 0 && (*c)->name[first] == ' '))
            names[n_names++] = is_family ? (*c)->name + first + 1 : (*c)->name;
    names[n_names] = NULL;
    if (is_family && n < 2)
        return RB_FAIL(err, RB_BAD_INPUT, "%s: what? See reelbench %s --help", arguments[0], arguments[0]);
    const char *word = is_family ? arguments[1] : arguments[0];
    const char *nearest = rb_text_nearest(word, names);
    if (!nearest)
        return RB_FAIL(err, RB_BAD_INPUT, "unknown command '%s%s%s'; see reelbench --help",
                       is_family ? arguments[0] : "", is_family ? " " : "", word);
    return RB_FAIL(err, RB_BAD_INPUT, "unknown command '%s%s%s'; did you mean '%s%s%s'?", is_family ? arguments[0] : "",
                   is_family ? " " : "", word, is_family ? arguments[0] : "", is_family ? " " : "", nearest);
}

static bool is_one_of(const char *word, const char *a, const char *b)
{
    return strcmp(word, a) == 0 || strcmp(word, b) == 0;
}

static rb_status run_command(rb_call *call, int n, char **arguments, rb_error *err)
{
    int n_words;
    call->command = rb_command_find(n, arguments, &n_words);
    if (!call->command)
        return fail_unknown(n, arguments, err);
    RB_TRY(rb_call_parse(call, n - n_words, arguments + n_words, err));
    if (!call->wants_help)
        return call->command->run(call, err);
    rb_help_command(call->out, call->command);
done:
    return err->status;
}

/* What needs no command; false where a command is meant. */
static bool answer_plain(const rb_call *call, int n, char **arguments)
{
    if (n < 1)
        return false;
    if (is_one_of(arguments[0], "--version", "-V"))
        fprintf(call->out, "reelbench %s\n", rb_build.version);
    else if (is_one_of(arguments[0], "-h", "--help"))
        rb_help_program(call->out);
    else
        return n == 2 && is_one_of(arguments[1], "-h", "--help") && rb_help_family(call->out, arguments[0]);
    return true;
}

/* Of a job, one process prints. */
static rb_status open_streams(rb_call *call, rb_error *err)
{
    call->launch = rb_launch_detect();
    call->speaks = call->launch.rank == 0;
    FILE *silence = call->speaks ? NULL : fopen("/dev/null", "w");
    call->out = silence ? silence : stdout;
    call->errors = silence ? silence : stderr;
    if (!call->speaks && !silence)
        return RB_FAIL(err, RB_ENVIRONMENT, "/dev/null: cannot be opened for writing");
    return RB_OK;
}

/* 0, or 3 where what was printed did not arrive (a full disk behind a redirection). */
static int close_streams(rb_call *call)
{
    bool failed = fflush(call->out) != 0 || ferror(call->out);
    if (failed)
        fprintf(call->errors, "reelbench: standard output: cannot be written\n");
    if (!call->speaks && call->out != stdout)
        fclose(call->out);
    return failed ? rb_status_exit(RB_IO) : 0;
}

/*
 * mpirun ends all processes when one of them fails: those that print nothing let the one that prints do so first. Under
 * Open MPI one that is still alive then was alone with its failure, before MPI could agree on it, and says it itself.
 */
static void let_speaker_first(const rb_call *call, const rb_error *err)
{
    int is_parallel;
    sleep(SPEAKER_S);
    MPI_Initialized(&is_parallel);
    if (!is_parallel && call->launch.is_open_mpi)
        fprintf(stderr, "reelbench: rank %d: %s\n", call->launch.rank, err->message);
}

/* Else every buffer of HDF5 goes back to the system and comes again page by page: a merge then waits for the kernel. */
static void keep_memory(void)
{
    mallopt(M_MMAP_THRESHOLD, 64 << 20);
    mallopt(M_TRIM_THRESHOLD, 256 << 20);
    mallopt(M_TOP_PAD, 16 << 20);
}

int main(int argc, char **argv)
{
    keep_memory();
    rb_error err = { RB_OK };
    rb_call call = { .argv = argv };
    if (open_streams(&call, &err) == RB_OK && !answer_plain(&call, argc - 1, argv + 1)) {
        if (argc < 2)
            RB_FAIL(&err, RB_BAD_INPUT, "no command; see reelbench --help");
        else
            run_command(&call, argc - 1, argv + 1, &err);
    }
    int status = err.status == RB_OK ? call.exit_status : rb_status_exit(err.status);
    if (err.status != RB_OK && !call.speaks)
        let_speaker_first(&call, &err);
    else if (err.status != RB_OK)
        fprintf(call.errors, "reelbench: %s\n", err.message);
    int written = close_streams(&call);
    rb_call_fini(&call);
    return status ? status : written;
}

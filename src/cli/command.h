/*
 * The commands of the program: one table each, from which parsing, --help, the man page and the completion of shells
 * are made.
 */
#ifndef RB_CLI_COMMAND_H
#define RB_CLI_COMMAND_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/status.h"
#include "base/text.h"
#include "harness/environment.h"

/* What an argument names; shells complete it. */
typedef enum { RB_ARG_OTHER, RB_ARG_FILE, RB_ARG_FOLDER, RB_ARG_METRIC } rb_arg_kind;

typedef struct {
    const char *name;     /* long, without the dashes; NULL ends a table */
    const char *argument; /* "FILE"; NULL: a flag */
    const char *choices;  /* "table|csv|json": words that are allowed; NULL: any, or a number where max > 0 */
    int64_t min, max;     /* max > 0: a whole number of this range, or one of the choices */
    const char *fallback; /* as the user would write it; NULL: none */
    const char *help;     /* one line, no full stop */
    rb_arg_kind kind;
    char letter;     /* short name; 0: none */
    bool repeats;    /* may be given several times */
    bool takes_many; /* takes all arguments up to the next option */
} rb_command_option;

typedef struct {
    const char *name;    /* "FILE", "TRIAL"; NULL ends a table */
    const char *choices; /* words that a shell offers; other words are the command's to judge */
    const char *help;
    rb_arg_kind kind;
    bool is_optional; /* and so are all behind it */
    bool repeats;     /* the last one may */
} rb_operand;

struct rb_call;

typedef struct rb_command {
    const char *name;        /* "run", "data synth" */
    const char *summary;     /* one line, no full stop */
    const char *description; /* paragraphs; NULL: the summary says all */
    const rb_operand *operands;
    const rb_command_option *options; /* without --help, which every command has */
    const char *example;              /* lines as typed, "$ " left out */

    /**
     * Do it. What it prints goes to call->out.
     *
     * @return RB_OK, or the status that becomes the exit status (rb_status_exit); main prints the message
     */
    rb_status (*run)(struct rb_call *call, rb_error *err);
} rb_command;

/* All commands in the order of the help; NULL at the end. */
extern const rb_command *const rb_commands[];

/* A command as called. */
typedef struct rb_call {
    const rb_command *command;
    char **argv;  /* of main, for rb_blas_pin */
    FILE *out;    /* stdout; the null device on the silent ranks of a job */
    FILE *errors; /* stderr; the null device on those */
    bool speaks;  /* this process prints: rank 0 of a job */
    rb_launch launch;
    bool wants_help;
    const char **operands; /* [n_operands] */
    int n_operands;
    const char **values;  /* [n_values] of the options, in the order given */
    const int *option_of; /* [n_values] index into command->options */
    int n_values;
    int exit_status;   /* of a command that returned RB_OK (a run that was stopped); 0 */
    int *option_index; /* owner of option_of */
} rb_call;

/**
 * Read the arguments behind the command's name. Local.
 *
 * @return RB_OK; RB_BAD_INPUT: unknown option (the nearest known one is named), a missing or superfluous argument, a
 *         word that is no choice, a number out of range; RB_NO_MEMORY
 */
rb_status rb_call_parse(rb_call *call, int n, char **arguments, rb_error *err);
void rb_call_fini(rb_call *call);

/** Operand number i, or NULL. */
const char *rb_call_operand(const rb_call *call, int i);
/** The option's last value, else its fallback, else NULL. */
const char *rb_call_text(const rb_call *call, const char *option);
/** The same as a number; 0 where it is none. */
int64_t rb_call_int(const rb_call *call, const char *option);
/** Whether an option was given; what a flag says. */
bool rb_call_flag(const rb_call *call, const char *option);
/** Values of an option that repeats, in the order given; returns how many; list holds call->n_values. */
int rb_call_list(const char **list, const rb_call *call, const char *option);

/** The command of one or two words at the start of arguments, or NULL; *n_words says how many it took. */
const rb_command *rb_command_find(int n, char **arguments, int *n_words);

/** Help of the whole program, of one command, and of the commands that begin with a word ("data"). */
void rb_help_program(FILE *out);
void rb_help_command(FILE *out, const rb_command *command);
bool rb_help_family(FILE *out, const char *word);
/** "reelbench run FILE [OPTION]..." without a newline. */
void rb_help_usage(FILE *out, const rb_command *command);

/** The man page reelbench(1) in roff. */
void rb_help_man(FILE *out, const char *version);

/** A completion script for bash, zsh or fish; false where the shell is unknown. */
bool rb_completion_write(FILE *out, const char *shell);

/* What the commands share that read an experiment file. */
#define RB_OPERAND_EXPERIMENT                                                              \
    {                                                                                      \
        .name = "FILE", .kind = RB_ARG_FILE, .help = "experiment file (-: standard input)" \
    }
#define RB_OPTION_SET                                                           \
    {                                                                           \
        .name = "set", .letter = 's', .argument = "KEY=VALUE", .repeats = true, \
        .help = "change a value of the file: seed=7, trials.0.factors=[16,32]"  \
    }

/* Exit statuses, as documented. */
typedef struct {
    int status;
    const char *meaning;
} rb_exit_words;
extern const rb_exit_words rb_exit_table[]; /* a NULL meaning ends it */

#endif

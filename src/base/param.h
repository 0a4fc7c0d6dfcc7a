/*
 * Parameter tables: the one description of an option from which parsing, defaults, range errors,
 * `reelbench list`, the man page, completion and the stored metadata come.
 */
#ifndef RB_BASE_PARAM_H
#define RB_BASE_PARAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "base/text.h"

typedef enum {
    RB_PARAM_BOOL,   /* bool */
    RB_PARAM_INT,    /* int64_t */
    RB_PARAM_DOUBLE, /* double */
    RB_PARAM_CHOICE, /* int: index into choices */
    RB_PARAM_STRING, /* const char *, borrowed from the experiment; NULL where unset */
    RB_PARAM_SPACE,  /* const char *: a space's canonical name, or the `as` name of a trial that makes one */
    RB_PARAM_MODEL,  /* rb_model_ref: the harness resolves `as` names to view->models[index] */
    RB_PARAM_ARRAY,  /* rb_array: inline numbers or a text file, resolved by the harness */
} rb_param_kind;

/* Flags of a parameter. */
#define RB_PARAM_PREPARES 1u /* shapes what `prepare` computes: trials that agree on these share it */
#define RB_PARAM_RANKS 2u    /* a model reference: must score items, whatever the one that refers can do */
#define RB_PARAM_PREDICTS 4u /* likewise: must predict ratings */
#define RB_PARAM_LEARNS 8u   /* a yes or no: with yes the fit needs VALIDATION */
#define RB_PARAM_FAST 16u    /* a choice: with any but the default the bits of a fit differ from run to run */

typedef struct rb_param {
    const char *name; /* NULL ends a table */
    rb_param_kind kind;
    size_t offset;            /* in the config struct */
    double default_number;    /* bool, int, double; index of a choice */
    const char *default_text; /* string, space; NULL: none */
    double min, max;          /* int, double; inclusive */
    const char *choices;      /* "cholesky|cg" */
    const char *unit;         /* "ratings", "s", "" */
    const char *help;         /* one line, no full stop */
    unsigned flags;
} rb_param;

typedef struct {
    int32_t index; /* into view->models; -1: none */
} rb_model_ref;

typedef struct {
    const double *value; /* [n_rows x n_cols] row-major, borrowed; NULL where unset */
    int64_t n_rows, n_cols;
    const char *source; /* file name or "inline" */
} rb_array;

/* What comes after the help are further members, as .flags = RB_PARAM_PREPARES. */
#define RB_BOOL(config, field, default_, help_, ...)                                                            \
    {                                                                                                           \
        .name = #field, .kind = RB_PARAM_BOOL, .offset = offsetof(config, field), .default_number = (default_), \
        .max = 1, .unit = "", .help = (help_), __VA_ARGS__                                                      \
    }
#define RB_INT(config, field, default_, min_, max_, unit_, help_, ...)                                         \
    {                                                                                                          \
        .name = #field, .kind = RB_PARAM_INT, .offset = offsetof(config, field), .default_number = (default_), \
        .min = (min_), .max = (max_), .unit = (unit_), .help = (help_), __VA_ARGS__                            \
    }
#define RB_DOUBLE(config, field, default_, min_, max_, unit_, help_, ...)                                         \
    {                                                                                                             \
        .name = #field, .kind = RB_PARAM_DOUBLE, .offset = offsetof(config, field), .default_number = (default_), \
        .min = (min_), .max = (max_), .unit = (unit_), .help = (help_), __VA_ARGS__                               \
    }
#define RB_CHOICE(config, field, default_, choices_, help_, ...)                                                  \
    {                                                                                                             \
        .name = #field, .kind = RB_PARAM_CHOICE, .offset = offsetof(config, field), .default_number = (default_), \
        .choices = (choices_), .unit = "", .help = (help_), __VA_ARGS__                                           \
    }
#define RB_STRING(config, field, default_, help_, ...)                                                          \
    {                                                                                                           \
        .name = #field, .kind = RB_PARAM_STRING, .offset = offsetof(config, field), .default_text = (default_), \
        .unit = "", .help = (help_), __VA_ARGS__                                                                \
    }
#define RB_SPACE(config, field, default_, help_, ...)                                                          \
    {                                                                                                          \
        .name = #field, .kind = RB_PARAM_SPACE, .offset = offsetof(config, field), .default_text = (default_), \
        .unit = "", .help = (help_), __VA_ARGS__                                                               \
    }
#define RB_MODEL(config, field, help_, ...)                                                                     \
    {                                                                                                           \
        .name = #field, .kind = RB_PARAM_MODEL, .offset = offsetof(config, field), .unit = "", .help = (help_), \
        __VA_ARGS__                                                                                             \
    }
#define RB_ARRAY(config, field, help_, ...)                                                                     \
    {                                                                                                           \
        .name = #field, .kind = RB_PARAM_ARRAY, .offset = offsetof(config, field), .unit = "", .help = (help_), \
        __VA_ARGS__                                                                                             \
    }
#define RB_PARAM_END \
    {                \
        .name = NULL \
    }

/* One value as written, before it enters a config. */
typedef struct {
    rb_param_kind kind;
    double number;    /* bool, int, double, index of a choice */
    int64_t integer;  /* int, exact */
    const char *text; /* string, space, model (its `as` name), array (its file); borrowed */
    rb_array array;
} rb_value;

/** Whether a config has a choice by which the bits of its fit differ from run to run (RB_PARAM_FAST). */
bool rb_params_fast(const void *config, const rb_param *table);

/** The entry of a table by name, or NULL. */
const rb_param *rb_param_find(const rb_param *table, const char *name);

/** Index of a choice among "a|b|c", or -1. */
int rb_choice_index(const char *choices, const char *name);

/** Name number `index` of "a|b|c" into out (64 bytes); "" where there is none. */
const char *rb_choice_name(char out[64], const char *choices, int index);

/** Write a table's defaults into a zeroed config struct. */
void rb_params_default(void *config, const rb_param *table);

/**
 * Read a scalar as written in a file into a value of the parameter's kind and check its range.
 *
 * @param owner  the algorithm's name, for the message ("'ials.regularization' is -1, expected ...")
 * @return RB_OK, RB_BAD_INPUT with a message that lacks only file:line:column
 */
rb_status rb_param_parse(rb_value *out, const rb_param *param, const char *owner, const char *text, rb_error *err);

/** Store a value in a config struct. */
void rb_param_store(void *config, const rb_param *param, const rb_value *value);

/** Canonical text of a config's field ("0.1", "cholesky", "true"). */
rb_status rb_param_format(rb_text *out, const rb_param *param, const void *config, rb_error *err);

#endif

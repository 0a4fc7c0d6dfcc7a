/*
 * YAML as experiments use it: one document of mappings, lists and scalars, every node with its place in the file.
 *
 * libyaml's events make the tree. Anchors, aliases, tags and further documents are refused in words, as are tabs in
 * an indentation, bytes that are not UTF-8, duplicated keys and nesting deeper than RB_YAML_MAX_DEPTH. Everything
 * wrong with a text is collected as messages "origin:line:column: words", all of them at once; the status tells only
 * what makes the reading itself fail (memory).
 */
#ifndef RB_HARNESS_YAML_H
#define RB_HARNESS_YAML_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/status.h"
#include "base/text.h"

#define RB_YAML_MAX_DEPTH 16
#define RB_YAML_MAX_BYTES (16 << 20)

/* What is wrong with the input, in the order found. */
typedef struct {
    char *text; /* "file.yaml:8:13: unknown parameter 'factor' of ials; did you mean 'factors'?" */
    int source; /* 0: the file; n: the n-th --set */
    int32_t line, column;
} rb_message;

#define RB_MESSAGES_MAX 200 /* further ones are counted, not kept */

typedef struct rb_messages {
    rb_message *item; /* [n] */
    int64_t n, capacity;
    int64_t n_left_out;
} rb_messages;

/** Order by source, line, column and words; rb_experiment_parse leaves them so. */
void rb_messages_sort(rb_messages *m);
/** One a line. NULL out prints nothing. */
void rb_messages_print(FILE *out, const rb_messages *m);
/** RB_BAD_INPUT "FILE: 3 errors" where there are any. */
rb_status rb_messages_raise(const rb_messages *m, const char *file, rb_error *err);
void rb_messages_fini(rb_messages *m);

/* A place that a message can name. */
typedef struct {
    const char *origin; /* name of the file, or "--set key=value"; borrowed */
    int source;
    int32_t line, column; /* from 1; 0: the whole of the origin */
} rb_place;

/** Add "origin:line:column: ..." Fails only with RB_NO_MEMORY. */
rb_status rb_messages_add(rb_messages *m, rb_place at, rb_error *err, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

typedef enum { RB_YAML_SCALAR, RB_YAML_LIST, RB_YAML_MAP } rb_yaml_kind;

typedef struct rb_yaml rb_yaml;
struct rb_yaml {
    rb_yaml_kind kind;
    rb_place at;
    const char *text; /* of a scalar; 0-terminated, holds no 0 inside */
    bool quoted;      /* a scalar written in quotes or as a block: always text */
    const char *key;  /* where this is a value in a mapping */
    rb_place key_at;
    rb_yaml *first, *last, *next; /* children, in the order written */
    int32_t n;                    /* children */
};

/** "a text", "a list", "a mapping", "nothing" (an empty plain scalar), for messages. */
const char *rb_yaml_words(const rb_yaml *node);

/** A plain empty scalar, ~ or null. */
bool rb_yaml_is_null(const rb_yaml *node);

/** Whether a key of an entry of `trials` stands beside its algorithm. */
static inline bool rb_yaml_stands_beside(const char *key)
{
    return strcmp(key, "as") == 0 || strcmp(key, "rerank") == 0;
}

/** The value of a key, or NULL. */
rb_yaml *rb_yaml_get(const rb_yaml *map, const char *key);

/**
 * Read a text. Local.
 *
 * @param[out] root  owned by the arena; NULL where the text is empty or cannot be read (then there is a message)
 * @param[in]  at    origin and source for messages and marks; the line and column are not read
 * @return RB_OK also where messages were added; RB_NO_MEMORY
 */
rb_status rb_yaml_parse(rb_yaml **root, const char *text, int64_t n, rb_place at, rb_arena *arena, rb_messages *m,
                        rb_error *err);

/**
 * Apply one "a.b.0.c=fragment" to a tree: numbers are positions in lists, the fragment is YAML. A last key that is
 * not there is added (whether it is known, the reader of the tree decides); below the entry of a list `- ials: {}`
 * the key of a mapping of one may be left out (`trials.0.factors`), and a plain `- ials` becomes a mapping.
 *
 * @param[in] set  kept by the caller as long as the tree, it stands in messages
 */
rb_status rb_yaml_set(rb_yaml *root, const char *set, int source, rb_arena *arena, rb_messages *m, rb_error *err);

/** Append the tree as YAML text that reads back to the same tree: block style, scalars quoted where they must be. */
rb_status rb_yaml_write(rb_text *out, const rb_yaml *root, rb_error *err);

/** Append one scalar as it must be written to read back as the same text. */
rb_status rb_yaml_write_scalar(rb_text *out, const char *text, bool quoted, rb_error *err);

#endif

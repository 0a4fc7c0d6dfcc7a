/*
 * Status codes, error values and the two control-flow macros of the project.
 *
 * A function that can fail returns an rb_status and takes an rb_error as its last parameter. It has one
 * label `done:` where everything temporary is released, and returns err->status from there. The caller
 * hands in an rb_error whose status is RB_OK; the first failure is kept, later ones do not overwrite it.
 */
#ifndef RB_BASE_STATUS_H
#define RB_BASE_STATUS_H

#include <assert.h>
#include <stdarg.h>

/* name, words, exit status of the program where this ends a command */
#define RB_STATUS_LIST(X)                                  \
    X(OK, "ok", 0)                                         \
    X(NO_MEMORY, "out of memory", 3)                       \
    X(BAD_INPUT, "bad input", 2)                           \
    X(IO, "input or output failed", 3)                     \
    X(ENVIRONMENT, "the environment does not fit", 3)      \
    X(OVER_BUDGET, "needs more memory than is allowed", 1) \
    X(TIMEOUT, "time limit reached", 1)                    \
    X(NOT_FINITE, "a value is not finite", 1)              \
    X(NOT_APPLICABLE, "does not apply", 2)                 \
    X(INTERRUPTED, "interrupted", 130)                     \
    X(FAILED, "failed", 1)

typedef enum {
#define RB_STATUS_ENUM(name, words, exit_status) RB_##name,
    RB_STATUS_LIST(RB_STATUS_ENUM)
#undef RB_STATUS_ENUM
        RB_N_STATUSES
} rb_status;

typedef struct {
    rb_status status;
    char message[1024]; /* one sentence: file, line, column, offending value, what was expected */
    char file[64];      /* where in our sources it was raised; by value, as errors travel between ranks */
    int line;
} rb_error;

/** Words for a status; never NULL. */
const char *rb_status_words(rb_status status);

/** Exit status of the program where a command ends with this status. */
int rb_status_exit(rb_status status);

/** Record a failure unless one is recorded already; returns err->status. Use RB_FAIL. */
rb_status rb_fail_at(rb_error *err, const char *file, int line, rb_status status, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/** Put "prefix: " before the message of a recorded failure (for example a file's name). */
void rb_error_prefix(rb_error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define RB_FAIL(err, status, ...) rb_fail_at((err), __FILE__, __LINE__, (status), __VA_ARGS__)

/** A file of the user's that could not be opened, from errno: RB_BAD_INPUT where the path names nothing that can be
 * read (missing, a folder), RB_IO where the machine does not let us. */
rb_status rb_fail_open_at(rb_error *err, const char *file, int line, const char *path);
#define RB_FAIL_OPEN(err, path) rb_fail_open_at((err), __FILE__, __LINE__, (path))

/* For what is local to a rank: jump to `done` where expr is not RB_OK. */
#define RB_TRY(expr)         \
    do {                     \
        if ((expr) != RB_OK) \
            goto done;       \
    } while (0)

/* A programmer's bug; checked in debug builds. */
#define RB_ASSERT(condition) assert(condition)

#endif

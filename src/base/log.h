/*
 * What the program says while it works: calm lines, and a progress line that a terminal redraws and a log gets as
 * plain lines now and then.
 *
 * A log is a value that its owner hands on; one whose stream is NULL (the silent ranks of a job) says nothing, so that
 * no caller asks for its rank.
 */
#ifndef RB_BASE_LOG_H
#define RB_BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

typedef enum {
    RB_LOG_QUIET,  /* warnings */
    RB_LOG_NORMAL, /* and what happened */
    RB_LOG_DETAIL, /* and why */
} rb_log_level;

typedef struct {
    FILE *out; /* borrowed; NULL: silent */
    rb_log_level level;
    bool is_terminal; /* lines can be redrawn */
    bool has_colour;  /* a terminal, and NO_COLOR is not set */
    int width;        /* columns of the terminal; 0 where it is none */
    bool line_open;   /* a progress line stands there and must be cleared before the next line */
} rb_log;

/**
 * A log on a stream. Under mpirun a rank's stdout is a pseudo-terminal whatever mpirun writes to: there the stream of
 * mpirun itself decides.
 *
 * @param[in] out  borrowed, open as long as the log is used; NULL: silent
 */
void rb_log_init(rb_log *log, FILE *out, rb_log_level level);

/** A line of what happened (level normal), of why (level detail), or a warning (always), with a newline added. */
void rb_log_say(rb_log *log, const char *format, ...) __attribute__((format(printf, 2, 3)));
void rb_log_detail(rb_log *log, const char *format, ...) __attribute__((format(printf, 2, 3)));
void rb_log_warn(rb_log *log, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Work counted in units. */
typedef struct {
    rb_log *log;      /* borrowed */
    const char *unit; /* "trials"; borrowed */
    int64_t done, total;
    int64_t kept;   /* done before this start: not part of the rate */
    double begin_s; /* clock */
    double shown_s; /* clock at the last line */
    double every_s; /* least seconds between two lines */
} rb_progress;

/**
 * Begin to count.
 *
 * @param[in] kept  units that were finished before (a resumed run); the rate counts what comes on top of them
 */
void rb_progress_begin(rb_progress *p, rb_log *log, const char *unit, int64_t kept, int64_t total);

/**
 * Note how many are done, and what is being done. On a terminal the line is redrawn at most ten times a second; in a
 * log a line is written every ten seconds, and for the last unit:
 *
 *      31/44  ials factors=64 regularization=0.0123      12.4 trials/s   ETA 3 s
 */
void rb_progress_step(rb_progress *p, int64_t done, const char *what);

/** Clear the line. A zeroed progress, one that never began, is allowed. */
void rb_progress_end(rb_progress *p);

/** A duration in words ("3 s", "2 min 05 s", "4 h 10 min"); out holds 32 bytes. */
const char *rb_text_duration(char out[32], double seconds);

#endif

/*
 * The journal of a run folder: one line an event, appended and synced before the event counts
 * (running: appended only).
 *
 *     2026-11-21T14:02:11Z start 4 ranks x 2 threads, 44 trials, 31 kept, 1 of them failed
 *     2026-11-21T14:02:12Z running 12 <key>
 *     2026-11-21T14:02:12Z resumed 12 <key> after iteration 7
 *     2026-11-21T14:02:13Z done 12 <key>
 *     2026-11-21T14:02:13Z failed 13 <key> reason
 *     2026-11-21T14:02:20Z replays 50
 *     2026-11-21T14:02:21Z replayed 1 <key>
 *     2026-11-21T14:02:40Z end <digest>
 *
 * It tells `status` what was running when a run was killed; what is finished is told by the unit files.
 */
#ifndef RB_HARNESS_JOURNAL_H
#define RB_HARNESS_JOURNAL_H

#include "base/status.h"

typedef struct {
    int fd; /* -1: closed, writing does nothing */
} rb_journal;

/** Open for appending, made where it is absent. A last line that a kill cut off is ended first. */
rb_status rb_journal_open(rb_journal *journal, const char *path, rb_error *err);

/** Append one line (time and newline are added) and sync it. Several processes may append. */
rb_status rb_journal_write(rb_journal *journal, rb_error *err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/** The same for what nothing relies on: a power cut may take the line until the next one is written and synced. */
rb_status rb_journal_note(rb_journal *journal, rb_error *err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

void rb_journal_close(rb_journal *journal);

#endif

/*
 * Time: a monotonic clock for durations, the calendar for provenance.
 */
#ifndef RB_BASE_CLOCK_H
#define RB_BASE_CLOCK_H

/** Seconds of a monotonic clock; only differences mean something. */
double rb_clock_s(void);

/** Now, as 2026-11-21T14:02:11Z (21 bytes with the final 0). */
void rb_clock_utc(char text[21]);

#endif

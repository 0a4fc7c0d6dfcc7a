/* Tables of /replay: policies and A/B tests. */
#ifndef RB_REPORT_REPLAY_H
#define RB_REPORT_REPLAY_H

#include <stdbool.h>

#include "report/report.h"
#include "report/results_file.h"

/** Whether a run replayed anything. */
bool rb_replay_has(const rb_results_file *r);

/**
 * For the eye the mean of each configuration over its repeats; as data every job.
 *
 * @param[in] tests  the A/B tests; else the policies
 */
rb_status rb_replay_write(FILE *out, const rb_results_file *r, bool tests, rb_format format, rb_error *err);

#endif

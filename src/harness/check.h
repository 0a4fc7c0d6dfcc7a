/* The configurations of an experiment, each by the `check` of its algorithm, before anything is started. */
#ifndef RB_HARNESS_CHECK_H
#define RB_HARNESS_CHECK_H

#include "harness/expand.h"

/**
 * A message for each configuration that its algorithm refuses: combinations of parameters, and sizes where the file
 * alone tells them (synthetic data without a filter). Local; reads no data.
 *
 * @param[out] m  added to; the caller's
 * @return RB_OK also where messages were added; RB_NO_MEMORY
 */
rb_status rb_check_plan(rb_messages *m, const rb_plan *plan, rb_error *err);

#endif

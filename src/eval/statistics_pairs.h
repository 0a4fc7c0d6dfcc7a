/* What the paired tests share. */
#ifndef RB_EVAL_STATISTICS_PAIRS_H
#define RB_EVAL_STATISTICS_PAIRS_H

#include "base/alloc.h"
#include "eval/statistics.h"
#include "parallel/blocks.h"

/** The differences a - b of the pairs without NAN, released by the caller, and what every test reports of them. */
rb_status rb_differences(double **out, rb_comparison *c, rb_test_kind kind, const double *a, const double *b, int64_t n,
                         double level, rb_error *err);

#endif

/*
 * The critical-difference figure: mean ranks on an axis, and bars over what does not differ (Demsar 2006, figure 1).
 */
#ifndef RB_REPORT_FIGURE_RANKS_H
#define RB_REPORT_FIGURE_RANKS_H

#include <stdint.h>
#include <stdio.h>

#include "base/status.h"

typedef struct {
    const char *name; /* UTF-8 */
    double rank;      /* mean, 1 the best */
} rb_ranked;

/**
 * Write the figure as SVG.
 *
 * @param[in] system    [n] by rank, the best first, n >= 2
 * @param[in] distance  critical difference: systems whose ranks lie less apart share a bar
 * @param[in] caption   one line below
 * @return RB_OK, RB_IO
 */
rb_status rb_figure_ranks(FILE *out, const rb_ranked *system, int32_t n, double distance, const char *caption,
                          rb_error *err);

#endif

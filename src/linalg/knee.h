/*
 * The knee of a falling curve: where it stops to fall fast.
 */
#ifndef RB_LINALG_KNEE_H
#define RB_LINALG_KNEE_H

#include "base/status.h"

#include <stdint.h>

/**
 * Kneedle for a convex falling curve, without smoothing, sensitivity 1.
 *
 *     D_i = (1 - y_i) - x_i, x and y scaled to [0, 1]
 *
 * The knee is the first local maximum of D after which D falls below D_max - mean(x_{i+1} - x_i) before another one; a
 * local minimum sets that threshold to 0.
 *
 * @param[out] difference  [n] D; 0 where there is none
 * @param[in]  x, y        [n] x ascending
 * @return index of the knee; -1: fewer than three points, a curve that does not fall, or no knee
 *
 * Local, O(n). Satopaa et al. (2011), doi:10.1109/ICDCSW.2011.20; the choices left open as in the package kneed.
 */
int64_t rb_knee(double *difference, const double *x, const double *y, int64_t n);

#endif

/*
 * The one definition of a squared distance between dense points, by which every comparison is decided:
 *
 *     d2(x, y) = fma(t_{d-1}, t_{d-1}, ... fma(t_1, t_1, fma(t_0, t_0, 0))),   t_f = x_f - y_f
 *
 * one chain over dimensions ascending, in the precision of the points. It is symmetric, and its bits depend on the
 * two points alone. Distances from matrix products are filters: whatever lies within RB_DISTANCE_MARGIN of a decision
 * is decided by this.
 */
#ifndef RB_LINALG_DISTANCE_H
#define RB_LINALG_DISTANCE_H

#include <stdint.h>

/*
 * Bound of the rounding errors that stand between two comparisons, in units of (|x|^2 + |y|^2) times the unit roundoff:
 * of h = |y|^2 / 2 - x.y as one chain of d multiply-adds, twice, and of d2 / 2, twice, each below d + 3 units.
 */
#define RB_DISTANCE_MARGIN(d) (4.0 * ((double)(d) + 8.0))

double rb_distance2_f64(const double *x, const double *y, int64_t d);
float rb_distance2_f32(const float *x, const float *y, int64_t d);

/**
 * d2 of n rows, given by their addresses, to y. Local.
 *
 * Vectors run over rows (squares of rows are transposed in registers), never over dimensions, so each element is the
 * chain above. Cost: about 5 n d / lanes instructions, rows in groups of two vectors.
 */
void rb_distance2_rows_f64(double *out, const double *const *rows, int64_t n, const double *y, int64_t d);
void rb_distance2_rows_f32(float *out, const float *const *rows, int64_t n, const float *y, int64_t d);

/* Points that share a pass over the rows: 64 bytes of them. */
#define RB_DISTANCE_TOGETHER_F64 8
#define RB_DISTANCE_TOGETHER_F32 16

/**
 * d2 of n rows, given by their addresses, to RB_DISTANCE_TOGETHER points at once. Local.
 *
 * @param[out] out    [n x RB_DISTANCE_TOGETHER]
 * @param[in]  table  [d x RB_DISTANCE_TOGETHER] a dimension's value in all points lies together; unused places hold
 *                    any finite number
 *
 * Vectors run over the points, so each element is the chain above. Cost: 2 n d vector instructions and each row read
 * once, whatever the number of points.
 */
void rb_distance2_together_f64(double *out, const double *const *rows, int64_t n, const double *table, int64_t d);
void rb_distance2_together_f32(float *out, const float *const *rows, int64_t n, const float *table, int64_t d);

#endif

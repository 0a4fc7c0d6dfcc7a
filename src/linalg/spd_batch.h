/*
 * Many small symmetric positive definite systems at once: Cholesky with one system a vector lane (16 single or 8 double
 * with AVX-512), so that every operation is a whole vector and a pivot's root and reciprocal serve all lanes.
 *
 *     (G_s + base + lambda_s I) x_s = g_s
 */
#ifndef RB_LINALG_SPD_BATCH_H
#define RB_LINALG_SPD_BATCH_H

#include "linalg/gather_syrk.h"

/** Elements of workspace that one call needs. */
int64_t rb_spd_work_f32(int64_t k, bool border);
int64_t rb_spd_work_f64(int64_t k, bool border);

/**
 * Solve up to one vector of systems.
 *
 * Local, one thread; allocates nothing.
 *
 * @param[out] x       [n][k, or k + 1 with a border] solutions
 * @param[in]  g       [n] systems in the layout of gather_syrk.h
 * @param[in]  base    a triangle of order k or more that is added to every G; NULL: nothing
 * @param[in]  lambda  [n] added to the diagonals
 * @param[in]  n       1 .. lanes
 * @param[in]  border  unknown k is the bias: the system has k + 1 unknowns
 * @param      work    [rb_spd_work(k, border)] aligned to 64
 * @return bit s is set where system s has a pivot that is not a positive finite number; its x is then undefined
 *
 * Bits: those of x_s depend on system s alone, not on its lane or on its companions.
 * Cost: k^3 / 3 flops a system; measured: tests/bench/bench_spd.c.
 */
uint32_t rb_spd_batch_f32(float *const *x, const float *const *g, const float *base, const float *lambda, int n,
                          int64_t k, bool border, float *work);
uint32_t rb_spd_batch_f64(double *const *x, const double *const *g, const double *base, const double *lambda, int n,
                          int64_t k, bool border, double *work);

#endif

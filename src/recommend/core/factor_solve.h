/*
 * Half a step of alternating least squares: all rows of one side, solved against the factors of the other,
 *
 *     (base + sum_e w_e b_e b_e' + lambda(n) I) x = sum_e t_e b_e
 *
 * for the n entries e of the row. Threads take blocks of rows as they come; a row's bits do not depend on the thread. A
 * row with more than 4,096 entries and a 256th of all is shared by all ranks and threads.
 */
#ifndef RB_RECOMMEND_CORE_FACTOR_SOLVE_H
#define RB_RECOMMEND_CORE_FACTOR_SOLVE_H

#include "recommend/core/factor.h"
#include "recommend/core/side.h"

typedef struct rb_normal {
    rb_side side;
    rb_factors *own;         /* what is solved for; padded */
    const rb_factors *other; /* padded */
    rb_shared *own_bias;     /* [n] doubles; not NULL: every row has one more unknown, its bias */
    const double *base;      /* [k x k] symmetric, added to every system; NULL: nothing */
    bool weighted;           /* else all w are 1 */
    bool keep_empty;         /* rows without entries stay as they are; else they become 0 */
    int64_t cg_steps;        /* 0: Cholesky; else that many steps of conjugate gradient from the row as it stands, but
                                for rows that are shared */

    /** Targets t and, where weighted, weights w of n entries of a row, from entry `from` of the side on. Returns
     *  their constant: what they add to the objective at x = 0. Local; called from several threads. */
    double (*entries)(const struct rb_normal *self, double *t, double *w, int64_t row, int64_t from, int64_t n);
    /** lambda of a row of n entries. */
    double (*lambda)(const struct rb_normal *self, int64_t n);
    const void *model; /* for the two above */
} rb_normal;

/* Sums over all rows of the side that was solved. */
typedef struct {
    double
        loss; /* constant - x'g + what the penalty of the rows adds: the objective but for the other side's penalty */
    double penalty; /* lambda |x|^2 of these rows alone */
} rb_half_step;

/**
 * Solve all rows; a row without entries becomes 0, or stays.
 *
 * Collective over ctx. Each rank solves the rows of its own blocks; on return all ranks see all rows.
 *
 * @param[out] sums  the same on every rank
 * @return RB_OK, RB_NO_MEMORY, RB_NOT_FINITE naming the row whose system is singular or not finite (all agreed)
 *
 * Bits: the same for any ranks and threads.
 * Cost: k (k + 1) flops an entry and k^3 / 3 a row; memory a thread: two systems of k^2 / 2 numbers a lane, and the
 * longest row.
 */
rb_status rb_solve_rows(rb_half_step *sums, const rb_normal *normal, const rb_ctx *ctx, rb_error *err);

/**
 * Cost of a whole fit: factors of both sides, the copy that drops their padding, the threads' memory for the longest
 * row that the shape allows; flops of `iterations` of both half steps. Local, allocates nothing.
 */
rb_cost rb_solve_cost(const rb_shape *shape, int64_t nnz, int64_t k, bool border, rb_precision precision,
                      int64_t iterations, int64_t cg_steps);

#endif

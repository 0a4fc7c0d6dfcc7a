/*
 * Mixtures of Gaussians: the steps of expectation and maximisation over blocks of rows.
 *
 *     E   log p(x, c) = log w_c - (d log 2 pi + |L_c^-1 (x - m_c)|^2) / 2 - sum log diag L_c,   S_c = L_c L_c'
 *         r_c = exp(log p(x, c) - log sum_c p(x, c)), 0 where it is below 1e-24
 *     M   n_c = sum r_c + 10 eps,  w_c = n_c / n,  m_c = sum r_c x / n_c
 *         S_c = sum r_c (x - m_c)(x - m_c)' / n_c + regularization I      (diagonal: its diagonal)
 *
 * All in double; sums over fixed blocks of rows and in the fixed tree between them, so the bits are the same for any
 * ranks and threads.
 */
#ifndef RB_CLUSTER_CORE_MIXTURE_H
#define RB_CLUSTER_CORE_MIXTURE_H

#include "data/algorithm.h"

typedef struct {
    int64_t k, d;
    bool is_full;
    int64_t width;      /* numbers of a covariance: d^2, diagonal d */
    double *weight;     /* [k] */
    double *mean;       /* [k x d] */
    double *covariance; /* [k x width] */
    double *inverse;    /* [k x width] L^-1 with zeros above its diagonal; diagonal: 1 / L */
    double *log_scale;  /* [k] log w - d log(2 pi) / 2 - sum log diag L */
} rb_mixture;

/* What the steps work with. */
typedef struct {
    rb_blocks blocks;               /* of rows, by n alone; at most 64 */
    int32_t block_begin, block_end; /* this rank's */
    int64_t begin, end;             /* this rank's rows */
    double *share;                  /* [own rows x k] responsibilities */
    double *partial;                /* [own blocks x most numbers of a step] */
    double *sum;                    /* [most numbers of a step] */
    double *scratch;                /* [n_threads x scratch_width] */
    int64_t scratch_width;
} rb_mixture_pass;

/** Zeroed arrays. Local. @return RB_OK, RB_NO_MEMORY; finish it whatever is returned */
rb_status rb_mixture_init(rb_mixture *m, int64_t k, int64_t d, bool is_full, rb_error *err);
void rb_mixture_fini(rb_mixture *m);
/** Names all of it, for the slot `checkpoint`. */
void rb_mixture_checkpoint(rb_mixture *m, const char *prefix, rb_visitor *v);

/** Bytes of a pass on each rank: `rows` own rows, of n. */
double rb_mixture_pass_bytes(double n, double rows, double k, double d, bool is_full, int n_threads);

/** Local. @return RB_OK, RB_NO_MEMORY; finish it whatever is returned */
rb_status rb_mixture_pass_init(rb_mixture_pass *p, const rb_mixture *m, int64_t n, const rb_ctx *ctx, rb_error *err);
void rb_mixture_pass_fini(rb_mixture_pass *p);

/** Responsibilities of 1 for the given labels, [n], each in 0 .. k - 1. Local. */
void rb_mixture_share_labels(rb_mixture_pass *p, const rb_mixture *m, const int32_t *label);

/** Responsibilities of this rank's rows, and the mean over all rows of log p(x). Collective over ctx.
 *  @return RB_OK, RB_NO_MEMORY, RB_NOT_FINITE: a density is 0 for all components */
rb_status rb_mixture_expect(double *log_likelihood, rb_mixture_pass *p, const rb_mixture *m, const rb_points *points,
                            const rb_ctx *ctx, rb_error *err);

/** Weights, means and covariances from the responsibilities, and what expect reads of them. Collective over ctx.
 *  @return RB_OK, RB_NO_MEMORY, RB_FAILED: a covariance is not positive definite (its component is named) */
rb_status rb_mixture_maximise(rb_mixture *m, rb_mixture_pass *p, const rb_points *points, double regularization,
                              const rb_ctx *ctx, rb_error *err);

/** `inverse` and `log_scale` from weights and covariances. Local; the same on every rank. @return as maximise */
rb_status rb_mixture_factorise(rb_mixture *m, rb_error *err);

/** Most probable component (the lowest index among equals) of rows [begin, end), and its responsibility (NULL: not
 *  wanted). Local, any thread; scratch [rb_mixture_label_scratch(m)]. */
void rb_mixture_label(int32_t *label, double *probability, const rb_mixture *m, const double *x, int64_t n,
                      double *scratch);
int64_t rb_mixture_label_scratch(const rb_mixture *m);

#endif

/*
 * Statistics of comparisons: paired tests on per-user (or per-fold) values, corrections for many comparisons, effect
 * size, intervals, and letters for a table. Everything is local; the bits depend on the input alone.
 *
 * Pairs in which either value is NAN are left out; n says how many were used.
 */
#ifndef RB_EVAL_STATISTICS_H
#define RB_EVAL_STATISTICS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

typedef enum { RB_TEST_WILCOXON, RB_TEST_T, RB_TEST_BOOTSTRAP } rb_test_kind;
typedef enum { RB_CORRECT_HOLM, RB_CORRECT_BH } rb_correction;

/* Mean and spread of values, summed in the fixed tree; NAN values are left out. */
typedef struct {
    int64_t n;
    double mean;      /* NAN where n = 0 */
    double sd;        /* with n - 1; NAN where n < 2 */
    double low, high; /* two-sided interval of the mean, by Student's t; NAN where n < 2 */
} rb_spread;

/** @param level  confidence, for example 0.95. @return RB_OK, RB_NO_MEMORY */
rb_status rb_spread_of(rb_spread *out, const double *x, int64_t n, double level, rb_error *err);

/* A comparison of a with b on the same users (or folds). */
typedef struct {
    rb_test_kind kind;
    int64_t n;         /* pairs used */
    double difference; /* mean of a - b */
    double low, high;  /* interval of the difference at the level given: Student's t, or the bootstrap's */
    double statistic;  /* t; W = min(W+, W-); the bootstrap's mean difference */
    double p;          /* two-sided; 1 where all differences are 0; NAN where n < 2 */
    double cohen_d;    /* mean of the differences / their standard deviation; 0 where all are 0, NAN where n < 2 */
    bool exact;        /* Wilcoxon: p from the exact distribution */
} rb_comparison;

/** Paired t test: t = mean(d) / (sd(d) / sqrt(n)), n - 1 degrees of freedom. @return RB_OK, RB_NO_MEMORY */
rb_status rb_paired_t(rb_comparison *out, const double *a, const double *b, int64_t n, double level, rb_error *err);

/**
 * Wilcoxon signed-rank test, two-sided. Zero differences are dropped (Wilcoxon's own rule, zero_method `wilcox` of
 * SciPy); tied absolute differences get their mean rank. Exact where at most 50 differences remain and none are tied
 * (p = 2 P(W+ <= W), at most 1); else the normal approximation with the variance corrected for ties, without
 * continuity correction:
 *
 *     z = (W - m (m + 1) / 4) / sqrt(m (m + 1) (2 m + 1) / 24 - sum (t^3 - t) / 48)
 *
 * Wilcoxon 1945, doi:10.2307/3001968. @return RB_OK, RB_NO_MEMORY. Cost: O(n log n).
 */
rb_status rb_wilcoxon(rb_comparison *out, const double *a, const double *b, int64_t n, double level, rb_error *err);

/**
 * Paired bootstrap on users: R means m* of n differences drawn with replacement;
 *
 *     p = (1 + #{|m* - m| >= |m|}) / (R + 1)
 *
 * (never 0); the interval is the percentile one, linear between order statistics. Draws are Philox(seed, resample,
 * place): the same for any number of threads.
 *
 * Efron and Tibshirani 1993, ch. 13 and 16.4. @return RB_OK, RB_NO_MEMORY. Cost: O(n n_resamples).
 */
rb_status rb_bootstrap(rb_comparison *out, const double *a, const double *b, int64_t n, double level,
                       int64_t n_resamples, uint64_t seed, int n_threads, rb_error *err);

#define RB_BOOTSTRAP_RESAMPLES 10000

/** One of the three by kind; the bootstrap with RB_BOOTSTRAP_RESAMPLES. */
rb_status rb_compare(rb_comparison *out, rb_test_kind kind, const double *a, const double *b, int64_t n, double level,
                     uint64_t seed, int n_threads, rb_error *err);

/**
 * Adjusted p values of a family of comparisons, monotone and at most 1. NAN stays NAN and is not counted.
 *
 * Holm 1979 (family-wise error), https://www.jstor.org/stable/4615733: max over j <= i of (m - j + 1) p_(j).
 * Benjamini and Hochberg 1995 (false discoveries), doi:10.1111/j.2517-6161.1995.tb02031.x: min over j >= i of m p_(j) /
 * j.
 *
 * @param[out] adjusted  [n], may be p itself. @return RB_OK, RB_NO_MEMORY
 */
rb_status rb_adjust(double *adjusted, const double *p, int64_t n, rb_correction correction, rb_error *err);

/**
 * Letters for a table: two rows share a letter exactly where they do not differ significantly.
 *
 * Insert and absorb (Piepho 2004, doi:10.1198/1061860043515). Rows come in the order of the table, the best first, and
 * get `a` first; after `z` come `A` .. `Z`.
 *
 * @param[out] letters      [n x width] each row a 0-terminated text with a blank in the place of a letter that it lacks
 *                          (" b"), trailing blanks cut
 * @param[in]  differs      [n x n] symmetric, diagonal false
 * @return RB_OK, RB_NO_MEMORY, RB_NOT_APPLICABLE: more letters are needed than width - 1 or 52
 */
rb_status rb_letters(char *letters, int width, const bool *differs, int32_t n, rb_error *err);

/**
 * Mean rank of each of k systems over the units where all have a value, 1 the best, ties their mean rank. Local.
 *
 * @param[out] rank    [k] NAN where no unit is complete
 * @param[out] n_used  units that are
 * @param[in]  x       [k] of [n]
 *
 * Bits: sums of halves are exact. Cost: O(n k^2).
 */
void rb_mean_ranks(double *rank, int64_t *n_used, const double *const *x, int32_t k, int64_t n, bool lower_is_better);

/**
 * Nemenyi's critical difference of mean ranks: q sqrt(k (k + 1) / (6 n)), q the upper quantile of the range of k
 * standard normals over sqrt(2). Demsar 2006, https://jmlr.org/papers/v7/demsar06a.html. NAN for k < 2. Local.
 */
double rb_critical_difference(int32_t k, int64_t n, double alpha);

/** Two-sided tail of Student's t with df > 0 degrees of freedom, and its quantile (p in (0, 1), lower tail). */
double rb_t_two_sided(double t, double df);
double rb_t_quantile(double p, double df);

#endif

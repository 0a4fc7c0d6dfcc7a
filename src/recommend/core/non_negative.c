#include "recommend/core/non_negative.h"

#include <math.h>
#include <string.h>

static const double *row(const rb_factors *f, int64_t j)
{
    return (const double *)f->data + j * f->ld;
}

void rb_non_negative_add(double *sums, const double *b, double rating, double estimate, int64_t k)
{
    double *above = sums, *below = sums + k;
    for (int64_t f = 0; f < k; f++) {
        above[f] = fma(rating, b[f], above[f]);
        below[f] = fma(estimate, b[f], below[f]);
    }
}

void rb_non_negative_rescale(double *out, const double *x, const double *sums, double penalty, int64_t k)
{
    for (int64_t f = 0; f < k; f++) {
        double under = sums[k + f] + penalty * x[f];
        out[f] = under > 0 ? x[f] * (sums[f] / under) : x[f];
    }
}

double rb_non_negative_multiply(double *out, const double *x, const rb_factors *other, const rb_non_negative_row *r,
                                double regularization, double *sums)
{
    double squares = 0;
    memset(sums, 0, (size_t)(2 * other->k) * sizeof *sums);
    for (int64_t e = 0; e < r->n; e++) {
        const double *b = row(other, r->col[e]);
        double rating = (double)r->rating[e], estimate = r->estimate ? r->estimate[e] : rb_inner_f64(x, b, other->k);
        squares += (rating - estimate) * (rating - estimate);
        rb_non_negative_add(sums, b, rating, estimate, other->k);
    }
    rb_non_negative_rescale(out, x, sums, (double)r->n * regularization, other->k);
    return squares;
}

double rb_non_negative_descend(double *x, const rb_factors *other, const rb_non_negative_row *r, double regularization,
                               double *residual)
{
    double squares = 0;
    for (int64_t e = 0; e < r->n; e++) {
        residual[e] = (double)r->rating[e] - rb_inner_f64(x, row(other, r->col[e]), other->k);
        squares += residual[e] * residual[e];
    }
    for (int64_t f = 0; f < other->k; f++) {
        double above = 0, below = 0;
        for (int64_t e = 0; e < r->n; e++) {
            double b = row(other, r->col[e])[f];
            above = fma(residual[e], b, above);
            below = fma(b, b, below);
        }
        double total = below + (double)r->n * regularization;
        if (!(total > 0))
            continue;
        double better = fmax(0, (above + x[f] * below) / total), change = better - x[f];
        for (int64_t e = 0; e < r->n; e++)
            residual[e] -= change * row(other, r->col[e])[f];
        x[f] = better;
    }
    return squares;
}

#include "recommend/core/factor_fold.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "linalg/spd_batch.h"
#include "linalg/topk.h"

rb_status rb_fold_in(double *x, const rb_factors *items, const double *base, double lambda, const int32_t *item,
                     const double *w, const double *t, int64_t n, bool bias, rb_error *err)
{
    int64_t k = items->k, ld = rb_padded_f64(k);
    double *rows = NULL, *system = NULL, *triangle = NULL, *scratch = NULL, *work = NULL;

    memset(x, 0, (size_t)(k + bias) * sizeof *x);
    if (n == 0)
        return RB_OK;
    RB_TRY(rb_alloc(&rows, n * ld, err));
    RB_TRY(rb_alloc(&system, rb_gather_size_f64(k, bias), err));
    RB_TRY(rb_alloc(&triangle, rb_triangle_size(k, RB_LANES_F64), err));
    RB_TRY(rb_alloc(&scratch, rb_gather_scratch_f64(k, bias, n), err));
    RB_TRY(rb_alloc(&work, rb_spd_work_f64(k, bias), err));
    for (int64_t e = 0; e < n; e++)
        for (int64_t f = 0; f < k; f++)
            rows[e * ld + f] = rb_factors_at(items, item[e], f);
    for (int64_t i = 0; base && i < k; i++)
        memcpy(triangle + rb_triangle_row(i, RB_LANES_F64), base + i * k, (size_t)(i + 1) * sizeof *base);
    rb_gather_syrk_f64(system, rows, ld, k, NULL, w, t, n, bias, scratch);
    const double *systems[] = { system };
    double *solutions[] = { x };
    if (rb_spd_batch_f64(solutions, systems, base ? triangle : NULL, &lambda, 1, k, bias, work) != 0)
        RB_FAIL(err, RB_NOT_FINITE, "the system of the new user is singular or not finite");
done:
    rb_free(work);
    rb_free(scratch);
    rb_free(triangle);
    rb_free(system);
    rb_free(rows);
    return err->status;
}

void rb_fold_scores(double *scores, const rb_factors *items, const double *x)
{
    for (int64_t i = 0; i < items->n; i++) {
        double sum = 0;
        for (int64_t f = 0; f < items->k; f++)
            sum = fma(x[f], rb_factors_at(items, i, f), sum);
        scores[i] = sum;
    }
}

int rb_fold_largest(int32_t *items, double *weights, int most, const rb_factors *factors, const int32_t *own,
                    const double *t, int64_t n, const double *y, rb_error *err)
{
    rb_topk best = { .k = most };
    RB_TRY(rb_alloc(&best.entry, most, err));
    for (int64_t e = 0; e < n; e++) {
        double sum = 0;
        for (int64_t f = 0; f < factors->k; f++)
            sum = fma(y[f], rb_factors_at(factors, own[e], f), sum);
        rb_topk_offer(&best, (t ? t[e] : 1) * sum, 0, own[e]);
    }
    rb_topk_finish(&best);
    for (int32_t i = 0; i < best.n; i++) {
        items[i] = best.entry[i].item;
        weights[i] = best.entry[i].score;
    }
done:
    rb_free(best.entry);
    return best.n;
}

/* The system of the user with another right-hand side: the item stands as a further entry of no weight. */
rb_status rb_fold_explain(int32_t *items, double *weights, int *found, int most, const rb_factors *factors,
                          const double *base, double lambda, const int32_t *own, const double *w, const double *t,
                          int64_t n, int32_t item, rb_error *err)
{
    int32_t *entry = NULL;
    double *weight = NULL, *target = NULL, *y = NULL;
    *found = 0;
    if (n == 0)
        return RB_OK;
    RB_TRY(rb_alloc(&entry, n + 1, err));
    RB_TRY(rb_alloc(&weight, n + 1, err));
    RB_TRY(rb_alloc(&target, n + 1, err));
    RB_TRY(rb_alloc(&y, factors->k, err));
    for (int64_t e = 0; e < n; e++) {
        entry[e] = own[e];
        weight[e] = w ? w[e] : 1;
    }
    entry[n] = item;
    target[n] = 1;
    RB_TRY(rb_fold_in(y, factors, base, lambda, entry, weight, target, n + 1, false, err));
    *found = rb_fold_largest(items, weights, most, factors, own, t, n, y, err);
done:
    rb_free(entry);
    rb_free(weight);
    rb_free(target);
    rb_free(y);
    return err->status;
}

#include "recommend/core/factor_fold.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "linalg/spd_batch.h"

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

#include "eval/stability.h"

#include <math.h>
#include <string.h>

#include "base/rng.h"

int64_t rb_stability_draw(int64_t *row, int64_t n, int b)
{
    rb_rng rng = { .stream = rb_stream("bootstrap"), .epoch = (uint32_t)b };
    int64_t n_drawn = 0;
    memset(row, 0, (size_t)n * sizeof *row);
    for (int64_t draw = 0; draw < n; draw++) {
        rng.entity = (uint64_t)draw;
        row[rb_rng_below(&rng, 0, n)] = 1;
    }
    for (int64_t i = 0; i < n; i++)
        if (row[i])
            row[n_drawn++] = i;
    return n_drawn;
}

rb_status rb_clustering_stability(rb_metric_value *out, const int32_t *const *labels, int64_t n_labellings, int64_t n,
                                  rb_error *err)
{
    double sum = 0;
    int64_t n_pairs = 0;
    *out = (rb_metric_value){ NAN, RB_VALUE_NOT_APPLICABLE };
    for (int64_t a = 0; a < n_labellings; a++)
        for (int64_t b = 0; b < a; b++) {
            rb_agreement both;
            RB_TRY(rb_clustering_agreement(&both, &(rb_labelling){ labels[a], RB_NOISE_DROP }, labels[b], n, err));
            if (both.ari.state != RB_VALUE_OK)
                return RB_OK;
            sum += both.ari.value;
            n_pairs++;
        }
    if (n_pairs > 0)
        *out = (rb_metric_value){ sum / (double)n_pairs, RB_VALUE_OK };
done:
    return err->status;
}

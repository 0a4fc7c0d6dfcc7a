#include "eval/gap.h"

#include <math.h>

#include "base/alloc.h"
#include "base/rng.h"

/* Least and largest value of a column. */
static void range_of(double *low, double *high, const rb_points *p, int64_t f)
{
    *low = INFINITY;
    *high = -INFINITY;
    for (int64_t i = 0; i < p->n; i++) {
        *low = fmin(*low, p->dense[i * p->d + f]);
        *high = fmax(*high, p->dense[i * p->d + f]);
    }
}

/* Rows for the n entries of a column, each once. all [n_rows] holds every row before and after; undo [n]. */
static void draw_rows(int32_t *row, int64_t n, int32_t *all, int64_t *undo, int64_t n_rows, const rb_rng *rng)
{
    for (int64_t j = 0; j < n; j++) {
        undo[j] = j + rb_rng_below(rng, (uint32_t)j, n_rows - j);
        row[j] = all[undo[j]];
        all[undo[j]] = all[j];
        all[j] = row[j];
    }
    for (int64_t j = n - 1; j >= 0; j--) {
        all[j] = all[undo[j]];
        all[undo[j]] = row[j];
    }
}

/* Columns one after the other, so that the entries of a row come in ascending order. */
static void fill(rb_csr *out, const rb_csr *columns, const int32_t *row)
{
    int64_t *end = out->row_begin + 1; /* of what a row holds so far; in the end where the next one begins */
    for (int64_t e = 0; e < columns->row_begin[columns->n_rows]; e++)
        if (row[e] + 1 < out->n_rows)
            end[row[e] + 1]++;
    for (int64_t i = 1; i < out->n_rows; i++)
        end[i] += end[i - 1];
    for (int64_t f = 0; f < columns->n_rows; f++)
        for (int64_t e = columns->row_begin[f]; e < columns->row_begin[f + 1]; e++) {
            const int64_t at = end[row[e]]++;
            out->col[at] = (int32_t)f;
            out->value[at] = columns->value[e];
        }
}

static rb_status draw_columns(rb_points *out, const rb_csr *x, rb_rng *rng, rb_error *err)
{
    rb_csr columns = { 0 }, drawn = { 0 };
    int32_t *row = NULL, *all = NULL;
    int64_t *undo = NULL;
    RB_TRY(rb_csr_transpose(&columns, x, err));
    const int64_t nnz = columns.row_begin[columns.n_rows];
    RB_TRY(rb_csr_init(&drawn, x->n_rows, x->n_cols, nnz, err));
    RB_TRY(rb_alloc(&row, nnz, err));
    RB_TRY(rb_alloc(&all, x->n_rows, err));
    RB_TRY(rb_alloc(&undo, x->n_rows, err));
    for (int64_t i = 0; i < x->n_rows; i++)
        all[i] = (int32_t)i;
    for (int64_t f = 0; f < columns.n_rows; f++) {
        const int64_t first = columns.row_begin[f];
        rng->entity = (uint64_t)f;
        draw_rows(row + first, columns.row_begin[f + 1] - first, all, undo, x->n_rows, rng);
    }
    fill(&drawn, &columns, row);
    RB_TRY(rb_points_take_csr(out, &drawn, err));
done:
    rb_csr_fini(&columns);
    rb_csr_fini(&drawn);
    rb_free(row);
    rb_free(all);
    rb_free(undo);
    return err->status;
}

static void draw_box(double *value, const rb_points *points, rb_rng *rng)
{
    double low, high;
    for (int64_t f = 0; f < points->d; f++) {
        range_of(&low, &high, points, f);
        for (int64_t i = 0; i < points->n; i++) {
            rng->entity = (uint64_t)i;
            value[i * points->d + f] = low + (high - low) * rb_rng_uniform(rng, (uint32_t)f);
        }
    }
}

rb_status rb_gap_reference(rb_points *out, const rb_points *points, int64_t b, uint64_t seed, const rb_ctx *ctx,
                           rb_error *err)
{
    rb_rng rng = { .key = rb_seed_named(seed, "gap"), .stream = rb_stream("gap"), .epoch = (uint32_t)b };
    if (points->sparse)
        return rb_agree(ctx, draw_columns(out, points->sparse, &rng, err), err);
    RB_TRY(rb_points_alloc_dense(out, points->n, points->d, ctx, err));
    if (ctx->rank == 0)
        draw_box(out->memory.data, points, &rng);
    rb_shared_publish_from(&out->memory, 0, ctx);
done:
    return err->status;
}

void rb_gap_statistic(rb_metric_value *gap, rb_metric_value *error, double w, const double *reference, int64_t n)
{
    double sum = 0, squares = 0;
    bool positive = w > 0;
    for (int64_t b = 0; b < n; b++) {
        positive = positive && reference[b] > 0;
        sum += log(reference[b]);
    }
    *gap = *error = (rb_metric_value){ NAN, RB_VALUE_UNAVAILABLE };
    if (!positive)
        return;
    const double mean = sum / (double)n;
    for (int64_t b = 0; b < n; b++)
        squares += (log(reference[b]) - mean) * (log(reference[b]) - mean);
    *gap = (rb_metric_value){ mean - log(w), RB_VALUE_OK };
    *error = (rb_metric_value){ sqrt(squares / (double)n) * sqrt(1 + 1 / (double)n), RB_VALUE_OK };
}

int64_t rb_gap_smallest(double *margin, const double *gap, const double *error, int64_t n)
{
    int64_t smallest = -1;
    for (int64_t i = n - 1; i >= 0; i--) {
        margin[i] = i + 1 < n ? gap[i] - gap[i + 1] + error[i + 1] : NAN;
        if (margin[i] >= 0)
            smallest = i;
    }
    return smallest;
}

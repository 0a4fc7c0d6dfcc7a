#include "cluster/core/kmeans_sketch.h"

#include <float.h>
#include <math.h>
#include <omp.h>
#include <string.h>

#define AHEAD 16            /* rows fetched before their use */
#define WIDTH 32            /* bytes that are compared in one go */
#define FEWEST_DIMS 8       /* below, a point is hardly longer than its code */
#define MOST_DIMS 16384     /* sums of squares stay below 2^31 */
#define LARGEST 127         /* code */
#define SAMPLE 2048         /* rows whose ranges are looked at */
#define ROOM 1.05           /* beyond the sample's */
#define SMALLEST_STEP 1e-30 /* single precision holds it and its inverse */
#define FLOAT_SLACK 1e-5    /* covers the roundings of a comparison in single precision */

static bool is_sketched(const rb_kmeans_data *data)
{
    return data->kernels->is_metric && !data->is_sparse && data->d >= FEWEST_DIMS && data->d <= MOST_DIMS;
}

static int64_t stride_of(int64_t d)
{
    return (d + WIDTH - 1) / WIDTH * WIDTH;
}

double rb_kmeans_sketch_bytes(double rows, double d)
{
    return d >= FEWEST_DIMS && d <= MOST_DIMS ? rows * (ceil(d / WIDTH) * WIDTH + 12) : 0;
}

static const double *read_row(double *out, const rb_kmeans_data *data, int64_t row)
{
    if (!data->is_single)
        return (const double *)data->x + row * data->d;
    for (int64_t f = 0; f < data->d; f++)
        out[f] = (double)((const float *)data->x)[row * data->d + f];
    return out;
}

/* Middles and the step, from rows evenly apart. */
static void measure_ranges(rb_kmeans_sketch *s)
{
    const rb_kmeans_data *data = s->data;
    const int64_t n = data->n < SAMPLE ? data->n : SAMPLE;
    double widest = 0;
    double *low = s->middle, *high = s->scratch, *room = s->scratch + data->d;
    for (int64_t i = 0; i < n; i++) {
        const double *x = read_row(room, data, i * (data->n / n));
        for (int64_t f = 0; f < data->d; f++) {
            low[f] = i == 0 || x[f] < low[f] ? x[f] : low[f];
            high[f] = i == 0 || x[f] > high[f] ? x[f] : high[f];
        }
    }
    for (int64_t f = 0; f < data->d; f++) {
        widest = fmax(widest, high[f] - low[f]);
        s->middle[f] = low[f] / 2 + high[f] / 2;
    }
    s->step = widest * ROOM / (2 * LARGEST);
    if (!(s->step > SMALLEST_STEP && s->step < 1 / SMALLEST_STEP))
        s->step = 0;
}

/* c_f of a row's coordinate, and how far off it leaves it. */
static int code_of(double *off, const rb_kmeans_sketch *s, int64_t f, double x, double per_step)
{
    double c = rint((x - s->middle[f]) * per_step);
    c = c < LARGEST ? c : LARGEST;
    c = c > -LARGEST ? c : -LARGEST;
    *off = x - (s->middle[f] + c * s->step);
    return (int)c;
}

/* At least |x - q(x)|, of its computed square: each difference was rounded in numbers up to |x_f| + |middle_f|. */
static double error_of(const rb_kmeans_sketch *s, double off2, double largest)
{
    return sqrt(off2) * (1 + FLOAT_SLACK) + 8 * DBL_EPSILON * sqrt((double)s->data->d) * (largest + s->step * LARGEST);
}

static float rounded_up(double value)
{
    return nextafterf((float)value, INFINITY);
}

static void encode_row(rb_kmeans_sketch *s, int64_t own, const double *x)
{
    const double per_step = 1 / s->step;
    double off2 = 0, largest = 0;
    int32_t norm2 = 0;
    for (int64_t f = 0; f < s->data->d; f++) {
        double off, size = fabs(x[f]) + fabs(s->middle[f]);
        int c = code_of(&off, s, f, x[f], per_step);
        s->code[own * s->stride + f] = (uint8_t)(c + LARGEST);
        norm2 += c * c;
        off2 += off * off;
        largest = size > largest ? size : largest;
    }
    s->norm2[own] = norm2;
    s->away[own] = rounded_up(error_of(s, off2, largest));
    s->limit[own] = INFINITY;
}

static void encode_rows(rb_kmeans_sketch *s, const rb_ctx *ctx)
{
    const rb_kmeans_data *data = s->data;
    const int64_t n = s->step > 0 ? data->end - data->begin : 0;
#pragma omp parallel for num_threads(ctx->n_threads) schedule(static)
    for (int64_t own = 0; own < n; own++)
        encode_row(s, own, read_row(s->scratch + omp_get_thread_num() * data->d, data, data->begin + own));
}

rb_status rb_kmeans_sketch_init(rb_kmeans_sketch *s, const rb_kmeans_data *data, const rb_ctx *ctx, rb_error *err)
{
    const int64_t n_own = data->end - data->begin;
    *s = (rb_kmeans_sketch){ .data = data, .stride = stride_of(data->d) };
    if (!is_sketched(data))
        return RB_OK;
    rb_alloc(&s->middle, data->d, err);
    rb_alloc(&s->code, n_own * s->stride, err);
    rb_alloc(&s->norm2, n_own, err);
    rb_alloc(&s->away, n_own, err);
    rb_alloc(&s->limit, n_own, err);
    rb_alloc(&s->target, s->stride, err);
    RB_TRY(rb_alloc(&s->scratch, (ctx->n_threads + 1) * data->d, err));
    measure_ranges(s);
    encode_rows(s, ctx);
done:
    return err->status;
}

void rb_kmeans_sketch_fini(rb_kmeans_sketch *s)
{
    rb_free(s->middle);
    rb_free(s->code);
    rb_free(s->norm2);
    rb_free(s->away);
    rb_free(s->limit);
    rb_free(s->target);
    rb_free(s->scratch);
    memset(s, 0, sizeof *s);
}

/* A computed squared distance is at least (1 - unit) of the true one less tiny. */
void rb_kmeans_sketch_limit(rb_kmeans_sketch *s, int64_t own, double distance2)
{
    if (s->step > 0)
        s->limit[own] =
            rounded_up(sqrt((distance2 + s->data->tiny) / (1 - 4 * s->data->unit)) * (1 + FLOAT_SLACK) + s->away[own]);
}

void rb_kmeans_sketch_aim(rb_kmeans_sketch *s, int64_t point)
{
    if (!(s->step > 0))
        return;
    const double per_step = 1 / s->step, *y = read_row(s->scratch, s->data, point);
    double off2 = 0, largest = 0;
    s->offset = 0;
    for (int64_t f = 0; f < s->data->d; f++) {
        double off;
        int c = code_of(&off, s, f, y[f], per_step);
        s->target[f] = (int8_t)c;
        s->offset += c * (c + 2 * LARGEST);
        off2 += off * off;
        largest = fmax(largest, fabs(y[f]) + fabs(s->middle[f]));
    }
    s->error = error_of(s, off2, largest);
}

static int32_t product(const uint8_t *restrict x, const int8_t *restrict y, int64_t stride)
{
    int32_t sum = 0;
    for (int64_t f = 0; f < stride; f += WIDTH)
        for (int64_t g = 0; g < WIDTH; g++)
            sum += (int32_t)x[f + g] * (int32_t)y[f + g];
    return sum;
}

/* |c(x) - c(y)|^2 = |c(x)|^2 + |c(y)|^2 + 2 * 127 * sum of c(y)_f - 2 (c(x) + 127) . c(y) */
int rb_kmeans_sketch_keep(int64_t *rows, int n, const rb_kmeans_sketch *s)
{
    if (!(s->step > 0))
        return n;
    const float per_step = (float)((1 + FLOAT_SLACK) / s->step), error = (float)s->error;
    const int64_t first = s->data->begin, stride = s->stride;
    int n_kept = 0;
    for (int i = 0; i < n; i++) {
        const int64_t own = rows[i] - first;
        for (int64_t f = 0; f < stride && i + AHEAD < n; f += WIDTH)
            __builtin_prefetch(s->code + (rows[i + AHEAD] - first) * stride + f);
        const int32_t dot = product(s->code + own * stride, s->target, stride);
        const float apart2 = (float)(s->norm2[own] + s->offset - 2 * dot);
        const float reach = (s->limit[own] + error) * per_step;
        rows[n_kept] = rows[i];
        n_kept += apart2 <= reach * reach * (1 + (float)FLOAT_SLACK);
    }
    return n_kept;
}

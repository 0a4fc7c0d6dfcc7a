#include "cluster/core/mlp.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "linalg/gemm.h"

/* Rows worth a micro-batch of their own; one has less than twice as many. */
#define MICRO 32
#define MOST_ROWS (2 * MICRO)

/* ---- shape ---- */

int rb_mlp_parse(int64_t width[RB_MLP_MOST_LAYERS / 2], const char *text)
{
    int n = 0;
    while (text && n < RB_MLP_MOST_LAYERS / 2) {
        size_t length = strcspn(text, "-");
        if (!rb_parse_int(&width[n], text, (int64_t)length) || width[n] < 1 || width[n] > 1000000)
            return 0;
        n++;
        if (!text[length])
            return n;
        text += length + 1;
    }
    return 0;
}

int64_t rb_mlp_size(const int64_t *width, int n, int64_t d)
{
    int64_t size = 0;
    for (int l = 0; l < n; l++) {
        int64_t in = l == 0 ? d : width[l - 1];
        size += 2 * in * width[l] + in + width[l];
    }
    return size;
}

void rb_mlp_shape(rb_mlp *net, const int64_t *width, int n_layers, int64_t n_extra)
{
    memmove(net->width, width, (size_t)(n_layers + 1) * sizeof *width);
    net->n_layers = n_layers;
    net->code = n_layers / 2;
    net->n_extra = n_extra;
    net->offset[0] = 0;
    for (int l = 0; l < n_layers; l++)
        net->offset[l + 1] = net->offset[l] + (net->width[l] + 1) * net->width[l + 1];
    net->n = net->offset[n_layers] + n_extra;
}

static rb_status allocate(rb_mlp *net, rb_error *err)
{
    RB_TRY(rb_alloc(&net->parameter, net->n, err));
    RB_TRY(rb_alloc(&net->turned, net->n, err));
    RB_TRY(rb_alloc(&net->moment, net->n, err));
    RB_TRY(rb_alloc(&net->square, net->n, err));
done:
    return err->status;
}

rb_status rb_mlp_init(rb_mlp *net, const int64_t *width, int n, int64_t d, int64_t n_extra, uint64_t seed,
                      rb_error *err)
{
    int64_t all[RB_MLP_MOST_LAYERS + 1];
    *net = (rb_mlp){ 0 };
    all[0] = all[2 * n] = d;
    for (int l = 0; l < n; l++)
        all[1 + l] = all[2 * n - 1 - l] = width[l];
    rb_mlp_shape(net, all, 2 * n, n_extra);
    RB_TRY(allocate(net, err));
    for (int l = 0; l < net->n_layers; l++) {
        double deviation = sqrt(2.0 / (double)net->width[l]);
        for (int64_t i = 0; i < net->width[l] * net->width[l + 1]; i++) {
            rb_rng rng = { .key = seed, .stream = rb_stream("mlp.weights"), .entity = (uint64_t)(net->offset[l] + i) };
            net->parameter[net->offset[l] + i] = deviation * rb_rng_normal(&rng, 0);
        }
    }
    rb_mlp_turn(net, 1);
done:
    return err->status;
}

void rb_mlp_fini(rb_mlp *net)
{
    rb_free(net->parameter);
    rb_free(net->turned);
    rb_free(net->moment);
    rb_free(net->square);
    memset(net, 0, sizeof *net);
}

/* out [cols x rows] from in [rows x cols]. */
static void transpose(double *restrict out, const double *restrict in, int64_t rows, int64_t cols)
{
    for (int64_t r = 0; r < rows; r++)
        for (int64_t c = 0; c < cols; c++)
            out[c * rows + r] = in[r * cols + c];
}

void rb_mlp_turn(rb_mlp *net, int n_threads)
{
    for (int l = 0; l < net->n_layers; l++) {
        int64_t in = net->width[l], out = net->width[l + 1];
        const double *weight = net->parameter + net->offset[l];
        double *turned = net->turned + net->offset[l];
#pragma omp parallel for num_threads(n_threads) schedule(static)
        for (int64_t i = 0; i < in; i++)
            for (int64_t o = 0; o < out; o++)
                turned[i * out + o] = weight[o * in + i];
    }
}

/* ---- room of a micro-batch ---- */

typedef struct {
    double *activation[RB_MLP_MOST_LAYERS + 1]; /* [rows x width] of each layer */
    double *delta, *below;                      /* [rows x widest] derivatives by outputs */
    double *left, *right;                       /* [widest x rows] transposes */
    double *code;                               /* [rows x width of the code] */
} room;

static int64_t widest(const rb_mlp *net)
{
    int64_t most = 0;
    for (int l = 0; l <= net->n_layers; l++)
        most = net->width[l] > most ? net->width[l] : most;
    return most;
}

static int64_t room_size(const rb_mlp *net)
{
    int64_t size = 4 * widest(net) + net->width[net->code];
    for (int l = 0; l <= net->n_layers; l++)
        size += net->width[l];
    return size * MOST_ROWS;
}

static room room_at(double *at, const rb_mlp *net)
{
    room r;
    int64_t most = widest(net) * MOST_ROWS;
    for (int l = 0; l <= net->n_layers; l++) {
        r.activation[l] = at;
        at += net->width[l] * MOST_ROWS;
    }
    r.delta = at;
    r.below = r.delta + most;
    r.left = r.below + most;
    r.right = r.left + most;
    r.code = r.right + most;
    return r;
}

static void read_rows(double *out, const rb_points *x, const int64_t *row, int64_t first, int64_t m)
{
    for (int64_t i = 0; i < m; i++) {
        int64_t from = row ? row[i] : first + i;
        if (x->dense) {
            memcpy(out + i * x->d, x->dense + from * x->d, (size_t)x->d * sizeof *out);
            continue;
        }
        memset(out + i * x->d, 0, (size_t)x->d * sizeof *out);
        for (int64_t e = x->sparse->row_begin[from]; e < x->sparse->row_begin[from + 1]; e++)
            out[i * x->d + x->sparse->col[e]] = x->sparse->value[e];
    }
}

/* ---- forward and backward ---- */

static bool is_linear(const rb_mlp *net, int layer)
{
    return layer + 1 == net->code || layer + 1 == net->n_layers;
}

/* Through the layers [0, last). */
static void forward(const rb_mlp *net, const room *r, int64_t m, int last)
{
    for (int l = 0; l < last; l++) {
        int64_t in = net->width[l], out = net->width[l + 1];
        const double *weight = net->parameter + net->offset[l], *bias = weight + in * out;
        double *a = r->activation[l + 1];
        rb_gemm_nt_f64(a, out, r->activation[l], in, m, weight, in, out, in);
        for (int64_t i = 0; i < m; i++)
            for (int64_t o = 0; o < out; o++) {
                double value = a[i * out + o] + bias[o];
                a[i * out + o] = value > 0 || is_linear(net, l) ? value : 0;
            }
    }
}

/* Derivatives of layer l from those by its outputs, in r->delta; then r->delta holds those by its inputs. */
static void backward(double *gradient, const rb_mlp *net, room *r, int64_t m, int l)
{
    int64_t in = net->width[l], out = net->width[l + 1];
    double *by_weight = gradient + net->offset[l], *by_bias = by_weight + in * out;
    transpose(r->left, r->delta, m, out);
    transpose(r->right, r->activation[l], m, in);
    rb_gemm_nt_f64(by_weight, in, r->left, m, out, r->right, m, in, m);
    for (int64_t o = 0; o < out; o++) {
        double sum = 0;
        for (int64_t i = 0; i < m; i++)
            sum += r->left[o * m + i];
        by_bias[o] = sum;
    }
    if (l == 0)
        return;
    rb_gemm_nt_f64(r->below, in, r->delta, out, m, net->turned + net->offset[l], out, in, out);
    for (int64_t i = 0; i < m * in && !is_linear(net, l - 1); i++)
        if (!(r->activation[l][i] > 0))
            r->below[i] = 0;
    double *swap = r->delta;
    r->delta = r->below;
    r->below = swap;
}

/* Gradient and loss of a micro-batch, times 1 / n_rows of the batch, in gradient [n + 1], which may hold anything. */
static void differentiate(double *gradient, const rb_mlp *net, room *r, const rb_points *x, const int64_t *row,
                          int64_t m, const rb_mlp_task *task, double share)
{
    int64_t d = net->width[0], width = net->width[net->code], code_size = m * width;
    bool is_whole = task->reconstruction > 0;
    double loss = 0;
    memset(gradient + net->offset[net->n_layers], 0, (size_t)net->n_extra * sizeof *gradient);
    if (!is_whole) /* the decoder's */
        memset(gradient + net->offset[net->code], 0,
               (size_t)(net->offset[net->n_layers] - net->offset[net->code]) * sizeof *gradient);
    read_rows(r->activation[0], x, row, 0, m);
    forward(net, r, m, is_whole ? net->n_layers : net->code);
    memset(r->code, 0, (size_t)code_size * sizeof *r->code);
    if (task->code)
        loss += task->code->add(r->code, gradient + net->offset[net->n_layers], r->activation[net->code], row, m, share,
                                net, task->code->self);
    if (is_whole) {
        double scale = task->reconstruction * share / (double)d, sum = 0;
        for (int64_t i = 0; i < m * d; i++) {
            double off = r->activation[net->n_layers][i] - r->activation[0][i];
            sum += off * off;
            r->delta[i] = 2 * scale * off;
        }
        loss += scale * sum;
        for (int l = net->n_layers - 1; l >= net->code; l--)
            backward(gradient, net, r, m, l);
        for (int64_t i = 0; i < code_size; i++)
            r->delta[i] += r->code[i];
    } else {
        memcpy(r->delta, r->code, (size_t)code_size * sizeof *r->delta);
    }
    for (int l = net->code - 1; l >= 0; l--)
        backward(gradient, net, r, m, l);
    gradient[net->n] = loss;
}

/* What the steps of an epoch share: a gradient for each micro-batch of this rank, and the threads' rooms. */
typedef struct {
    double *partial, *memory;
} work;

static rb_status work_init(work *w, const rb_mlp *net, int64_t n_rows, const rb_ctx *ctx, rb_error *err)
{
    int64_t own = n_rows / MICRO / ctx->n_ranks + 2; /* blocks of a rank at most */
    rb_alloc(&w->partial, own * (net->n + 1), err);
    rb_alloc(&w->memory, ctx->n_threads * room_size(net), err);
    return err->status;
}

static void work_fini(work *w)
{
    rb_free(w->partial);
    rb_free(w->memory);
}

static rb_status find_gradient(double *gradient, work *w, const rb_mlp *net, const rb_points *x, const int64_t *row,
                               int64_t n_rows, const rb_mlp_task *task, const rb_ctx *ctx, rb_error *err)
{
    rb_blocks micro = { 0 };
    int64_t size = room_size(net), stride = net->n + 1;
    RB_TRY_ALL(ctx, rb_blocks_init(&micro, n_rows, NULL, MICRO, err));
    int32_t first = rb_blocks_of(&micro, ctx->rank, ctx->n_ranks);
    int32_t last = rb_blocks_of(&micro, ctx->rank + 1, ctx->n_ranks);
#pragma omp parallel num_threads(ctx->n_threads)
    {
        room r = room_at(w->memory + omp_get_thread_num() * size, net);
#pragma omp for schedule(dynamic)
        for (int32_t b = first; b < last; b++)
            differentiate(w->partial + (b - first) * stride, net, &r, x, row + micro.begin[b],
                          micro.begin[b + 1] - micro.begin[b], task, 1.0 / (double)n_rows);
    }
    RB_TRY(rb_blocks_sum(gradient, w->partial, stride, &micro, ctx, err));
done:
    rb_blocks_fini(&micro);
    return err->status;
}

rb_status rb_mlp_gradient(double *gradient, const rb_mlp *net, const rb_points *x, const int64_t *row, int64_t n_rows,
                          const rb_mlp_task *task, const rb_ctx *ctx, rb_error *err)
{
    work w = { 0 };
    RB_TRY_ALL(ctx, work_init(&w, net, n_rows, ctx, err));
    RB_TRY(find_gradient(gradient, &w, net, x, row, n_rows, task, ctx, err));
done:
    work_fini(&w);
    return err->status;
}

/* ---- steps ---- */

void rb_mlp_step(rb_mlp *net, const double *gradient, double rate, int n_threads)
{
    net->n_steps++;
    double step = rate / (1 - pow(0.9, (double)net->n_steps)), square = 1 / (1 - pow(0.999, (double)net->n_steps));
#pragma omp parallel for num_threads(n_threads) schedule(static)
    for (int64_t i = 0; i < net->n; i++) {
        net->moment[i] = 0.9 * net->moment[i] + 0.1 * gradient[i];
        net->square[i] = 0.999 * net->square[i] + 0.001 * gradient[i] * gradient[i];
        net->parameter[i] -= step * net->moment[i] / (sqrt(net->square[i] * square) + 1e-8);
    }
    rb_mlp_turn(net, n_threads);
}

typedef struct {
    uint64_t key;
    int64_t row;
} drawn;

static int compare_drawn(const void *a, const void *b)
{
    const drawn *x = a, *y = b;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

/* The rows in the order of random keys. */
static rb_status shuffle(int64_t *row, int64_t n, int64_t epoch, uint64_t seed, rb_error *err)
{
    drawn *order = NULL;
    RB_TRY(rb_alloc(&order, n, err));
    for (int64_t i = 0; i < n; i++) {
        rb_rng rng = { .key = seed, .stream = rb_stream("mlp.order"), .epoch = (uint32_t)epoch, .entity = (uint64_t)i };
        order[i] = (drawn){ rb_rng_bits(&rng, 0), i };
    }
    qsort(order, (size_t)n, sizeof *order, compare_drawn);
    for (int64_t i = 0; i < n; i++)
        row[i] = order[i].row;
done:
    rb_free(order);
    return err->status;
}

rb_status rb_mlp_epoch(double *loss, rb_mlp *net, const rb_points *x, int64_t epoch, int64_t batch_size, double rate,
                       const rb_mlp_task *task, const rb_ctx *ctx, rb_error *err)
{
    int64_t *row = NULL;
    double *gradient = NULL;
    work w = { 0 };
    *loss = 0;
    rb_alloc(&row, x->n, err);
    rb_alloc(&gradient, net->n + 1, err);
    RB_TRY_ALL(ctx, work_init(&w, net, batch_size < x->n ? batch_size : x->n, ctx, err));
    RB_TRY_ALL(ctx, shuffle(row, x->n, epoch, ctx->seed, err));
    for (int64_t first = 0; first < x->n; first += batch_size) {
        int64_t n = x->n - first < batch_size ? x->n - first : batch_size;
        RB_TRY(find_gradient(gradient, &w, net, x, row + first, n, task, ctx, err));
        *loss += gradient[net->n] * (double)n / (double)x->n;
        if (!isfinite(*loss))
            RB_TRY(RB_FAIL(err, RB_NOT_FINITE, "the loss is %g in epoch %lld: lower the learning_rate (%g)", *loss,
                           (long long)epoch, rate));
        rb_mlp_step(net, gradient, rate, ctx->n_threads);
    }
done:
    work_fini(&w);
    rb_free(gradient);
    rb_free(row);
    return err->status;
}

rb_status rb_mlp_encode(double *code, const rb_mlp *net, const rb_points *x, const rb_ctx *ctx, rb_error *err)
{
    int64_t first = rb_blocks_element(&x->blocks, ctx->rank, ctx->n_ranks), size = room_size(net);
    int64_t last = rb_blocks_element(&x->blocks, ctx->rank + 1, ctx->n_ranks), width = net->width[net->code];
    double *memory = NULL;
    RB_TRY_ALL(ctx, rb_alloc(&memory, ctx->n_threads * size, err));
#pragma omp parallel num_threads(ctx->n_threads)
    {
        room r = room_at(memory + omp_get_thread_num() * size, net);
#pragma omp for schedule(dynamic)
        for (int64_t from = first; from < last; from += MOST_ROWS) {
            int64_t m = last - from < MOST_ROWS ? last - from : MOST_ROWS;
            read_rows(r.activation[0], x, NULL, from, m);
            forward(net, &r, m, net->code);
            memcpy(code + from * width, r.activation[net->code], (size_t)(m * width) * sizeof *code);
        }
    }
done:
    rb_free(memory);
    return err->status;
}

#include <math.h>
#include <omp.h>
#include <string.h>

#include "cluster/core/topics.h"

/* ---- perplexity ---- */

/* The halves of a document: how often each word stands at an even place and at an odd one. */
static int64_t halve(double *even, double *odd, const rb_csr *x, int64_t row)
{
    int64_t place = 0, n_odd = 0, from = x->row_begin[row];
    for (int64_t e = from; e < x->row_begin[row + 1]; e++) {
        int64_t count = (int64_t)x->value[e], half = (count + (place & 1)) / 2; /* odd places among the next `count` */
        odd[e - from] = (double)half;
        even[e - from] = (double)(count - half);
        n_odd += half;
        place += count;
    }
    return n_odd;
}

/* What the threads read to complete documents, and room for each. */
typedef struct {
    const rb_csr *x;
    const rb_topic_table *table;
    double *scratch;
    int64_t width, longest;
} completion;

/* sum ln p(w) over the odd half of a document. */
static double complete(int64_t *n_odd, const completion *c, int64_t row, double *scratch)
{
    const rb_csr *x = c->x;
    int64_t n = c->table->n_topics, from = x->row_begin[row], n_words = x->row_begin[row + 1] - from;
    double *gamma = scratch, *e = gamma + n, *share = e + n, *even = share + n, *odd = even + c->longest;
    double sum = 0, all = 0;
    int64_t n_own = halve(even, odd, x, row);
    if (n_own == 0)
        return 0;
    *n_odd += n_own;
    rb_topics_infer(gamma, e, &(rb_document){ x->col + from, even, n_words }, c->table, share);
    for (int64_t k = 0; k < n; k++)
        all += gamma[k];
    for (int64_t at = 0; at < n_words; at++) {
        const double *word = c->table->word + x->col[from + at] * n;
        double p = 0;
        for (int64_t k = 0; k < n && odd[at] > 0; k++)
            p += gamma[k] * word[k];
        if (odd[at] > 0)
            sum += odd[at] * log(p / all);
    }
    return sum;
}

static int64_t longest_row(const rb_csr *x)
{
    int64_t longest = 0;
    for (int64_t d = 0; d < x->n_rows; d++)
        if (x->row_begin[d + 1] - x->row_begin[d] > longest)
            longest = x->row_begin[d + 1] - x->row_begin[d];
    return longest;
}

/* One partial sum a block of this rank. */
static int64_t complete_blocks(double *partial, const completion *c, const rb_points *x, const uint8_t *held_out,
                               const rb_ctx *ctx)
{
    int32_t first = rb_blocks_of(&x->blocks, ctx->rank, ctx->n_ranks);
    int32_t last = rb_blocks_of(&x->blocks, ctx->rank + 1, ctx->n_ranks);
    int64_t n_odd = 0;
#pragma omp parallel for num_threads(ctx->n_threads) schedule(dynamic) reduction(+ : n_odd)
    for (int32_t b = first; b < last; b++)
        for (int64_t d = x->blocks.begin[b]; d < x->blocks.begin[b + 1]; d++)
            if (held_out[d])
                partial[b - first] += complete(&n_odd, c, d, c->scratch + c->width * omp_get_thread_num());
    return n_odd;
}

rb_status rb_topics_perplexity(double *perplexity, const rb_topics *model, const rb_points *x, const uint8_t *held_out,
                               const rb_ctx *ctx, rb_error *err)
{
    rb_topic_table table = { 0 };
    completion c = { .x = x->sparse, .table = &table, .longest = longest_row(x->sparse) };
    double *partial = NULL, sum = 0;
    c.width = 3 * model->n_topics + 2 * c.longest;
    RB_TRY(rb_topic_table_init(&table, model, true, ctx, err));
    rb_alloc(&partial, x->blocks.n_blocks, err);
    RB_TRY_ALL(ctx, rb_alloc(&c.scratch, c.width * ctx->n_threads, err));
    int64_t n_odd = complete_blocks(partial, &c, x, held_out, ctx);
    rb_sum_int64(ctx, &n_odd, 1);
    RB_TRY(rb_blocks_sum(&sum, partial, 1, &x->blocks, ctx, err));
    *perplexity = n_odd > 0 ? exp(-sum / (double)n_odd) : NAN;
done:
    rb_free(c.scratch);
    rb_free(partial);
    rb_topic_table_fini(&table);
    return err->status;
}

/* ---- coherence ---- */

/* Documents that hold both words; rows of the transpose ascend. */
static int64_t n_together(const rb_csr *by_word, int32_t v, int32_t w)
{
    int64_t a = by_word->row_begin[v], b = by_word->row_begin[w], n = 0;
    while (a < by_word->row_begin[v + 1] && b < by_word->row_begin[w + 1]) {
        int32_t left = by_word->col[a], right = by_word->col[b];
        n += left == right;
        a += left <= right;
        b += right <= left;
    }
    return n;
}

static double npmi(const rb_csr *by_word, int32_t v, int32_t w)
{
    double n = (double)by_word->n_cols, both = (double)n_together(by_word, v, w);
    double n_v = (double)(by_word->row_begin[v + 1] - by_word->row_begin[v]);
    double n_w = (double)(by_word->row_begin[w + 1] - by_word->row_begin[w]);
    if (both == 0)
        return -1;
    return both == n ? 0 : log(both * n / (n_v * n_w)) / -log(both / n);
}

rb_status rb_topics_coherence(double *coherence, const int32_t *top_word, int64_t n_topics, int64_t n_top,
                              const rb_csr *x, int n_threads, rb_error *err)
{
    rb_csr by_word = { 0 };
    RB_TRY(rb_csr_transpose(&by_word, x, err));
#pragma omp parallel for num_threads(n_threads) schedule(dynamic)
    for (int64_t k = 0; k < n_topics; k++) {
        const int32_t *top = top_word + k * n_top;
        double sum = 0;
        for (int64_t i = 1; i < n_top; i++)
            for (int64_t j = 0; j < i; j++)
                sum += npmi(&by_word, top[i], top[j]);
        coherence[k] = n_top > 1 ? sum / (0.5 * (double)(n_top * (n_top - 1))) : NAN;
    }
done:
    rb_csr_fini(&by_word);
    return err->status;
}

#include "cluster/core/topics.h"

#include <math.h>
#include <omp.h>
#include <string.h>

#define INFER_STEPS 100
#define INFER_TOLERANCE 1e-3

/* Terms of a block of the table: a function of their number alone. */
#define MIN_BLOCK_TERMS 64

rb_status rb_topics_check(const rb_points *points, rb_error *err)
{
    const rb_csr *x = points->sparse;
    bool any = false;
    if (!x)
        return RB_FAIL(err, RB_BAD_INPUT, "the space %s holds no counts of words, expected the space counts",
                       points->name ? points->name : "");
    for (int64_t d = 0; d < x->n_rows; d++)
        for (int64_t e = x->row_begin[d]; e < x->row_begin[d + 1]; e++) {
            double n = x->value[e];
            if (!(n >= 1 && n <= INT32_MAX && n == floor(n)))
                return RB_FAIL(err, RB_BAD_INPUT,
                               "point %lld has %g in dimension %d (counted from 0), expected a count: a topic model "
                               "reads the space counts",
                               (long long)d, n, x->col[e]);
            any = true;
        }
    if (!any)
        return RB_FAIL(err, RB_BAD_INPUT, "none of the %lld documents has a word", (long long)x->n_rows);
    return RB_OK;
}

double rb_digamma(double x)
{
    double before = 0;
    while (x < 10) {
        before -= 1 / x;
        x += 1;
    }
    double r = 1 / (x * x);
    double tail =
        r * (1.0 / 12 - r * (1.0 / 120 - r * (1.0 / 252 - r * (1.0 / 240 - r * (1.0 / 132 - r * (691.0 / 32760))))));
    return before + log(x) - 0.5 / x - tail;
}

/* ---- the table ---- */

/* Sum of the weights of each topic, words ascending. */
static void sum_weights(double *sum, const rb_topics *model)
{
    memset(sum, 0, (size_t)model->n_topics * sizeof *sum);
    for (int64_t w = 0; w < model->n_terms; w++)
        for (int64_t k = 0; k < model->n_topics; k++)
            sum[k] += model->weight[w * model->n_topics + k];
}

/* exp(E[ln p(w | k)]) of a word under a variational model; returns its part of the bound where it is wanted. */
static double expect_word(double *word, const double *weight, const double *psi_sum, const rb_topics *model,
                          bool bounds)
{
    double bound = 0;
    int sign;
    for (int64_t k = 0; k < model->n_topics; k++) {
        double log_word = rb_digamma(weight[k]) - psi_sum[k];
        word[k] = exp(log_word);
        if (bounds)
            bound += (model->beta - weight[k]) * log_word + lgamma_r(weight[k], &sign);
    }
    return bound;
}

void rb_topic_table_update(rb_topic_table *table, double *bound, const rb_topics *model, const rb_ctx *ctx)
{
    double *word = table->memory.data, *sum = table->sum;
    int64_t n = model->n_topics;
    sum_weights(sum, model);
    for (int64_t k = 0; k < n && table->is_variational; k++)
        table->psi[k] = rb_digamma(sum[k]);
    rb_shared_sync(&table->memory, ctx);
#pragma omp parallel for num_threads(ctx->n_threads) schedule(static)
    for (int64_t w = table->begin[ctx->rank]; w < table->begin[ctx->rank + 1]; w++) {
        const double *weight = model->weight + w * n;
        double part = 0;
        if (table->is_variational)
            part = expect_word(word + w * n, weight, table->psi, model, bound != NULL);
        for (int64_t k = 0; k < n && !table->is_variational; k++)
            word[w * n + k] = weight[k] / sum[k];
        if (bound)
            bound[w] = part;
    }
    rb_shared_publish(&table->memory, table->begin, n * (int64_t)sizeof(double), ctx);
}

rb_status rb_topic_table_init(rb_topic_table *table, const rb_topics *model, bool means, const rb_ctx *ctx,
                              rb_error *err)
{
    int64_t n = model->n_topics;
    *table =
        (rb_topic_table){ .alpha = model->alpha, .n_topics = n, .is_variational = model->is_variational && !means };
    rb_alloc(&table->sum, n, err);
    rb_alloc(&table->psi, n, err);
    rb_alloc(&table->begin, ctx->n_ranks + 1, err);
    RB_TRY_ALL(ctx, rb_blocks_init(&table->terms, model->n_terms, NULL, MIN_BLOCK_TERMS, err));
    rb_blocks_offsets(table->begin, &table->terms, ctx);
    RB_TRY(rb_shared_alloc(&table->memory, model->n_terms * n * (int64_t)sizeof(double), ctx, err));
    table->word = table->memory.data;
    rb_topic_table_update(table, NULL, model, ctx);
done:
    return err->status;
}

void rb_topic_table_fini(rb_topic_table *table)
{
    rb_shared_fini(&table->memory);
    rb_blocks_fini(&table->terms);
    rb_free(table->begin);
    rb_free(table->sum);
    rb_free(table->psi);
    memset(table, 0, sizeof *table);
}

/* ---- the topics of a document ---- */

static void expect(double *restrict e, const double *restrict gamma, int64_t n, bool is_variational)
{
    double sum = 0;
    if (!is_variational) {
        memcpy(e, gamma, (size_t)n * sizeof *e);
        return;
    }
    for (int64_t k = 0; k < n; k++)
        sum += gamma[k];
    double all = rb_digamma(sum);
    for (int64_t k = 0; k < n; k++)
        e[k] = exp(rb_digamma(gamma[k]) - all);
}

/* sum_w n_w word_wk / sum_j e_j word_wj, without the factor e_k. */
static void gather(double *restrict share, const double *restrict e, const rb_document *d, const rb_topic_table *table)
{
    int64_t n = table->n_topics;
    memset(share, 0, (size_t)n * sizeof *share);
    for (int64_t at = 0; at < d->n; at++) {
        const double *restrict word = table->word + d->word[at] * n;
        double part[4] = { 0 };
        int64_t k = 0;
        for (; k + 4 <= n; k += 4)
            for (int lane = 0; lane < 4; lane++)
                part[lane] += e[k + lane] * word[k + lane];
        double norm = (part[0] + part[2]) + (part[1] + part[3]);
        for (; k < n; k++)
            norm += e[k] * word[k];
        double scale = d->count[at] / (norm + 0x1p-52); /* as scikit-learn, so that a word without any topic divides */
        for (k = 0; k < n; k++)
            share[k] += scale * word[k];
    }
}

void rb_topics_infer(double *gamma, double *e, const rb_document *d, const rb_topic_table *table, double *scratch)
{
    int64_t n = table->n_topics;
    for (int64_t k = 0; k < n; k++)
        gamma[k] = 1;
    expect(e, gamma, n, table->is_variational);
    for (int step = 0; step < INFER_STEPS; step++) {
        double change = 0;
        gather(scratch, e, d, table);
        for (int64_t k = 0; k < n; k++) {
            double next = e[k] * scratch[k] + table->alpha[k];
            change += fabs(next - gamma[k]);
            gamma[k] = next;
        }
        expect(e, gamma, n, table->is_variational);
        if (change / (double)n < INFER_TOLERANCE)
            break;
    }
}

rb_status rb_topics_proportions(double *out, const rb_topics *model, const rb_points *x, const rb_ctx *ctx,
                                rb_error *err)
{
    int64_t n = model->n_topics;
    rb_topic_table table = { 0 };
    double *scratch = NULL;
    RB_TRY(rb_topic_table_init(&table, model, false, ctx, err));
    RB_TRY_ALL(ctx, rb_alloc(&scratch, 2 * n * ctx->n_threads, err));
    int64_t first = rb_blocks_element(&x->blocks, ctx->rank, ctx->n_ranks);
    int64_t last = rb_blocks_element(&x->blocks, ctx->rank + 1, ctx->n_ranks), per_thread = last - first;
#pragma omp parallel num_threads(ctx->n_threads)
    {
        double *own = scratch + 2 * n * omp_get_thread_num();
#pragma omp for schedule(dynamic, 64)
        for (int64_t i = 0; i < per_thread; i++) {
            int64_t row = first + i, from = x->sparse->row_begin[row];
            rb_document d = { x->sparse->col + from, x->sparse->value + from, x->sparse->row_begin[row + 1] - from };
            double *gamma = out + row * n, sum = 0;
            rb_topics_infer(gamma, own, &d, &table, own + n);
            for (int64_t k = 0; k < n; k++)
                sum += gamma[k];
            for (int64_t k = 0; k < n; k++)
                gamma[k] /= sum;
        }
    }
done:
    rb_free(scratch);
    rb_topic_table_fini(&table);
    return err->status;
}

void rb_topics_labels(int32_t *label, const double *proportions, int64_t n, int64_t n_topics)
{
    for (int64_t i = 0; i < n; i++) {
        const double *row = proportions + i * n_topics;
        label[i] = 0;
        for (int32_t k = 1; k < n_topics; k++)
            if (row[k] > row[label[i]])
                label[i] = k;
    }
}

/* ---- top words ---- */

rb_status rb_topics_top_words(int32_t *word, int64_t n_top, const rb_topics *model, rb_error *err)
{
    int64_t n = model->n_topics;
    for (int64_t k = 0; k < n; k++) {
        int32_t *top = word + k * n_top;
        int64_t held = 0;
        for (int64_t w = 0; w < model->n_terms; w++) {
            double weight = model->weight[w * n + k];
            int64_t at;
            if (held == n_top && !(weight > model->weight[top[held - 1] * n + k]))
                continue;
            at = held == n_top ? held - 1 : held++;
            for (; at > 0 && weight > model->weight[top[at - 1] * n + k]; at--)
                top[at] = top[at - 1];
            top[at] = (int32_t)w;
        }
    }
    return err->status;
}

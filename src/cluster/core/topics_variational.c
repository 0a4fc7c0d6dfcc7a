#include "cluster/core/topics_variational.h"

#include <math.h>
#include <omp.h>
#include <string.h>

#define LEAST_ALPHA 1e-6

static double log_gamma(double x)
{
    int sign;
    return lgamma_r(x, &sign);
}

/* ---- begin ---- */

/* A draw of Gamma(100, 1 / 100) by Wilson and Hilferty's cube of a normal, as the usual start is. */
static double random_weight(uint64_t seed, int64_t w, int64_t k)
{
    rb_rng rng = { .key = seed, .stream = rb_stream("lda.start"), .entity = (uint64_t)w };
    double root = 1 - 1.0 / 900 + rb_rng_normal(&rng, (uint32_t)k) / 30;
    return root * root * root;
}

static rb_status check_start(const rb_array *start, const rb_topics *model, rb_error *err)
{
    if (start->n_cols != model->n_terms)
        return RB_FAIL(err, RB_BAD_INPUT, "'lda.start' has %lld columns, expected one for each of %lld words",
                       (long long)start->n_cols, (long long)model->n_terms);
    for (int64_t i = 0; i < start->n_rows * start->n_cols; i++)
        if (!(start->value[i] > 0 && isfinite(start->value[i])))
            return RB_FAIL(err, RB_BAD_INPUT, "'lda.start' has %g in row %lld, expected weights above 0",
                           start->value[i], (long long)(i / start->n_cols + 1));
    return RB_OK;
}

static void set_start(rb_topics *model, const rb_array *start, const rb_ctx *ctx)
{
    if (ctx->rank == 0)
        for (int64_t w = 0; w < model->n_terms; w++)
            for (int64_t k = 0; k < model->n_topics; k++)
                model->weight[w * model->n_topics + k] =
                    start->value ? start->value[k * start->n_cols + w] : random_weight(ctx->seed, w, k);
    rb_shared_publish_from(&model->weight_memory, 0, ctx);
}

/* The documents of each word, and where their entries stand in x. */
static rb_status turn(rb_variational *v, rb_error *err)
{
    const rb_csr *x = v->x;
    RB_TRY(rb_csr_transpose(&v->by_word, x, err));
    RB_TRY(rb_alloc(&v->entry, x->row_begin[x->n_rows], err));
    RB_TRY(rb_alloc(&v->cursor, x->n_cols, err));
    for (int64_t e = 0; e < x->row_begin[x->n_rows]; e++)
        v->entry[v->by_word.row_begin[x->col[e]] + v->cursor[x->col[e]]++] = e;
    for (int64_t d = 0; d < x->n_rows; d++)
        v->n_documents += x->row_begin[d + 1] > x->row_begin[d];
done:
    return err->status;
}

rb_status rb_variational_begin(rb_variational *v, rb_topics *model, const rb_csr *x,
                               const rb_variational_options *options, const rb_ctx *ctx, rb_error *err)
{
    int64_t n = model->n_topics, nnz = x->row_begin[x->n_rows], longest = x->n_rows > x->n_cols ? x->n_rows : x->n_cols;
    *v = (rb_variational){ .options = *options, .x = x };
    if (options->start->value)
        RB_TRY_ALL(ctx, check_start(options->start, model, err));
    set_start(model, options->start, ctx);
    RB_TRY_ALL(ctx, turn(v, err));
    rb_alloc(&v->begin, ctx->n_ranks + 1, err);
    rb_alloc(&v->unit, ctx->n_ranks + 1, err);
    rb_alloc(&v->sums, longest, err);
    RB_TRY_ALL(ctx, rb_alloc(&v->scratch, ctx->n_threads * 2 * n, err));
    RB_TRY(rb_shared_alloc(&v->e_memory, x->n_rows * n * (int64_t)sizeof(double), ctx, err));
    RB_TRY(rb_shared_alloc(&v->scale_memory, nnz * (int64_t)sizeof(double), ctx, err));
    RB_TRY(rb_shared_alloc(&v->document_memory, x->n_rows * (int64_t)sizeof(double), ctx, err));
    RB_TRY(rb_shared_alloc(&v->word_memory, x->n_cols * (int64_t)sizeof(double), ctx, err));
    RB_TRY(rb_topic_table_init(&v->table, model, false, ctx, err));
    v->e = v->e_memory.data;
    v->scale = v->scale_memory.data;
    v->document = v->document_memory.data;
    v->word = v->word_memory.data;
done:
    return err->status;
}

/* ---- documents ---- */

/* The scales of a document's words and its part of the bound:
 * sum n_w ln sum_k e_k word_wk + sum_k (alpha_k - gamma_k) ln e_k + ln gamma(gamma_k) - ln gamma(sum gamma). */
static double weigh_document(const rb_variational *v, int64_t d, const double *gamma)
{
    const rb_csr *x = v->x;
    const rb_topic_table *t = &v->table;
    const double *e = v->e + d * t->n_topics;
    double bound = 0, sum = 0;
    for (int64_t at = x->row_begin[d]; at < x->row_begin[d + 1]; at++) {
        const double *word = t->word + x->col[at] * t->n_topics;
        double norm = 0;
        for (int64_t k = 0; k < t->n_topics; k++)
            norm += e[k] * word[k];
        v->scale[at] = x->value[at] / (norm + 0x1p-52);
        bound += x->value[at] * log(norm);
    }
    for (int64_t k = 0; k < t->n_topics; k++) {
        sum += gamma[k];
        bound += (t->alpha[k] - gamma[k]) * log(e[k]) + log_gamma(gamma[k]);
    }
    return bound - log_gamma(sum);
}

/* Topics of documents [first, last), shared out over ranks. */
static void visit_documents(rb_variational *v, int64_t first, int64_t last, const rb_ctx *ctx)
{
    const rb_csr *x = v->x;
    int64_t n = v->table.n_topics;
    for (int r = 0; r <= ctx->n_ranks; r++)
        v->begin[r] = first + (last - first) * r / ctx->n_ranks;
#pragma omp parallel num_threads(ctx->n_threads)
    {
        double *gamma = v->scratch + 2 * n * omp_get_thread_num();
#pragma omp for schedule(dynamic, 16)
        for (int64_t d = v->begin[ctx->rank]; d < v->begin[ctx->rank + 1]; d++) {
            int64_t from = x->row_begin[d];
            rb_document words = { x->col + from, x->value + from, x->row_begin[d + 1] - from };
            if (words.n == 0)
                continue;
            rb_topics_infer(gamma, v->e + d * n, &words, &v->table, gamma + n);
            v->document[d] = weigh_document(v, d, gamma);
        }
    }
    rb_shared_publish(&v->e_memory, v->begin, n * (int64_t)sizeof(double), ctx);
    rb_shared_publish(&v->document_memory, v->begin, sizeof(double), ctx);
    for (int r = 0; r <= ctx->n_ranks; r++)
        v->unit[r] = x->row_begin[v->begin[r]];
    rb_shared_publish(&v->scale_memory, v->unit, sizeof(double), ctx);
}

/* ---- words ---- */

/* New weights of a word from the documents below `last` that its cursor has not passed. */
static void update_word(rb_variational *v, const rb_topics *model, int64_t w, int64_t last, double rho, double scale,
                        double *restrict sum)
{
    int64_t n = model->n_topics, at = v->by_word.row_begin[w] + v->cursor[w];
    const double *restrict word = v->table.word + w * n;
    double *restrict weight = model->weight + w * n;
    memset(sum, 0, (size_t)n * sizeof *sum);
    for (; at < v->by_word.row_begin[w + 1] && v->by_word.col[at] < last; at++) {
        const double *restrict e = v->e + v->by_word.col[at] * n;
        double s = v->scale[v->entry[at]];
        for (int64_t k = 0; k < n; k++)
            sum[k] += s * e[k];
    }
    v->cursor[w] = at - v->by_word.row_begin[w];
    for (int64_t k = 0; k < n; k++) {
        double next = model->beta + scale * sum[k] * word[k];
        weight[k] = rho < 1 ? (1 - rho) * weight[k] + rho * next : next;
    }
}

static void visit_words(rb_variational *v, rb_topics *model, int64_t last, double rho, double scale, const rb_ctx *ctx)
{
    int64_t n = model->n_topics;
    const int64_t *begin = v->table.begin;
#pragma omp parallel num_threads(ctx->n_threads)
    {
        double *sum = v->scratch + 2 * n * omp_get_thread_num();
#pragma omp for schedule(dynamic, 64)
        for (int64_t w = begin[ctx->rank]; w < begin[ctx->rank + 1]; w++)
            update_word(v, model, w, last, rho, scale, sum);
    }
    rb_shared_publish(&model->weight_memory, begin, n * (int64_t)sizeof(double), ctx);
    v->n_steps++;
}

/* ---- a pass ---- */

static int64_t n_filled(const rb_csr *x, int64_t first, int64_t last)
{
    int64_t n = 0;
    for (int64_t d = first; d < last; d++)
        n += x->row_begin[d + 1] > x->row_begin[d];
    return n;
}

/* The parts that documents and words have added to, and what is constant in them. */
static double bound_of(rb_variational *v, const rb_topics *model, const double *sum_weight)
{
    double all = 0, parts = 0, n = (double)model->n_topics, terms = (double)model->n_terms, beta = model->beta;
    for (int64_t k = 0; k < model->n_topics; k++) {
        all += model->alpha[k];
        parts -= (double)v->n_documents * log_gamma(model->alpha[k]);
        parts -= log_gamma(sum_weight[k]);
    }
    parts += (double)v->n_documents * log_gamma(all) + n * (log_gamma(terms * beta) - terms * log_gamma(beta));
    memcpy(v->sums, v->document, (size_t)v->x->n_rows * sizeof *v->sums);
    parts += rb_tree_sum(v->sums, v->x->n_rows);
    memcpy(v->sums, v->word, (size_t)model->n_terms * sizeof *v->sums);
    return parts + rb_tree_sum(v->sums, model->n_terms);
}

/* The x with psi(x) = y, by Newton's steps from Minka's start. */
static double inverse_digamma(double y)
{
    double x = y >= -2.22 ? exp(y) + 0.5 : -1 / (y - rb_digamma(1));
    for (int step = 0; step < 6; step++) {
        double h = 1e-5 * x, slope = (rb_digamma(x + h) - rb_digamma(x - h)) / (2 * h);
        x -= (rb_digamma(x) - y) / slope;
        x = fmax(x, LEAST_ALPHA);
    }
    return x;
}

static void update_alpha(rb_variational *v, rb_topics *model)
{
    int64_t n = model->n_topics;
    double all = 0;
    for (int64_t k = 0; k < n; k++)
        all += model->alpha[k];
    double psi = rb_digamma(all);
    for (int64_t k = 0; k < n; k++) {
        for (int64_t d = 0; d < v->x->n_rows; d++)
            v->sums[d] = v->x->row_begin[d + 1] > v->x->row_begin[d] ? log(v->e[d * n + k]) : 0;
        model->alpha[k] = inverse_digamma(psi + rb_tree_sum(v->sums, v->x->n_rows) / (double)v->n_documents);
    }
}

rb_status rb_variational_iterate(rb_variational *v, double *objective, rb_topics *model, bool asymmetric,
                                 const rb_ctx *ctx, rb_error *err)
{
    int64_t n = v->x->n_rows, step = v->options.batch_size > 0 ? v->options.batch_size : n;
    double *sum_weight = NULL;
    RB_TRY_ALL(ctx, rb_alloc(&sum_weight, model->n_topics, err));
    rb_topic_table_update(&v->table, v->word, model, ctx);
    rb_shared_publish(&v->word_memory, v->table.begin, sizeof(double), ctx);
    memcpy(sum_weight, v->table.sum, (size_t)model->n_topics * sizeof *sum_weight);
    memset(v->cursor, 0, (size_t)model->n_terms * sizeof *v->cursor);
    for (int64_t first = 0; first < n; first += step) {
        int64_t last = first + step < n ? first + step : n, filled = n_filled(v->x, first, last);
        double rho = step < n ? pow(v->options.offset + (double)(v->n_steps + 1), -v->options.decay) : 1;
        if (filled == 0)
            continue;
        if (first > 0)
            rb_topic_table_update(&v->table, NULL, model, ctx);
        visit_documents(v, first, last, ctx);
        visit_words(v, model, last, fmin(rho, 1), step < n ? (double)v->n_documents / (double)filled : 1, ctx);
    }
    *objective = -bound_of(v, model, sum_weight);
    if (asymmetric)
        update_alpha(v, model);
done:
    rb_free(sum_weight);
    return err->status;
}

void rb_variational_fini(rb_variational *v)
{
    rb_topic_table_fini(&v->table);
    rb_shared_fini(&v->word_memory);
    rb_shared_fini(&v->document_memory);
    rb_shared_fini(&v->scale_memory);
    rb_shared_fini(&v->e_memory);
    rb_csr_fini(&v->by_word);
    rb_free(v->unit);
    rb_free(v->begin);
    rb_free(v->scratch);
    rb_free(v->sums);
    rb_free(v->cursor);
    rb_free(v->entry);
    memset(v, 0, sizeof *v);
}

#include "cluster/core/topics_gibbs.h"

#include <omp.h>
#include <string.h>

/* Tokens worth a block of their own. */
#define MIN_BLOCK_TOKENS 1024

/* Counts below this are counted by each thread for itself: most are. */
#define FEW 32

/* Room of a thread. */
typedef struct {
    int64_t *few;          /* [n_topics x FEW] its part of a histogram */
    uint32_t *draw;        /* [longest x n_proposals] for new candidates */
    int64_t *total;        /* [n_topics] */
    double *weight;        /* [n_topics] of a topic of this unit: (C + prior) / (C_k + V beta) */
    int32_t *count, *next; /* [n_topics] of the unit: before and after */
} room;

static int64_t room_bytes(const rb_gibbs *g)
{
    int64_t longest = g->documents.longest > g->words.longest ? g->documents.longest : g->words.longest;
    int64_t bytes = g->n_topics * (int64_t)((1 + FEW) * sizeof(int64_t) + sizeof(double) + 2 * sizeof(int32_t)) +
                    longest * g->n_proposals * (int64_t)sizeof(uint32_t);
    return (bytes + 63) / 64 * 64;
}

static room room_of(const rb_gibbs *g, int thread)
{
    char *at = g->scratch + thread * g->scratch_bytes;
    room r = { .few = (int64_t *)at };
    r.total = r.few + g->n_topics * FEW;
    r.weight = (double *)(r.total + g->n_topics);
    r.count = (int32_t *)(r.weight + g->n_topics);
    r.next = r.count + g->n_topics;
    r.draw = (uint32_t *)(r.next + g->n_topics);
    return r;
}

/* What a phase knows: all of it frozen. */
typedef struct {
    const rb_gibbs *g;
    rb_gibbs_side *own;
    const uint16_t *other; /* the tokens of the other side; NULL: topics are drawn at random */
    const double *prior;   /* [n_topics] of the own side */
    const double *inverse; /* [n_topics] 1 / (C_k + V beta) */
    int64_t *histogram;    /* units with so many tokens of a topic, a row of topic_stride a topic; NULL: not wanted */
    int64_t topic_stride;
    rb_rng rng;
    int64_t first_token; /* of this rank */
} phase;

/* ---- a unit ---- */

/* A uniform number's place among cumulative weights. */
static int64_t find(const double *cumulative, int64_t n, double x)
{
    int64_t low = 0, high = n - 1;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (x < cumulative[middle + 1])
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

static double unit_interval(uint32_t word)
{
    return ((double)word + 0.5) * 0x1p-32;
}

/* Each token goes through its candidates; the draws of its new ones are kept. */
static void accept_candidates(uint16_t *record, const phase *p, const room *r, int64_t begin, int64_t n)
{
    int m = p->g->n_proposals;
    uint32_t word[2 * RB_GIBBS_MOST_PROPOSALS + 4] = { 0 };
    rb_rng rng = p->rng;
    for (int64_t t = 0; t < n; t++) {
        uint16_t *own = record + t * (1 + m);
        rng.entity = (uint64_t)(begin + t);
        for (int at = 0; at < 2 * m; at += 4)
            rb_rng_words(word + at, &rng, (uint32_t)at / 4);
        if (!p->other) {
            own[0] = (uint16_t)(((uint64_t)word[0] * (uint64_t)p->g->n_topics) >> 32);
        } else {
            for (int i = 0; i < m; i++)
                if (unit_interval(word[i]) * r->weight[own[0]] < r->weight[own[1 + i]])
                    own[0] = own[1 + i];
        }
        memcpy(r->draw + t * m, word + m, (size_t)m * sizeof *word);
    }
}

/* New candidates: with n tokens, one of theirs with weight n, else one of the prior. */
static void propose(uint16_t *record, const phase *p, const room *r, int64_t n)
{
    int m = p->g->n_proposals;
    const double *cumulative = p->own->cumulative;
    double all = (double)n + cumulative[p->g->n_topics];
    for (int64_t t = 0; t < n; t++)
        for (int i = 0; i < m; i++) {
            double x = unit_interval(r->draw[t * m + i]) * all;
            record[t * (1 + m) + 1 + i] = x < (double)n ? record[(int64_t)x * (1 + m)]
                                                        : (uint16_t)find(cumulative, p->g->n_topics, x - (double)n);
        }
}

static void note_count(int64_t *histogram, int64_t *few, int64_t count)
{
    if (count < FEW) {
        few[count]++;
        return;
    }
#pragma omp atomic
    histogram[count]++;
}

/* Adds what a thread has counted for itself. */
static void merge_few(int64_t *histogram, int64_t stride, const int64_t *few, int64_t n)
{
    for (int64_t k = 0; k < n; k++)
        for (int64_t count = 1; count < FEW && count < stride; count++)
            if (few[k * FEW + count])
#pragma omp atomic
                histogram[k * stride + count] += few[k * FEW + count];
}

static void visit_unit(const phase *p, const room *r, int64_t unit)
{
    const rb_gibbs *g = p->g;
    int64_t begin = p->own->begin[unit], n = p->own->begin[unit + 1] - begin, width = 1 + g->n_proposals;
    uint16_t *record = (uint16_t *)p->own->memory.data + begin * width;
    const int32_t *place = p->own->place + (begin - p->first_token);
    if (n == 0)
        return;
    if (p->other) {
        memset(r->count, 0, (size_t)g->n_topics * sizeof *r->count);
        for (int64_t t = 0; t < n; t++) {
            memcpy(record + t * width, p->other + place[t] * width, (size_t)width * sizeof *record);
            r->count[record[t * width]]++;
        }
        for (int64_t k = 0; k < g->n_topics; k++)
            r->weight[k] = (r->count[k] + p->prior[k]) * p->inverse[k];
    }
    accept_candidates(record, p, r, begin, n);
    for (int64_t t = 0; t < n; t++)
        r->next[record[t * width]]++;
    for (int64_t t = 0; t < n; t++) {
        int64_t k = record[t * width], count = r->next[k];
        r->next[k] = 0; /* counted at its first token */
        r->total[k] += count;
        if (count > 0 && p->histogram)
            note_count(p->histogram + k * p->topic_stride, r->few + k * FEW, count);
    }
    propose(record, p, r, n);
}

/* ---- a phase ---- */

static void run_phase(const phase *p, const rb_ctx *ctx)
{
    const rb_gibbs *g = p->g;
    const rb_blocks *units = &p->own->units;
    int32_t first = rb_blocks_of(units, ctx->rank, ctx->n_ranks),
            last = rb_blocks_of(units, ctx->rank + 1, ctx->n_ranks);
    memset(g->total, 0, (size_t)g->n_topics * sizeof *g->total);
#pragma omp parallel num_threads(ctx->n_threads)
    {
        room r = room_of(g, omp_get_thread_num());
        memset(r.total, 0, (size_t)g->n_topics * sizeof *r.total);
        memset(r.few, 0, (size_t)(g->n_topics * FEW) * sizeof *r.few);
        memset(r.next, 0, (size_t)g->n_topics * sizeof *r.next);
#pragma omp for schedule(dynamic)
        for (int32_t b = first; b < last; b++)
            for (int64_t u = units->begin[b]; u < units->begin[b + 1]; u++)
                visit_unit(p, &r, u);
#pragma omp critical(rb_gibbs_total)
        for (int64_t k = 0; k < g->n_topics; k++)
            g->total[k] += r.total[k];
        if (p->histogram)
            merge_few(p->histogram, p->topic_stride, r.few, g->n_topics);
    }
    rb_sum_int64(ctx, g->total, g->n_topics);
    rb_shared_publish(&p->own->memory, p->own->offset, (1 + g->n_proposals) * (int64_t)sizeof(uint16_t), ctx);
}

/* The weights 1 / (C_k + V beta) and the cumulative prior of a phase, in the room of the first thread's draws. */
static void freeze(double *inverse, double *prior, rb_gibbs_side *own, const double *alpha, double beta,
                   const rb_gibbs *g)
{
    for (int64_t k = 0; k < g->n_topics; k++) {
        inverse[k] = 1 / ((double)g->total[k] + (double)g->n_terms * beta);
        prior[k] = alpha ? alpha[k] : beta;
        own->cumulative[k + 1] = own->cumulative[k] + prior[k];
    }
}

static void visit_side(rb_gibbs *g, rb_gibbs_side *own, const rb_gibbs_side *other, int64_t epoch, const double *alpha,
                       double beta, const rb_ctx *ctx)
{
    double *inverse = (double *)(g->scratch + ctx->n_threads * g->scratch_bytes), *prior = inverse + g->n_topics;
    freeze(inverse, prior, own, alpha, beta, g);
    phase p = { .g = g,
                .own = own,
                .other = other ? other->memory.data : NULL,
                .prior = prior,
                .inverse = inverse,
                .histogram = own == &g->documents ? g->topic_count : NULL,
                .topic_stride = g->documents.longest + 1,
                .rng = { .key = ctx->seed, .stream = own->stream, .epoch = (uint32_t)epoch },
                .first_token = own->offset[ctx->rank] };
    run_phase(&p, ctx);
}

/* How many tokens each (word, topic) has. */
static void count_words(rb_gibbs *g, const rb_ctx *ctx)
{
    int64_t last = rb_blocks_element(&g->words.units, ctx->rank + 1, ctx->n_ranks), width = 1 + g->n_proposals;
    const uint16_t *tokens = g->documents.memory.data;
    memset(g->word_count, 0, (size_t)(g->words.longest + 1) * sizeof *g->word_count);
#pragma omp parallel num_threads(ctx->n_threads)
    {
        room r = room_of(g, omp_get_thread_num());
        memset(r.next, 0, (size_t)g->n_topics * sizeof *r.next);
        memset(r.few, 0, FEW * sizeof *r.few);
#pragma omp for schedule(dynamic, 64)
        for (int64_t w = g->own_word; w < last; w++) {
            const int32_t *place = g->words.place + (g->words.begin[w] - g->words.offset[ctx->rank]);
            int64_t n = g->words.begin[w + 1] - g->words.begin[w];
            for (int64_t t = 0; t < n; t++)
                r.next[tokens[place[t] * width]]++;
            for (int64_t t = 0; t < n; t++) {
                int64_t k = tokens[place[t] * width], count = r.next[k];
                r.next[k] = 0;
                if (count > 0)
                    note_count(g->word_count, r.few, count);
            }
        }
        merge_few(g->word_count, g->words.longest + 1, r.few, 1);
    }
    rb_sum_int64(ctx, g->word_count, g->words.longest + 1);
}

void rb_gibbs_iterate(rb_gibbs *g, int64_t iteration, const double *alpha, double beta, const rb_ctx *ctx)
{
    int64_t stride = g->documents.longest + 1;
    visit_side(g, &g->words, &g->documents, iteration + 1, NULL, beta, ctx);
    memset(g->topic_count, 0, (size_t)(g->n_topics * stride) * sizeof *g->topic_count);
    visit_side(g, &g->documents, &g->words, iteration + 1, alpha, beta, ctx);
    rb_sum_int64(ctx, g->topic_count, g->n_topics * stride);
    count_words(g, ctx);
}

void rb_gibbs_add(double *weight, const rb_gibbs *g, const rb_ctx *ctx)
{
    int64_t last = rb_blocks_element(&g->words.units, ctx->rank + 1, ctx->n_ranks), width = 1 + g->n_proposals;
    const uint16_t *tokens = g->documents.memory.data;
#pragma omp parallel for num_threads(ctx->n_threads) schedule(dynamic, 64)
    for (int64_t w = g->own_word; w < last; w++)
        for (int64_t t = g->words.begin[w]; t < g->words.begin[w + 1]; t++)
            weight[w * g->n_topics + tokens[g->words.place[t - g->words.offset[ctx->rank]] * width]]++;
}

/* The words' tokens are copies that each phase makes anew. */
void rb_gibbs_checkpoint(rb_gibbs *g, double *weight, rb_visitor *v)
{
    rb_gibbs_side *s = &g->documents;
    int64_t one = 1, bytes = (1 + g->n_proposals) * (int64_t)sizeof(uint16_t);
    v->array(v, "tokens", RB_UINT8, &s->memory.data, &g->n_tokens, &bytes, &s->memory);
    v->array(v, "totals", RB_INT64, (void **)&g->total, &g->n_topics, &one, NULL);
    v->cut(v, "weights", RB_FLOAT64, weight + g->own_word * g->n_topics, &g->words.units, g->n_topics);
}

/* ---- begin ---- */

static rb_status side_init(rb_gibbs_side *s, int64_t n, const int64_t *begin, const rb_gibbs *g, const char *stream,
                           const rb_ctx *ctx, rb_error *err)
{
    s->stream = rb_stream(stream);
    rb_alloc(&s->begin, n + 1, err);
    rb_alloc(&s->offset, ctx->n_ranks + 1, err);
    RB_TRY_ALL(ctx, rb_alloc(&s->cumulative, g->n_topics + 1, err));
    memcpy(s->begin, begin, (size_t)(n + 1) * sizeof *begin);
    for (int64_t u = 0; u < n; u++)
        if (begin[u + 1] - begin[u] > s->longest)
            s->longest = begin[u + 1] - begin[u];
    RB_TRY_ALL(ctx, rb_blocks_init(&s->units, n, s->begin, MIN_BLOCK_TOKENS, err));
    for (int r = 0; r <= ctx->n_ranks; r++)
        s->offset[r] = begin[rb_blocks_element(&s->units, r, ctx->n_ranks)];
    RB_TRY_ALL(ctx, rb_alloc(&s->place, s->offset[ctx->rank + 1] - s->offset[ctx->rank], err));
    RB_TRY(rb_shared_alloc(&s->memory, g->n_tokens * (1 + g->n_proposals) * (int64_t)sizeof(uint16_t), ctx, err));
done:
    return err->status;
}

/* Where each own token stands in the other order; next [n_terms] is consumed. */
static void place_tokens(rb_gibbs *g, int64_t *next, const rb_csr *x, const rb_ctx *ctx)
{
    const int64_t *of_doc = g->documents.offset + ctx->rank, *of_word = g->words.offset + ctx->rank;
    int64_t token = 0;
    for (int64_t e = 0; e < x->row_begin[x->n_rows]; e++)
        for (int64_t left = (int64_t)x->value[e]; left > 0; left--, token++) {
            int64_t at = next[x->col[e]]++;
            if (token >= of_doc[0] && token < of_doc[1])
                g->documents.place[token - of_doc[0]] = (int32_t)at;
            if (at >= of_word[0] && at < of_word[1])
                g->words.place[at - of_word[0]] = (int32_t)token;
        }
}

static rb_status make_sides(rb_gibbs *g, const rb_csr *x, const rb_ctx *ctx, rb_error *err)
{
    int64_t *by_doc = NULL, *by_word = NULL;
    rb_alloc(&by_doc, x->n_rows + 1, err);
    RB_TRY_ALL(ctx, rb_alloc(&by_word, x->n_cols + 1, err));
    for (int64_t d = 0; d < x->n_rows; d++) {
        by_doc[d + 1] = by_doc[d];
        for (int64_t e = x->row_begin[d]; e < x->row_begin[d + 1]; e++) {
            by_doc[d + 1] += (int64_t)x->value[e];
            by_word[x->col[e] + 1] += (int64_t)x->value[e];
        }
    }
    for (int64_t w = 0; w < x->n_cols; w++)
        by_word[w + 1] += by_word[w];
    g->n_tokens = by_doc[x->n_rows];
    if (g->n_tokens > INT32_MAX)
        RB_TRY(RB_FAIL(err, RB_BAD_INPUT, "lda takes %d words in all, but the documents have %lld", INT32_MAX,
                       (long long)g->n_tokens));
    RB_TRY(side_init(&g->documents, x->n_rows, by_doc, g, "lda.documents", ctx, err));
    RB_TRY(side_init(&g->words, x->n_cols, by_word, g, "lda.words", ctx, err));
    g->own_word = rb_blocks_element(&g->words.units, ctx->rank, ctx->n_ranks);
    place_tokens(g, by_word, x, ctx);
done:
    rb_free(by_word);
    rb_free(by_doc);
    return err->status;
}

rb_status rb_gibbs_begin(rb_gibbs *g, const rb_csr *x, int64_t n_topics, int n_proposals, const double *alpha,
                         double beta, const rb_ctx *ctx, rb_error *err)
{
    *g = (rb_gibbs){ .n_topics = n_topics, .n_terms = x->n_cols, .n_proposals = n_proposals };
    RB_TRY(make_sides(g, x, ctx, err));
    int64_t stride = g->documents.longest + 1;
    g->scratch_bytes = room_bytes(g);
    rb_alloc(&g->total, n_topics, err);
    rb_alloc(&g->topic_count, n_topics * stride, err);
    rb_alloc(&g->word_count, g->words.longest + 1, err);
    rb_alloc(&g->length, stride, err);
    RB_TRY_ALL(ctx,
               rb_alloc(&g->scratch, ctx->n_threads * g->scratch_bytes + 2 * n_topics * (int64_t)sizeof(double), err));
    for (int64_t d = 0; d < x->n_rows; d++)
        g->length[g->documents.begin[d + 1] - g->documents.begin[d]]++;
    visit_side(g, &g->documents, NULL, 0, alpha, beta, ctx);
done:
    return err->status;
}

static void side_fini(rb_gibbs_side *s)
{
    rb_shared_fini(&s->memory);
    rb_blocks_fini(&s->units);
    rb_free(s->cumulative);
    rb_free(s->place);
    rb_free(s->offset);
    rb_free(s->begin);
}

void rb_gibbs_fini(rb_gibbs *g)
{
    side_fini(&g->documents);
    side_fini(&g->words);
    rb_free(g->scratch);
    rb_free(g->length);
    rb_free(g->word_count);
    rb_free(g->topic_count);
    rb_free(g->total);
    memset(g, 0, sizeof *g);
}

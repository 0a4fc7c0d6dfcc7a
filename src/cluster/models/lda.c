/*
 * Latent Dirichlet allocation: a title's words come from topics, a topic's from its words.
 *
 *     theta_d ~ Dirichlet(alpha),  phi_k ~ Dirichlet(beta),  z ~ theta_d,  w ~ phi_z
 *
 * Blei, Ng, Jordan (2003), https://www.jmlr.org/papers/v3/blei03a.html
 *
 * method gibbs: collapsed Gibbs sampling (Griffiths and Steyvers 2004) in the phases of WarpLDA
 * (core/topics_gibbs.h); words by topics are the mean counts of the last `samples` iterations; the objective is
 * -ln p(w, z). variational: Hoffman, Blei, Bach (2010), online or, with batch_size 0, batch
 * (core/topics_variational.h), as in scikit-learn; the objective is minus the bound.
 *
 * priors asymmetric: an alpha for each topic, updated by Minka's fixed point, under gibbs beta too.
 *
 * Topic proportions of all titles, held out or not, are then inferred with the topics fixed (core/topics.h), in fit and
 * for new titles alike: the same words give the same bits. A title without words has the prior's proportions, and by
 * the rule for equals (the lowest index) label 0 where alpha is symmetric; `n_empty` counts them.
 *
 * Arrays: labels, proportions [titles x topics], embedding (their square roots, embedding hellinger alone),
 * word_weights [terms x topics], alpha [topics], top_words [topics x top_words] columns of the space and, under
 * top_word_text and top_word_begin, as words, coherence [topics] (NPMI); scalars beta, perplexity, n_empty, n_held_out.
 *
 * Time of an iteration: gibbs O(tokens x proposals); variational O(steps x entries x topics), at most 100 steps.
 * Memory 2 (1 + proposals) 2 bytes a token and 24 bytes a (term, topic) a node. Bits: the same for any ranks and
 * threads.
 */
#include "cluster/cluster.h"

#include <math.h>
#include <string.h>

#include "cluster/core/topics_gibbs.h"
#include "cluster/core/topics_variational.h"
#include "data/space.h"

enum { METHOD_GIBBS, METHOD_VARIATIONAL };
enum { PRIORS_SYMMETRIC, PRIORS_ASYMMETRIC };
enum { EMBEDDING_PROPORTIONS, EMBEDDING_HELLINGER };

/* Iterations before priors are first updated: the first topics are random. */
#define PRIOR_WARM_UP 20

typedef struct {
    const char *space;
    int64_t topics, iterations, samples, proposals, batch_size, top_words;
    double alpha, beta, held_out, learning_offset, learning_decay;
    int method, priors, embedding;
    rb_array start;
} config;

typedef struct {
    rb_topics topics;
    int64_t n, n_embedded, n_top, n_empty, n_held_out, n_samples;
    rb_shared label_memory, proportion_memory;
    int32_t *label;      /* [n] */
    double *proportions; /* [n x n_topics] */
    double *embedding;   /* [n_embedded x n_topics]: n for hellinger, else 0 */
    int32_t *top_word;   /* [n_topics x n_top] */
    rb_strings top_text;
    double *coherence; /* [n_topics] */
    double perplexity;
    rb_csr train; /* while fitting: the rows that are not held out */
    uint8_t *held_out;
    rb_gibbs gibbs;
    rb_variational variational;
} state;

static const rb_param params[] = {
    RB_SPACE(config, space, "counts", "the words: counts, with its options"),
    RB_INT(config, topics, 20, 1, RB_GIBBS_MOST_TOPICS, "topics", "number of topics"),
    RB_CHOICE(config, method, METHOD_GIBBS, "gibbs|variational", "collapsed Gibbs sampling or variational Bayes"),
    RB_DOUBLE(config, alpha, 0.1, 1e-6, 1e6, "words", "prior of a topic in a title"),
    RB_DOUBLE(config, beta, 0.05, 1e-6, 1e6, "words", "prior of a word in a topic"),
    RB_CHOICE(config, priors, PRIORS_SYMMETRIC, "symmetric|asymmetric",
              "alpha as given, or one for each topic, updated from the data"),
    RB_INT(config, iterations, 100, 1, 65000, "", "passes over all words"),
    RB_INT(config, samples, 20, 1, 65000, "iterations", "last iterations whose counts are averaged, for gibbs"),
    RB_INT(config, proposals, 2, 1, RB_GIBBS_MOST_PROPOSALS, "", "candidates of a word in each phase, for gibbs"),
    RB_INT(config, batch_size, 0, 0, 1e9, "titles", "of a step of online variational Bayes; 0: all"),
    RB_DOUBLE(config, learning_offset, 10, 0, 1e9, "", "tau_0 of the step (tau_0 + t)^-kappa, online variational"),
    RB_DOUBLE(config, learning_decay, 0.7, 0.5, 1, "", "kappa of the same"),
    RB_ARRAY(config, start, "[topics x terms] first weights of the words, for variational; unset: random"),
    RB_DOUBLE(config, held_out, 0, 0, 0.9, "titles", "share of the titles that only perplexity and labels see"),
    RB_INT(config, top_words, 10, 1, 1000, "words", "words of each topic that are kept, and that coherence is of"),
    RB_CHOICE(
        config, embedding, EMBEDDING_PROPORTIONS, "proportions|hellinger",
        "what other trials cluster; hellinger: square roots, so that euclidean distance is Hellinger's times sqrt 2"),
    RB_PARAM_END,
};

static rb_status check(const void *cfg, const rb_shape *shape, rb_error *err)
{
    const config *c = cfg;
    if (c->start.value && c->method != METHOD_VARIATIONAL)
        return RB_FAIL(err, RB_BAD_INPUT, "'lda.start' is for the method variational: gibbs draws its first topics");
    if (c->start.value && c->start.n_rows != c->topics)
        return RB_FAIL(err, RB_BAD_INPUT, "'lda.start' has %lld rows, expected one for each of %lld topics",
                       (long long)c->start.n_rows, (long long)c->topics);
    if (c->priors == PRIORS_ASYMMETRIC && c->method == METHOD_VARIATIONAL && c->batch_size > 0)
        return RB_FAIL(err, RB_BAD_INPUT,
                       "'lda.priors' asymmetric needs gibbs, or variational with batch_size 0, not online steps");
    if (shape && shape->n_points > 0 && c->batch_size > shape->n_points)
        return RB_FAIL(err, RB_BAD_INPUT, "'lda.batch_size' is %lld, but there are only %lld titles",
                       (long long)c->batch_size, (long long)shape->n_points);
    return RB_OK;
}

static rb_cost cost(const void *cfg, const rb_shape *shape)
{
    const config *c = cfg;
    double n = (double)shape->n_points, terms = (double)shape->n_dims, k = (double)c->topics;
    double entries = (double)shape->n_points_nnz, tokens = 1.2 * entries; /* a short text seldom repeats a word */
    double table = 8 * terms * k, threads = (double)shape->n_threads;
    double top = k * (double)c->top_words;
    rb_cost out = { .bytes_per_rank = 24 * entries + 17 * n + 32 * terms + 300 * k * threads + 40 * top + 80 * k,
                    .bytes_per_node = 3 * table + 8 * n * k + 4 * n,
                    .flops = 60 * entries * k };
    if (c->embedding == EMBEDDING_HELLINGER)
        out.bytes_per_rank += 8 * n * k;
    if (c->method == METHOD_GIBBS) {
        out.bytes_per_rank += 8 * tokens + 16 * (n + terms) + 8 * k * 256;
        out.bytes_per_node += 4 * tokens * (double)(1 + c->proposals);
        out.flops += (double)c->iterations * tokens * 60 * (double)(1 + c->proposals);
    } else {
        out.bytes_per_rank += 24 * entries + 16 * n;
        out.bytes_per_node += 8 * n * k + 8 * entries + 8 * n;
        out.flops += (double)c->iterations * (20 * (4 * entries * k + 40 * n * k) + 2 * entries * k + 80 * terms * k);
    }
    return out;
}

/* ---- begin ---- */

/* The rows of x that train, and which do not. */
static rb_status hold_out(state *s, const rb_csr *x, double share, uint64_t seed, rb_error *err)
{
    RB_TRY(rb_alloc(&s->held_out, x->n_rows, err));
    RB_TRY(rb_csr_init(&s->train, x->n_rows, x->n_cols, x->row_begin[x->n_rows], err));
    int64_t at = 0;
    for (int64_t d = 0; d < x->n_rows; d++) {
        rb_rng rng = { .key = seed, .stream = rb_stream("lda.held_out"), .entity = (uint64_t)d };
        int64_t from = x->row_begin[d], n = x->row_begin[d + 1] - from;
        s->n_empty += n == 0;
        s->held_out[d] = n > 0 && rb_rng_uniform(&rng, 0) < share;
        s->n_held_out += s->held_out[d];
        for (int64_t e = from; e < from + n && !s->held_out[d]; e++, at++) {
            s->train.col[at] = x->col[e];
            s->train.value[at] = x->value[e];
        }
        s->train.row_begin[d + 1] = at;
    }
    if (at == 0)
        RB_FAIL(err, RB_BAD_INPUT, "'lda.held_out' %g leaves none of the %lld titles to learn from", share,
                (long long)x->n_rows);
done:
    return err->status;
}

static rb_status make_room(state *s, const rb_points *x, const config *c, rb_ctx *ctx, rb_error *err)
{
    int64_t n = x->n, k = c->topics;
    s->n = n;
    s->n_embedded = c->embedding == EMBEDDING_HELLINGER ? n : 0;
    s->n_top = c->top_words < x->d ? c->top_words : x->d;
    s->perplexity = NAN;
    s->topics = (rb_topics){
        .n_topics = k, .n_terms = x->d, .beta = c->beta, .is_variational = c->method == METHOD_VARIATIONAL
    };
    rb_alloc(&s->topics.alpha, k, err);
    rb_alloc(&s->embedding, s->n_embedded * k, err);
    rb_alloc(&s->top_word, k * s->n_top, err);
    RB_TRY_ALL(ctx, rb_alloc(&s->coherence, k, err));
    RB_TRY(rb_shared_alloc(&s->topics.weight_memory, x->d * k * (int64_t)sizeof(double), ctx, err));
    RB_TRY(rb_shared_alloc(&s->label_memory, n * (int64_t)sizeof(int32_t), ctx, err));
    RB_TRY(rb_shared_alloc(&s->proportion_memory, n * k * (int64_t)sizeof(double), ctx, err));
    s->topics.weight = s->topics.weight_memory.data;
    s->label = s->label_memory.data;
    s->proportions = s->proportion_memory.data;
    for (int64_t j = 0; j < k; j++)
        s->topics.alpha[j] = c->alpha;
done:
    return err->status;
}

static rb_status begin(void *self, const rb_train_view *view, const void *prepared, const void *cfg, rb_ctx *ctx,
                       rb_error *err)
{
    state *s = self;
    const config *c = cfg;
    (void)prepared;

    RB_TRY_ALL(ctx, rb_topics_check(view->space, err));
    RB_TRY_ALL(ctx, hold_out(s, view->space->sparse, c->held_out, ctx->seed, err));
    RB_TRY(make_room(s, view->space, c, ctx, err));
    if (c->method == METHOD_GIBBS) {
        RB_TRY(rb_gibbs_begin(&s->gibbs, &s->train, c->topics, (int)c->proposals, s->topics.alpha, c->beta, ctx, err));
    } else {
        rb_variational_options options = { c->batch_size, c->learning_offset, c->learning_decay, &c->start };
        RB_TRY(rb_variational_begin(&s->variational, &s->topics, &s->train, &options, ctx, err));
    }
done:
    return err->status;
}

/* ---- iterate ---- */

static void sample(state *s, int64_t iteration, double *objective, const config *c, rb_ctx *ctx)
{
    rb_topics *t = &s->topics;
    rb_gibbs_iterate(&s->gibbs, iteration, t->alpha, t->beta, ctx);
    *objective = -rb_gibbs_likelihood(&s->gibbs, t->alpha, t->beta);
    if (c->priors == PRIORS_ASYMMETRIC && iteration >= PRIOR_WARM_UP)
        rb_gibbs_update_priors(t->alpha, &t->beta, &s->gibbs);
    if (iteration >= c->iterations - c->samples) {
        rb_gibbs_add(t->weight, &s->gibbs, ctx);
        s->n_samples++;
    }
}

static rb_status iterate(void *self, int64_t iteration, double *objective, bool *done, const rb_train_view *view,
                         const void *prepared, const void *cfg, rb_ctx *ctx, rb_error *err)
{
    state *s = self;
    const config *c = cfg;
    (void)view, (void)prepared;
    if (c->method == METHOD_GIBBS)
        sample(s, iteration, objective, c, ctx);
    else
        RB_TRY(
            rb_variational_iterate(&s->variational, objective, &s->topics, c->priors == PRIORS_ASYMMETRIC, ctx, err));
    *done = iteration + 1 >= c->iterations;
done:
    return err->status;
}

/* ---- end ---- */

/* The mean counts with their prior. A fit that was stopped early has its last counts. */
static void finish_weights(state *s, rb_ctx *ctx)
{
    rb_topics *t = &s->topics;
    const rb_gibbs *g = &s->gibbs;
    int64_t first = rb_blocks_element(&g->words.units, ctx->rank, ctx->n_ranks);
    int64_t last = rb_blocks_element(&g->words.units, ctx->rank + 1, ctx->n_ranks);
    if (s->n_samples == 0) {
        rb_gibbs_add(t->weight, g, ctx);
        s->n_samples = 1;
    }
    for (int64_t at = first * t->n_topics; at < last * t->n_topics; at++)
        t->weight[at] = t->weight[at] / (double)s->n_samples + t->beta;
}

static rb_status publish_weights(state *s, rb_ctx *ctx, rb_error *err)
{
    int64_t *offset = NULL;
    RB_TRY_ALL(ctx, rb_alloc(&offset, ctx->n_ranks + 1, err));
    finish_weights(s, ctx);
    rb_blocks_offsets(offset, &s->gibbs.words.units, ctx);
    rb_shared_publish(&s->topics.weight_memory, offset, s->topics.n_topics * (int64_t)sizeof(double), ctx);
done:
    rb_free(offset);
    return err->status;
}

/* Top words as columns and as text, and how coherent they are. Local. */
static rb_status describe(state *s, const rb_points *x, const rb_ctx *ctx, rb_error *err)
{
    const char **text = NULL;
    int64_t n = s->topics.n_topics * s->n_top;
    RB_TRY(rb_topics_top_words(s->top_word, s->n_top, &s->topics, err));
    RB_TRY(
        rb_topics_coherence(s->coherence, s->top_word, s->topics.n_topics, s->n_top, x->sparse, ctx->n_threads, err));
    RB_TRY(rb_alloc(&text, n, err));
    for (int64_t i = 0; i < n && x->terms.n > 0; i++)
        text[i] = rb_strings_at(&x->terms, s->top_word[i]);
    RB_TRY(rb_strings_from(&s->top_text, text, x->terms.n > 0 ? n : 0, err));
done:
    rb_free(text);
    return err->status;
}

static rb_status place_titles(state *s, const rb_points *x, rb_ctx *ctx, rb_error *err)
{
    int64_t *offset = NULL, k = s->topics.n_topics;
    RB_TRY_ALL(ctx, rb_alloc(&offset, ctx->n_ranks + 1, err));
    rb_blocks_offsets(offset, &x->blocks, ctx);
    RB_TRY(rb_topics_proportions(s->proportions, &s->topics, x, ctx, err));
    int64_t first = offset[ctx->rank], n = offset[ctx->rank + 1] - first;
    rb_topics_labels(s->label + first, s->proportions + first * k, n, k);
    rb_shared_publish(&s->proportion_memory, offset, k * (int64_t)sizeof(double), ctx);
    rb_shared_publish(&s->label_memory, offset, sizeof(int32_t), ctx);
    for (int64_t i = 0; i < s->n_embedded * k; i++)
        s->embedding[i] = sqrt(s->proportions[i]);
done:
    rb_free(offset);
    return err->status;
}

static void end_run(state *s)
{
    rb_gibbs_fini(&s->gibbs);
    rb_variational_fini(&s->variational);
    rb_csr_fini(&s->train);
    rb_free(s->held_out);
    s->held_out = NULL;
}

static rb_status end(void *self, const rb_train_view *view, const void *prepared, const void *cfg, rb_ctx *ctx,
                     rb_error *err)
{
    state *s = self;
    const config *c = cfg;
    (void)prepared;
    if (c->method == METHOD_GIBBS)
        RB_TRY(publish_weights(s, ctx, err));
    RB_TRY(place_titles(s, view->space, ctx, err));
    if (s->n_held_out > 0)
        RB_TRY(rb_topics_perplexity(&s->perplexity, &s->topics, view->space, s->held_out, ctx, err));
    RB_TRY_ALL(ctx, describe(s, view->space, ctx, err));
    end_run(s);
done:
    return err->status;
}

/* ---- what it knows ---- */

static const int32_t *labels(const void *self, int64_t *n)
{
    const state *s = self;
    *n = s->n;
    return s->label;
}

static const double *embed(const void *self, int64_t *n, int64_t *d)
{
    const state *s = self;
    *n = s->n;
    *d = s->topics.n_topics;
    return s->n_embedded > 0 ? s->embedding : s->proportions;
}

static void embed_shape(const void *cfg, const rb_shape *shape, int64_t *n, int64_t *d)
{
    (void)shape, (void)n;
    *d = ((const config *)cfg)->topics;
}

/* Proportions of new titles on every rank. */
static rb_status new_proportions(double *out, const state *s, const rb_points *points, rb_ctx *ctx, rb_error *err)
{
    int64_t *offset = NULL, row = s->topics.n_topics * (int64_t)sizeof *out;
    if (points->d != s->topics.n_terms || !points->sparse)
        RB_FAIL(err, RB_BAD_INPUT, "the points have %lld dimensions, but the model was fitted on %lld words",
                (long long)points->d, (long long)s->topics.n_terms);
    RB_TRY(err->status);
    RB_TRY(rb_points_check(points, err));
    RB_TRY_ALL(ctx, rb_alloc(&offset, ctx->n_ranks + 1, err));
    RB_TRY(rb_topics_proportions(out, &s->topics, points, ctx, err));
    rb_blocks_offsets(offset, &points->blocks, ctx);
    for (int r = 0; r <= ctx->n_ranks; r++)
        offset[r] *= row;
    rb_allgather_bytes(ctx, out, (char *)out + offset[ctx->rank], offset);
done:
    rb_free(offset);
    return err->status;
}

static rb_status embed_new(double *out, const void *self, const rb_points *points, const void *cfg, rb_ctx *ctx,
                           rb_error *err)
{
    const state *s = self;
    RB_TRY(new_proportions(out, s, points, ctx, err));
    if (((const config *)cfg)->embedding == EMBEDDING_HELLINGER)
        for (int64_t i = 0; i < points->n * s->topics.n_topics; i++)
            out[i] = sqrt(out[i]);
done:
    return err->status;
}

static rb_status assign(int32_t *out, const void *self, const rb_points *points, const void *cfg, rb_ctx *ctx,
                        rb_error *err)
{
    const state *s = self;
    double *proportions = NULL;
    (void)cfg;
    RB_TRY_ALL(ctx, rb_alloc(&proportions, points->n * s->topics.n_topics, err));
    RB_TRY(new_proportions(proportions, s, points, ctx, err));
    rb_topics_labels(out, proportions, points->n, s->topics.n_topics);
done:
    rb_free(proportions);
    return err->status;
}

static const char *const measures[] = { "perplexity", "coherence", NULL };

static void measure(double *values, const void *self, const void *cfg)
{
    const state *s = self;
    double sum = 0;
    (void)cfg;
    for (int64_t k = 0; k < s->topics.n_topics; k++)
        sum += s->coherence[k];
    values[0] = s->perplexity;
    values[1] = sum / (double)s->topics.n_topics;
}

static const char *distance(const void *cfg)
{
    (void)cfg;
    return "cosine";
}

static void arrays(void *self, rb_visitor *v)
{
    state *s = self;
    rb_topics *t = &s->topics;
    int64_t one = 1;
    v->array(v, "labels", RB_INT32, (void **)&s->label, &s->n, &one, &s->label_memory);
    v->array(v, "proportions", RB_FLOAT64, (void **)&s->proportions, &s->n, &t->n_topics, &s->proportion_memory);
    v->array(v, "embedding", RB_FLOAT64, (void **)&s->embedding, &s->n_embedded, &t->n_topics, NULL);
    v->array(v, "word_weights", RB_FLOAT64, (void **)&t->weight, &t->n_terms, &t->n_topics, &t->weight_memory);
    v->array(v, "alpha", RB_FLOAT64, (void **)&t->alpha, &t->n_topics, &one, NULL);
    v->array(v, "top_words", RB_INT32, (void **)&s->top_word, &t->n_topics, &s->n_top, NULL);
    rb_strings_arrays(v, "top_word_text", "top_word_begin", &s->top_text);
    v->array(v, "coherence", RB_FLOAT64, (void **)&s->coherence, &t->n_topics, &one, NULL);
    v->scalar(v, "beta", RB_FLOAT64, &t->beta);
    v->scalar(v, "is_variational", RB_INT64, &t->is_variational);
    v->scalar(v, "n_samples", RB_INT64, &s->n_samples);
    v->scalar(v, "perplexity", RB_FLOAT64, &s->perplexity);
    v->scalar(v, "n_empty", RB_INT64, &s->n_empty);
    v->scalar(v, "n_held_out", RB_INT64, &s->n_held_out);
}

static void checkpoint(void *self, rb_visitor *v)
{
    state *s = self;
    rb_topics *t = &s->topics;
    int64_t one = 1;
    if (t->is_variational) {
        v->array(v, "weights", RB_FLOAT64, (void **)&t->weight, &t->n_terms, &t->n_topics, &t->weight_memory);
        v->scalar(v, "n_steps", RB_INT64, &s->variational.n_steps);
    } else {
        rb_gibbs_checkpoint(&s->gibbs, t->weight, v);
        v->scalar(v, "n_samples", RB_INT64, &s->n_samples);
    }
    v->array(v, "alpha", RB_FLOAT64, (void **)&t->alpha, &t->n_topics, &one, NULL);
    v->scalar(v, "beta", RB_FLOAT64, &t->beta);
}

static void fini(void *self)
{
    state *s = self;
    end_run(s);
    rb_shared_fini(&s->label_memory);
    rb_shared_fini(&s->proportion_memory);
    rb_shared_fini(&s->topics.weight_memory);
    rb_free(s->topics.alpha);
    rb_free(s->embedding);
    rb_free(s->top_word);
    rb_strings_fini(&s->top_text);
    rb_free(s->coherence);
    memset(s, 0, sizeof *s);
}

const rb_clusterer rb_lda = {
    .name = "lda",
    .summary = "latent Dirichlet allocation: topics of titles by their words",
    .reference = "Blei, Ng, Jordan 2003, JMLR 3:993; Chen et al. 2016, doi:10.14778/2977797.2977801; "
                 "Hoffman, Blei, Bach 2010",
    .needs = RB_NEEDS_SPACE | RB_NEEDS_COUNTS,
    .can = RB_CAN_ASSIGN,
    .config_size = sizeof(config),
    .state_size = sizeof(state),
    .params = params,
    .check = check,
    .cost = cost,
    .begin = begin,
    .iterate = iterate,
    .end = end,
    .distance = distance,
    .labels = labels,
    .assign = assign,
    .embed = embed,
    .embed_shape = embed_shape,
    .embed_new = embed_new,
    .measures = measures,
    .measure = measure,
    .checkpoint = checkpoint,
    .arrays = arrays,
    .fini = fini,
};

/*
 * Deep embedded clustering: an autoencoder whose code is then refined together with the centres of its clusters.
 *
 *     dec:   min mean_i KL(p_i || q_i)
 *     idec:  min mean_i |x_i - f(g(x_i))|^2 / d + gamma mean_i KL(p_i || q_i)
 *
 * q soft assignments of the codes to the centres by Student's t, p their sharpened target (core/dec.h), made anew
 * before each epoch. Xie, Girshick, Farhadi (2016), arXiv:1511.06335; IDEC: Guo et al. (2017),
 * doi:10.24963/ijcai.2017/243.
 *
 * The first `pretrain` epochs train the autoencoder (models/autoencoder.c); then K-Means on the codes makes the
 * centres, and up to `iterations` epochs refine both, until fewer than `tolerance` of the labels change. The objective
 * is the loss of the epoch: of the reconstruction, then of the refinement, as `phase` tells.
 *
 * label: the nearest centre. embed: the codes. Arrays: labels, centres [k x width], code, widths, parameters (the
 * network's, then the centres). Points, cost and bits as of autoencoder, and n k numbers a node.
 */
#include "cluster/cluster.h"

#include <math.h>
#include <string.h>

#include "cluster/core/dec.h"

enum { OBJECTIVE_DEC, OBJECTIVE_IDEC };

typedef struct {
    const char *space;
    int64_t k;
    RB_CODES_CONFIG;
    int64_t pretrain, iterations, n_init;
    double gamma, tolerance;
    int objective;
} config;

typedef struct {
    rb_codes codes;
    rb_dec_state dec; /* while fitting: but for the labels */
    int64_t n, k;
    int32_t *label;
    rb_shared label_memory;
    double *centres; /* [k x width] */
    bool converged;
} state;

static const rb_param params[] = {
    RB_SPACE(config, space, "lsa-100", "the points"),
    RB_INT(config, k, 8, 1, RB_DEC_MOST_CLUSTERS, "clusters", "number of clusters"),
    RB_CODES_PARAMS(config),
    RB_INT(config, pretrain, 50, 0, 30000, "epochs", "passes over the points for the autoencoder alone"),
    RB_INT(config, iterations, 50, 1, 30000, "epochs", "most passes that refine codes and centres"),
    RB_INT(config, n_init, 4, 1, 10000, "restarts", "of K-Means on the codes, of which the best is kept"),
    RB_CHOICE(config, objective, OBJECTIVE_IDEC, "dec|idec",
              "the clusters' loss alone, or beside the reconstruction's"),
    RB_DOUBLE(config, gamma, 0.1, 0, 1e6, "", "weight of the clusters' loss, idec only"),
    RB_DOUBLE(config, tolerance, 0.001, 0, 1, "points", "share of changed labels that ends the refinement"),
    RB_PARAM_END,
};

static rb_status check(const void *cfg, const rb_shape *shape, rb_error *err)
{
    const config *c = cfg;
    if (shape && shape->n_points > 0 && c->k > shape->n_points)
        return RB_FAIL(err, RB_BAD_INPUT, "'dec.k' is %lld, but there are only %lld points", (long long)c->k,
                       (long long)shape->n_points);
    return rb_codes_check(c->layers, "dec", err);
}

static int64_t code_width(const config *c)
{
    int64_t width[RB_MLP_MOST_LAYERS / 2];
    int n = rb_mlp_parse(width, c->layers);
    return n > 0 ? width[n - 1] : 0;
}

static rb_cost cost(const void *cfg, const rb_shape *shape)
{
    const config *c = cfg;
    double n = (double)shape->n_points, k = (double)c->k, d = (double)code_width(c);
    rb_cost out = rb_codes_cost(c->layers, c->batch_size, c->pretrain + 2 * c->iterations, c->k * code_width(c), shape);
    out.bytes_per_rank += 8 * (k * (3 * d + 1024.0 / shape->n_ranks + 32) + 8 * n);
    out.bytes_per_node += 8 * n * k + 12 * n;
    out.flops += (double)c->iterations * 10 * n * k * d + (double)c->n_init * 100 * 3 * n * k * d;
    return out;
}

static rb_status begin(void *self, const rb_train_view *view, const void *prepared, const void *cfg, rb_ctx *ctx,
                       rb_error *err)
{
    state *s = self;
    const config *c = cfg;
    const rb_points *x = view->space;
    (void)prepared;

    RB_TRY_ALL(ctx, rb_points_check(x, err));
    RB_TRY_ALL(ctx, check(c, &(rb_shape){ .n_points = x->n }, err));
    RB_TRY(rb_codes_begin(&s->codes, x, c->layers, c->k * code_width(c), ctx, err));
    RB_TRY(rb_dec_begin(&s->dec, x, c->k, c->objective == OBJECTIVE_IDEC ? c->gamma : 1, ctx, err));
    s->n = x->n;
    s->k = c->k;
    RB_TRY_ALL(ctx, rb_alloc(&s->centres, s->k * s->codes.d, err));
    RB_TRY(rb_shared_alloc(&s->label_memory, s->n * (int64_t)sizeof *s->label, ctx, err));
    s->label = s->label_memory.data;
done:
    return err->status;
}

/* Centres from the autoencoder's codes; Adam begins anew, as what is minimised is something else now. */
static rb_status start_refinement(state *s, const rb_points *x, const config *c, rb_ctx *ctx, rb_error *err)
{
    rb_mlp *net = &s->codes.net;
    RB_TRY(rb_codes_encode(&s->codes, x, ctx, err));
    RB_TRY(rb_dec_start(&s->codes, x, s->k, c->n_init, ctx, err));
    memset(net->moment, 0, (size_t)net->n * sizeof *net->moment);
    memset(net->square, 0, (size_t)net->n * sizeof *net->square);
    net->n_steps = 0;
done:
    return err->status;
}

static rb_status refine(state *s, int64_t iteration, double *objective, const rb_points *x, const config *c,
                        rb_ctx *ctx, rb_error *err)
{
    int64_t n_changed;
    rb_code_loss loss = { rb_dec_loss, &s->dec };
    rb_mlp_task task = { c->objective == OBJECTIVE_IDEC ? 1 : 0, &loss };
    if (iteration == c->pretrain)
        RB_TRY(start_refinement(s, x, c, ctx, err));
    else
        RB_TRY(rb_codes_encode(&s->codes, x, ctx, err));
    RB_TRY(rb_dec_aim(&s->dec, &n_changed, &s->codes, x, ctx, err));
    s->converged = iteration > c->pretrain && (double)n_changed < c->tolerance * (double)x->n;
    RB_TRY(rb_mlp_epoch(objective, &s->codes.net, x, iteration, c->batch_size, c->learning_rate, &task, ctx, err));
done:
    return err->status;
}

static rb_status iterate(void *self, int64_t iteration, double *objective, bool *done, const rb_train_view *view,
                         const void *prepared, const void *cfg, rb_ctx *ctx, rb_error *err)
{
    state *s = self;
    const config *c = cfg;
    (void)prepared;
    if (iteration < c->pretrain)
        RB_TRY(rb_mlp_epoch(objective, &s->codes.net, view->space, iteration, c->batch_size, c->learning_rate,
                            &(rb_mlp_task){ .reconstruction = 1 }, ctx, err));
    else
        RB_TRY(refine(s, iteration, objective, view->space, c, ctx, err));
    *done = s->converged || iteration + 1 >= c->pretrain + c->iterations;
done:
    return err->status;
}

/* A fit that was stopped while it was still an autoencoder has the centres of K-Means. */
static rb_status end(void *self, const rb_train_view *view, const void *prepared, const void *cfg, rb_ctx *ctx,
                     rb_error *err)
{
    state *s = self;
    const rb_points *x = view->space;
    const double *centres = rb_dec_centres(&s->codes.net);
    bool has_centres = false;
    (void)prepared;
    for (int64_t i = 0; i < s->k * s->codes.d; i++)
        has_centres = has_centres || centres[i] != 0;
    if (has_centres)
        RB_TRY(rb_codes_encode(&s->codes, x, ctx, err));
    else
        RB_TRY(start_refinement(s, x, cfg, ctx, err));
    memcpy(s->centres, centres, (size_t)(s->k * s->codes.d) * sizeof *centres);
    int64_t first = s->dec.begin[ctx->rank], n = s->dec.begin[ctx->rank + 1] - first;
    rb_dec_labels(s->label + first, s->codes.code + first * s->codes.d, n, s->centres, s->k, s->codes.d);
    rb_shared_publish(&s->label_memory, s->dec.begin, sizeof *s->label, ctx);
    rb_dec_fini(&s->dec);
done:
    return err->status;
}

static const char *phase(const void *cfg, int64_t iteration)
{
    return iteration < ((const config *)cfg)->pretrain ? "reconstruction" : "refinement";
}

static bool has_converged(const void *self)
{
    return ((const state *)self)->converged;
}

static const int32_t *labels(const void *self, int64_t *n)
{
    const state *s = self;
    *n = s->n;
    return s->label;
}

static rb_status assign(int32_t *out, const void *self, const rb_points *points, const void *cfg, rb_ctx *ctx,
                        rb_error *err)
{
    const state *s = self;
    double *code = NULL;
    (void)cfg;
    RB_TRY_ALL(ctx, rb_alloc(&code, points->n * s->codes.d, err));
    RB_TRY(rb_codes_of(code, &s->codes, points, ctx, err));
    rb_dec_labels(out, code, points->n, s->centres, s->k, s->codes.d);
done:
    rb_free(code);
    return err->status;
}

static const double *embed(const void *self, int64_t *n, int64_t *d)
{
    const state *s = self;
    *n = s->codes.n;
    *d = s->codes.d;
    return s->codes.code;
}

static void embed_shape(const void *cfg, const rb_shape *shape, int64_t *n, int64_t *d)
{
    (void)shape, (void)n;
    *d = code_width(cfg);
}

static rb_status embed_new(double *out, const void *self, const rb_points *points, const void *cfg, rb_ctx *ctx,
                           rb_error *err)
{
    (void)cfg;
    return rb_codes_of(out, &((const state *)self)->codes, points, ctx, err);
}

static void arrays(void *self, rb_visitor *v)
{
    state *s = self;
    int64_t one = 1;
    v->array(v, "labels", RB_INT32, (void **)&s->label, &s->n, &one, &s->label_memory);
    rb_codes_arrays(&s->codes, v);
    v->array(v, "centres", RB_FLOAT64, (void **)&s->centres, &s->k, &s->codes.d, NULL);
}

/* Codes, target and label of the model are made anew of the network; how many labels change is not. */
static void checkpoint(void *self, rb_visitor *v)
{
    state *s = self;
    int64_t one = 1;
    rb_codes_checkpoint(&s->codes, v);
    v->array(v, "label", RB_INT32, (void **)&s->dec.label, &s->n, &one, &s->dec.label_memory);
}

static void fini(void *self)
{
    state *s = self;
    rb_dec_fini(&s->dec);
    rb_codes_fini(&s->codes);
    rb_shared_fini(&s->label_memory);
    rb_free(s->centres);
    memset(s, 0, sizeof *s);
}

const rb_clusterer rb_dec = {
    .name = "dec",
    .summary = "deep embedded clustering: codes of an autoencoder, refined with their centres",
    .reference = "Xie, Girshick, Farhadi 2016, arXiv:1511.06335; Guo et al. 2017, doi:10.24963/ijcai.2017/243",
    .needs = RB_NEEDS_SPACE,
    .can = RB_CAN_ASSIGN,
    .config_size = sizeof(config),
    .state_size = sizeof(state),
    .params = params,
    .check = check,
    .cost = cost,
    .begin = begin,
    .iterate = iterate,
    .end = end,
    .phase = phase,
    .converged = has_converged,
    .labels = labels,
    .assign = assign,
    .embed = embed,
    .embed_shape = embed_shape,
    .embed_new = embed_new,
    .checkpoint = checkpoint,
    .arrays = arrays,
    .fini = fini,
};

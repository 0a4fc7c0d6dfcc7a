#include "cluster/core/codes.h"

#include <string.h>

rb_status rb_codes_check(const char *layers, const char *owner, rb_error *err)
{
    int64_t width[RB_MLP_MOST_LAYERS / 2];
    if (rb_mlp_parse(width, layers) == 0)
        return RB_FAIL(
            err, RB_BAD_INPUT,
            "'%s.layers' is '%s', expected at most %d widths in [1, 1000000] joined by -, as 500-500-2000-10", owner,
            layers ? layers : "", RB_MLP_MOST_LAYERS / 2);
    return RB_OK;
}

rb_cost rb_codes_cost(const char *layers, int64_t batch_size, int64_t epochs, int64_t n_extra, const rb_shape *shape)
{
    int64_t width[RB_MLP_MOST_LAYERS / 2], sum = shape->n_dims, most = shape->n_dims;
    int n = rb_mlp_parse(width, layers);
    double points = (double)shape->n_points, size = (double)(rb_mlp_size(width, n, shape->n_dims) + n_extra);
    for (int l = 0; l < n; l++) {
        sum += 2 * width[l];
        most = width[l] > most ? width[l] : most;
    }
    double own = (double)batch_size / 32 / (double)shape->n_ranks + 2;
    double room = 64.0 * (double)(sum + 4 * most + (n > 0 ? width[n - 1] : 0));
    return (rb_cost){ .bytes_per_rank = 8 * size * (5 + 2 * own) + 8 * room * (double)shape->n_threads + 24 * points,
                      .bytes_per_node = n > 0 ? 8 * points * (double)width[n - 1] : 0,
                      .flops = (6 * (double)epochs + 2) * points * size };
}

rb_status rb_codes_begin(rb_codes *c, const rb_points *x, const char *layers, int64_t n_extra, const rb_ctx *ctx,
                         rb_error *err)
{
    int64_t width[RB_MLP_MOST_LAYERS / 2];
    int n = rb_mlp_parse(width, layers);
    if (x->n < 1 || x->d < 1)
        RB_FAIL(err, RB_BAD_INPUT, "there are no points to learn a code of");
    RB_TRY_ALL(ctx, err->status);
    RB_TRY_ALL(ctx, rb_mlp_init(&c->net, width, n, x->d, n_extra, ctx->seed, err));
    c->n = x->n;
    c->d = width[n - 1];
    c->n_widths = c->net.n_layers + 1;
    c->n_parameters = c->net.n;
    RB_TRY_ALL(ctx, rb_alloc(&c->widths, c->n_widths, err));
    memcpy(c->widths, c->net.width, (size_t)c->n_widths * sizeof *c->widths);
    RB_TRY(rb_shared_alloc(&c->memory, c->n * c->d * (int64_t)sizeof *c->code, ctx, err));
    c->code = c->memory.data;
done:
    return err->status;
}

rb_status rb_codes_encode(rb_codes *c, const rb_points *x, const rb_ctx *ctx, rb_error *err)
{
    int64_t *begin = NULL;
    RB_TRY_ALL(ctx, rb_alloc(&begin, ctx->n_ranks + 1, err));
    rb_blocks_offsets(begin, &x->blocks, ctx);
    rb_shared_sync(&c->memory, ctx); /* codes of before may still be read */
    RB_TRY(rb_mlp_encode(c->code, &c->net, x, ctx, err));
    rb_shared_publish(&c->memory, begin, c->d * (int64_t)sizeof *c->code, ctx);
done:
    rb_free(begin);
    return err->status;
}

/* A stored model holds widths and parameters alone. */
static rb_mlp network_of(const rb_codes *c)
{
    rb_mlp net = c->net;
    rb_mlp_shape(&net, c->widths, (int)c->n_widths - 1, 0);
    net.parameter = c->net.parameter;
    return net;
}

rb_status rb_codes_of(double *out, const rb_codes *c, const rb_points *points, const rb_ctx *ctx, rb_error *err)
{
    int64_t *begin = NULL;
    rb_mlp net = network_of(c);
    if (points->d != net.width[0])
        RB_FAIL(err, RB_BAD_INPUT, "the points have %lld dimensions, but the network was fitted on %lld",
                (long long)points->d, (long long)net.width[0]);
    else
        rb_points_check(points, err);
    RB_TRY_ALL(ctx, err->status);
    RB_TRY_ALL(ctx, rb_alloc(&begin, ctx->n_ranks + 1, err));
    RB_TRY(rb_mlp_encode(out, &net, points, ctx, err));
    rb_blocks_offsets(begin, &points->blocks, ctx);
    for (int r = 0; r <= ctx->n_ranks; r++)
        begin[r] *= c->d * (int64_t)sizeof *out;
    rb_allgather_bytes(ctx, out, (char *)out + begin[ctx->rank], begin);
done:
    rb_free(begin);
    return err->status;
}

void rb_codes_arrays(rb_codes *c, rb_visitor *v)
{
    int64_t one = 1;
    v->array(v, "code", RB_FLOAT64, (void **)&c->code, &c->n, &c->d, &c->memory);
    v->array(v, "widths", RB_INT64, (void **)&c->widths, &c->n_widths, &one, NULL);
    v->array(v, "parameters", RB_FLOAT64, (void **)&c->net.parameter, &c->n_parameters, &one, NULL);
}

void rb_codes_checkpoint(rb_codes *c, rb_visitor *v)
{
    int64_t one = 1;
    rb_mlp *net = &c->net;
    v->array(v, "parameters", RB_FLOAT64, (void **)&net->parameter, &net->n, &one, NULL);
    v->array(v, "turned", RB_FLOAT64, (void **)&net->turned, &net->n, &one, NULL);
    v->array(v, "moment", RB_FLOAT64, (void **)&net->moment, &net->n, &one, NULL);
    v->array(v, "square", RB_FLOAT64, (void **)&net->square, &net->n, &one, NULL);
    v->scalar(v, "n_steps", RB_INT64, &net->n_steps);
}

void rb_codes_fini(rb_codes *c)
{
    rb_shared_fini(&c->memory);
    rb_free(c->widths);
    rb_mlp_fini(&c->net);
    memset(c, 0, sizeof *c);
}

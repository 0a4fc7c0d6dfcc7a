/*
 * What autoencoder and dec share: a network, the codes of its points, and how both are configured and stored.
 */
#ifndef RB_CLUSTER_CORE_CODES_H
#define RB_CLUSTER_CORE_CODES_H

#include "cluster/core/mlp.h"

#define RB_CODES_CONFIG \
    const char *layers; \
    int64_t batch_size; \
    double learning_rate

#define RB_CODES_PARAMS(config)                                                         \
    RB_STRING(config, layers, "128-64-10",                                              \
              "widths of the encoder joined by -, the last of the code; the decoder's " \
              "go back"),                                                               \
        RB_INT(config, batch_size, 256, 1, 32768, "points", "points of a step"),        \
        RB_DOUBLE(config, learning_rate, 0.001, 1e-9, 10, "", "of Adam")

typedef struct rb_codes {
    rb_mlp net;
    int64_t n, d; /* points; width of the code */
    rb_shared memory;
    double *code;     /* [n x d] */
    int64_t *widths;  /* [n_widths] of the input, then of each layer */
    int64_t n_widths; /* layers + 1 */
    int64_t n_parameters;
} rb_codes;

/** RB_BAD_INPUT where layers is no list of widths. Local. */
rb_status rb_codes_check(const char *layers, const char *owner, rb_error *err);

/** Of `epochs` passes, with n_extra parameters beside the layers. */
rb_cost rb_codes_cost(const char *layers, int64_t batch_size, int64_t epochs, int64_t n_extra, const rb_shape *shape);

/** A network with random weights, drawn by ctx->seed, and room for codes. RB_BAD_INPUT: no points. Collective. */
rb_status rb_codes_begin(rb_codes *c, const rb_points *x, const char *layers, int64_t n_extra, const rb_ctx *ctx,
                         rb_error *err);

/** The codes of x, on every rank. Collective. */
rb_status rb_codes_encode(rb_codes *c, const rb_points *x, const rb_ctx *ctx, rb_error *err);

/** Codes of new points, [points->n x d], on every rank. RB_BAD_INPUT: another dimension, or a value that is not finite.
 *  Collective. */
rb_status rb_codes_of(double *out, const rb_codes *c, const rb_points *points, const rb_ctx *ctx, rb_error *err);

void rb_codes_arrays(rb_codes *c, rb_visitor *v);
/** As the slot `checkpoint`: the network with what Adam keeps. */
void rb_codes_checkpoint(rb_codes *c, rb_visitor *v);
void rb_codes_fini(rb_codes *c); /* collective over ctx of begin */

#endif

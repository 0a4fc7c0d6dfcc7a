/*
 * Networks of dense layers for autoencoders: forward, backward, Adam, with bits that no number of ranks changes.
 *
 *     a_0 = x,  a_l = relu(W_l a_l-1 + b_l),  without relu where a code or a reconstruction comes out
 *
 * A batch is cut into fixed micro-batches (parallel/blocks.h: a function of its size alone). Each makes its gradient,
 * and the gradients are added in the fixed tree. Parameters are the same on every rank.
 */
#ifndef RB_CLUSTER_CORE_MLP_H
#define RB_CLUSTER_CORE_MLP_H

#include "data/algorithm.h"

#define RB_MLP_MOST_LAYERS 32

typedef struct rb_mlp {
    int n_layers;
    int code;                               /* the layer whose output is the code: the middle */
    int64_t width[RB_MLP_MOST_LAYERS + 1];  /* of the input, then of each layer's output */
    int64_t offset[RB_MLP_MOST_LAYERS + 1]; /* first parameter of a layer: W [out x in] row-major, then b [out] */
    int64_t n;                              /* parameters: of all layers, then n_extra of whoever uses the code */
    int64_t n_extra;
    double *parameter;       /* [n] */
    double *turned;          /* [n] W' [in x out] of each layer where its W stands */
    double *moment, *square; /* [n] Adam's */
    int64_t n_steps;
} rb_mlp;

/* What is minimised beside the reconstruction: a function of the code of each row. */
typedef struct rb_code_loss {
    /**
     * Loss of m codes z [m x width] of rows `row` of the points; adds its derivatives to delta [m x width] and to
     * extra [n_extra], all times `scale`. Local; called from a parallel region.
     */
    double (*add)(double *delta, double *extra, const double *z, const int64_t *row, int64_t m, double scale,
                  const rb_mlp *net, const void *self);
    const void *self;
} rb_code_loss;

/* What one step minimises: reconstruction times the mean squared error, plus the mean of `code` where it is given. */
typedef struct rb_mlp_task {
    double reconstruction;
    const rb_code_loss *code; /* NULL: none */
} rb_mlp_task;

/**
 * Widths of an encoder from text, "500-500-2000-10": at most RB_MLP_MOST_LAYERS / 2 of 1 to 10^6. Local.
 *
 * @return their number, or 0 where the text is no such list
 */
int rb_mlp_parse(int64_t width[RB_MLP_MOST_LAYERS / 2], const char *text);

/** Parameters of an autoencoder of points of d dimensions. */
int64_t rb_mlp_size(const int64_t *width, int n, int64_t d);

/** An autoencoder: the widths forth, and back to d. Weights normal with variance 2 / in (He et al. 2015), drawn by the
 *  seed; biases and extra parameters 0. Local. */
rb_status rb_mlp_init(rb_mlp *net, const int64_t *width, int n, int64_t d, int64_t n_extra, uint64_t seed,
                      rb_error *err);
/** Shapes from widths [n_layers + 1] of a stored model; no memory. */
void rb_mlp_shape(rb_mlp *net, const int64_t *width, int n_layers, int64_t n_extra);
void rb_mlp_fini(rb_mlp *net);

/** Brings `turned` up to date after parameters were set. Local, by threads. */
void rb_mlp_turn(rb_mlp *net, int n_threads);

/**
 * Gradient and loss of rows of points. Collective over ctx.
 *
 * @param[out] gradient  [n + 1] the mean over the rows; then the loss
 * @param[in]  row       [n_rows] rows of x
 */
rb_status rb_mlp_gradient(double *gradient, const rb_mlp *net, const rb_points *x, const int64_t *row, int64_t n_rows,
                          const rb_mlp_task *task, const rb_ctx *ctx, rb_error *err);

/** A step of Adam (Kingma and Ba 2015, arXiv:1412.6980) with beta 0.9 and 0.999, epsilon 1e-8. Local, by threads. */
void rb_mlp_step(rb_mlp *net, const double *gradient, double rate, int n_threads);

/**
 * Steps over all rows of x once, in an order by ctx->seed and the epoch. Collective over ctx.
 *
 * @param[out] loss  mean over the rows, each at its own step
 * @return RB_NOT_FINITE where the loss is not
 */
rb_status rb_mlp_epoch(double *loss, rb_mlp *net, const rb_points *x, int64_t epoch, int64_t batch_size, double rate,
                       const rb_mlp_task *task, const rb_ctx *ctx, rb_error *err);

/** Codes of the rows of x's blocks that this rank owns, written to code [x->n x width of the code]. Local, by threads.
 *  The bits of a code depend on its row alone. */
rb_status rb_mlp_encode(double *code, const rb_mlp *net, const rb_points *x, const rb_ctx *ctx, rb_error *err);

#endif

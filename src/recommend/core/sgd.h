/*
 * What the models of stochastic gradient descent on the block grid share: the factors and biases that an epoch updates,
 * laid out by the positions of the grid, and the rows of their parameter tables.
 */
#ifndef RB_RECOMMEND_CORE_SGD_H
#define RB_RECOMMEND_CORE_SGD_H

#include "recommend/core/factor_bias.h"
#include "recommend/core/grid.h"

typedef struct {
    int init;
    double init_mean, init_std;
    rb_array start, start_users;
    bool uniform; /* rb_factor_start */
} rb_sgd_start;

/* Rows of a table whose config has the field `begin`, an rb_sgd_start. */
#define RB_SGD_START_PARAMS(config, std_)                                                                         \
    { .name = "init",                                                                                             \
      .kind = RB_PARAM_CHOICE,                                                                                    \
      .offset = offsetof(config, begin.init),                                                                     \
      .default_number = RB_START_RANDOM,                                                                          \
      .choices = RB_STARTS,                                                                                       \
      .unit = "",                                                                                                 \
      .help = "factors to start from" },                                                                          \
        { .name = "init_mean",                                                                                    \
          .kind = RB_PARAM_DOUBLE,                                                                                \
          .offset = offsetof(config, begin.init_mean),                                                            \
          .min = -1e6,                                                                                            \
          .max = 1e6,                                                                                             \
          .unit = "",                                                                                             \
          .help = "mean of the start, init: random only" },                                                       \
        { .name = "init_std",                                                                                     \
          .kind = RB_PARAM_DOUBLE,                                                                                \
          .offset = offsetof(config, begin.init_std),                                                             \
          .default_number = (std_),                                                                               \
          .max = 1e6,                                                                                             \
          .unit = "",                                                                                             \
          .help = "standard deviation of the start, init: random only" },                                         \
        { .name = "start",                                                                                        \
          .kind = RB_PARAM_ARRAY,                                                                                 \
          .offset = offsetof(config, begin.start),                                                                \
          .unit = "",                                                                                             \
          .help = "item factors, items x factors, init: file only" },                                             \
    {                                                                                                             \
        .name = "start_users", .kind = RB_PARAM_ARRAY, .offset = offsetof(config, begin.start_users), .unit = "", \
        .help = "user factors, users x factors, init: file only"                                                  \
    }

/*
 * How the learning rates fall. ADAGRAD: the reduced per-coordinate schedule with twin learners. Every row has three
 * sums G, from 1: of its first RB_SGD_FIRST factors, of the others, of its bias. With g the gradient of one of these,
 *
 *     x -= lr g / sqrt(G),   then   G += |g|^2 / length of g
 *
 * In the first epoch the other factors rest, so that they meet what the first ones leave with rates that have not
 * fallen yet. Chin, Zhuang, Juan, Lin (2015), doi:10.1007/978-3-319-18038-0_35.
 */
typedef enum { RB_SCHEDULE_CONSTANT, RB_SCHEDULE_ADAGRAD } rb_sgd_schedule;
#define RB_SGD_SCHEDULES "constant|adagrad"
#define RB_SGD_FIRST 8 /* factors that learn from the first epoch on */
#define RB_SGD_SUMS 4  /* numbers a row, the last without use: first factors, others, bias */

/* [n x RB_SGD_SUMS] in the precision of the factors; empty where the rates are constant. */
typedef struct {
    rb_shared users, items;
} rb_sgd_sums;

/* Learning rates of the parts, and what each is drawn to 0 with. */
typedef struct {
    double user_bias, item_bias, user, item;
    double reg_user_bias, reg_item_bias, reg_user, reg_item;
} rb_sgd_rates;

/* Row of a table whose config has the field_, a rate or regularisation of one part. */
#define RB_SGD_RATE(config, field_, name_, help_)                                                                      \
    {                                                                                                                  \
        .name = (name_), .kind = RB_PARAM_DOUBLE, .offset = offsetof(config, field_), .default_number = -1, .min = -1, \
        .max = 1e3, .unit = "", .help = (help_)                                                                        \
    }

/* Rows of a table whose config has the field `rate`, an rb_sgd_rates: below 0, the common one. */
#define RB_SGD_RATE_PARAMS(config)                                                                        \
    RB_SGD_RATE(config, rate.user_bias, "learning_rate_user_bias", "-1: learning_rate"),                  \
        RB_SGD_RATE(config, rate.item_bias, "learning_rate_item_bias", "-1: learning_rate"),              \
        RB_SGD_RATE(config, rate.user, "learning_rate_user", "of user factors; -1: learning_rate"),       \
        RB_SGD_RATE(config, rate.item, "learning_rate_item", "of item factors; -1: learning_rate"),       \
        RB_SGD_RATE(config, rate.reg_user_bias, "regularization_user_bias", "-1: regularization"),        \
        RB_SGD_RATE(config, rate.reg_item_bias, "regularization_item_bias", "-1: regularization"),        \
        RB_SGD_RATE(config, rate.reg_user, "regularization_user", "of user factors; -1: regularization"), \
        RB_SGD_RATE(config, rate.reg_item, "regularization_item", "of item factors; -1: regularization")

/* A part's own rate, or the common one. */
static inline double rb_sgd_rate(double own, double common)
{
    return own < 0 ? common : own;
}

/** Those of all parts, from the own and the common ones. Local. */
rb_sgd_rates rb_sgd_rates_of(const rb_sgd_rates *own, double learning_rate, double regularization);

/* By position; the biases are doubles and absent where the model has none. */
typedef struct {
    rb_grid grid;
    rb_factors users, items;
    rb_shared user_bias, item_bias;
    rb_sgd_sums sums;
    bool biased;
} rb_sgd;

/** Local. RB_BAD_INPUT where given factors are absent or of another shape. */
rb_status rb_sgd_check(const rb_sgd_start *start, const rb_shape *shape, int64_t k, rb_error *err);

/** Bytes of a fit and of its model, on n interactions. Local. */
rb_cost rb_sgd_cost(const rb_shape *shape, int64_t n, int64_t k, rb_precision precision, bool biased,
                    rb_sgd_schedule schedule);

/**
 * Both factor matrices at their start; rows without interactions are 0.
 *
 * Collective. Random numbers: N(init_mean, init_std^2), streams "factors" and "factors.users".
 * @return RB_OK, RB_NO_MEMORY, RB_BAD_INPUT as rb_sgd_check (agreed)
 */
rb_status rb_sgd_model_begin(rb_factor_model *m, const rb_ratings *train, int64_t k, rb_precision precision,
                             const rb_sgd_start *start, const rb_ctx *ctx, rb_error *err);

/** Sums for factors like the model's, each 1. Collective. @return RB_OK, RB_NO_MEMORY (agreed) */
rb_status rb_sgd_sums_begin(rb_sgd_sums *sums, const rb_factor_model *m, rb_sgd_schedule schedule, const rb_ctx *ctx,
                            rb_error *err);

/** Room by position, for factors like the model's. Collective. @return RB_OK, RB_NO_MEMORY (agreed) */
rb_status rb_sgd_begin(rb_sgd *s, const rb_factor_model *m, bool biased, rb_sgd_schedule schedule, const rb_ctx *ctx,
                       rb_error *err);

/** The model's rows to their positions; bias NULL: none. Collective; every rank of a node moves a share. */
void rb_sgd_load(rb_sgd *s, const rb_factor_model *m, const rb_biases *bias, const rb_sgd_sums *sums,
                 const rb_ctx *ctx);
/** And back. */
void rb_sgd_store(rb_factor_model *m, rb_biases *bias, rb_sgd_sums *sums, const rb_sgd *s, const rb_ctx *ctx);

/**
 * rb_grid_run over the factors, biases and sums of s.
 *
 * @return as rb_grid_run, RB_NOT_FINITE where the loss is not: the learning rate is too large
 */
rb_status rb_sgd_run(double *loss, rb_sgd *s, const rb_grid_step *step, const void *model, const rb_ctx *ctx,
                     rb_error *err);

/* Factors x [k] and bias of a user of n ratings, from 0, with the items as they stand; in double. Local. */
typedef void (*rb_sgd_fold)(double *x, double *bias, const void *model, const void *config, const int32_t *items,
                            const float *ratings, int64_t n);

/** Fold in the users who have interactions in `revealed`; bias NULL: none. Collective. @return RB_OK, RB_NO_MEMORY
 * (agreed) */
rb_status rb_sgd_reveal(rb_factor_model *m, rb_biases *bias, const rb_ratings *revealed, rb_sgd_fold fold,
                        const void *model, const void *config, const rb_ctx *ctx, rb_error *err);

/** Scores [n_items] of one user, who is folded in. Local. @return RB_OK, RB_NO_MEMORY */
rb_status rb_sgd_fold_in(double *scores, const rb_factor_model *m, const rb_biases *bias, rb_sgd_fold fold,
                         const void *model, const void *config, const int32_t *items, const float *ratings, int64_t n,
                         rb_error *err);

/** The sum of values [n] of the elements of blocks, in the fixed tree; a rank reads those of its own blocks.
 * Collective.
 * @return RB_OK, RB_NO_MEMORY (agreed) */
rb_status rb_sgd_sum(double *sum, const double *values, const rb_blocks *blocks, const rb_ctx *ctx, rb_error *err);

/** Collective. Zeroed is allowed. */
void rb_sgd_sums_fini(rb_sgd_sums *sums);
void rb_sgd_fini(rb_sgd *s);

#endif

/*
 * Factor matrices: one row of k numbers for each user or item, in single or double precision, one copy a node. Rows
 * are owned by ranks, by the blocks of their side.
 *
 * While a model is fitted, rows are padded with zeros to whole vectors (ld > k); rb_factors_finish drops the padding,
 * so that what is scored, stored and hashed is [n x k] on every machine.
 */
#ifndef RB_RECOMMEND_CORE_FACTOR_H
#define RB_RECOMMEND_CORE_FACTOR_H

#include "data/algorithm.h"

typedef struct {
    void *data; /* [n x k] float or double with row stride ld */
    int64_t n, k, ld;
    rb_precision precision;
    rb_shared memory;
} rb_factors;

/* Start values; the order of RB_STARTS. */
typedef enum {
    RB_START_RANDOM,   /* N(mean, spread^2), Philox stream of the trial's seed, by row and column */
    RB_START_SPLITMIX, /* 0.2 (z / 2^64 - 0.5), z number (first + j) k + f of the splitmix64 sequence of seed 0, for
                          column f of row j */
    RB_START_FILE,     /* given values */
} rb_start;

typedef struct {
    rb_start kind;
    const rb_array *given; /* [n x k] for RB_START_FILE, else not read */
    const char *parameter; /* that gives it, and what it holds, for messages: "start", "item" */
    const char *side;
    const char *stream;
    double mean, spread;
    int64_t first; /* of the splitmix rows */
    bool uniform;  /* random: in [mean, mean + spread); splitmix: z / 2^64, so that nothing is negative */
} rb_factor_start;
#define RB_STARTS "random|splitmix|file"
#define RB_PRECISIONS "single|double"

/** Zeros, padded. Collective. @return RB_OK, RB_NO_MEMORY (agreed) */
rb_status rb_factors_alloc(rb_factors *f, int64_t n, int64_t k, rb_precision precision, const rb_ctx *ctx,
                           rb_error *err);

/**
 * Start values of all rows.
 *
 * Collective over ctx; each rank writes the rows of its blocks.
 *
 * @return RB_OK, RB_NO_MEMORY, RB_BAD_INPUT where what is given has another shape (agreed)
 */
rb_status rb_factors_start(rb_factors *f, const rb_factor_start *start, const rb_blocks *blocks, const rb_ctx *ctx,
                           rb_error *err);

/** Local. RB_BAD_INPUT where the start is a file that is absent or not [n x k]; n -1: not known yet. */
rb_status rb_start_check(const rb_factor_start *start, int64_t n, int64_t k, rb_error *err);

/** Make the rows that each rank wrote visible to all. Collective. @param[in] rows  [n_ranks + 1] first row of each */
void rb_factors_publish(rb_factors *f, const int64_t *rows, const rb_ctx *ctx);

/** Drop the padding: ld becomes k. Collective. @return RB_OK, RB_NO_MEMORY (agreed; f as it was) */
rb_status rb_factors_finish(rb_factors *f, const rb_blocks *blocks, const rb_ctx *ctx, rb_error *err);

/** F'F into gram [k x k], as linalg/gram.h. F must be padded. Collective. */
rb_status rb_factors_gram(double *gram, const rb_factors *f, const rb_ctx *ctx, rb_error *err);

/** Inner products of n users with items [item_begin, item_end) into a tile of the factors' precision. Local. */
void rb_factors_score(rb_tile *tile, const rb_factors *users, const rb_factors *items, const int32_t *ids, int32_t n,
                      int32_t item_begin, int32_t item_end);

/** Inner products in double, eight sums in a fixed order. Local. */
double rb_inner_f32(const float *a, const float *b, int64_t n);
double rb_inner_f64(const double *a, const double *b, int64_t n);

/** Inner product of a user and an item, in double. Local. */
double rb_factors_dot(const rb_factors *users, int64_t user, const rb_factors *items, int64_t item);

/** Element f of row j. */
double rb_factors_at(const rb_factors *factors, int64_t j, int64_t f);
void rb_factors_put(rb_factors *factors, int64_t j, int64_t f, double value);

/** Names the array, with its padding while a model is fitted; when loading, the precision must be set. */
void rb_factors_visit(rb_factors *f, const char *name, rb_visitor *v);

/** Collective over the ctx that allocated it. Zeroed is allowed. */
void rb_factors_fini(rb_factors *f);

#endif

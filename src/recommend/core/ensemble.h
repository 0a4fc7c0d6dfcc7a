/*
 * What models that combine other models share: the models themselves, asked in batches, and what makes their scores
 * comparable for each user.
 */
#ifndef RB_RECOMMEND_CORE_ENSEMBLE_H
#define RB_RECOMMEND_CORE_ENSEMBLE_H

#include "recommend/recommend.h"

#define RB_ENSEMBLE_MODELS 6 /* most */
#define RB_ENSEMBLE_USERS 16 /* and items: of one call of rb_ensemble_score on a buffer of the stack */
#define RB_ENSEMBLE_WIDTH 128

/* Fields of a config, and their entries of its table. */
#define RB_ENSEMBLE_FIELDS rb_model_ref first, second, third, fourth, fifth, sixth
#define RB_ENSEMBLE_PARAMS(config)                                                                          \
    RB_MODEL(config, first, "a model, by its `as` name"), RB_MODEL(config, second, "another model"),        \
        RB_MODEL(config, third, "a third one, or none"), RB_MODEL(config, fourth, "a fourth one, or none"), \
        RB_MODEL(config, fifth, "a fifth one, or none"), RB_MODEL(config, sixth, "a sixth one, or none")
#define RB_ENSEMBLE_REFS(c)                                                      \
    (const rb_model_ref[RB_ENSEMBLE_MODELS])                                     \
    {                                                                            \
        (c)->first, (c)->second, (c)->third, (c)->fourth, (c)->fifth, (c)->sixth \
    }

typedef struct {
    rb_model_view of[RB_ENSEMBLE_MODELS]; /* [n] borrowed, in the order of the view */
    int32_t n;
    bool ranks, predicts; /* all of them */
} rb_ensemble;

/** How many models are given. */
int32_t rb_ensemble_size(const rb_model_ref refs[RB_ENSEMBLE_MODELS]);

/**
 * Whether enough models are given, without a gap, and an array holds one number for each of `n_wanted`, finite and not
 * negative; an array that is not set passes.
 *
 * @return RB_OK, RB_BAD_INPUT
 */
rb_status rb_ensemble_check(const char *owner, const rb_model_ref refs[RB_ENSEMBLE_MODELS], rb_error *err);
rb_status rb_ensemble_check_array(const char *owner, const char *name, const rb_array *array, int64_t n_wanted,
                                  const char *what, rb_error *err);

/** The models that a view holds for the references. Local; allocates nothing. */
void rb_ensemble_attach(rb_ensemble *e, const rb_model_ref refs[RB_ENSEMBLE_MODELS], const rb_train_view *view);

/* A few items [begin, end) of a few users, as many as a buffer of the stack holds: `at` is the place of the first user
 * and item in the whole. */
typedef struct {
    const int32_t *users; /* [n_users], at most RB_ENSEMBLE_USERS */
    int32_t n_users, begin, end;
    int64_t at;
} rb_ensemble_part;

/** Hands users x items, [n_users x ld], to visit in parts. Local; allocates nothing. */
void rb_ensemble_walk(void (*visit)(void *self, const rb_ensemble_part *part), void *self, int64_t ld,
                      const int32_t *users, int32_t n_users, int32_t item_begin, int32_t item_end);

/** Scores of model k in double, whatever its precision: [n_users x ld]. Local; allocates nothing. */
void rb_ensemble_score(double *out, int64_t ld, const rb_ensemble *e, int32_t k, const int32_t *users, int32_t n_users,
                       int32_t item_begin, int32_t item_end);

/** Prediction of model k for one pair. Local; allocates nothing. */
double rb_ensemble_predict(const rb_ensemble *e, int32_t k, int32_t user, int32_t item);

/* Items of a user, ascending. */
typedef struct {
    const int32_t *item; /* [n] */
    int64_t n;
} rb_ensemble_items;

/** What a user has met, which lists leave out: in training, or, of one folded in, who has nothing there, what is
 *  revealed. Local; allocates nothing. */
rb_ensemble_items rb_ensemble_met(const rb_train_view *view, int32_t user);

/** The others among all items, ascending. Local; allocates nothing. @param[out] items [n_items] @return how many */
int64_t rb_ensemble_unmet(int32_t *items, const rb_train_view *view, int32_t user);

/* ---- recommend/core/ensemble_scale.c ---- */

typedef enum { RB_SCALE_MIN_MAX, RB_SCALE_Z_SCORE, RB_SCALE_RANK, RB_SCALE_NONE } rb_scale_kind;

#define RB_SCALE_CHOICES "min_max|z_score|rank|none"

/*
 * For a user and a model, over the items that the user has not met (rb_ensemble_met):
 *
 *     min_max  (s - min) / (max - min)
 *     z_score  (s - mean) / standard deviation
 *     rank     1 - a / depth, a: items that score more, and half of the others that score the same; 0 below the best
 *              `depth` items (Borda's count)
 *     none     s
 *
 * A model that scores all these items of a user alike adds 0. Montague, Aslam (2001), doi:10.1145/502585.502657.
 */
typedef struct {
    double *number; /* [n_users x n_numbers]: of each model two, or for rank its `depth` best scores, descending */
    int64_t kind, n_users, n_numbers, depth;
    rb_shared memory;
} rb_scale;

/**
 * Collective over ctx.
 *
 * @return RB_OK, RB_NO_MEMORY (the same on every rank)
 *
 * Bits: the same for any ranks and threads. Cost: one scoring of all users by each model; memory as `number`, and
 * 8 n_items RB_ENSEMBLE_USERS bytes a thread while fitting.
 */
rb_status rb_scale_fit(rb_scale *s, const rb_ensemble *e, rb_scale_kind kind, int64_t depth, const rb_train_view *view,
                       rb_ctx *ctx, rb_error *err);
rb_cost rb_scale_cost(rb_scale_kind kind, int64_t depth, int32_t n_models, const rb_shape *shape);

/** A score of model k made comparable. Local; allocates nothing. */
double rb_scale_at(const rb_scale *s, int32_t k, int32_t user, double score);

/** A tile of weighted sums of the models' comparable scores, in the order of the models; weight [e->n]. Local;
 *  allocates nothing. */
void rb_scale_score(rb_tile *tile, const rb_scale *s, const rb_ensemble *e, const double *weight, const int32_t *users,
                    int32_t n_users, int32_t item_begin, int32_t item_end);

/** What each model adds to one pair: of the score where all of them rank, else of the predicted rating; shares and
 *  weight [e->n]. Local; allocates nothing. */
void rb_scale_share(double *shares, const rb_scale *s, const rb_ensemble *e, const double *weight, int32_t user,
                    int32_t item);

void rb_scale_arrays(rb_scale *s, rb_visitor *v);
void rb_scale_fini(rb_scale *s);

#endif

/*
 * The contract between an algorithm and the harness.
 *
 * An algorithm sees arrays: the view that its `needs` ask for. It is one file in models/ that ends in one
 * table of this type, named rb_<id>, which the build collects. Nothing else in the project names it.
 *
 * The harness allocates config and state zeroed with the sizes of the table; `fini` takes a zeroed, a
 * partial or a finished state. Every function that has a ctx is collective over it unless its line says
 * otherwise. Bits are the same for any number of ranks and threads, but where a parameter flagged RB_PARAM_FAST has
 * another value than its default: such trials are labelled in every table and do not count in a run's digest.
 */
#ifndef RB_DATA_ALGORITHM_H
#define RB_DATA_ALGORITHM_H

#include "base/param.h"
#include "base/rng.h"
#include "data/catalogue.h"
#include "data/interactions.h"
#include "data/points.h"
#include "data/sessions.h"

/* What the view must hold. */
#define RB_NEEDS_RATINGS 1u   /* all training interactions with their ratings */
#define RB_NEEDS_POSITIVES 2u /* training interactions whose rating reaches `relevance` */
#define RB_NEEDS_ITEMS 4u     /* the catalogue */
#define RB_NEEDS_SPACE 8u     /* points, named by the parameter `space` */
#define RB_NEEDS_SESSIONS 16u
#define RB_NEEDS_LABELS 32u      /* a clustering of the items */
#define RB_NEEDS_MODELS 64u      /* scores of other models */
#define RB_NEEDS_VALIDATION 128u /* what users of even hash did there; those of odd hash then judge all trials */
#define RB_NEEDS_TIMES 512u      /* with POSITIVES: when they took place, also of what is revealed */
#define RB_NEEDS_COUNTS 256u     /* with SPACE: its values are counts of words, as those of the space `counts` */

/* What a fitted model can do; says which metrics apply. */
#define RB_CAN_RANK 1u       /* score */
#define RB_CAN_PREDICT 2u    /* predict ratings of pairs */
#define RB_CAN_ASSIGN 4u     /* labels of the points it was fitted on (labels), and assign for new ones */
#define RB_CAN_COLD_USER 8u  /* defined result for users without training data */
#define RB_CAN_COLD_ITEM 16u /* tells items without training data apart; an ensemble: as far as its models do */
#define RB_CAN_EXPLAIN 32u
#define RB_CAN_NEXT 128u /* next: scores of the item that follows in a session */
#define RB_CAN_MERGE \
    256u /* arrays has `tree`, the merges [n - 1 x 4] of its n points as SciPy's linkage, beside `labels` */
#define RB_CAN_RECOMMEND (RB_CAN_RANK | RB_CAN_PREDICT | RB_CAN_NEXT) /* any of these: evaluated on the split */

typedef enum { RB_SINGLE, RB_DOUBLE_PRECISION } rb_precision;

/* Scores of n users for items [item_begin, item_end): element (u, i - item_begin) at [u * ld + i - item_begin]. */
typedef struct {
    void *data; /* float or double, by the model's precision */
    int64_t ld;
} rb_tile;

/* Scores of the items that may come next in a session: only some have one. What is not listed is not recommended. */
typedef struct {
    double *score; /* [n_items] of the listed items; 0 elsewhere, before and after a call */
    int32_t *item; /* [n_items] listed items, in any order, each once */
    int64_t n;     /* listed; 0 before a call */
    void *scratch; /* next_scratch bytes, aligned to 64, zero before the first call; the model's own; NULL for none */
} rb_next;

/* Another model, as a hybrid sees it. */
typedef struct rb_model_view {
    const struct rb_algorithm *algorithm;
    const void *config, *state;
} rb_model_view;

typedef struct rb_train_view {
    const rb_ratings *ratings;
    const rb_ratings *positives;
    const int64_t *times; /* [source rows] seconds since 1970; that of positive e: times[positives->user_row[e]], also
                             of those revealed */
    const int32_t *user_segment; /* [n_users] planted; NULL: none */
    const rb_catalogue *items;
    const rb_points *space;
    const rb_sessions *sessions; /* of training alone, pruned (data/session_parts.h) */
    const int32_t *labels;       /* [n_items] of the clustering that is referred to, -1 noise */
    const rb_model_view *models; /* [n_models], in the order of the config's references */
    int32_t n_models;
    const rb_ratings *validation, *validation_positives;
    uint32_t asked; /* bit m: measures[m] is wanted; what is dear need not be computed for others */
    const rb_ratings *revealed, *revealed_positives; /* of users without training interactions; NULL: no such */
} rb_train_view;

/* Sizes of a view, known before anything is allocated. */
typedef struct {
    int64_t n_users, n_items;
    int64_t nnz; /* training interactions */
    int64_t n_positives;
    int64_t n_points, n_dims, n_points_nnz; /* nnz: 0 where the points are dense */
    int64_t n_sessions, n_events;
    int n_ranks, n_node_ranks, n_threads;
} rb_shape;

typedef struct {
    double bytes_per_rank; /* private to a rank */
    double bytes_per_node; /* shared by the ranks of a node */
    double flops;          /* of the whole fit */
    double prepare_flops;  /* of those, what trials share that share `prepare` */
} rb_cost;

typedef enum { RB_FLOAT32, RB_FLOAT64, RB_INT32, RB_INT64, RB_UINT8 } rb_type;

/*
 * A visitor of a state's arrays: it saves, loads, hashes or counts. `array` hands over one array, with the
 * address of the state's pointer and its shape. When saving, hashing or counting, both are read. When
 * loading, the shape is written and the array is allocated with rb_alloc (or, where it is node-shared, in
 * `memory`), and the pointer set. Scalars are visited with `scalar`.
 */
typedef struct rb_visitor rb_visitor;
struct rb_visitor {
    void (*array)(rb_visitor *v, const char *name, rb_type type, void **data, int64_t *n_rows, int64_t *n_cols,
                  rb_shared *memory);
    void (*scalar)(rb_visitor *v, const char *name, rb_type type, void *value);
    void *self;
    bool reads; /* what is named is written to: whatever is made of it must be made anew */
    /** In the slot `checkpoint` alone: an array cut by rows over the ranks, of which `own` are those of this rank's
     *  blocks (parallel/blocks.h). Collective. */
    void (*cut)(rb_visitor *v, const char *name, rb_type type, void *own, const rb_blocks *rows, int64_t n_cols);
};

typedef struct rb_algorithm {
    const char *name;      /* the id: file name = id = symbol rb_<id> */
    const char *summary;   /* one line, no full stop */
    const char *reference; /* paper, year, DOI */
    unsigned needs, can;
    size_t config_size, state_size;
    const rb_param *params; /* ends in RB_PARAM_END */

    /** Local. What the table cannot refuse: combinations of values, and those that the shape forbids (k > n). Called
     * before the data are read, where the shape is NULL (or, where it is partly known, has no points), and before the
     * fit. A message that begins with 'algorithm.parameter' is put down to its value's place. NULL: nothing to check.
     */
    rb_status (*check)(const void *config, const rb_shape *shape, rb_error *err);
    /** Local. Bytes and flops from shapes; allocates nothing. */
    rb_cost (*cost)(const void *config, const rb_shape *shape);

    /**
     * Optional. A pure function of the data and of the parameters flagged RB_PARAM_PREPARES; the harness shares it
     * among all trials that agree on those, on their space and on the models they refer to. configs[0 .. n) are all
     * that will use it; the bits of what each gets may not depend on the others. ctx->seed is the experiment's, not a
     * trial's. *prepared is owned by the harness and released by unprepare; it keeps no address of view or configs.
     * NULL where it fails.
     */
    rb_status (*prepare)(void **prepared, const rb_train_view *view, const void *const *configs, int n, rb_ctx *ctx,
                         rb_error *err);
    void (*unprepare)(void *prepared);

    /**
     * Fit in one go; or the three below, which give history, early stopping, checkpoints and time limits. Between begin
     * and end `arrays` names all that score, predict and end read, in arrays whose sizes do not change: early stopping
     * scores after an iteration and puts the arrays of the best one back before `end`.
     */
    rb_status (*fit)(void *state, const rb_train_view *view, const void *prepared, const void *config, rb_ctx *ctx,
                     rb_error *err);
    rb_status (*begin)(void *state, const rb_train_view *view, const void *prepared, const void *config, rb_ctx *ctx,
                       rb_error *err);
    /** One iteration, numbered from 0. *objective: what is minimised, NAN where it is not known. *done: converged or
     *  the configured number of iterations is reached. The same on every rank. */
    rb_status (*iterate)(void *state, int64_t iteration, double *objective, bool *done, const rb_train_view *view,
                         const void *prepared, const void *config, rb_ctx *ctx, rb_error *err);
    rb_status (*end)(void *state, const rb_train_view *view, const void *prepared, const void *config, rb_ctx *ctx,
                     rb_error *err);

    /**
     * Optional: the users of view->revealed, who have no training interactions, become users like the others, solved
     * for the items as they stand; whatever else the model knows stays. Called where anything is revealed: after
     * `fit`, or after the last `iterate` and before `end`, and before each validation on the way. Score, predict and
     * the stored model then know them. A model without it gives them its fallback for the unseen.
     */
    rb_status (*reveal)(void *state, const rb_train_view *view, const void *prepared, const void *config, rb_ctx *ctx,
                        rb_error *err);

    /** Optional, of those that iterate: what the objective of an iteration is, where it changes on the way
     * ("pretraining", "refinement"): values of different phases do not compare. Local. */
    const char *(*phase)(const void *config, int64_t iteration);

    /** Optional: whether the fit met its own criterion of convergence. NULL: a fit that iterates did where it ended
     * before its parameter `iterations`, any other does. Local; the same on every rank. */
    bool (*converged)(const void *state);

    /** Precision of `score` tiles under a config; NULL: double. */
    rb_precision (*precision)(const void *config);
    /** Local; const, allocates nothing, may be called from a parallel region. Needs can RANK. */
    void (*score)(rb_tile *tile, const void *state, const int32_t *users, int32_t n_users, int32_t item_begin,
                  int32_t item_end);
    /**
     * Local; const, allocates nothing, may be called from a parallel region. Needs can NEXT. Lists items with their
     * scores, finite, for what follows items[0 .. n), n >= 1, the session's so far in the order of time (of a training
     * session's kind: an item may be unknown to training or come twice). Items of the session may be listed; who asks
     * leaves them out where they may not come again. The score of a listed item is not 0.
     */
    void (*next)(rb_next *out, const void *state, const int32_t *items, int64_t n, const void *config);
    /** Bytes of rb_next.scratch; NULL: none. Local. */
    int64_t (*next_scratch)(const void *state, const void *config);
    /** Local; ratings of pairs, not clipped. Unseen users and items get the model's documented fallback. */
    void (*predict)(double *out, const void *state, const rb_pairs *pairs);
    /** Local; label of every training point, [n_points], -1 noise. */
    const int32_t *(*labels)(const void *state, int64_t *n);
    /** The distance that a clustering works with: "euclidean" or "cosine"; NULL: euclidean. Local. */
    const char *(*distance)(const void *config);
    /** Labels of new points of the same space. Collective. */
    rb_status (*assign)(int32_t *labels, const void *state, const rb_points *points, const void *config, rb_ctx *ctx,
                        rb_error *err);
    /** Labels of new items, where a catalogue is clustered and not a space; in place of assign. Collective. */
    rb_status (*assign_items)(int32_t *labels, const void *state, const rb_catalogue *items, const void *config,
                              rb_ctx *ctx, rb_error *err);
    /** Optional, beside assign_items: items as points whose squared euclidean distances are those that it clusters
     * items by. Local. @param[out] out zeroed before, private to the rank */
    rb_status (*place_items)(rb_points *out, const void *state, const rb_catalogue *items, const void *config,
                             rb_error *err);
    /** Optional: what the model makes of its points, a space for other trials: row-major [n x d], the state's. Local.
     */
    const double *(*embed)(const void *state, int64_t *n, int64_t *d);
    /** Beside embed: its n and d before the fit, for check and cost of those that use it; they come holding the points
     * (or items) and the dimensions of the shape, and stay so where nothing is set. NULL: they stay. Local. */
    void (*embed_shape)(const void *config, const rb_shape *shape, int64_t *n, int64_t *d);
    /** Optional: the same for new points of the space it was fitted on, so that a pipeline can assign: out [points->n x
     * d of embed], the caller's. Collective. */
    rb_status (*embed_new)(double *out, const void *state, const rb_points *points, const void *config, rb_ctx *ctx,
                           rb_error *err);
    /** Optional: metrics that only the fit itself knows (cost, cophenetic, perplexity, coherence): their names of the
     * metric registry, ending in NULL, and their values after the fit, NAN where one is not defined. The harness stores
     * them with the fit. Local; the same on every rank. */
    const char *const *measures;
    uint32_t dear; /* bit m: measures[m] costs as much as a fit: computed where view->asked has it, else not stored */
    void (*measure)(double *values, const void *state, const void *config);
    /** Optional: scores of all items for a user given by interactions. scores [n_items]. Local. */
    rb_status (*fold_in)(double *scores, const void *state, const int32_t *items, const float *ratings, int64_t n,
                         const void *config, rb_error *err);
    /** Optional: what contributed to (user, item): up to n items and their weights, descending. Returns how many. */
    int (*explain)(int32_t *items, double *weights, int n, const void *state, int32_t user, int32_t item);
    bool explains_by_users; /* what `explain` names are users: the neighbours */

    /** Optional, in place of `explain` where a model keeps no interactions: what those of a user, given as for fold_in,
     * contribute to the user's folded-in score of an item, as above. *found: how many. Local. */
    rb_status (*explain_given)(int32_t *items, double *weights, int *found, int n, const void *state,
                               const int32_t *own, const float *ratings, int64_t n_own, int32_t item,
                               const void *config, rb_error *err);

    /** Optional, in place of `explain` of those that need MODELS and go on reading them: what each, in the order of the
     * view, adds to score (or, of those that only predict, to the prediction, constants apart) of (user, item).
     * [n_models]. Local. */
    void (*share)(double *shares, const void *state, int32_t user, int32_t item);

    /** Optional: how like every item is to one, scores [n_items]; 0: not at all. Local. */
    void (*similar)(double *scores, const void *state, int32_t item);

    /** Optional, of those that need MODELS and go on reading them after the fit: their state borrows what view->models
     * gives, in fit or begin, and here once more after its arrays were read back; all else of the view is NULL.
     * A stored model is then kept together with those that it reads. NULL: the state needs no other model. Local. */
    rb_status (*attach)(void *state, const rb_train_view *view, const void *config, rb_error *err);

    /**
     * Optional, of those that iterate: names all that iterations have written and that a later one, score or end
     * reads; `arrays` itself where that is all. What it does not name stands as `begin` left it. So a fit goes on in
     * another process, with any number of ranks and threads, with the same bits: after `begin` what was saved between
     * two iterations is read into the state's own arrays, whose sizes do not change. NULL: a fit that was interrupted
     * begins again. Collective.
     */
    void (*checkpoint)(void *state, rb_visitor *v);
    /** Names every array of the state; alone drives save, load, digest and byte count. */
    void (*arrays)(void *state, rb_visitor *v);
    /** Collective where the state holds shared memory. */
    void (*fini)(void *state);
} rb_algorithm;

#endif

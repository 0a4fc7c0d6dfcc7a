/*
 * Metrics: the one table of their definitions, and how a metric is written in an experiment.
 *
 * A metric is written NAME[:variant]...[@K], the variants in the order of the table's groups: `ndcg@10`,
 * `ndcg:exp-min@10`, `silhouette:cosine:merge`, `ari:planted`, `rmse:user:warm`. A variant that is left out is the
 * default of its group. Behind the groups stands sample-N, where a metric may be computed on N of its points:
 * `silhouette:sample-1000`, `silhouette:cosine:merge:sample-1000`. The definition id that stands beside every stored
 * value names what was chosen: `ndcg:bin-min`. Two texts that mean the same metric have the same id.
 */
#ifndef RB_EVAL_METRIC_H
#define RB_EVAL_METRIC_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

/* A value, or why there is none. Unknown is never stored as 0. */
typedef enum { RB_VALUE_OK, RB_VALUE_NOT_APPLICABLE, RB_VALUE_UNAVAILABLE } rb_value_state;

typedef struct {
    double value; /* NAN unless state is RB_VALUE_OK */
    rb_value_state state;
} rb_metric_value;

typedef enum {
    RB_FAMILY_RANKING,
    RB_FAMILY_RATING,
    RB_FAMILY_BEYOND,
    RB_FAMILY_SESSION,
    RB_FAMILY_CLUSTERING
} rb_metric_family;

/* Which direction is better; neutral metrics describe and cannot be selected on. */
typedef enum { RB_BETTER_HIGHER, RB_BETTER_LOWER, RB_BETTER_NEITHER } rb_metric_better;

typedef enum {
    RB_METRIC_PRECISION,
    RB_METRIC_RECALL,
    RB_METRIC_F1,
    RB_METRIC_NDCG,
    RB_METRIC_MAP,
    RB_METRIC_MRR,
    RB_METRIC_HIT_RATE,
    RB_METRIC_AUC,
    RB_METRIC_RMSE,
    RB_METRIC_MAE,
    RB_METRIC_ITEM_COVERAGE,
    RB_METRIC_GINI,
    RB_METRIC_ENTROPY,
    RB_METRIC_NOVELTY,
    RB_METRIC_DIVERSITY,
    RB_METRIC_SERENDIPITY,
    RB_METRIC_POPULARITY_BIAS,
    RB_METRIC_SILHOUETTE,
    RB_METRIC_DAVIES_BOULDIN,
    RB_METRIC_CALINSKI_HARABASZ,
    RB_METRIC_DBCV,
    RB_METRIC_ARI,
    RB_METRIC_AMI,
    RB_METRIC_NMI,
    RB_METRIC_HOMOGENEITY,
    RB_METRIC_COMPLETENESS,
    RB_METRIC_V_MEASURE,
    RB_METRIC_PURITY,
    RB_METRIC_INERTIA,
    RB_METRIC_N_CLUSTERS,
    RB_METRIC_NOISE_FRACTION,
    RB_METRIC_CLUSTER_SIZES,
    RB_METRIC_GAP,
    RB_METRIC_STABILITY,
    RB_METRIC_COST,
    RB_METRIC_COPHENETIC,
    RB_METRIC_PERPLEXITY,
    RB_METRIC_COHERENCE,
    RB_METRIC_SUGGESTED_EPS,
    RB_N_METRIC_KINDS
} rb_metric_kind;

/* Choices of the groups, by index; the order of the text in the table. */
enum { RB_PRECISION_K, RB_PRECISION_LEN, RB_PRECISION_MICRO_MIN };
enum { RB_RECALL_REL, RB_RECALL_MIN };
enum { RB_F1_USER, RB_F1_MEAN };
enum { RB_NDCG_BIN_MIN, RB_NDCG_BIN_REL, RB_NDCG_EXP_MIN };
enum { RB_MAP_MIN, RB_MAP_REL };
enum { RB_ERROR_GLOBAL, RB_ERROR_USER };          /* rmse, mae: group 0 */
enum { RB_ERROR_ALL, RB_ERROR_WARM };             /* rmse, mae: group 1 */
enum { RB_FIRST_HIT_USER, RB_FIRST_HIT_SESSION }; /* mrr, hit_rate: of a user's list; of the next item of a session */
enum { RB_DIVERSITY_GENRE, RB_DIVERSITY_TFIDF };
enum { RB_DISTANCE_CLUSTERED, RB_DISTANCE_COSINE, RB_DISTANCE_EUCLIDEAN };    /* silhouette: group 0 */
enum { RB_REFERENCE_TYPE, RB_REFERENCE_PRIMARY_GENRE, RB_REFERENCE_PLANTED }; /* ari, nmi, ...: group 0 */
enum { RB_GAP_VALUE, RB_GAP_ERROR };
enum { RB_NOISE_DROP, RB_NOISE_MERGE, RB_NOISE_SINGLETONS, RB_NOISE_SCALED }; /* clustering: the last group */

enum { RB_STABILITY_SEEDS, RB_STABILITY_BOOTSTRAP }; /* stability: group 0 */

#define RB_METRIC_GROUPS 2

/* One set of alternatives of which a metric has exactly one. */
typedef struct {
    const char *choices; /* "k|len|micro-min"; the first is the default. An empty first name is not written.
                            NULL: no such group */
    const char *help;    /* what the choices mean, "; " between them */
    bool required;       /* there is no default: one must be written */
    bool quiet;          /* the default does not stand in the definition id */
} rb_metric_group;

typedef struct rb_metric_def {
    const char *name; /* NULL ends the table */
    rb_metric_kind kind;
    rb_metric_family family;
    bool has_cutoff; /* needs @K; no other metric may have it */
    bool per_user;   /* has a vector over users, so that comparisons can be tested */
    bool per_point;  /* where it is over all points, has a vector over them, and its mean over each cluster */
    bool external;   /* agreement with a reference labelling: counts as test, selecting on it is refused */
    bool sampled;    /* takes sample-N: computed on that many points */
    bool of_fit;     /* only the fit itself knows it: what its algorithm's `measure` gave, stored with the fit */
    rb_metric_better better;
    double min, max; /* range, inclusive; +-INFINITY where unbounded */
    rb_metric_group group[RB_METRIC_GROUPS];
    const char *summary; /* one line with the formula, no full stop */
} rb_metric_def;

/* All metrics, families together, ended by a NULL name. */
extern const rb_metric_def rb_metric_registry[];

/* A metric as an experiment asks for it. */
typedef struct rb_metric {
    const rb_metric_def *def;
    rb_metric_family family;       /* that of def, but RB_FAMILY_SESSION for its variant `session` */
    int variant[RB_METRIC_GROUPS]; /* index of the choice in each group; 0 where there is no such group */
    int64_t sample;                /* N of sample-N; 0: all points */
    int64_t cutoff;                /* K; 0: none */
    char definition[48];           /* canonical, without the cutoff: "ndcg:bin-min" */
    char id[64];                   /* canonical: "ndcg:bin-min@10" */
    char label[64];                /* the shortest text that means the same: "ndcg@10" */
} rb_metric;

/** The definition of a metric by name, or NULL. */
const rb_metric_def *rb_metric_find(const char *name);

/**
 * Read a metric as written. Local.
 *
 * @return RB_OK, RB_BAD_INPUT: unknown name or variant (with the nearest known one), variants repeated or out of
 *         order, a missing or superfluous cutoff or reference, a cutoff outside 1 .. 1,000,000, a sample outside
 *         3 .. 10,000,000
 */
rb_status rb_metric_parse(rb_metric *out, const char *text, rb_error *err);

/**
 * Choose a variant after the fact and name the metric anew: the harness gives `silhouette` the distance that a trial
 * clustered with. Local. @return RB_OK, RB_BAD_INPUT: the metric has no such variant
 */
rb_status rb_metric_choose(rb_metric *metric, const char *variant, rb_error *err);

/** Whether a value is read off the stored fits: what a fit measured, or stability:seeds over the repeats of one. */
bool rb_metric_is_of_fits(const rb_metric *metric);

/** Name of the choice in a group ("" where it is not written); out holds 64 bytes. */
const char *rb_metric_variant(char out[64], const rb_metric *metric, int group);

/** A value; not applicable where it is no finite number, as where squares of distances leave double precision. */
rb_metric_value rb_metric_finite(double value);

/** Whether value a is strictly better than b; a value that is not RB_VALUE_OK is never better. */
bool rb_metric_is_better(const rb_metric *metric, rb_metric_value a, rb_metric_value b);

#endif

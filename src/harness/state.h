/*
 * The state of a run while it goes: what the phases of harness/run.c hand on to each other.
 *
 * Every rank holds the same plan, data and decisions; files are written by rank 0 of the world or of a group.
 */
#ifndef RB_HARNESS_STATE_H
#define RB_HARNESS_STATE_H

#include "base/log.h"
#include "data/dataset.h"
#include "data/features.h"
#include "data/hdf.h"
#include "data/session_parts.h"
#include "data/space.h"
#include "eval/beyond.h"
#include "harness/expand.h"
#include "harness/journal.h"
#include "harness/prepared.h"
#include "harness/run.h"
#include "harness/unit.h"

/* What one fold's fits and evaluations read; built by the world once, whatever the number of trials. */
typedef struct rb_fold {
    int32_t number;
    bool refit; /* train holds the validation part too, which then is none of its own */
    bool has_validation;
    rb_parts parts;
    rb_ratings train;                /* what models are fitted on */
    rb_ratings seen;                 /* train and revealed: masked; like the next built only where there is any */
    rb_ratings revealed;             /* of held-out users, for fold-in */
    rb_ratings held[RB_N_PARTS];     /* all interactions of validation and test */
    rb_ratings positives;            /* of train; like the next built only where not every one is relevant */
    rb_ratings relevant[RB_N_PARTS]; /* of held; those of RB_PART_REVEALED of revealed */
    /* Where a trial learns from validation, held and relevant of that part are of the users of odd hash. */
    rb_ratings validation, learned, learned_positives; /* the whole part; those of even hash */
    bool learns;
    bool all_relevant, has_revealed;
    rb_session_parts sessions; /* of split `sessions` */
    int64_t *candidate_begin;  /* loo_sampled: candidates of each user; else NULL */
    int32_t *candidate_item;
    rb_item_facts facts;
    rb_train_view view; /* without space, labels and models */
} rb_fold;

/* What the fits of a fold are given. */
typedef struct rb_fold_size {
    int64_t n_ratings, n_sessions, n_events;
} rb_fold_size;

/* A space that trials name. */
typedef struct rb_run_space {
    const char *name; /* canonical; borrowed from the plan */
    rb_space_spec spec;
    rb_points points;   /* built once, kept until the run ends */
    rb_points unseen;   /* of run->unseen, in the space of the others; n 0 where there are none */
    const rb_place *at; /* where it is asked for first */
    char refusal[512];  /* why it cannot be made, which building it showed; "" where nothing did */
} rb_run_space;

/* The space that a trial made, while trials of a group read it. */
typedef struct rb_made_space {
    char key[RB_KEY_DIGITS + 1]; /* of the trial; "" none */
    rb_points points;
} rb_made_space;

/* What a run asks of a fit. */
typedef enum {
    RB_WANT_NOTHING, /* the refit of a trial that was not selected */
    RB_WANT_MODEL,   /* the refit that another refit refers to */
    RB_WANT_VALUES
} rb_want;

/* What is known and decided of a trial, or of its refit. */
typedef struct rb_work {
    rb_want want;
    char key[RB_KEY_DIGITS + 1];
    rb_digest prepares;     /* trials of a fold in which this is equal share what `prepare` computes */
    rb_cost cost;           /* of its fit and of evaluating that */
    double rerank_bytes;    /* of a rank, on top of cost, where its lists are re-ranked */
    bool fitted;            /* its fit unit is there */
    bool evaluated;         /* and every metric of it */
    bool has_model;         /* its model unit is there */
    bool has_lists;         /* lists of at least run->lists_k places are */
    bool keeps;             /* its model is to be kept: asked for, or read when another stored one is applied */
    bool unmeasured;        /* its fit lacks a measure that is asked for: fitted once more */
    bool again;             /* whole, and yet to be run: its model or lists are asked for and were dropped */
    int64_t twin_of;        /* index of that work where twin */
    bool twin;              /* one before it in plan.order has its key and evaluation (a clustering on another fold) */
    int64_t fit_of;         /* index of the work whose fit it takes, as its lists are re-ranked; else its own */
    bool is_shared;         /* others take its fit */
    int32_t level;          /* what it reads comes from lower ones */
    char evaluation[9];     /* names how its values come from its fit: rules, re-ranking, the code of both */
    rb_fit_outcome outcome; /* where fitted: of the fit, whoever did it */
    rb_fit_outcome lists;   /* what ended this start's try to make its lists alone, where its fit is done */
    char *why;              /* lists != RB_FIT_DONE: in words; NULL: no room was left for them */
} rb_work;

/* One replay of a policy, or one A/B test. */
typedef struct rb_replay_job {
    char key[RB_KEY_DIGITS + 1];
    bool done; /* its unit is there */
} rb_replay_job;

typedef struct rb_replays {
    rb_plan plan;       /* of the policies: a trial is a job */
    rb_replay_job *job; /* [plan.n_trials] */
    rb_journal journal; /* every rank's, while jobs run */
} rb_replays;

/* Lists have at least so many places. */
#define RB_LISTS_K 10

/* What is still to be computed of one trial. */
typedef struct rb_wanted {
    rb_metric *metric; /* [n] those that no unit holds, in the order of the experiment */
    int32_t n;
    bool lists; /* the test lists or their digest */
} rb_wanted;

typedef struct rb_run_state {
    const rb_run_options *options;
    const rb_environment *environment;
    rb_ctx *world;
    rb_log log;
    rb_experiment experiment;
    rb_plan plan;
    rb_dataset data;
    rb_features features; /* where the file has them stored; empty before the results are written */
    rb_catalogue unseen;  /* titles that no clustering is fitted on (split kind titles); n 0: there are none */
    rb_digest folder_digest;
    rb_digest split_files; /* of the contents of the split's files; zero where it has none */
    char folder[4096];
    char root[4096];
    int lock; /* file descriptor of <folder>/lock on rank 0; -1 */
    rb_journal journal;
    rb_replays replays;
    rb_run_space *space; /* [n_spaces] */
    int32_t n_spaces;
    rb_work *work; /* [n_work] of the trials; with evaluation.refit then of their refits, in the same order */
    int64_t n_work;
    int64_t lists_k;  /* places of the test lists: the largest cutoff, at least RB_LISTS_K */
    bool makes_lists; /* false: all that is asked of recommenders are errors of ratings */
    bool *held;       /* [n_work x (experiment.n_metrics + 1)] values in the units; last: lists of lists_k */
    uint64_t tie_seed;
    double budget_bytes; /* a node may use; INFINITY: not known */
    rb_fold_size *size;  /* [2 x n_folds] of a fold's fits, then of its refits */
    rb_cost footprint;   /* of the harness itself, which every trial has beside its own */
    rb_ctx group;        /* this rank's group of ranks */
    int32_t n_groups, group_number;
    rb_prepared prepared;  /* what the group holds for its next trials */
    rb_made_space made;    /* the same */
    int64_t outside_bytes; /* of arrays of this rank's nodes that /dev/shm had no room for */
    bool said_outside;
    int64_t n_others;              /* fits in the folder that the file asks for no more; known to rank 0 */
    int64_t n_kept, n_kept_failed; /* trials that were whole before this start; those of them that failed */
    double begin_s;
} rb_run_state;

/* ---- harness/run.c ---- */

void rb_run_state_init(rb_run_state *run, const rb_run_options *options, rb_ctx *world);
/** Collective over the world. */
void rb_run_state_fini(rb_run_state *run);

/** Say once, for all nodes, where /dev/shm is too small for what their ranks share. Collective over the world. */
void rb_run_say_outside(rb_run_state *run);

/* ---- harness/work.c: trials and refits by their index in run->work. Local ---- */

const rb_trial *rb_run_trial(const rb_run_state *run, int64_t work);
const rb_configuration *rb_run_configuration(const rb_run_state *run, int64_t work);
bool rb_run_is_refit(const rb_run_state *run, int64_t work);
/** The work that holds the results: itself, or the one whose twin it is. */
int64_t rb_run_holder(const rb_run_state *run, int64_t work);
/** How the work of a trial or refit ended: as its fit, and where that is done, as the re-ranking of its lists. */
rb_fit_outcome rb_run_ending(const rb_run_state *run, int64_t work);
/** The work that gives the model of a child: of a refit the child's refit, where the child depends on the split. */
int64_t rb_run_child(const rb_run_state *run, int64_t work, int32_t child);
/** The work whose model and lists stand for a trial: its refit where there is one. */
int64_t rb_run_stands_for(const rb_run_state *run, int64_t trial);
/** The work whose clusters re-rank the lists of this one; -1. */
int64_t rb_run_aspects(const rb_run_state *run, int64_t work);
/** Whether what `rule` keeps may be that of this work: of `selected`, only where a metric of `select` applies. */
bool rb_run_may_keep(const rb_run_state *run, rb_keep rule, int64_t work);
/** Whether a configuration's fit depends on fold and split; a clustering of a space sees neither. */
bool rb_depends_on_fold(const rb_plan *plan, const rb_configuration *c);

/* ---- harness/made_space.c ---- */

/** The work that makes the space of a trial or refit; -1: none does. Local. */
int64_t rb_run_space_child(const rb_run_state *run, int64_t work);
/** Points and dimensions that `child` will make, from sizes alone. Local. */
void rb_run_made_shape(int64_t *n, int64_t *d, const rb_run_state *run, int64_t child, const rb_ctx *ctx);
/** The points that `child`, whose model is there, makes; rank 0 reads it. Collective over ctx. */
rb_status rb_run_make_space(rb_points *out, const rb_run_state *run, int64_t child, const rb_ctx *ctx, rb_error *err);
/**
 * Whether `child` can place the unseen titles in the space that it makes: it embeds new points, and stands in a
 * built-in space itself or in one whose maker can. Local.
 */
bool rb_run_places_unseen(const rb_run_state *run, int64_t child);
/** Their points, by the model of `child` and of those that make its space, which every rank reads. Collective over ctx.
 */
rb_status rb_run_make_unseen(rb_points *out, const rb_run_state *run, int64_t child, rb_ctx *ctx, rb_error *err);
/** As rb_run_make_space for the group, which keeps it until another is asked for. Collective over run->group. */
rb_status rb_made_space_get(const rb_points **points, rb_run_state *run, int64_t child, rb_error *err);
/** Collective over run->group. Zeroed is allowed. */
void rb_made_space_release(rb_made_space *made);

/* ---- harness/refit.c ---- */

/** Want the refits of what is selected, and of what they refer to. Collective over the world. */
rb_status rb_run_choose_refits(rb_run_state *run, rb_error *err);

/* ---- harness/load.c: the experiment and its data ---- */

/** Read, broadcast and check the experiment. Collective. */
rb_status rb_run_load_experiment(rb_run_state *run, rb_error *err);
/** Then expand, load or make the data, filter. Collective. */
rb_status rb_run_load_data(rb_run_state *run, rb_error *err);
/** Load or make the data of an experiment, from the cache where it has them, and filter them. Collective. */
rb_status rb_run_data(rb_dataset *data, const rb_experiment *e, const char *data_dir, const char *cache_dir,
                      rb_log *log, rb_ctx *ctx, rb_error *err);
/** Bad input is put down to a place of the experiment file, unless it names a line already; err->status. Local. */
rb_status rb_run_blame(rb_error *err, const rb_place *at);

/* ---- harness/spaces.c: built-in spaces ---- */

/** Whether a metric asked for needs TF-IDF vectors of the items. Local. */
bool rb_run_wants_tfidf(const rb_experiment *e);
/** Note which spaces trials and metrics name. Local. @return RB_OK; RB_BAD_INPUT (each that the data cannot give was
 *  printed with its place); RB_NO_MEMORY */
rb_status rb_run_collect_spaces(rb_run_state *run, rb_error *err);
/** The points of any built-in space of a data set. Collective over ctx. As rb_space_build */
rb_status rb_run_build_space(rb_points *out, const rb_space_spec *spec, const rb_dataset *data, const rb_ctx *ctx,
                             rb_error *err);
/** The points of a space that a trial names, built where they are not yet. Collective over the world. */
rb_status rb_run_need_space(rb_run_state *run, const char *name, rb_error *err);
/** Build what is named by trials that are not evaluated yet; one that cannot be made is said, and refused to its
 *  trials. Collective. */
rb_status rb_run_build_spaces(rb_run_state *run, rb_error *err);
/** Why a space cannot be made; "" where it can, as far as is known. Local. */
const char *rb_run_space_refusal(const rb_run_state *run, const char *name);
/** Its points, none where it was not built; NULL where nobody named it. Local. */
const rb_points *rb_run_find_space(const rb_run_state *run, const char *name);
/** How large it will be; 0 where nobody named it. Local. */
rb_space_size rb_run_space_size(const rb_run_state *run, const char *name);
/** That of the unseen titles. */
const rb_points *rb_run_find_unseen(const rb_run_state *run, const char *name);

/* ---- harness/fold.c ---- */

/** Collective over ctx. */
rb_status rb_fold_build(rb_fold *fold, const rb_run_state *run, int32_t number, bool refit, rb_ctx *ctx, rb_error *err);
/**
 * What the fits (size[0]) and the refits (size[1]) of a fold will be given, before it is built. Divides the data where
 * their split must be made to be counted. Collective over ctx.
 */
rb_status rb_fold_count(rb_fold_size size[2], const rb_run_state *run, int32_t number, rb_ctx *ctx, rb_error *err);
/** Collective over the ctx that built it. */
void rb_fold_fini(rb_fold *fold);
/** Interactions that are never recommended again: train, and what is revealed of held-out users. Local. */
const rb_ratings *rb_fold_seen(const rb_fold *fold);
/** The whole validation part, whoever of its users judges. Local. */
const rb_ratings *rb_fold_validation(const rb_fold *fold);
const rb_ratings *rb_fold_relevant(const rb_fold *fold, rb_part part);

/* ---- harness/key.c ---- */

/** Keys of all trials and refits, who shares what with whom, and their levels. Local; the same on every rank. */
rb_status rb_run_keys(rb_run_state *run, rb_error *err);
/** The digest of a model's code, or NULL for an unknown id. */
const char *rb_code_digest_of(const char *algorithm);

/* ---- harness/preflight.c ---- */

/** Shape of the view that a trial gets, from sizes alone. Local. */
rb_shape rb_run_shape(const rb_run_state *run, int64_t work, const rb_ctx *ctx);
/** Costs, budget and groups. Collective. */
rb_status rb_run_preflight(rb_run_state *run, rb_error *err);
/** Print every trial with its predicted bytes and flops. Local. */
void rb_run_print_plan(const rb_run_state *run, FILE *out);
/** The sentence for a fit, evaluated as it scores, that needs more memory than is allowed; empty where it fits. Local.
 */
void rb_run_over_budget(char out[512], const rb_run_state *run, int64_t work);
/** The same for re-ranking its lists, which the fit, and whoever shares it, can do without. Local. */
void rb_run_rerank_over_budget(char out[512], const rb_run_state *run, int64_t work);

/* ---- harness/preflight_metrics.c ---- */

/**
 * Say what metrics of clusterings take beside the fits: silhouettes and dbcv over all pairs of many points, in built-in
 * spaces and in those that trials make, and the fits of `gap` and `stability:bootstrap`. Local.
 */
rb_status rb_run_say_metrics(rb_run_state *run, rb_error *err);

/* ---- harness/check.c ---- */

/** Print what `check` of the algorithms refuses whatever the data. Collective.
 *  @return RB_OK, RB_BAD_INPUT, RB_NO_MEMORY (agreed) */
rb_status rb_run_check_parameters(rb_run_state *run, rb_error *err);
/** Titles held out whole: names the entries that cannot tell them apart. Local; RB_NO_MEMORY. */
rb_status rb_run_warn_of_cold_titles(rb_run_state *run, rb_error *err);
/** Print what `check` refuses with the sizes of the data. Collective. */
rb_status rb_run_check(rb_run_state *run, rb_error *err);

/* ---- harness/footprint.c ---- */

/**
 * What the harness holds while a trial runs, whatever its algorithm: the data, and the parts of one fold, counted from
 * their sizes (flops 0). Per node once, not per group. Local; O(n) where only some ratings are relevant.
 */
rb_cost rb_run_footprint(const rb_run_state *run);
/** What evaluating a recommender takes on top of its model: values of each user, lists (flops 0). Local. */
rb_cost rb_run_evaluation_cost(const rb_run_state *run);
/** What a rank needs on top of that to re-rank the lists of c; 0 where they stay as scored. Local. */
double rb_run_rerank_bytes(const rb_run_state *run, const rb_configuration *c);

/* ---- harness/folder.c: the run folder ---- */

/** Whether the folder could be made and written; makes nothing. Collective. @return RB_OK, RB_IO */
rb_status rb_run_check_folder(rb_run_state *run, rb_error *err);
/** Make or reopen the folder, lock it, keep the experiment. Collective. */
rb_status rb_run_open_folder(rb_run_state *run, rb_error *err);
/** Open the journal on the rank 0 of each group. Collective. */
rb_status rb_run_open_journal(rb_run_state *run, rb_error *err);
/** Read which units are there into run->work and run->held. Collective. */
rb_status rb_run_scan(rb_run_state *run, rb_error *err);
/** What no unit holds of a trial or refit; release metric with rb_free. Local. */
rb_status rb_run_wanted(rb_wanted *out, const rb_run_state *run, int64_t work, rb_error *err);
/** All values of a trial or refit are held from now on. Local. */
void rb_run_note_evaluated(rb_run_state *run, int64_t work);
/** Whether a trial or refit is to be fitted, or read back and evaluated, by a group. Local. */
bool rb_run_is_to_run(const rb_run_state *run, int64_t work);
/**
 * Mark finished trials and refits whose models or lists `store` asks for and that lack them, and what these read.
 * Local.
 *
 * @param[in] selected  [n_work] what stands for a selected trial; NULL: not known yet
 * @return how many are marked
 */
int64_t rb_run_mark_dropped(rb_run_state *run, const bool *selected);
/** Note in run->work whose models are kept: those that `store` asks for, and what these read. As above. Local. */
void rb_run_mark_kept(rb_run_state *run, const bool *selected);
/** Trials and refits that are done and must be fitted once more, since their models were not kept. Local. */
int64_t rb_run_count_again(const rb_run_state *run);
/** Trials that need nothing more, and in n_failed those of them that failed. Local. */
int64_t rb_run_count_kept(int64_t *n_failed, const rb_run_state *run);
/** Metric id under which the digest of the first k places of the test lists stands in a metric unit. */
void rb_run_lists_id(char out[64], int64_t k);

/* ---- harness/trial.c: one trial in a group ---- */

/** Why a trial or refit cannot be started in a group: memory (that of re-ranking where only its lists need the fit), or
 *  the algorithm's check. Local. */
rb_status rb_trial_refusal(const rb_run_state *run, int64_t work, const rb_ctx *ctx, rb_error *err);
/** Fit and evaluate one trial or refit and write its units. Collective over run->group. A failed trial is RB_OK here.
 */
rb_status rb_trial_run(rb_run_state *run, const rb_fold *fold, int64_t work, rb_error *err);

/* ---- harness/evaluate.c, harness/evaluate_clusters.c ---- */

/** The wanted rows of a recommender on one fold: values, vectors, lists of the test part. Collective over ctx. */
rb_status rb_evaluate_recommender(rb_metric_record *record, rb_stored_lists *lists, const rb_wanted *wanted,
                                  const rb_run_state *run, const rb_fold *fold, int64_t work, const void *state,
                                  rb_ctx *ctx, rb_error *err);
/** What re-ranks the lists of a trial or refit that has `rerank`; its space is built, its clustering finished. Local.
 *  @return RB_OK; RB_OVER_BUDGET; RB_FAILED: what it reads is not there; RB_IO, RB_NO_MEMORY */
rb_status rb_evaluate_reranker(rb_reranker *out, const rb_run_state *run, int64_t work, rb_error *err);
/** Rows of every segment that has a value (eval/segments.h). Local. */
rb_status rb_evaluate_segments(rb_metric_record *record, const rb_fold *fold, rb_part part, const char *name,
                               const rb_ranking *ranking, const rb_ranking_rules *rules, const rb_metric *metrics,
                               int64_t n_groups, rb_error *err);
/** One metric on validation, for early stopping: of lists that are not re-ranked. Collective. */
rb_status rb_evaluate_validation(rb_metric_value *value, const rb_run_state *run, const rb_fold *fold,
                                 const rb_metric *metric, const rb_configuration *c, const void *state, rb_ctx *ctx,
                                 rb_error *err);
/** Whether `metric` is a silhouette that goes over all pairs of points, of clusterings by c. Local. */
bool rb_run_needs_pairs(const rb_metric *metric, const rb_configuration *c);
/** Rows of all clusterings that lack them, all labellings of a space together. Collective over the world. */
rb_status rb_evaluate_clusterings(rb_run_state *run, rb_error *err);
/** Rows that say "not applicable" for every wanted metric. Local. */
rb_status rb_evaluate_nothing(rb_metric_record *record, const rb_wanted *wanted, const rb_run_state *run,
                              rb_error *err);

/* ---- harness/schedule.c ---- */

/** Run all trials, then all wanted refits, that are not finished, group by group. Collective. *stopped: asked to stop
 * before the end. */
rb_status rb_run_trials(rb_run_state *run, bool *stopped, rb_error *err);
/** Whether this rank was asked to stop. Local. */
bool rb_run_asked_to_stop(const rb_run_state *run);

/* ---- harness/results*.c: results.h5; rank 0 of the world only ---- */

/** Which work stands for a selected trial, [n_work]; *selected is owned by the caller. */
rb_status rb_run_selected(bool **selected, rb_run_state *run, rb_error *err);
/** Merge all units into results.h5, drop models and lists that are not kept, fill the outcome's digest. */
rb_status rb_run_merge(rb_run_outcome *outcome, rb_run_state *run, rb_error *err);
/** Write /provenance. */
rb_status rb_write_provenance(hid_t file, const rb_run_state *run, rb_error *err);
/** Write /dataset. */
rb_status rb_write_dataset(hid_t file, const rb_dataset *data, const rb_catalogue *unseen, rb_error *err);
/** Write /features, where they were computed. */
rb_status rb_write_features(hid_t file, const rb_run_state *run, rb_error *err);

#endif

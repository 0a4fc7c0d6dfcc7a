/*
 * Splits: which part (train, validation, test) an interaction or a session belongs to.
 *
 * Shares `test` and `validation` are of all interactions (of the user's, of the users, of the sessions: see the kind).
 * Counts are exact: floor(share n + 1/2), validation at most what test leaves. Random choices take the smallest Philox
 * keys, ties by row, so that every rank finds the same parts: the bits of draw 0 of (key rb_seed_named(seed, "split"),
 * stream "split", epoch 0, entity = row); users of `strong` have stream "split.users", titles of `titles` and
 * `strong_titles` "split.titles" (entity = user, title), the validation part of fold f of k_fold has epoch f + 1.
 *
 *   random          the smallest keys of all rows are test, the next ones validation
 *   per_user        the same within each user
 *   leave_last_out  the user's last row by time (ties: the later row) is test where the user has two rows; the one
 *                   before it validation where `validation` > 0 and the user has three
 *   temporal        the last rows by time (ties: the later row) are test, those before them validation
 *   k_fold          each row is test in exactly one of `folds` folds of equal size; validation is drawn from the rest
 *   sessions        the sessions that start last are test, those before them validation (shares of the sessions; ties:
 *                   the later session); an interaction follows the session of its user that started last before it
 *   strong          shares of the users: all rows of a test (validation) user are test (validation) but for a share
 *                   `reveal` of them, at least one and not all, which is RB_PART_REVEALED: not for fitting, but known
 *                   when the user is folded in (`reveal` of data/algorithm.h), and masked
 *   loo_sampled     leave_last_out (without times: the smallest key of the user); ranked among `negatives` items
 *                   (rb_split_negatives)
 *   files           by the pairs of `train_file`, `validation_file`, `test_file` (each with the source's format); rows
 *                   in none of them are RB_PART_NONE, a pair in two of them or of no row is an error
 *   titles          a share of the titles of a catalogue without interactions: the smallest keys are unseen by every
 *                   fit (rb_split_titles)
 *   strong_titles   shares of the titles: all rows of a test (validation) title are test (validation). Of what was done
 *                   with it a fit sees nothing; the catalogue, and so spaces and content, stay whole
 *   every_nth       row k of the filtered data, 0-based, is test where k % every == offset; validation is drawn from
 *                   the rest
 */
#ifndef RB_DATA_SPLIT_H
#define RB_DATA_SPLIT_H

#include "base/param.h"
#include "data/dataset.h"

typedef enum {
    RB_SPLIT_RANDOM,
    RB_SPLIT_PER_USER,
    RB_SPLIT_LEAVE_LAST_OUT,
    RB_SPLIT_TEMPORAL,
    RB_SPLIT_K_FOLD,
    RB_SPLIT_SESSIONS,
    RB_SPLIT_STRONG,
    RB_SPLIT_LOO_SAMPLED,
    RB_SPLIT_FILES,
    RB_SPLIT_EVERY_NTH,
    RB_SPLIT_TITLES,
    RB_SPLIT_STRONG_TITLES,
    RB_N_SPLIT_KINDS
} rb_split_kind;

typedef struct rb_source rb_source; /* data/read.h */

typedef struct {
    int kind;                                             /* rb_split_kind */
    double test, validation;                              /* shares; validation 0: no such part */
    int64_t folds;                                        /* k_fold */
    double reveal;                                        /* strong */
    int64_t negatives;                                    /* loo_sampled: items a user */
    int64_t every, offset;                                /* every_nth */
    const char *train_file, *validation_file, *test_file; /* files; NULL: no such part */
    const rb_source *source; /* files: how they are read; NULL: by sniffing. Not in the table */
} rb_split;

/* Parameter table of rb_split. */
extern const rb_param rb_split_params[];

typedef struct {
    const char *name, *summary;
    const char *keys; /* "test|validation": what it reads beside `kind` */
} rb_split_about;

/* The kinds in the order of rb_split_kind, ended by one without a name. */
extern const rb_split_about rb_split_abouts[];

/** Whether a key has an effect with a kind; `kind` itself has with all. Local. */
bool rb_split_takes(int kind, const char *key);

/** Folds of a split: `folds` of k_fold, else 1. */
int64_t rb_split_n_folds(const rb_split *s);

/**
 * Rows of each part of a fold, where the shares alone decide (random, temporal, k_fold, every_nth). Local.
 *
 * @return false where the data decide: then they must be divided to be counted
 */
bool rb_split_sizes(int64_t n_rows[RB_N_PARTS], const rb_split *s, int64_t n, int64_t fold);

/** Whether it makes a validation part: a share, or a file of pairs. Local. */
bool rb_split_has_validation(const rb_split *s);

/** RB_BAD_INPUT: parameters that do not go together, or (d not NULL) that the data cannot serve: no times, no sessions,
 *  fewer rows than folds. Local. */
rb_status rb_split_check(const rb_split *s, const rb_dataset *d, rb_error *err);

/* Parts of one fold, in memory that the ranks of a node share. */
typedef struct {
    const uint8_t *row;     /* [n_rows] rb_part of each interaction; NULL where the data have none */
    const uint8_t *session; /* [n_sessions] rb_part of each session; NULL but for kind sessions */
    int64_t n_rows, n_sessions;
    rb_shared memory;
} rb_parts;

/**
 * The parts of fold `fold`.
 *
 * Collective over ctx.
 *
 * @param[out] out   zeroed before; owned by the caller (rb_parts_fini), the same on every rank
 * @param[in]  fold  0 .. rb_split_n_folds(s) - 1
 * @param[in]  seed  the experiment's seed
 * @return RB_OK; RB_BAD_INPUT as rb_split_check, and for pairs of `files` that do not fit; RB_IO; RB_NO_MEMORY
 *
 * Bits: the same for any ranks, threads and nodes (integers only).
 * Time O(n / (P T)) for random choices, O(n) plus O(n log n / (P T)) within users; memory n bytes a node, and
 * 16 n / P bytes a rank for the kinds that work within users.
 */
rb_status rb_split_fold(rb_parts *out, const rb_split *s, const rb_dataset *d, int64_t fold, uint64_t seed, rb_ctx *ctx,
                        rb_error *err);

/**
 * Divide a catalogue (kind titles): `d` keeps the titles of training, in their order, and `unseen` gets the others.
 *
 * Collective over ctx, the same on every rank. d->digest stays that of the whole.
 *
 * @param[out] unseen  zeroed before; rb_catalogue_fini
 * @param[in]  seed    the experiment's seed
 * @return RB_OK; RB_BAD_INPUT: interactions, no catalogue, fewer than two titles of training or none unseen;
 *         RB_NO_MEMORY
 */
rb_status rb_split_titles(rb_catalogue *unseen, rb_dataset *d, const rb_split *s, uint64_t seed, rb_ctx *ctx,
                          rb_error *err);

/** Collective over the ctx that made them. Zeroed is allowed. */
void rb_parts_fini(rb_parts *p);

/**
 * Sampled negatives of a user for loo_sampled: distinct items that the user has in no part, all sets equally likely.
 *
 * @param[out] item  [n], in ascending order
 * @param[in]  all   all interactions of the filtered data (every part)
 * @param[in]  seed  the experiment's seed
 * @return how many were written: n, or fewer where the user has not that many unseen items
 *
 * Local, allocates nothing. Floyd's algorithm (Bentley and Floyd 1987, doi:10.1145/30401.315746), O(n^2).
 */
int64_t rb_split_negatives(int32_t *item, int64_t n, int32_t user, const rb_ratings *all, uint64_t seed);

#endif

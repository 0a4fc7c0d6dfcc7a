/*
 * Why a stored model recommends an item: what contributed, for a column of `recommend --explain`.
 *
 * Where a model does not know its contributions by itself, an item of the user, or of the session, contributes what the
 * score loses without it: the others are folded in again.
 */
#ifndef RB_HARNESS_APPLY_REASONS_H
#define RB_HARNESS_APPLY_REASONS_H

#include "harness/apply_model.h"

typedef struct {
    int64_t most; /* reasons of a score that are told; 0: none */
    int32_t *id;
    double *weight; /* [most] */
    double *lost;   /* [n_own x n_listed] of the last list */
    const int32_t *own;
    int64_t n_own;
} rb_reasons;

/** Whether recommendations, to users or in sessions, can be explained. Local. */
bool rb_reasons_are_there(const rb_algorithm *a);

rb_status rb_reasons_init(rb_reasons *r, int64_t most, rb_error *err);
void rb_reasons_fini(rb_reasons *r);

/** Scores [n_listed] of the listed items where the item in place `without` of what is folded in is left out; -1: none.
 */
typedef rb_status (*rb_reasons_ask)(double *scores, void *self, int64_t without, rb_error *err);

/** What each score of a list loses without each of own [n_own], for rb_reasons_print_lost. Local; n_own + 1 asks. */
rb_status rb_reasons_leave_out(rb_reasons *r, const int32_t *own, int64_t n_own, int64_t n_listed, rb_reasons_ask ask,
                               void *self, rb_error *err);
/** The reasons of place `at` of the list, the most first, after a tab. */
void rb_reasons_print_lost(FILE *out, rb_reasons *r, int64_t n_listed, int64_t at, const rb_dataset *d);

/** What to print the reasons of a user's list needs beforehand. Local. @return RB_OK, RB_NO_MEMORY, or of fold_in */
rb_status rb_reasons_of_list(rb_reasons *r, const rb_apply_model *m, int32_t user, const int32_t *items, int64_t n,
                             rb_error *err);
/** The reasons of the item in place `at` of the n of that list, after a tab. */
rb_status rb_reasons_print(FILE *out, rb_reasons *r, const rb_apply_model *m, int32_t user, const int32_t *items,
                           int64_t n, int64_t at, rb_error *err);

#endif

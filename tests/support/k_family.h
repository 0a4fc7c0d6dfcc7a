/*
 * Fits of the algorithms that cluster a space, for their tests: options as text, results copied out; and labelled sets
 * of points.
 */
#ifndef RB_SUPPORT_K_FAMILY_H
#define RB_SUPPORT_K_FAMILY_H

#include <jansson.h>

#include "data/algorithm.h"
#include "support/config.h"

#define RB_TEST_MOST_OPTIONS 8

/** The members of a JSON object, all texts, as options; they live as long as the object. */
void rb_test_options_of(rb_test_option options[RB_TEST_MOST_OPTIONS], json_t *object);

/* What a fit gives; release with rb_test_fit_fini. */
typedef struct {
    rb_status status;
    char message[1024];
    int64_t n, n_iterations;
    double first_objective, last_objective;
    int32_t *label, *assigned; /* [n] of the fit, and of assign for the same points; NULL where there is none */
    double *centres;           /* the array of that name; NULL where there is none */
    double inertia;
} rb_test_fit;

/** Fit a clustering to points and assign them again. centres may be NULL. Collective over ctx. */
void rb_test_fit_points(rb_test_fit *out, const rb_algorithm *a, const rb_points *p, const rb_test_option *options,
                        const rb_array *centres, rb_ctx *ctx);
void rb_test_fit_fini(rb_test_fit *f);

/* Sets that clustering methods are compared on. */
typedef enum {
    RB_TEST_BLOBS,    /* four groups of unequal size and width */
    RB_TEST_RINGS,    /* two circles, one inside the other */
    RB_TEST_MOONS,    /* two half circles that reach into each other */
    RB_TEST_STRETCHED /* three long parallel groups */
} rb_test_set;

/** n points in the plane and their groups; the same on every rank. Collective over rb_test_ctx. */
void rb_test_points_of_set(rb_points *p, int32_t *truth, rb_test_set set, int64_t n);
/** One of them, by the same formula as tests/golden/generate_sets.py: uniform numbers from splitmix64 of 4 i + j. */
int32_t rb_test_point_of_set(double at[2], rb_test_set set, int64_t i, int64_t n);

#endif

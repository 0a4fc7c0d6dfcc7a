/*
 * Which titles of a catalogue are wanted.
 */
#ifndef RB_DATA_TITLE_FILTER_H
#define RB_DATA_TITLE_FILTER_H

#include "data/catalogue.h"

typedef struct {
    const char *genre;          /* name of one of the title's genres, in any case; NULL: any */
    const char *type;           /* "Movie", in any case; NULL: any */
    int32_t year_from, year_to; /* inclusive; 0 and INT32_MAX: any, also unknown */
    int age_group;              /* rb_age_group; -1: any */
} rb_title_filter;

/* Everything. */
#define RB_TITLE_FILTER_ANY ((rb_title_filter){ .year_to = INT32_MAX, .age_group = -1 })

/* The choices of an option, in the order of rb_age_group. */
#define RB_AGE_GROUPS "unrated|kids|older_kids|teens|adults"

/** Years from "1990-1999", "1990-" (and later), "-1999" or "1994". @return RB_OK, RB_BAD_INPUT */
rb_status rb_title_filter_years(rb_title_filter *filter, const char *text, rb_error *err);

/** RB_BAD_INPUT where the catalogue has no such genre or type (the nearest is named), or none of the columns. Local. */
rb_status rb_title_filter_check(const rb_title_filter *filter, const rb_catalogue *c, rb_error *err);

/** Whether title i is wanted. Local. */
bool rb_title_filter_takes(const rb_title_filter *filter, const rb_catalogue *c, int32_t i);

#endif

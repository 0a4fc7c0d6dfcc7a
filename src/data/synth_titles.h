/*
 * Titles of the generator: type, title, director, cast, country, dates, age rating, duration, genres and description,
 * drawn from the vocabularies of the planted topics.
 */
#ifndef RB_DATA_SYNTH_TITLES_H
#define RB_DATA_SYNTH_TITLES_H

#include "data/synth_world.h"

/** The catalogue of all items, with their planted topics. Local: every rank makes it whole. out is zeroed before.
 *  RB_OK, RB_NO_MEMORY. */
rb_status rb_synth_titles(rb_catalogue *out, const rb_world *w, rb_error *err);

/* Names of countries, ended by NULL, the commonest first. */
extern const char *const rb_synth_countries[];
#define RB_SYNTH_N_COUNTRIES 12

#endif

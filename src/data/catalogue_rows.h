/*
 * Between reading and a finished catalogue: cleaning what was read, and taking rows.
 */
#ifndef RB_DATA_CATALOGUE_ROWS_H
#define RB_DATA_CATALOGUE_ROWS_H

#include "data/catalogue.h"

/**
 * Make the derived fields of a catalogue whose n, has and (trimmed) columns are set, and fill its cleaning report.
 *
 * Moves a duration that stands in the rating column back; parses years, dates and durations; splits the multi-valued
 * columns at `value_separator`; marks duplicates (trimmed lower-cased title, type and year of an earlier row). Where
 * there is no release year, the year is the one in brackets at the end of the title. Age groups:
 * Kids TV-Y, TV-G, G; Older Kids TV-Y7, TV-Y7-FV, TV-PG, PG; Teens TV-14, PG-13; Adults TV-MA, R, NC-17; else unrated.
 *
 * @param[in,out] c  derived fields zeroed before; ids are not touched
 */
rb_status rb_catalogue_clean(rb_catalogue *c, char value_separator, rb_error *err);

/** All fields but the ids of the rows row[0 .. n), in that order; -1 gives a blank row. */
rb_status rb_catalogue_rows(rb_catalogue *out, const rb_catalogue *c, const int32_t *row, int32_t n, rb_error *err);

/** Days since 1970-01-01 of "September 25, 2021", "25-Sep-21" or "2021-09-25"; false where it is none of them. */
bool rb_catalogue_date(int32_t *days, const char *text);

#endif

/*
 * Numbers and times in ratings text, read fast and exactly.
 */
#ifndef RB_DATA_RATINGS_NUMBER_H
#define RB_DATA_RATINGS_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

typedef enum { RB_NUMBER_OK, RB_NUMBER_NOT, RB_NUMBER_NOT_FINITE } rb_number;

/**
 * The whole of [text, text + n) as a decimal number, rounded once to the nearest single (as strtof rounds).
 *
 * Digits with an optional sign, point and exponent; no hexadecimal, no blanks. "nan", "inf" and what overflows are
 * RB_NUMBER_NOT_FINITE. Cost: a few nanoseconds up to 19 digits; longer ones go through strtof.
 */
rb_number rb_number_float(float *out, const char *text, int64_t n);

/**
 * A whole number in the one form it is printed in (no leading zeros, no plus sign, not "-0"), so that an id that is
 * kept as a number is written again as it was read. False where the text is anything else or overflows.
 */
bool rb_number_whole(int64_t *out, const char *text, int64_t n);

/**
 * A time as seconds since 1970-01-01 UTC: a number (fractions are cut off towards minus infinity), a date
 * "2005-09-06", or a date and a time "2005-09-06 23:53:47" (also with T between them and Z behind).
 */
bool rb_number_time(int64_t *out, const char *text, int64_t n);

#endif

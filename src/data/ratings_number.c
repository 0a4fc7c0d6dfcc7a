#include "data/ratings_number.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define DAY_S 86400
#define MAX_DIGITS 19     /* decimal digits that always fit in 64 bits */
#define MAX_POWER 22      /* 10^22 is the largest power of ten that a double holds exactly */
#define LONGEST_NUMBER 64 /* bytes; a longer "number" is taken for an error */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* sign * digits * 10^power, as written */
typedef struct {
    uint64_t digits;
    int n_digits; /* significant ones, over MAX_DIGITS: digits has overflowed */
    int power;
    bool negative;
} decimal;

/* Digits from p on go into d; returns where they end. */
static const char *take_digits(decimal *d, const char *p, const char *end, bool fraction)
{
    for (; p < end && is_digit(*p); p++) {
        d->digits = d->digits * 10 + (uint64_t)(*p - '0');
        d->n_digits += d->digits > 0;
        d->power -= fraction;
    }
    return p;
}

/* The exponent after 'e'; NULL where it is no number. Far beyond the range it stays there. */
static const char *take_exponent(decimal *d, const char *p, const char *end)
{
    bool negative = p < end && *p == '-';
    p += p < end && (*p == '-' || *p == '+');
    const char *first = p;
    int exponent = 0;
    for (; p < end && is_digit(*p); p++)
        if (exponent < 100000)
            exponent = exponent * 10 + (*p - '0');
    d->power += negative ? -exponent : exponent;
    return p > first ? p : NULL;
}

static bool scan(decimal *d, const char *p, const char *end)
{
    d->negative = p < end && *p == '-';
    p += p < end && (*p == '-' || *p == '+');
    const char *whole = take_digits(d, p, end, false);
    bool any = whole > p;
    p = whole;
    if (p < end && *p == '.') {
        const char *fraction = take_digits(d, p + 1, end, true);
        any = any || fraction > p + 1;
        p = fraction;
    }
    if (any && p < end && (*p == 'e' || *p == 'E'))
        p = take_exponent(d, p + 1, end);
    return any && p == end;
}

static const double powers[MAX_POWER + 1] = { 1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                              1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };

/*
 * Both factors are exact in double, so the quotient or product is the double nearest to the decimal. Rounding it
 * again to single is right unless it lies exactly between two singles, where the first rounding may have hidden on
 * which side the decimal was.
 */
static bool round_once(float *out, const decimal *d)
{
    if (d->n_digits > MAX_DIGITS || d->digits > (uint64_t)1 << 53 || d->power < -MAX_POWER || d->power > MAX_POWER)
        return false;
    double value = (double)d->digits;
    value = d->power < 0 ? value / powers[-d->power] : value * powers[d->power];
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    bool halfway = (bits & 0x1fffffff) == 0x10000000;
    if (d->digits != 0 && (halfway || value < 1e-37 || value > 1e38))
        return false;
    *out = (float)(d->negative ? -value : value);
    return true;
}

static bool says_not_finite(const char *text, int64_t n)
{
    bool sign = n > 0 && (*text == '-' || *text == '+');
    text += sign;
    n -= sign;
    return (n == 3 && (strncasecmp(text, "nan", 3) == 0 || strncasecmp(text, "inf", 3) == 0)) ||
           (n == 8 && strncasecmp(text, "infinity", 8) == 0);
}

rb_number rb_number_float(float *out, const char *text, int64_t n)
{
    decimal d = { 0 };
    if (!scan(&d, text, text + n))
        return says_not_finite(text, n) ? RB_NUMBER_NOT_FINITE : RB_NUMBER_NOT;
    if (round_once(out, &d))
        return RB_NUMBER_OK;
    char copy[LONGEST_NUMBER];
    if (n >= (int64_t)sizeof copy)
        return RB_NUMBER_NOT;
    memcpy(copy, text, (size_t)n);
    copy[n] = 0;
    *out = strtof(copy, NULL);
    return isfinite(*out) ? RB_NUMBER_OK : RB_NUMBER_NOT_FINITE;
}

bool rb_number_whole(int64_t *out, const char *text, int64_t n)
{
    bool negative = n > 0 && text[0] == '-';
    int64_t i = negative, value = 0;
    if (n - i < 1 || n - i > MAX_DIGITS || (text[i] == '0' && n > 1))
        return false;
    for (; i < n; i++) {
        if (!is_digit(text[i]))
            return false;
        if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, text[i] - '0', &value))
            return false;
    }
    *out = negative ? -value : value;
    return true;
}

/* Two or four digits at p. */
static int fixed_digits(const char *p, int n)
{
    int value = 0;
    for (int i = 0; i < n; i++) {
        if (!is_digit(p[i]))
            return -1;
        value = value * 10 + (p[i] - '0');
    }
    return value;
}

/* Days since 1970-01-01 of a proleptic Gregorian date (Hinnant 2013, chrono-compatible low-level date algorithms). */
static int64_t days_from_civil(int year, int month, int day)
{
    int64_t y = year - (month <= 2);
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t of_era = y - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static int days_in_month(int year, int month)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return month == 2 && leap ? 29 : days[month - 1];
}

static bool read_date(int64_t *out, const char *text, int64_t n)
{
    if (n < 10 || text[4] != '-' || text[7] != '-')
        return false;
    int year = fixed_digits(text, 4), month = fixed_digits(text + 5, 2), day = fixed_digits(text + 8, 2);
    if (year < 0 || month < 1 || month > 12 || day < 1 || day > days_in_month(year, month))
        return false;
    *out = days_from_civil(year, month, day) * DAY_S;
    if (n == 10)
        return true;
    n -= text[n - 1] == 'Z';
    if (n != 19 || (text[10] != ' ' && text[10] != 'T') || text[13] != ':' || text[16] != ':')
        return false;
    int hour = fixed_digits(text + 11, 2), minute = fixed_digits(text + 14, 2), second = fixed_digits(text + 17, 2);
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60)
        return false;
    *out += hour * 3600 + minute * 60 + second;
    return true;
}

bool rb_number_time(int64_t *out, const char *text, int64_t n)
{
    if (rb_number_whole(out, text, n) || read_date(out, text, n))
        return true;
    decimal d = { 0 };
    char copy[LONGEST_NUMBER];
    if (n >= (int64_t)sizeof copy || !scan(&d, text, text + n))
        return false;
    memcpy(copy, text, (size_t)n);
    copy[n] = 0;
    double value = floor(strtod(copy, NULL));
    if (!(fabs(value) < 9e18))
        return false;
    *out = (int64_t)value;
    return true;
}

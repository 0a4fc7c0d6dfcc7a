#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

rb_status rb_text_add(rb_text *text, const char *bytes, int64_t n, rb_error *err)
{
    RB_TRY(rb_grow(&text->data, &text->capacity, text->length + n + 1, err));
    memcpy(text->data + text->length, bytes, (size_t)n);
    text->length += n;
    text->data[text->length] = 0;
done:
    return err->status;
}

rb_status rb_text_addf(rb_text *text, rb_error *err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (rb_grow(&text->data, &text->capacity, text->length + n + 1, err) == RB_OK) {
        vsnprintf(text->data + text->length, (size_t)n + 1, format, again);
        text->length += n;
    }
    va_end(again);
    return err->status;
}

void rb_text_fini(rb_text *text)
{
    rb_free(text->data);
    memset(text, 0, sizeof *text);
}

#define DISTANCE_MAX 63

static int least(int a, int b)
{
    return a < b ? a : b;
}

static bool is_same(char a, char b)
{
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

int rb_text_distance(const char *a, const char *b)
{
    int rows[3][DISTANCE_MAX + 1]; /* of the last letters of a: two swapped ones look back two rows */
    int *before = rows[0], *above = rows[1], *row = rows[2];
    int n = (int)strnlen(b, DISTANCE_MAX), m = (int)strnlen(a, DISTANCE_MAX);
    for (int j = 0; j <= n; j++)
        row[j] = j;
    for (int i = 1; i <= m; i++) {
        int *oldest = before;
        before = above;
        above = row;
        row = oldest;
        row[0] = i;
        for (int j = 1; j <= n; j++) {
            int change = above[j - 1] + !is_same(a[i - 1], b[j - 1]);
            row[j] = least(change, 1 + least(above[j], row[j - 1]));
            if (i > 1 && j > 1 && is_same(a[i - 1], b[j - 2]) && is_same(a[i - 2], b[j - 1]))
                row[j] = least(row[j], before[j - 2] + 1);
        }
    }
    return row[n];
}

/* A third of the letters may be wrong; of two or three one, and never all of them. */
static int distance_allowed(const char *name)
{
    int n = (int)strnlen(name, DISTANCE_MAX);
    return n < 2 ? 0 : n < 4 ? 1 : n / 3 + 1;
}

const char *rb_text_nearest(const char *name, const char *const *names)
{
    const char *best = NULL;
    int nearest = distance_allowed(name);
    for (; *names; names++) {
        int d = rb_text_distance(name, *names);
        if (d < nearest || (d == nearest && !best)) {
            nearest = d;
            best = *names;
        }
    }
    return best;
}

#define PLAIN_EXPONENT 14 /* whole numbers of up to 15 digits are exact, and stand without an exponent */

void rb_text_double(char out[32], double value)
{
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(out, 32, "%.*g", digits, value);
        if (strtod(out, NULL) == value || isnan(value))
            break;
    }
    char *e = isfinite(value) ? strchr(out, 'e') : NULL;
    int exponent = e ? (int)strtol(e + 1, NULL, 10) : 0;
    if (exponent > 0 && exponent <= PLAIN_EXPONENT)
        snprintf(out, 32, "%.0f", value);
    else if (e)
        snprintf(e, (size_t)(out + 32 - e), "e%d", exponent); /* "1e-5" for "1e-05" */
}

bool rb_parse_int(int64_t *out, const char *text, int64_t n)
{
    bool negative = n > 0 && text[0] == '-';
    int64_t i = n > 0 && (text[0] == '-' || text[0] == '+');
    if (i == n)
        return false;
    int64_t value = 0;
    for (; i < n; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        if (__builtin_mul_overflow(value, 10, &value) || __builtin_sub_overflow(value, text[i] - '0', &value))
            return false;
    }
    if (!negative && value == INT64_MIN)
        return false;
    *out = negative ? value : -value;
    return true;
}

bool rb_parse_double(double *out, const char *text, int64_t n)
{
    char copy[64];
    if (n <= 0 || n >= (int64_t)sizeof copy || !strchr("+-.0123456789", text[0]))
        return false;
    memcpy(copy, text, (size_t)n);
    copy[n] = 0;
    if (strpbrk(copy, "xXpPiInN")) /* no hexadecimal, no inf, no nan */
        return false;
    char *end;
    errno = 0;
    double value = strtod(copy, &end);
    if (end != copy + n || !isfinite(value))
        return false;
    *out = value;
    return true;
}

const char *rb_text_plural(int64_t n)
{
    return n == 1 ? "" : "s";
}

const char *rb_text_count(char out[32], int64_t value)
{
    char digits[24];
    int n = snprintf(digits, sizeof digits, "%lld", (long long)(value < 0 ? -value : value));
    char *o = out;
    if (value < 0)
        *o++ = '-';
    for (int i = 0; i < n; i++) {
        *o++ = digits[i];
        if ((n - i) % 3 == 1 && i + 1 < n)
            *o++ = ',';
    }
    *o = 0;
    return out;
}

const char *rb_text_bytes(char out[32], double bytes)
{
    static const char *const units[] = { "B", "kB", "MB", "GB", "TB", "PB" };
    int u = 0;
    while (bytes >= 1000 && u < 5) {
        bytes /= 1000;
        u++;
    }
    snprintf(out, 32, u == 0 || bytes >= 100 ? "%.0f %s" : "%.1f %s", bytes, units[u]);
    return out;
}

#include "cluster/core/distinct.h"

#include <stdlib.h>
#include <string.h>

typedef int (*order)(const void *a, const void *b);

static int by_int64(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static int by_double(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Both types have 8 bytes. */
static int keep_distinct(void *x, int n, order compare)
{
    char *values = x;
    int kept = 0;
    if (n > 1)
        qsort(x, (size_t)n, 8, compare);
    for (int i = 0; i < n; i++)
        if (kept == 0 || compare(values + 8 * (size_t)i, values + 8 * (size_t)(kept - 1)) != 0)
            memmove(values + 8 * (size_t)kept++, values + 8 * (size_t)i, 8);
    return kept;
}

int rb_distinct_int64(int64_t *x, int n)
{
    return keep_distinct(x, n, by_int64);
}

int rb_distinct_double(double *x, int n)
{
    return keep_distinct(x, n, by_double);
}

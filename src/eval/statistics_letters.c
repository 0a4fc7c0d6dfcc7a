#include "eval/statistics.h"

#include <string.h>

#include "base/alloc.h"

#define N_LETTERS 52
/* Columns that are held at most while they are split and absorbed. */
#define MAX_COLUMNS 4096

/* Sets of rows: a column is the rows that share a letter. */
typedef struct {
    bool *in; /* [n_columns x n] */
    int64_t capacity;
    int32_t n, n_columns;
} columns;

static bool *column(const columns *c, int32_t k)
{
    return c->in + (int64_t)k * c->n;
}

static bool is_subset(const bool *a, const bool *b, int32_t n)
{
    for (int32_t i = 0; i < n; i++)
        if (a[i] && !b[i])
            return false;
    return true;
}

/* Remove every column whose rows all stand in another one. */
static void absorb(columns *c)
{
    int32_t kept = 0;
    for (int32_t k = 0; k < c->n_columns; k++) {
        bool needed = true;
        for (int32_t other = 0; other < c->n_columns && needed; other++) {
            bool earlier = other<kept, later = other> k;
            needed = !((earlier || later) && is_subset(column(c, k), column(c, other), c->n));
        }
        if (needed && kept != k)
            memcpy(column(c, kept), column(c, k), (size_t)c->n);
        kept += needed;
    }
    c->n_columns = kept;
}

/* Split every column that holds both i and j into one without i and one without j. */
static rb_status insert(columns *c, int32_t i, int32_t j, rb_error *err)
{
    int32_t n_before = c->n_columns;
    for (int32_t k = 0; k < n_before; k++) {
        if (!column(c, k)[i] || !column(c, k)[j])
            continue;
        if (c->n_columns == MAX_COLUMNS)
            return RB_FAIL(err, RB_NOT_APPLICABLE, "the comparisons need too many letters");
        RB_TRY(rb_grow(&c->in, &c->capacity, (int64_t)(c->n_columns + 1) * c->n, err));
        memcpy(column(c, c->n_columns), column(c, k), (size_t)c->n);
        column(c, k)[i] = false;
        column(c, c->n_columns++)[j] = false;
    }
    absorb(c);
done:
    return err->status;
}

/* Columns that begin higher in the table come first. */
static bool is_before(const bool *a, const bool *b, int32_t n)
{
    for (int32_t i = 0; i < n; i++)
        if (a[i] != b[i])
            return a[i];
    return false;
}

static char letter(int32_t k)
{
    return (char)(k < 26 ? 'a' + k : 'A' + (k - 26));
}

static void write_rows(char *letters, int width, const columns *c)
{
    memset(letters, 0, (size_t)c->n * (size_t)width);
    for (int32_t k = 0; k < c->n_columns; k++) {
        int32_t place = 0;
        for (int32_t other = 0; other < c->n_columns; other++)
            place += is_before(column(c, other), column(c, k), c->n);
        for (int32_t i = 0; i < c->n; i++)
            if (column(c, k)[i])
                letters[(int64_t)i * width + place] = letter(place);
    }
    for (int32_t i = 0; i < c->n; i++) {
        char *row = letters + (int64_t)i * width;
        int last = width - 1;
        while (last > 0 && !row[last])
            last--;
        for (int place = 0; place < last; place++)
            if (!row[place])
                row[place] = ' ';
    }
}

rb_status rb_letters(char *letters, int width, const bool *differs, int32_t n, rb_error *err)
{
    columns c = { .n = n, .n_columns = n > 0 };
    RB_TRY(rb_grow(&c.in, &c.capacity, n, err));
    for (int32_t i = 0; i < n; i++)
        c.in[i] = true;
    for (int32_t i = 0; i < n; i++)
        for (int32_t j = i + 1; j < n; j++)
            if (differs[(int64_t)i * n + j])
                RB_TRY(insert(&c, i, j, err));
    int32_t most = width - 1 < N_LETTERS ? width - 1 : N_LETTERS;
    if (c.n_columns > most)
        RB_FAIL(err, RB_NOT_APPLICABLE, "the comparisons need %d letters, there is room for %d", c.n_columns, most);
    else
        write_rows(letters, width, &c);
done:
    rb_free(c.in);
    return err->status;
}

/* Rows of the matrix, instanced by linkage_rows.c for float and double through REAL and NAME(x). */

/* Numbers of a stretch: the place of the least is looked for in one of them alone. */
#define STRETCH 256
#define LINE (64 / (int64_t)sizeof(REAL))

static REAL NAME(least_of)(const REAL *row, const REAL *mask, int64_t n)
{
    REAL least[RB_LINKAGE_LANES];
    for (int l = 0; l < RB_LINKAGE_LANES; l++)
        least[l] = (REAL)INFINITY;
    for (int64_t j = 0; j < n; j += RB_LINKAGE_LANES)
        for (int l = 0; l < RB_LINKAGE_LANES; l++) {
            REAL v = row[j + l] + mask[j + l];
            least[l] = v < least[l] ? v : least[l];
        }
    for (int l = 1; l < RB_LINKAGE_LANES; l++)
        least[0] = least[l] < least[0] ? least[l] : least[0];
    return least[0];
}

int64_t NAME(rb_linkage_least)(const REAL *row, const REAL *mask, int64_t n)
{
    REAL best = (REAL)INFINITY;
    int64_t from = 0;
    for (int64_t j = 0; j < n; j += STRETCH) {
        REAL least = NAME(least_of)(row + j, mask + j, n - j < STRETCH ? n - j : STRETCH);
        if (least < best) {
            best = least;
            from = j;
        }
    }
    while (from < n - 1 && row[from] + mask[from] != best)
        from++;
    return from;
}

static rb_linkage_nearest NAME(search)(const rb_linkage_rows *r, const REAL *row, int64_t n)
{
    int64_t at = NAME(rb_linkage_least)(row, r->mask, rb_linkage_stride(n));
    return (rb_linkage_nearest){ .slot = at, .distance = (double)row[at] };
}

/* ---- unions ---- */

/* Columns [from, to) of a row of the union; out may be x or y. */
RB_INLINE void NAME(row_as)(rb_linkage linkage, REAL *out, const REAL *x, const REAL *y, const double *size,
                            int64_t from, int64_t to, double na, double nb, double height)
{
#pragma omp simd
    for (int64_t j = from; j < to; j++)
        out[j] = (REAL)lance_williams(linkage, (double)x[j], (double)y[j], na, nb, size[j], height);
}

static void NAME(unite_rows)(rb_linkage linkage, REAL *out, const REAL *x, const REAL *y, const double *size,
                             int64_t from, int64_t to, double na, double nb, double height)
{
    FOR_LINKAGE(linkage, NAME(row_as), out, x, y, size, from, to, na, nb, height);
}

/* The united columns of n pairs in the row of a cluster of `size` points. */
RB_INLINE void NAME(columns_as)(rb_linkage linkage, REAL *restrict out, const REAL *restrict row,
                                const rb_linkage_log *log, int64_t from, int64_t n, double size)
{
    const int32_t *restrict a = log->a + from, *restrict b = log->b + from;
    const double *restrict na = log->na + from, *restrict nb = log->nb + from, *restrict height = log->height + from;
    for (int64_t t = 0; t < n; t++)
        out[t] = (REAL)lance_williams(linkage, (double)row[a[t]], (double)row[b[t]], na[t], nb[t], size, height[t]);
}

/* Pairs [from, to), of one round. */
static void NAME(unite_columns)(REAL *row, const rb_linkage_rows *r, const rb_linkage_log *log, int64_t from,
                                int64_t to, double size, REAL *scratch)
{
    FOR_LINKAGE(r->linkage, NAME(columns_as), scratch, row, log, from, to - from, size);
    for (int64_t t = from; t < to; t++)
        row[log->a[t]] = scratch[t - from];
}

static void NAME(meet)(const rb_linkage_rows *r, const rb_linkage_log *log, int64_t slot, int64_t n_rounds,
                       REAL *scratch)
{
    REAL *row = rb_linkage_row(r, slot);
    for (int64_t j = 0; j < r->n; j += LINE)
        __builtin_prefetch(row + j, 1);
    for (int64_t k = log->met[slot]; k < n_rounds; k++)
        NAME(unite_columns)(row, r, log, log->begin[k], log->begin[k + 1], r->size[slot], scratch);
}

/* The pairs before have met both parts as they were; those behind meet the union. */
static void NAME(unite_pair)(REAL *out, REAL *x, REAL *y, const rb_linkage_rows *r, const rb_linkage_log *log,
                             int64_t pair, REAL *scratch)
{
    const int64_t begin = log->begin[log->n_rounds - 1], end = log->begin[log->n_rounds], a = log->a[pair];
    const double na = log->na[pair], nb = log->nb[pair], height = log->height[pair];
    NAME(unite_columns)(x, r, log, begin, pair, na, scratch);
    NAME(unite_columns)(y, r, log, begin, pair, nb, scratch);
    NAME(unite_rows)(r->linkage, out, x, y, log->size, 0, a, na, nb, height);
    NAME(unite_rows)(r->linkage, out, x, y, r->size, a, r->n, na, nb, height);
    out[a] = (REAL)INFINITY;
    NAME(unite_columns)(out, r, log, pair + 1, end, na + nb, scratch);
}

/* A slot never moves up, so a row is closed up in place, in ascending order. */
static void NAME(close_row)(const rb_linkage_rows *r, REAL *row)
{
    const int32_t *origin = r->origin;
    for (int64_t j = 0; j < r->n_live; j++)
        row[j] = row[origin[j]];
}

/* ---- one merge ---- */

static void NAME(unite_in_place)(const rb_linkage_rows *r, REAL *x, const REAL *y, int64_t a, int64_t b, double height)
{
    NAME(unite_rows)(r->linkage, x, x, y, r->size, 0, r->n, r->size[a], r->size[b], height);
    x[a] = x[b] = (REAL)INFINITY;
}

static void NAME(write_column)(const rb_linkage_rows *r, int64_t slot)
{
    const REAL *united = r->united;
    REAL *value = r->value;
    for (int64_t j = 0; j < r->n; j++)
        if (j != slot && rb_linkage_is_own(r, j))
            value[r->place[j] * r->stride + slot] = united[j];
}

static void NAME(set_mask)(rb_linkage_rows *r)
{
    REAL *mask = r->mask;
    for (int64_t j = 0; j < r->stride; j++)
        mask[j] = j < r->n ? 0 : (REAL)INFINITY;
}

#undef STRETCH
#undef LINE

/* Rows of the matrix, instanced by linkage_rows.c for float and double through REAL and NAME(x). */

/* Numbers of a stretch: the place of the least is looked for in one of them alone. */
#define STRETCH 256

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

/* What was written since the row was read last stands in the rows of those. */
static void NAME(refresh)(rb_linkage_rows *r, int64_t slot)
{
    REAL *value = r->value, *row = value + slot * r->stride;
    for (int64_t t = r->n_recent - 1; t >= 0 && r->recent[t].time > r->refreshed[slot]; t--)
        row[r->recent[t].slot] = value[r->recent[t].slot * r->stride + slot];
    r->refreshed[slot] = r->now;
}

static rb_linkage_nearest NAME(nearest_of)(const rb_linkage_rows *r, int64_t slot)
{
    const REAL *row = (const REAL *)r->value + slot * r->stride;
    int64_t at = NAME(rb_linkage_least)(row, r->mask, r->stride);
    return (rb_linkage_nearest){ at, (double)row[at] };
}

/* Lance and Williams (1967): distances of the united cluster, in place of row a. */
static void NAME(unite_rows)(rb_linkage_rows *r, int64_t a, int64_t b)
{
    REAL *restrict x = (REAL *)r->value + a * r->stride;
    const REAL *restrict y = (const REAL *)r->value + b * r->stride;
    const double *restrict size = r->size;
    const double na = size[a], nb = size[b], both = na + nb, height = (double)x[b];
    const int64_t n = r->n;
    switch (r->linkage) {
    case RB_LINKAGE_SINGLE: /* Prim's */
        break;
    case RB_LINKAGE_COMPLETE:
        for (int64_t j = 0; j < n; j++)
            x[j] = x[j] > y[j] ? x[j] : y[j];
        break;
    case RB_LINKAGE_AVERAGE:
        for (int64_t j = 0; j < n; j++)
            x[j] = (REAL)((na * (double)x[j] + nb * (double)y[j]) / both);
        break;
    case RB_LINKAGE_WEIGHTED:
        for (int64_t j = 0; j < n; j++)
            x[j] = (REAL)(((double)x[j] + (double)y[j]) / 2);
        break;
    case RB_LINKAGE_WARD:
        for (int64_t j = 0; j < n; j++)
            x[j] = (REAL)(((na + size[j]) * (double)x[j] + (nb + size[j]) * (double)y[j] - size[j] * height) /
                          (both + size[j]));
        break;
    case RB_LINKAGE_CENTROID:
        for (int64_t j = 0; j < n; j++)
            x[j] = (REAL)((na * (double)x[j] + nb * (double)y[j]) / both - na * nb * height / (both * both));
        break;
    case RB_LINKAGE_MEDIAN:
        for (int64_t j = 0; j < n; j++)
            x[j] = (REAL)(((double)x[j] + (double)y[j]) / 2 - height / 4);
        break;
    }
    x[a] = x[b] = (REAL)INFINITY;
}

/* A slot never moves up, so rows are copied in ascending order in place. */
static void NAME(shrink)(rb_linkage_rows *r, int64_t stride)
{
    REAL *value = r->value, *mask = r->mask;
    for (int64_t i = 0; i < r->n; i++) {
        if (r->moved[i] < 0)
            continue;
        const REAL *from = value + i * r->stride;
        REAL *to = value + r->moved[i] * stride;
        int64_t at = 0;
        for (int64_t j = 0; j < r->n; j++)
            if (r->moved[j] >= 0)
                to[at++] = from[j];
        for (; at < stride; at++)
            to[at] = (REAL)INFINITY;
    }
    for (int64_t j = 0; j < r->n_live; j++)
        mask[j] = 0;
    for (int64_t j = r->n_live; j < stride; j++)
        mask[j] = (REAL)INFINITY;
}

#undef STRETCH

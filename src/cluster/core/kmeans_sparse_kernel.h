/*
 * Passes over sparse points, instanced by kmeans_sparse.c for float and double.
 *
 * A row against all centres: for each of its non-zeros one stretch of the table (a dimension's values in all centres)
 * is multiplied and added, four vectors of centres at a time in registers. So the products are exactly those with a
 * non-zero, and the score is the definition itself: nothing is decided twice.
 */
typedef struct {
    const int32_t *col;
    const REAL *value;
    int64_t n;
} NAME(row);

static NAME(row) NAME(row_of)(const rb_kmeans_data *data, int64_t i)
{
    int64_t first = data->row_begin[i];
    return (NAME(row)){ data->col + first, (const REAL *)data->value + first, data->row_begin[i + 1] - first };
}

static int64_t NAME(scratch_bytes)(int64_t k, int64_t d)
{
    (void)d;
    return (k + 64) * (int64_t)sizeof(double); /* scores of a row, or sums of a column */
}

/* score[j] = |c_j|^2 / 2 - x.c_j for n_vectors vectors of centres; n_vectors is a constant where this is inlined. */
RB_INLINE void NAME(stretch)(REAL *score, NAME(row) x, const REAL *table, const REAL *half, int64_t stride,
                             const int n_vectors)
{
    VECTOR sum[4];
#pragma GCC unroll 4
    for (int v = 0; v < n_vectors; v++)
        sum[v] = NAME(rb_load)(half + v * LANES);
    for (int64_t e = 0; e < x.n; e++) {
        VECTOR value = NAME(rb_splat)(x.value[e]);
        const REAL *centre = table + x.col[e] * stride;
#pragma GCC unroll 4
        for (int v = 0; v < n_vectors; v++)
            sum[v] = NAME(rb_fnma)(value, NAME(rb_load)(centre + v * LANES), sum[v]);
    }
#pragma GCC unroll 4
    for (int v = 0; v < n_vectors; v++)
        NAME(rb_store)(score + v * LANES, sum[v]);
}

static void NAME(scores)(REAL *score, NAME(row) x, const rb_kmeans_centres *centres)
{
    const REAL *table = centres->table.data, *half = centres->half;
    for (int64_t j = 0; j < centres->stride; j += 4 * LANES)
        switch ((centres->stride - j) / LANES) {
        case 1:
            NAME(stretch)(score + j, x, table + j, half + j, centres->stride, 1);
            break;
        case 2:
            NAME(stretch)(score + j, x, table + j, half + j, centres->stride, 2);
            break;
        case 3:
            NAME(stretch)(score + j, x, table + j, half + j, centres->stride, 3);
            break;
        default:
            NAME(stretch)(score + j, x, table + j, half + j, centres->stride, 4);
            break;
        }
}

static rb_kmeans_least NAME(least_of)(const REAL *score, int64_t first, int64_t last)
{
    REAL least = INFINITY, second = INFINITY;
    int32_t nearest = (int32_t)first;
    for (int64_t j = first; j < last; j++) {
        REAL worse = score[j] < least ? least : score[j];
        second = worse < second ? worse : second;
        nearest = score[j] < least ? (int32_t)j : nearest;
        least = score[j] < least ? score[j] : least;
    }
    return (rb_kmeans_least){ (double)least, (double)second, nearest };
}

static int64_t NAME(settle)(const rb_kmeans_pass *pass, void *scratch, const int64_t *rows, int64_t n)
{
    const rb_kmeans_data *data = pass->data;
    int64_t changed = 0;
    for (int64_t i = 0; i < n; i++) {
        int64_t own = rows[i] - data->begin;
        NAME(scores)(scratch, NAME(row_of)(data, rows[i]), pass->centres);
        rb_kmeans_least found = NAME(least_of)(scratch, 0, pass->centres->k);
        changed += pass->label[rows[i]] != found.at;
        pass->label[rows[i]] = found.at;
        if (pass->upper)
            rb_kmeans_set_bounds(pass, own, found.least, found.second, rb_kmeans_margin(pass, own));
    }
    return changed;
}

/* Few non-zeros meet a stretch of the table: all centres cost little more than some. */
static void NAME(score)(rb_kmeans_least *out, const rb_kmeans_pass *pass, void *scratch, const int64_t *rows, int n,
                        int64_t first, int64_t last)
{
    for (int l = 0; l < n; l++) {
        NAME(scores)(scratch, NAME(row_of)(pass->data, rows[l]), pass->centres);
        out[l] = NAME(least_of)(scratch, first, last);
    }
}

static int64_t NAME(assign)(const rb_kmeans_pass *pass, void *scratch, int64_t begin, int64_t end)
{
    int64_t changed = 0;
    for (int64_t i = begin; i < end; i++)
        if (!rb_kmeans_label_is_safe(pass, i))
            changed += NAME(settle)(pass, scratch, &i, 1);
    return changed;
}

/* Sums of a column by cluster, rows ascending, in double. */
static void NAME(column_sums)(double *sum, const rb_kmeans_pass *pass, int64_t f)
{
    const rb_csr *x = &pass->data->by_column;
    memset(sum, 0, (size_t)pass->data->k * sizeof *sum);
    for (int64_t e = x->row_begin[f]; e < x->row_begin[f + 1]; e++)
        sum[pass->label[x->col[e]]] += x->value[e];
}

static void NAME(column_lengths)(double *partial, const rb_kmeans_pass *pass, void *scratch, int32_t block)
{
    const rb_blocks *columns = &pass->data->columns;
    double *restrict sum = scratch, *restrict length2 = partial;
    memset(partial, 0, (size_t)pass->width * sizeof *partial);
    for (int64_t f = columns->begin[block]; f < columns->begin[block + 1]; f++) {
        NAME(column_sums)(sum, pass, f);
        for (int64_t c = 0; c < pass->data->k; c++)
            length2[c] = __builtin_fma(sum[c], sum[c], length2[c]);
    }
}

static void NAME(move_columns)(double *partial, rb_kmeans_centres *centres, const rb_kmeans_pass *pass,
                               const double *weight, void *scratch, int32_t block)
{
    const rb_blocks *columns = &pass->data->columns;
    double *restrict sum = scratch, *restrict went2 = partial, *restrict product = partial + centres->stride;
    memset(partial, 0, (size_t)pass->width * sizeof *partial);
    for (int64_t f = columns->begin[block]; f < columns->begin[block + 1]; f++) {
        REAL *restrict centre = (REAL *)centres->table.data + f * centres->stride;
        NAME(column_sums)(sum, pass, f);
        for (int64_t c = 0; c < pass->data->k; c++) {
            double old = (double)centre[c];
            REAL value = weight[c] > 0 ? (REAL)(sum[c] * weight[c]) : centre[c];
            double t = (double)value - old;
            went2[c] = __builtin_fma(t, t, went2[c]);
            product[c] = __builtin_fma(sum[c], old, product[c]);
            centre[c] = value;
        }
    }
}

static REAL NAME(dot)(NAME(row) x, const REAL *y, int64_t stride)
{
    REAL sum = 0;
    for (int64_t e = 0; e < x.n; e++)
        sum = FMA(x.value[e], y[x.col[e] * stride], sum);
    return sum;
}

static void NAME(norms)(double *norm2, const rb_kmeans_data *data, int64_t begin, int64_t end)
{
    for (int64_t i = begin; i < end; i++) {
        NAME(row) x = NAME(row_of)(data, i);
        REAL sum = 0; /* the chain of a product with itself: duplicates have distance 0 */
        for (int64_t e = 0; e < x.n; e++)
            sum = FMA(x.value[e], x.value[e], sum);
        norm2[i - begin] = (double)sum;
    }
}

/* A row of another rank has its length computed anew. */
static double NAME(norm_of)(const rb_kmeans_data *data, int64_t row)
{
    double norm2;
    if (row >= data->begin && row < data->end)
        return data->norm2[row - data->begin];
    NAME(norms)(&norm2, data, row, row + 1);
    return norm2;
}

/* Products of a row with all points of a table, each a chain over its non-zeros. */
static void NAME(dots)(REAL dot[TOGETHER], NAME(row) x, const rb_kmeans_table *table)
{
    const REAL *y = table->y;
    if (table->width == 1) {
        dot[0] = NAME(dot)(x, y, 1);
        return;
    }
    VECTOR sum[TOGETHER / LANES] = { { 0 } };
    for (int64_t e = 0; e < x.n; e++) {
        VECTOR value = NAME(rb_splat)(x.value[e]);
        const REAL *points = y + x.col[e] * TOGETHER;
#pragma GCC unroll 8
        for (int v = 0; v < TOGETHER / LANES; v++)
            sum[v] = NAME(rb_fma)(value, NAME(rb_load)(points + v * LANES), sum[v]);
    }
#pragma GCC unroll 8
    for (int v = 0; v < TOGETHER / LANES; v++)
        NAME(rb_store)(dot + v * LANES, sum[v]);
}

static void NAME(distances)(double *out, const rb_kmeans_data *data, const int64_t *rows, int64_t n,
                            const rb_kmeans_table *table)
{
    REAL dot[TOGETHER];
    for (int64_t i = 0; i < n; i++) {
        REAL norm2 = (REAL)NAME(norm_of)(data, rows[i]);
        NAME(dots)(dot, NAME(row_of)(data, rows[i]), table);
        for (int c = 0; c < table->n; c++) {
            REAL distance = norm2 - 2 * dot[c] + (REAL)table->norm2[c];
            out[i * table->n + c] = distance > 0 ? (double)distance : 0;
        }
    }
}

static double NAME(own_distance)(const rb_kmeans_data *data, const rb_kmeans_centres *centres, int64_t row, int32_t c)
{
    const REAL *half = centres->half;
    REAL dot = NAME(dot)(NAME(row_of)(data, row), (const REAL *)centres->table.data + c, centres->stride);
    if (data->is_spherical)
        return 1 - (double)dot;
    double distance = data->norm2[row - data->begin] + 2 * ((double)half[c] - (double)dot);
    return distance > 0 ? distance : 0;
}

/* Writes the non-zeros of the table's rows; cleared: zeros in their places. */
static void NAME(write_rows)(rb_kmeans_table *table, const rb_kmeans_data *data, bool cleared)
{
    for (int c = 0; c < table->n; c++) {
        NAME(row) x = NAME(row_of)(data, table->row[c]);
        for (int64_t e = 0; e < x.n; e++)
            ((REAL *)table->y)[x.col[e] * table->width + c] = cleared ? 0 : x.value[e];
    }
}

static void NAME(tabulate)(rb_kmeans_table *table, const rb_kmeans_data *data, const int64_t *rows, int n)
{
    NAME(write_rows)(table, data, true);
    table->n = n;
    table->width = n == 1 ? 1 : TOGETHER;
    for (int c = 0; c < n; c++) {
        table->row[c] = rows[c];
        NAME(norms)(table->norm2 + c, data, rows[c], rows[c] + 1);
    }
    NAME(write_rows)(table, data, false);
}

const rb_kmeans_kernels NAME(rb_kmeans_sparse) = {
    .scratch_bytes = NAME(scratch_bytes),
    .assign = NAME(assign),
    .settle = NAME(settle),
    .score = NAME(score),
    .column_lengths = NAME(column_lengths),
    .move_columns = NAME(move_columns),
    .distances = NAME(distances),
    .own_distance = NAME(own_distance),
    .tabulate = NAME(tabulate),
    .norms = NAME(norms),
    .together = TOGETHER,
};

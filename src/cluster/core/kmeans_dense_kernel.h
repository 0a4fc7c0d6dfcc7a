/*
 * Passes over dense points, instanced by kmeans_dense.c for float and double through REAL,
 * VECTOR, MASK, LANES, GROUP, TOGETHER and NAME(x)
 *
 * Assignment, 90 % of the time. A group of rows against all centres is one product C X' (linalg/gemm.h: its packed
 * panel holds GROUP rows, lanes run over points), so score[j][l] = |c_j|^2 / 2 - x_l.c_j and the search for the least
 * and the second least is vertical. The scores carry rounding errors; where the two least lie within the margin, the
 * distances of all candidates are computed by the definition. Rows whose bounds prove their label never come here:
 * those that do are gathered, unless they are neighbours already.
 */
typedef struct {
    const REAL *at; /* rows of the group, d apart */
    REAL *score;    /* [k x GROUP] */
    REAL *gathered; /* [GROUP x d] */
    int64_t row[GROUP];
    int n;
} NAME(group);

static int64_t NAME(scratch_bytes)(int64_t k, int64_t d)
{
    return (int64_t)sizeof(NAME(group)) + 64 + (k + d) * GROUP * (int64_t)sizeof(REAL);
}

static NAME(group) * NAME(group_in)(void *scratch, int64_t k)
{
    NAME(group) *g = scratch;
    g->score = (REAL *)((char *)scratch + (sizeof *g + 63) / 64 * 64);
    g->gathered = g->score + k * GROUP;
    g->n = 0;
    return g;
}

static const REAL *NAME(centre_rows)(const rb_kmeans_centres *c)
{
    return c->narrow ? (const void *)c->narrow : (const void *)c->row;
}

/* The candidate with the least distance by the definition, the lowest index among equals. */
static int32_t NAME(decide)(const NAME(group) * g, int l, REAL limit, const rb_kmeans_centres *centres)
{
    const REAL *rows = NAME(centre_rows)(centres), *half = centres->half, *candidate[GROUP];
    REAL distance[GROUP], least = INFINITY;
    int32_t index[GROUP], nearest = 0;
    int n = 0;
    for (int64_t j = 0; j < centres->k; j++) {
        if (half[j] - g->score[j * GROUP + l] <= limit) {
            index[n] = (int32_t)j;
            candidate[n++] = rows + j * centres->d;
        }
        if (n == GROUP || (n > 0 && j + 1 == centres->k)) {
            NAME(rb_distance2_rows)(distance, candidate, n, g->at + l * centres->d, centres->d);
            for (int c = 0; c < n; c++)
                if (distance[c] < least) {
                    least = distance[c];
                    nearest = index[c];
                }
            n = 0;
        }
    }
    return nearest;
}

/*
 * Least and second least score of every row of the group, and where the least stands (an integer held in REAL). The
 * twelve running vectors stay in registers.
 */
static void NAME(least_two)(REAL least[GROUP], REAL second[GROUP], REAL at[GROUP], const NAME(group) * g,
                            const rb_kmeans_centres *centres)
{
    const REAL *half = centres->half;
    VECTOR low[GROUP / LANES], next[GROUP / LANES], where[GROUP / LANES];
#pragma GCC unroll 16
    for (int v = 0; v < GROUP / LANES; v++) {
        low[v] = next[v] = NAME(rb_splat)((REAL)INFINITY);
        where[v] = (VECTOR){ 0 };
    }
    for (int64_t j = 0; j < centres->k; j++) {
        VECTOR h = NAME(rb_splat)(half[j]), index = NAME(rb_splat)((REAL)j);
#pragma GCC unroll 16
        for (int v = 0; v < GROUP / LANES; v++) {
            VECTOR s = h - NAME(rb_load)(g->score + j * GROUP + v * LANES);
            MASK is_less = s < low[v];
            VECTOR worse = PICK(is_less, low[v], s);
            next[v] = PICK(worse < next[v], worse, next[v]);
            where[v] = PICK(is_less, index, where[v]);
            low[v] = PICK(is_less, s, low[v]);
        }
    }
#pragma GCC unroll 16
    for (int v = 0; v < GROUP / LANES; v++) {
        NAME(rb_store)(least + v * LANES, low[v]);
        NAME(rb_store)(second + v * LANES, next[v]);
        NAME(rb_store)(at + v * LANES, where[v]);
    }
}

static int64_t NAME(settle)(const rb_kmeans_pass *pass, NAME(group) * g)
{
    const rb_kmeans_data *data = pass->data;
    const rb_kmeans_centres *centres = pass->centres;
    _Alignas(64) REAL least[GROUP], second[GROUP], at[GROUP];
    int64_t changed = 0;
    NAME(rb_gemm_nt)(g->score, GROUP, NAME(centre_rows)(centres), data->d, centres->k, g->at, data->d, g->n, data->d);
    NAME(least_two)(least, second, at, g, centres);
    for (int l = 0; l < g->n; l++) {
        int64_t own = g->row[l] - data->begin;
        double margin = data->unit * (data->norm2[own] + centres->reach) + data->tiny;
        int32_t c = (int32_t)at[l];
        if (!data->is_spherical && (double)second[l] - (double)least[l] <= margin) {
            c = NAME(decide)(g, l, (REAL)((double)least[l] + 2 * margin), centres);
            second[l] = least[l];
        }
        changed += pass->label[g->row[l]] != c;
        pass->label[g->row[l]] = c;
        if (pass->upper)
            rb_kmeans_set_bounds(pass, own, least[l], second[l], margin);
    }
    g->n = 0;
    return changed;
}

/* Brings scattered rows together. */
static void NAME(gather)(NAME(group) * g, const REAL *x, int64_t d)
{
    g->at = x + g->row[0] * d;
    if (g->row[g->n - 1] - g->row[0] == g->n - 1)
        return;
    for (int l = 0; l < g->n; l++)
        memcpy(g->gathered + l * d, x + g->row[l] * d, (size_t)d * sizeof *x);
    g->at = g->gathered;
}

static int64_t NAME(assign)(const rb_kmeans_pass *pass, void *scratch, int64_t begin, int64_t end)
{
    const rb_kmeans_data *data = pass->data;
    NAME(group) *g = NAME(group_in)(scratch, pass->centres->k);
    int64_t changed = 0;
    for (int64_t i = begin; i < end; i++) {
        if (!rb_kmeans_label_is_safe(pass, i))
            g->row[g->n++] = i;
        if (g->n == GROUP || (g->n > 0 && i + 1 == end)) {
            NAME(gather)(g, data->x, data->d);
            changed += NAME(settle)(pass, g);
        }
    }
    return changed;
}

static int64_t NAME(settle_rows)(const rb_kmeans_pass *pass, void *scratch, const int64_t *rows, int64_t n)
{
    NAME(group) *g = NAME(group_in)(scratch, pass->centres->k);
    int64_t changed = 0;
    for (int64_t i = 0; i < n; i++) {
        g->row[g->n++] = rows[i];
        if (g->n == GROUP || i + 1 == n) {
            NAME(gather)(g, pass->data->x, pass->data->d);
            changed += NAME(settle)(pass, g);
        }
    }
    return changed;
}

static void NAME(score)(rb_kmeans_least *out, const rb_kmeans_pass *pass, void *scratch, const int64_t *rows, int n,
                        int64_t first, int64_t last)
{
    const int64_t d = pass->data->d;
    const REAL *half = pass->centres->half;
    NAME(group) *g = NAME(group_in)(scratch, pass->centres->k);
    memcpy(g->row, rows, (size_t)n * sizeof *rows);
    g->n = n;
    NAME(gather)(g, pass->data->x, d);
    NAME(rb_gemm_nt)(g->score, GROUP, NAME(centre_rows)(pass->centres) + first * d, d, last - first, g->at, d, n, d);
    for (int l = 0; l < n; l++) {
        REAL least = INFINITY, second = INFINITY;
        out[l].at = (int32_t)first;
        for (int64_t j = first; j < last; j++) {
            REAL s = half[j] - g->score[(j - first) * GROUP + l];
            REAL worse = s < least ? least : s;
            second = worse < second ? worse : second;
            out[l].at = s < least ? (int32_t)j : out[l].at;
            least = s < least ? s : least;
        }
        out[l].least = (double)least;
        out[l].second = (double)second;
    }
    g->n = 0;
}

/*
 * Sums of a block, rows ascending. The objective is kept by dimension, so that every loop runs over dimensions; it
 * needs the rows once more while they are in the cache, which costs nothing beside bringing them there. Rows whose
 * labels were safe come from memory: they are fetched AHEAD of their use (measured: 1.5 times faster).
 */
static void NAME(accumulate)(double *partial, const rb_kmeans_pass *pass, int64_t begin, int64_t end)
{
    const rb_kmeans_data *data = pass->data;
    const int64_t d = data->d;
    double *count = partial + data->k * d, *restrict cost = count + data->k;
    memset(partial, 0, (size_t)pass->width * sizeof *partial);
    for (int64_t i = begin; i < end; i++) {
        int32_t c = pass->label[i];
        const REAL *restrict x = (const REAL *)data->x + i * d;
        const double *restrict centre = pass->centres->row + c * d;
        double *restrict sum = partial + c * d;
        count[c] += 1;
        for (int64_t f = 0; f < d && i + AHEAD < end; f += 64 / (int64_t)sizeof(REAL))
            __builtin_prefetch(x + AHEAD * d + f);
        if (data->is_spherical)
            for (int64_t f = 0; f < d; f++) {
                sum[f] += (double)x[f];
                cost[f] = __builtin_fma((double)x[f], centre[f], cost[f]);
            }
        else
            for (int64_t f = 0; f < d; f++) {
                double t = (double)x[f] - centre[f];
                sum[f] += (double)x[f];
                cost[f] = __builtin_fma(t, t, cost[f]);
            }
    }
}

/* Many rows a call: the kernels fetch the next ones while they compute. */
static void NAME(distances)(double *out, const rb_kmeans_data *data, const int64_t *rows, int64_t n,
                            const rb_kmeans_table *table)
{
    const REAL *x = data->x, *at[MANY];
    REAL distance[MANY * TOGETHER];
    for (int64_t i = 0; i < n; i += MANY) {
        int m = n - i < MANY ? (int)(n - i) : MANY;
        for (int l = 0; l < m; l++)
            at[l] = x + rows[i + l] * data->d;
        if (table->width == 1)
            NAME(rb_distance2_rows)(distance, at, m, table->y, data->d);
        else
            NAME(rb_distance2_together)(distance, at, m, table->y, data->d);
        for (int l = 0; l < m; l++)
            for (int c = 0; c < table->n; c++)
                out[(i + l) * table->n + c] = (double)distance[l * table->width + c];
    }
}

static double NAME(own_distance)(const rb_kmeans_data *data, const rb_kmeans_centres *centres, int64_t row, int32_t c)
{
    const REAL *x = (const REAL *)data->x + row * data->d, *y = NAME(centre_rows)(centres) + c * data->d;
    if (!data->is_spherical)
        return (double)NAME(rb_distance2)(x, y, data->d);
    double dot = 0;
    for (int64_t f = 0; f < data->d; f++)
        dot = fma((double)x[f], (double)y[f], dot);
    return 1 - dot;
}

static void NAME(tabulate)(rb_kmeans_table *table, const rb_kmeans_data *data, const int64_t *rows, int n)
{
    REAL *y = table->y;
    table->n = n;
    table->width = n == 1 ? 1 : TOGETHER;
    for (int c = 0; c < table->width; c++) { /* the last one in the places that are left */
        const REAL *x = (const REAL *)data->x + rows[c < n ? c : n - 1] * data->d;
        for (int64_t f = 0; f < data->d; f++)
            y[f * table->width + c] = x[f];
    }
}

static void NAME(norms)(double *norm2, const rb_kmeans_data *data, int64_t begin, int64_t end)
{
    const REAL *x = data->x;
    for (int64_t i = begin; i < end; i++) {
        REAL lane[16] = { 0 }; /* any order does: a norm only bounds errors */
        for (int64_t f = 0; f < data->d; f++)
            lane[f % 16] += x[i * data->d + f] * x[i * data->d + f];
        double sum = 0;
        for (int l = 0; l < 16; l++)
            sum += (double)lane[l];
        norm2[i - begin] = sum;
    }
}

const rb_kmeans_kernels NAME(rb_kmeans_dense) = {
    .scratch_bytes = NAME(scratch_bytes),
    .assign = NAME(assign),
    .settle = NAME(settle_rows),
    .score = NAME(score),
    .accumulate = NAME(accumulate),
    .distances = NAME(distances),
    .own_distance = NAME(own_distance),
    .tabulate = NAME(tabulate),
    .norms = NAME(norms),
    .together = TOGETHER,
    .is_metric = true,
};

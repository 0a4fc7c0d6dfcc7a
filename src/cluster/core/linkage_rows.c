#include "cluster/core/linkage_rows.h"

#include <math.h>
#include <string.h>

#include "linalg/gemm_simd.h"

/* Fewer slots than this are not worth closing up. */
#define FEW 64
#define TAG_ROW 1

/* Distance of a cluster of `size` points to the union of two, of na and nb points and `height` apart, from its
 * distances x and y to these. */
RB_INLINE double lance_williams(rb_linkage linkage, double x, double y, double na, double nb, double size,
                                double height)
{
    const double both = na + nb;
    switch (linkage) {
    case RB_LINKAGE_AVERAGE:
        return (na * x + nb * y) / both;
    case RB_LINKAGE_WEIGHTED:
        return (x + y) / 2;
    case RB_LINKAGE_WARD:
        return ((na + size) * x + (nb + size) * y - size * height) / (both + size);
    case RB_LINKAGE_CENTROID:
        return (na * x + nb * y) / both - na * nb * height / (both * both);
    case RB_LINKAGE_MEDIAN:
        return (x + y) / 2 - height / 4;
    default: /* complete; single linkage has no matrix */
        return x > y ? x : y;
    }
}

/* A loop for each linkage: none asks in it which one it is. */
#define FOR_LINKAGE(linkage, loop, ...)             \
    do {                                            \
        switch (linkage) {                          \
        case RB_LINKAGE_AVERAGE:                    \
            loop(RB_LINKAGE_AVERAGE, __VA_ARGS__);  \
            break;                                  \
        case RB_LINKAGE_WEIGHTED:                   \
            loop(RB_LINKAGE_WEIGHTED, __VA_ARGS__); \
            break;                                  \
        case RB_LINKAGE_WARD:                       \
            loop(RB_LINKAGE_WARD, __VA_ARGS__);     \
            break;                                  \
        case RB_LINKAGE_CENTROID:                   \
            loop(RB_LINKAGE_CENTROID, __VA_ARGS__); \
            break;                                  \
        case RB_LINKAGE_MEDIAN:                     \
            loop(RB_LINKAGE_MEDIAN, __VA_ARGS__);   \
            break;                                  \
        default:                                    \
            loop(RB_LINKAGE_COMPLETE, __VA_ARGS__); \
        }                                           \
    } while (0)

#define REAL float
#define NAME(x) x##_f32
#include "cluster/core/linkage_rows_kernel.h"
#undef REAL
#undef NAME

#define REAL double
#define NAME(x) x##_f64
#include "cluster/core/linkage_rows_kernel.h"

static int64_t real_bytes(const rb_linkage_rows *r)
{
    return r->is_single ? sizeof(float) : sizeof(double);
}

static void set_mask(rb_linkage_rows *r)
{
    if (r->is_single)
        set_mask_f32(r);
    else
        set_mask_f64(r);
}

rb_status rb_linkage_rows_init(rb_linkage_rows *r, rb_linkage_matrix *m, rb_linkage linkage, const rb_ctx *ctx,
                               rb_error *err)
{
    double *mask = NULL, *spare = NULL;
    *r = (rb_linkage_rows){ .ctx = ctx,
                            .n = m->n,
                            .n_live = m->n,
                            .stride = m->stride,
                            .is_single = m->is_single,
                            .linkage = linkage,
                            .value = m->value };
    rb_alloc(&mask, m->stride, err);
    rb_alloc(&spare, m->stride, err);
    r->mask = mask;
    r->spare = spare;
    rb_alloc(&r->size, m->n, err);
    rb_alloc(&r->point, m->n, err);
    rb_alloc(&r->owner, m->n, err);
    rb_alloc(&r->place, m->n, err);
    rb_alloc(&r->moved, m->n, err);
    RB_TRY(rb_alloc(&r->origin, m->n, err));
    for (int k = 0; k < ctx->n_ranks; k++) {
        const int64_t begin = rb_linkage_first_row(m->n, k, ctx->n_ranks);
        for (int64_t i = begin; i < rb_linkage_first_row(m->n, k + 1, ctx->n_ranks); i++) {
            r->size[i] = 1;
            r->point[i] = (int32_t)i;
            r->owner[i] = k;
            r->place[i] = (int32_t)(i - begin);
        }
    }
    set_mask(r);
done:
    return err->status;
}

void rb_linkage_rows_fini(rb_linkage_rows *r)
{
    rb_free(r->mask);
    rb_free(r->spare);
    rb_free(r->size);
    rb_free(r->point);
    rb_free(r->owner);
    rb_free(r->place);
    rb_free(r->moved);
    rb_free(r->origin);
    memset(r, 0, sizeof *r);
}

rb_linkage_merge rb_linkage_merge_of(const rb_linkage_rows *r, int64_t a, int64_t b, double height)
{
    return (rb_linkage_merge){ r->point[a], r->point[b],
                               rb_linkage_squares(r->linkage) ? sqrt(fmax(height, 0)) : height };
}

void *rb_linkage_row(const rb_linkage_rows *r, int64_t slot)
{
    return (char *)r->value + r->place[slot] * r->stride * real_bytes(r);
}

static double at(const rb_linkage_rows *r, const void *row, int64_t slot)
{
    return r->is_single ? (double)((const float *)row)[slot] : ((const double *)row)[slot];
}

void rb_linkage_mask_out(rb_linkage_rows *r, int64_t slot)
{
    if (r->is_single)
        ((float *)r->mask)[slot] = INFINITY;
    else
        ((double *)r->mask)[slot] = INFINITY;
}

rb_linkage_nearest rb_linkage_search(const rb_linkage_rows *r, const void *row, int64_t n)
{
    return r->is_single ? search_f32(r, row, n) : search_f64(r, row, n);
}

rb_linkage_nearest rb_linkage_nearest_of(const rb_linkage_rows *r, int64_t slot, int64_t other)
{
    rb_linkage_nearest found = { 0 };
    if (rb_linkage_is_own(r, slot)) {
        found = rb_linkage_search(r, rb_linkage_row(r, slot), r->n);
        found.other = other < 0 ? 0 : at(r, rb_linkage_row(r, slot), other);
    }
    rb_bcast(r->ctx, &found, sizeof found, r->owner[slot]);
    return found;
}

/* The row of slot b where that of slot a is: NULL on other ranks. */
static const void *bring_row(rb_linkage_rows *r, int64_t a, int64_t b)
{
    const int to = r->owner[a], from = r->owner[b], rank = r->ctx->rank;
    const int bytes = (int)(r->n * real_bytes(r));
    if (to == from)
        return rank == to ? rb_linkage_row(r, b) : NULL;
    if (rank == from)
        RB_MPI(MPI_Send(rb_linkage_row(r, b), bytes, MPI_BYTE, to, TAG_ROW, r->ctx->comm));
    else if (rank == to)
        RB_MPI(MPI_Recv(r->spare, bytes, MPI_BYTE, from, TAG_ROW, r->ctx->comm, MPI_STATUS_IGNORE));
    return rank == to ? r->spare : NULL;
}

void rb_linkage_unite(rb_linkage_merge *merge, rb_linkage_rows *r, int64_t a, int64_t b, double height)
{
    const int64_t to = a < b ? a : b, gone = a < b ? b : a;
    const void *other = bring_row(r, to, gone);
    *merge = rb_linkage_merge_of(r, to, gone, height);
    r->united = r->owner[to] == r->ctx->rank ? rb_linkage_row(r, to) : r->spare;
    if (other && r->is_single)
        unite_in_place_f32(r, r->united, other, to, gone, height);
    else if (other)
        unite_in_place_f64(r, r->united, other, to, gone, height);
    rb_bcast(r->ctx, r->united, r->n * real_bytes(r), r->owner[to]);
    r->size[to] += r->size[gone];
    r->size[gone] = 0;
    r->n_live--;
    rb_linkage_mask_out(r, gone);
    if (r->is_single)
        write_column_f32(r, to);
    else
        write_column_f64(r, to);
}

double rb_linkage_from_united(const rb_linkage_rows *r, int64_t slot)
{
    return at(r, r->united, slot);
}

/* ---- rounds ---- */

void rb_linkage_meet(const rb_linkage_rows *r, const rb_linkage_log *log, int64_t slot, int64_t n_rounds, void *scratch)
{
    if (r->is_single)
        meet_f32(r, log, slot, n_rounds, scratch);
    else
        meet_f64(r, log, slot, n_rounds, scratch);
    log->met[slot] = (int32_t)n_rounds;
}

void rb_linkage_unite_pair(void *out, void *x, void *y, const rb_linkage_rows *r, const rb_linkage_log *log,
                           int64_t pair, void *scratch)
{
    if (r->is_single)
        unite_pair_f32(out, x, y, r, log, pair, scratch);
    else
        unite_pair_f64(out, x, y, r, log, pair, scratch);
}

/* ---- closing up ---- */

void rb_linkage_number(rb_linkage_rows *r)
{
    int32_t n = 0;
    for (int64_t i = 0; i < r->n; i++) {
        r->moved[i] = rb_linkage_is_live(r, i) ? n : -1;
        if (rb_linkage_is_live(r, i))
            r->origin[n++] = (int32_t)i;
    }
}

void rb_linkage_close_row(const rb_linkage_rows *r, int64_t slot)
{
    if (r->is_single)
        close_row_f32(r, rb_linkage_row(r, slot));
    else
        close_row_f64(r, rb_linkage_row(r, slot));
}

void rb_linkage_renumber(rb_linkage_rows *r)
{
    for (int64_t to = 0; to < r->n_live; to++) {
        const int32_t from = r->origin[to];
        r->size[to] = r->size[from];
        r->point[to] = r->point[from];
        r->owner[to] = r->owner[from];
        r->place[to] = r->place[from];
    }
    r->n = r->n_live;
    set_mask(r);
}

bool rb_linkage_rows_shrink(rb_linkage_rows *r)
{
    if (r->n_live * 2 > r->n || r->n < FEW)
        return false;
    rb_linkage_number(r);
#pragma omp parallel for num_threads(r->ctx->n_threads) schedule(dynamic, 4)
    for (int64_t i = 0; i < r->n; i++)
        if (rb_linkage_is_own(r, i))
            rb_linkage_close_row(r, i);
    rb_linkage_renumber(r);
    return true;
}

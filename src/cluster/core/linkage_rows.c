#include "cluster/core/linkage_rows.h"

#include <math.h>
#include <string.h>

/* Fewer slots than this are not worth moving. */
#define FEW 64

#define REAL float
#define NAME(x) x##_f32
#include "cluster/core/linkage_rows_kernel.h"
#undef REAL
#undef NAME

#define REAL double
#define NAME(x) x##_f64
#include "cluster/core/linkage_rows_kernel.h"

static int64_t whole(int64_t n)
{
    return (n + RB_LINKAGE_LANES - 1) / RB_LINKAGE_LANES * RB_LINKAGE_LANES;
}

static void mask_out(rb_linkage_rows *r, int64_t slot)
{
    if (r->is_single)
        ((float *)r->mask)[slot] = INFINITY;
    else
        ((double *)r->mask)[slot] = INFINITY;
}

rb_status rb_linkage_rows_init(rb_linkage_rows *r, rb_linkage_matrix *m, rb_linkage linkage, rb_error *err)
{
    double *mask = NULL;
    *r = (rb_linkage_rows){
        .n = m->n, .n_live = m->n, .stride = m->stride, .is_single = m->is_single, .linkage = linkage, .value = m->value
    };
    rb_alloc(&mask, m->stride, err);
    r->mask = mask;
    rb_alloc(&r->size, m->n, err);
    rb_alloc(&r->point, m->n, err);
    rb_alloc(&r->written, m->n, err);
    rb_alloc(&r->refreshed, m->n, err);
    rb_alloc(&r->recent, m->n, err);
    RB_TRY(rb_alloc(&r->moved, m->n, err));
    for (int64_t i = 0; i < m->n; i++) {
        r->size[i] = 1;
        r->point[i] = (int32_t)i;
    }
    for (int64_t i = m->n; i < m->stride; i++)
        mask_out(r, i);
done:
    return err->status;
}

void rb_linkage_rows_fini(rb_linkage_rows *r)
{
    rb_free(r->mask);
    rb_free(r->size);
    rb_free(r->point);
    rb_free(r->written);
    rb_free(r->refreshed);
    rb_free(r->recent);
    rb_free(r->moved);
    memset(r, 0, sizeof *r);
}

static void refresh(rb_linkage_rows *r, int64_t slot)
{
    if (r->is_single)
        refresh_f32(r, slot);
    else
        refresh_f64(r, slot);
}

rb_linkage_nearest rb_linkage_nearest_of(rb_linkage_rows *r, int64_t slot)
{
    refresh(r, slot);
    return r->is_single ? nearest_of_f32(r, slot) : nearest_of_f64(r, slot);
}

double rb_linkage_at(const rb_linkage_rows *r, int64_t slot, int64_t other)
{
    int64_t at = slot * r->stride + other;
    return r->is_single ? (double)((const float *)r->value)[at] : ((const double *)r->value)[at];
}

/* Drops what died or was written again. */
static void tidy_recent(rb_linkage_rows *r)
{
    int64_t kept = 0;
    for (int64_t t = 0; t < r->n_recent; t++) {
        rb_linkage_write w = r->recent[t];
        if (rb_linkage_is_live(r, w.slot) && r->written[w.slot] == w.time)
            r->recent[kept++] = w;
    }
    r->n_recent = kept;
}

void rb_linkage_unite(rb_linkage_merge *merge, rb_linkage_rows *r, int64_t a, int64_t b)
{
    int64_t to = a < b ? a : b, gone = a < b ? b : a;
    refresh(r, to);
    refresh(r, gone);
    double height = rb_linkage_at(r, to, gone);
    *merge = (rb_linkage_merge){ r->point[to], r->point[gone],
                                 rb_linkage_squares(r->linkage) ? sqrt(fmax(height, 0)) : height };
    if (r->is_single)
        unite_rows_f32(r, to, gone);
    else
        unite_rows_f64(r, to, gone);
    r->size[to] += r->size[gone];
    r->size[gone] = 0;
    mask_out(r, gone);
    r->n_live--;
    r->written[to] = r->refreshed[to] = ++r->now;
    if (r->n_recent > 2 * r->n_live)
        tidy_recent(r);
    r->recent[r->n_recent++] = (rb_linkage_write){ (int32_t)to, r->now };
}

bool rb_linkage_rows_shrink(rb_linkage_rows *r)
{
    if (r->n_live * 2 > r->n || r->n < FEW)
        return false;
    int32_t n = 0;
    for (int64_t i = 0; i < r->n; i++)
        r->moved[i] = rb_linkage_is_live(r, i) ? n++ : -1;
    if (r->is_single)
        shrink_f32(r, whole(n));
    else
        shrink_f64(r, whole(n));
    tidy_recent(r);
    for (int64_t t = 0; t < r->n_recent; t++)
        r->recent[t].slot = r->moved[r->recent[t].slot];
    for (int64_t i = 0; i < r->n; i++) {
        int32_t to = r->moved[i];
        if (to < 0)
            continue;
        r->size[to] = r->size[i];
        r->point[to] = r->point[i];
        r->written[to] = r->written[i];
        r->refreshed[to] = r->refreshed[i];
    }
    r->n = n;
    r->stride = whole(n);
    return true;
}

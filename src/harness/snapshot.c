#include "harness/snapshot.h"

#include <string.h>

#include "base/alloc.h"
#include "harness/model.h"

/* A walk over the arrays of a state. */
typedef struct {
    rb_snapshot *s;
    const rb_ctx *ctx;
    int64_t at; /* number of the array */
    rb_error *err;
} walk;

static void take(walk *w, const void *data, int64_t n_bytes, const rb_shared *memory)
{
    rb_snapshot *s = w->s;
    int64_t at = w->at++;
    if (w->err->status != RB_OK || rb_grow(&s->array, &s->capacity, at + 1, w->err) != RB_OK)
        return;
    if (at == s->n)
        s->array[s->n++] = (rb_kept_array){ 0 };
    rb_kept_array *a = &s->array[at];
    if (rb_shared_is_held(memory, w->ctx) && (!a->data || a->n_bytes != n_bytes)) {
        char *copy = NULL;
        rb_free(a->data);
        a->data = NULL;
        if (rb_alloc(&copy, n_bytes, w->err) != RB_OK)
            return;
        a->data = copy;
    }
    a->n_bytes = n_bytes;
    if (a->data && n_bytes > 0)
        memcpy(a->data, data, (size_t)n_bytes);
}

static void put_back(walk *w, void *data, int64_t n_bytes)
{
    int64_t at = w->at++;
    if (at >= w->s->n || w->s->array[at].n_bytes != n_bytes)
        RB_FAIL(w->err, RB_FAILED, "array %lld of a state has another size than at the iteration that is kept",
                (long long)at);
    else if (w->s->array[at].data && n_bytes > 0)
        memcpy(data, w->s->array[at].data, (size_t)n_bytes);
}

static void take_array(rb_visitor *v, const char *name, rb_type type, void **data, int64_t *n_rows, int64_t *n_cols,
                       rb_shared *memory)
{
    (void)name;
    take(v->self, *data, *n_rows * *n_cols * (int64_t)rb_type_size(type), memory);
}

static void take_scalar(rb_visitor *v, const char *name, rb_type type, void *value)
{
    (void)name;
    take(v->self, value, (int64_t)rb_type_size(type), NULL);
}

static void restore_array(rb_visitor *v, const char *name, rb_type type, void **data, int64_t *n_rows, int64_t *n_cols,
                          rb_shared *memory)
{
    (void)name;
    walk *w = v->self;
    put_back(w, *data, *n_rows * *n_cols * (int64_t)rb_type_size(type));
    if (memory) /* a window on some nodes, private on others: all keep step */
        rb_shared_sync(memory, w->ctx);
}

static void restore_scalar(rb_visitor *v, const char *name, rb_type type, void *value)
{
    (void)name;
    put_back(v->self, value, (int64_t)rb_type_size(type));
}

rb_status rb_snapshot_take(rb_snapshot *s, const rb_algorithm *algorithm, void *state, const rb_ctx *ctx, rb_error *err)
{
    walk w = { .s = s, .ctx = ctx, .err = err };
    algorithm->arrays(state, &(rb_visitor){ .array = take_array, .scalar = take_scalar, .self = &w });
    return rb_agree(ctx, err->status, err); /* nobody writes on before the last has copied */
}

rb_status rb_snapshot_restore(const rb_snapshot *s, const rb_algorithm *algorithm, void *state, const rb_ctx *ctx,
                              rb_error *err)
{
    walk w = { .s = (rb_snapshot *)s, .ctx = ctx, .err = err };
    rb_barrier(ctx); /* some may still read */
    algorithm->arrays(state, &(rb_visitor){ .array = restore_array, .scalar = restore_scalar, .self = &w });
    return rb_agree(ctx, err->status, err);
}

void rb_snapshot_fini(rb_snapshot *s)
{
    for (int64_t i = 0; i < s->n; i++)
        rb_free(s->array[i].data);
    rb_free(s->array);
    memset(s, 0, sizeof *s);
}

#include "recommend/core/session_index.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

/* ---- building ---- */

typedef struct {
    int64_t last; /* time of the last event */
    int64_t session;
} recency;

static int most_recent_first(const void *a, const void *b)
{
    const recency *x = a, *y = b;
    if (x->last != y->last)
        return (x->last < y->last) - (x->last > y->last);
    return (x->session < y->session) - (x->session > y->session);
}

/* Distinct items of a session, the first event of each; mark is [n_items] session + 1 that was there last. */
static int64_t distinct(int32_t *out, const rb_sessions *s, int64_t session, int64_t *mark)
{
    int64_t n = 0;
    for (int64_t e = s->begin[session]; e < s->begin[session + 1]; e++) {
        if (mark[s->item[e]] == session + 1)
            continue;
        mark[s->item[e]] = session + 1;
        if (out)
            out[n] = s->item[e];
        n++;
    }
    return n;
}

/* Local. */
static rb_status order_sessions(recency **order, int64_t **mark, int64_t *n, const rb_sessions *s, int64_t n_items,
                                rb_error *err)
{
    if (s->n > INT32_MAX)
        return RB_FAIL(err, RB_BAD_INPUT, "%lld training sessions, expected at most 2,147,483,647", (long long)s->n);
    RB_TRY(rb_alloc(order, s->n, err));
    RB_TRY(rb_alloc(mark, n_items, err));
    for (int64_t k = 0; k < s->n; k++) {
        (*order)[k] = (recency){ s->time[s->begin[k + 1] - 1], k };
        *n += distinct(NULL, s, k, *mark);
    }
    qsort(*order, (size_t)s->n, sizeof **order, most_recent_first);
    memset(*mark, 0, (size_t)n_items * sizeof **mark);
done:
    return err->status;
}

/* Both directions, by the first rank of a node. */
static void fill(rb_session_index *x, const rb_sessions *s, const recency *order, int64_t *mark)
{
    int64_t at = 0;
    for (int64_t r = 0; r < x->n_sessions; r++) {
        x->session_begin[r] = at;
        at += distinct(x->session_item + at, s, order[r].session, mark);
    }
    x->session_begin[x->n_sessions] = at;
    for (int64_t e = 0; e < x->n; e++)
        x->item_begin[x->session_item[e] + 1]++;
    for (int64_t i = 0; i < x->n_items; i++)
        x->item_begin[i + 1] += x->item_begin[i];
    memcpy(mark, x->item_begin, (size_t)x->n_items * sizeof *mark);
    for (int64_t r = 0; r < x->n_sessions; r++)
        for (int64_t e = x->session_begin[r]; e < x->session_begin[r + 1]; e++)
            x->item_session[mark[x->session_item[e]]++] = (int32_t)r;
}

static rb_status reserve(rb_session_index *x, const rb_ctx *ctx, rb_error *err)
{
    RB_TRY(rb_shared_alloc(&x->memory[0], (x->n_sessions + 1) * (int64_t)sizeof *x->session_begin, ctx, err));
    RB_TRY(rb_shared_alloc(&x->memory[1], x->n * (int64_t)sizeof *x->session_item, ctx, err));
    RB_TRY(rb_shared_alloc(&x->memory[2], (x->n_items + 1) * (int64_t)sizeof *x->item_begin, ctx, err));
    RB_TRY(rb_shared_alloc(&x->memory[3], x->n * (int64_t)sizeof *x->item_session, ctx, err));
    x->session_begin = x->memory[0].data;
    x->session_item = x->memory[1].data;
    x->item_begin = x->memory[2].data;
    x->item_session = x->memory[3].data;
done:
    return err->status;
}

rb_status rb_session_index_fit(void *self, const rb_train_view *view, const void *prepared, const void *config,
                               rb_ctx *ctx, rb_error *err)
{
    (void)prepared;
    (void)config;
    rb_session_index *x = self;
    const rb_sessions *s = view->sessions;
    int64_t n_items = view->ratings->n_items;
    recency *order = NULL;
    int64_t *mark = NULL;
    int64_t n = 0;
    RB_TRY_ALL(ctx, order_sessions(&order, &mark, &n, s, n_items, err));
    x->n_sessions = s->n;
    x->n_items = n_items;
    x->n = n;
    RB_TRY(reserve(x, ctx, err));
    if (ctx->node_rank == 0)
        fill(x, s, order, mark);
    for (int m = 0; m < 4; m++)
        rb_shared_sync(&x->memory[m], ctx);
done:
    rb_free(order);
    rb_free(mark);
    return err->status;
}

rb_cost rb_session_index_cost(const void *config, const rb_shape *shape)
{
    (void)config;
    double events = (double)shape->n_events, sessions = (double)shape->n_sessions, items = (double)shape->n_items;
    return (rb_cost){ .bytes_per_rank = 16 * sessions + 8 * items,
                      .bytes_per_node = 8 * events + 8 * (sessions + items + 2),
                      .flops = 6 * events };
}

void rb_session_index_arrays(void *self, rb_visitor *v)
{
    rb_session_index *x = self;
    int64_t n_sessions = x->session_begin ? x->n_sessions + 1 : 0, n_items = x->item_begin ? x->n_items + 1 : 0;
    int64_t n_cols = 1;
    void *data[4] = { x->session_begin, x->session_item, x->item_begin, x->item_session };
    v->array(v, "session_begin", RB_INT64, &data[0], &n_sessions, &n_cols, &x->memory[0]);
    v->array(v, "session_item", RB_INT32, &data[1], &x->n, &n_cols, &x->memory[1]);
    v->array(v, "item_begin", RB_INT64, &data[2], &n_items, &n_cols, &x->memory[2]);
    v->array(v, "item_session", RB_INT32, &data[3], &x->n, &n_cols, &x->memory[3]);
    x->session_begin = data[0];
    x->session_item = data[1];
    x->item_begin = data[2];
    x->item_session = data[3];
    x->n_sessions = n_sessions > 0 ? n_sessions - 1 : 0;
    x->n_items = n_items > 0 ? n_items - 1 : 0;
}

void rb_session_index_fini(void *self)
{
    rb_session_index *x = self;
    for (int m = 0; m < 4; m++)
        rb_shared_fini(&x->memory[m]);
    *x = (rb_session_index){ 0 };
}

/* ---- queries ---- */

#define ALIGNMENT 64

static int64_t rounded(int64_t bytes)
{
    return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static int64_t most_neighbours(const rb_session_index *x, int64_t k)
{
    return k < x->n_sessions ? k : x->n_sessions;
}

int64_t rb_session_query_bytes(const rb_session_index *x, int64_t k)
{
    const rb_session_query *q = NULL;
    return rounded(x->n_items * (int64_t)sizeof *q->place) + rounded(x->n_items * (int64_t)sizeof *q->item) +
           rounded(x->n_items * (int64_t)sizeof *q->weight) + rounded(x->n_items * (int64_t)sizeof *q->cursor) +
           rounded(most_neighbours(x, k) * (int64_t)sizeof *q->entry);
}

/* Only `place` must be zero between queries: what else lies behind it is written before it is read. */
void rb_session_query_begin(rb_session_query *q, void *scratch, const rb_session_index *x, const int32_t *items,
                            int64_t n)
{
    char *at = scratch;
    q->place = (int32_t *)(void *)at;
    q->item = (int32_t *)(void *)(at += rounded(x->n_items * (int64_t)sizeof *q->place));
    q->weight = (double *)(void *)(at += rounded(x->n_items * (int64_t)sizeof *q->item));
    q->cursor = (rb_session_cursor *)(void *)(at += rounded(x->n_items * (int64_t)sizeof *q->weight));
    q->entry = (rb_topk_entry *)(void *)(at + rounded(x->n_items * (int64_t)sizeof *q->cursor));
    q->n = n;
    q->n_distinct = 0;
    for (int64_t p = n; p > 0; p--) {
        int32_t item = items[p - 1];
        if (q->place[item] != 0)
            continue;
        q->place[item] = (int32_t)p;
        q->item[q->n_distinct++] = item;
    }
}

void rb_session_query_end(rb_session_query *q)
{
    for (int64_t d = 0; d < q->n_distinct; d++)
        q->place[q->item[d]] = 0;
}

/* Whether cursor a comes before b: the more recent session, then the later item of the query. */
static bool before(const rb_session_cursor *a, const rb_session_cursor *b)
{
    return a->session != b->session ? a->session < b->session : a->number < b->number;
}

static void sink(rb_session_cursor *heap, int64_t n, int64_t at)
{
    rb_session_cursor moved = heap[at];
    for (;;) {
        int64_t child = 2 * at + 1;
        if (child >= n)
            break;
        if (child + 1 < n && before(&heap[child + 1], &heap[child]))
            child++;
        if (!before(&heap[child], &moved))
            break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = moved;
}

/* Cursors at the most recent session of each item, as a heap; returns how many. */
static int64_t place_cursors(rb_session_query *q, const rb_session_index *x)
{
    int64_t n = 0;
    for (int64_t d = 0; d < q->n_distinct; d++) {
        int64_t from = x->item_begin[q->item[d]], to = x->item_begin[q->item[d] + 1];
        if (from < to)
            q->cursor[n++] = (rb_session_cursor){ x->item_session[from], (int32_t)d, from, to };
    }
    for (int64_t at = n / 2 - 1; at >= 0; at--)
        sink(q->cursor, n, at);
    return n;
}

int32_t rb_session_neighbours(rb_session_query *q, const rb_session_index *x, int64_t sample, int64_t k,
                              double (*similarity)(double shared, int64_t size, int64_t other, const void *config),
                              const void *config)
{
    rb_session_cursor *heap = q->cursor;
    rb_topk top = { .entry = q->entry, .k = (int32_t)most_neighbours(x, k) };
    int64_t n = place_cursors(q, x);
    for (int64_t drawn = 0; n > 0 && drawn < sample; drawn++) {
        int32_t session = heap[0].session;
        double shared = 0;
        while (n > 0 && heap[0].session == session) {
            shared += q->weight[heap[0].number];
            if (++heap[0].at < heap[0].end)
                heap[0].session = x->item_session[heap[0].at];
            else
                heap[0] = heap[--n];
            if (n > 0)
                sink(heap, n, 0);
        }
        double s = similarity(shared, q->n_distinct, x->session_begin[session + 1] - x->session_begin[session], config);
        if (s > 0)
            rb_topk_offer(&top, s, 0, session);
    }
    rb_topk_finish(&top);
    return top.n;
}

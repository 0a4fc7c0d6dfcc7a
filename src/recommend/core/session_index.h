/*
 * Training sessions by recency and by item, and the search for those that are nearest to a session of the present:
 * what S-KNN and V-SKNN share.
 *
 * Sessions are numbered by recency: 0 is the one whose last event is the latest, ties by the later session of the
 * training data. A session is the set of its items.
 */
#ifndef RB_RECOMMEND_CORE_SESSION_INDEX_H
#define RB_RECOMMEND_CORE_SESSION_INDEX_H

#include "data/algorithm.h"
#include "linalg/topk.h"

typedef struct {
    int64_t n_sessions, n_items, n; /* n: pairs of session and item */
    int64_t *session_begin;         /* [n_sessions + 1] */
    int32_t *session_item;          /* [n] distinct, in the order of their first event */
    int64_t *item_begin;            /* [n_items + 1] */
    int32_t *item_session;          /* [n] the most recent first */
    rb_shared memory[4];            /* in this order */
} rb_session_index;

/* Rows of a table whose config has the fields `k` and `sample`. */
#define RB_SESSION_NEIGHBOURS_PARAMS(config)                         \
    RB_INT(config, k, 100, 1, 1000000000, "sessions", "neighbours"), \
        RB_INT(config, sample, 1000, 1, 1000000000, "sessions",      \
               "most recent sessions that neighbours are sought among")

/* The slots of models whose state is the index alone; data/algorithm.h. */

/**
 * Build the index. Collective over ctx.
 *
 * @return RB_OK; RB_BAD_INPUT: over 2^31 - 1 sessions; RB_NO_MEMORY (agreed; self can be released)
 *
 * Bits: integers only. Time O(n_events + n log n) on one rank of a node; memory 8 n_events + 8 (n_sessions + n_items)
 * bytes a node, 28 n_sessions a rank while building.
 */
rb_status rb_session_index_fit(void *self, const rb_train_view *view, const void *prepared, const void *config,
                               rb_ctx *ctx, rb_error *err);
rb_cost rb_session_index_cost(const void *config, const rb_shape *shape);
void rb_session_index_arrays(void *self, rb_visitor *v);
/** Collective over the ctx that made it. Zeroed is allowed. */
void rb_session_index_fini(void *self);

/* Place of an item's list in a merge of several. */
typedef struct {
    int32_t session; /* at the place */
    int32_t number;  /* of the item in the query */
    int64_t at, end;
} rb_session_cursor;

/* The present session as a set, with what each item weighs; and room to search. All of it lies in scratch. */
typedef struct {
    int32_t *place;            /* [n_items] last place of an item in the session, from 1; 0: not in it */
    int32_t *item;             /* [n_items] its n_distinct items, the last one first */
    double *weight;            /* [n_items] by the same number; the caller's */
    rb_session_cursor *cursor; /* [n_items] */
    rb_topk_entry *entry;      /* [k] */
    int64_t n, n_distinct;     /* events; items */
} rb_session_query;

/** Bytes of scratch for queries of k neighbours. Local. */
int64_t rb_session_query_bytes(const rb_session_index *x, int64_t k);

/** Lay out the scratch, and enter a session of n items. Local. */
void rb_session_query_begin(rb_session_query *q, void *scratch, const rb_session_index *x, const int32_t *items,
                            int64_t n);
/** Leave the scratch zeroed. Local. */
void rb_session_query_end(rb_session_query *q);

/**
 * The k most similar of the `sample` most recent sessions that share an item with the query, the most similar first,
 * ties by the more recent one.
 *
 * @param[in] similarity  from the sum of the weights of what is shared, and the sizes of both sets; 0: no neighbour
 * @return how many; they stand in q->entry: .item is the session, .score its similarity
 *
 * Local, allocates nothing. The sum goes over the shared items from the last of the session to its first. Time
 * O(sample log(n_distinct)).
 */
int32_t rb_session_neighbours(rb_session_query *q, const rb_session_index *x, int64_t sample, int64_t k,
                              double (*similarity)(double shared, int64_t size, int64_t other, const void *config),
                              const void *config);

/** Add to the score of an item, listing it where it is new. The sum stays above 0. */
static inline void rb_next_add(rb_next *out, int32_t item, double score)
{
    if (out->score[item] == 0)
        out->item[out->n++] = item;
    out->score[item] += score;
}

#endif

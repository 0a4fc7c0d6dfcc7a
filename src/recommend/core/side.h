/*
 * The interactions of one part as one side sees them: a sparse matrix by users or by items.
 */
#ifndef RB_RECOMMEND_CORE_SIDE_H
#define RB_RECOMMEND_CORE_SIDE_H

#include "data/interactions.h"

typedef struct {
    const int64_t *begin; /* [n + 1] */
    const int32_t *col;
    const float *rating;
    const rb_blocks *blocks; /* of the n rows */
    const char *name;        /* "user" or "item", for messages */
} rb_side;

static inline rb_side rb_side_users(const rb_ratings *r)
{
    return (rb_side){ r->user_begin, r->user_item, r->user_rating, &r->users, "user" };
}

static inline rb_side rb_side_items(const rb_ratings *r)
{
    return (rb_side){ r->item_begin, r->item_user, r->item_rating, &r->items, "item" };
}

#endif

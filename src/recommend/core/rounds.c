#include "recommend/core/rounds.h"

#include <string.h>

#include "base/alloc.h"

static void cut(rb_rounds *r, const rb_ratings *train, int64_t n_users)
{
    for (int32_t u = 0; u < train->n_users;) {
        int32_t from = u;
        while (u < train->n_users && u - from < n_users &&
               train->user_begin[u] - train->user_begin[from] < RB_ROUND_ENTRIES)
            u++;
        int64_t n = train->user_begin[u] - train->user_begin[from];
        r->n_most = n > r->n_most ? n : r->n_most;
        r->most_users = u - from > r->most_users ? u - from : r->most_users;
        r->first[++r->n_rounds] = u;
    }
}

rb_status rb_rounds_init(rb_rounds *r, const rb_ratings *train, int64_t n_users, rb_error *err)
{
    int64_t *next = NULL, *taken = NULL; /* next place of a round; ratings of a user that are placed */
    int32_t *round = NULL;               /* of a user */

    RB_TRY(rb_alloc(&r->first, train->n_users + 1, err));
    RB_TRY(rb_alloc(&r->by_item, train->n, err));
    cut(r, train, n_users);
    RB_TRY(rb_alloc(&next, r->n_rounds, err));
    RB_TRY(rb_alloc(&taken, train->n_users, err));
    RB_TRY(rb_alloc(&round, train->n_users, err));
    for (int64_t b = 0; b < r->n_rounds; b++) {
        next[b] = train->user_begin[r->first[b]];
        for (int32_t u = r->first[b]; u < r->first[b + 1]; u++)
            round[u] = (int32_t)b;
    }
    for (int64_t e = 0; e < train->n; e++) { /* items ascend, and so do the items of a user */
        int32_t u = train->item_user[e], b = round[u];
        int64_t first = train->user_begin[r->first[b]];
        r->by_item[next[b]++] = (int32_t)(train->user_begin[u] + taken[u]++ - first);
    }
done:
    rb_free(round);
    rb_free(taken);
    rb_free(next);
    return err->status;
}

void rb_rounds_fini(rb_rounds *r)
{
    rb_free(r->first);
    rb_free(r->by_item);
    memset(r, 0, sizeof *r);
}

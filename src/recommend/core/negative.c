#include "recommend/core/negative.h"

/* Whether an item is among n ascending items. */
static bool is_among(const int32_t *items, int64_t n, int32_t item)
{
    int64_t low = 0, high = n;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (items[middle] < item)
            low = middle + 1;
        else
            high = middle;
    }
    return low < n && items[low] == item;
}

int32_t rb_negative_outside(const int32_t *items, int64_t n, int64_t n_items, int64_t at)
{
    const rb_rng rng = { .stream = rb_stream("negatives.fold"), .entity = (uint64_t)at };
    for (uint32_t attempt = 0;; attempt++) {
        int32_t item = (int32_t)rb_rng_below(&rng, attempt, n_items);
        if (!is_among(items, n, item))
            return item;
    }
}

int32_t rb_negative_draw(const rb_negatives *d, const rb_grid_block *block, const rb_grid_entry *positive,
                         uint32_t round)
{
    const rb_grid *g = d->grid;
    const int32_t user = g->users.at[positive->user], item = g->items.at[positive->item];
    const rb_rng rng = { .key = d->key, .stream = d->stream, .epoch = d->epoch, .entity = (uint64_t)user };
    const uint64_t n = (uint64_t)(d->kind == RB_NEGATIVES_POPULAR ? block->n : block->item_end - block->item_begin);
    uint32_t words[RB_NEGATIVE_TRIES];
    rb_rng_words(words, &rng, (uint32_t)item * RB_NEGATIVE_ROUNDS + round);
    for (int i = 0; i < d->tries; i++) {
        int64_t drawn = (int64_t)((n * words[i]) >> 32);
        int32_t place =
            d->kind == RB_NEGATIVES_POPULAR ? block->entry[drawn].item : (int32_t)(block->item_begin + drawn);
        if (!rb_ratings_has(d->train, user, g->items.at[place]))
            return place;
    }
    return -1;
}

#include "eval/ranking_row.h"

void rb_row_cursor_init(rb_row_cursor *cursor, const rb_ranking_rules *rules, int32_t user)
{
    cursor->train = rules->train->user_begin[user];
    cursor->masked = rules->masked ? rules->masked->user_begin[user] : 0;
    cursor->candidate = rules->candidates ? rules->candidates->begin[user] : 0;
}

static void hide(rb_row *row, int64_t j)
{
    double score = rb_row_at(row, j);
    if (score == -INFINITY)
        return; /* hidden already: the row had none */
    if (!isfinite(score))
        rb_row_note(row, j);
    row->n_masked++;
    if (row->precision == RB_SINGLE)
        ((float *)row->data)[j] = -INFINITY;
    else
        ((double *)row->data)[j] = -INFINITY;
}

/* Hide the user's items of r that lie in the row. */
static void hide_items(rb_row *row, int64_t *cursor, const rb_ratings *r, int32_t user)
{
    int64_t end = r->user_begin[user + 1];
    int32_t last = row->first + row->n;
    for (; *cursor < end && r->user_item[*cursor] < last; ++*cursor)
        hide(row, r->user_item[*cursor] - row->first);
}

static void put(rb_row *row, int64_t j, double score)
{
    if (row->precision == RB_SINGLE)
        ((float *)row->data)[j] = (float)score;
    else
        ((double *)row->data)[j] = score;
}

static void clear(rb_row *row, int64_t begin)
{
    for (int64_t j = begin; row->precision == RB_SINGLE && j < row->n; j++)
        ((float *)row->data)[j] = -INFINITY;
    for (int64_t j = begin; row->precision != RB_SINGLE && j < row->n; j++)
        ((double *)row->data)[j] = -INFINITY;
}

/* Note the first item whose score is NaN or +inf, hidden or not. */
static void note_first(rb_row *row)
{
    double greatest = -rb_row_lowest(row->precision);
    for (int64_t j = rb_row_scan(row, 0, greatest); j < row->n; j = rb_row_scan(row, j + 1, greatest))
        if (!isfinite(rb_row_at(row, j))) {
            rb_row_note(row, j);
            return;
        }
}

/* Hide all but the user's few candidates: their scores move to the front, the rest is cleared, they move back. */
static void hide_others(rb_row *row, int64_t *cursor, const rb_candidates *candidates, int32_t user)
{
    const int32_t *item = candidates->item + *cursor;
    int64_t most = candidates->begin[user + 1] - *cursor, n = 0;
    note_first(row);
    row->n_masked = row->n;
    for (; n < most && item[n] < row->first + row->n; n++) {
        double score = rb_row_at(row, item[n] - row->first);
        row->n_masked -= score != -INFINITY;
        put(row, n, score);
    }
    clear(row, n);
    for (int64_t c = n - 1; c >= 0; c--) {
        double score = rb_row_at(row, c);
        put(row, c, -INFINITY);
        put(row, item[c] - row->first, score);
    }
    *cursor += n;
}

static void note_negative_infinity(rb_row *row)
{
    int64_t below, equal;
    rb_row_count(&below, &equal, row, rb_row_lowest(row->precision));
    for (int64_t j = 0; below > 0 && j < row->n; j++)
        if (!isfinite(rb_row_at(row, j)))
            rb_row_note(row, j);
}

void rb_row_mask(rb_row *row, rb_row_cursor *cursor, const rb_ranking_rules *rules, int32_t user)
{
    row->n_masked = 0;
    note_negative_infinity(row);
    hide_items(row, &cursor->train, rules->train, user);
    if (rules->masked)
        hide_items(row, &cursor->masked, rules->masked, user);
    if (rules->candidates)
        hide_others(row, &cursor->candidate, rules->candidates, user);
}

int64_t rb_find_item(const int32_t *items, int64_t begin, int64_t end, int32_t item)
{
    int64_t low = begin, high = end;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (items[middle] < item)
            low = middle + 1;
        else
            high = middle;
    }
    return low < end && items[low] == item ? low : -1;
}

int64_t rb_row_find(const rb_ratings *r, int32_t user, int32_t item)
{
    return rb_find_item(r->user_item, r->user_begin[user], r->user_begin[user + 1], item);
}

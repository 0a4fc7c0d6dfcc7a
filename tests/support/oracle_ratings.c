#include "support/oracle_ratings.h"

#include <stdlib.h>
#include <string.h>

#include "support/support.h"

typedef char id_text[40];

static int by_bytes(const void *a, const void *b)
{
    return strcmp(a, b);
}

static int by_value(const void *a, const void *b)
{
    long long x = strtoll(a, NULL, 10), y = strtoll(b, NULL, 10);
    return x < y ? -1 : x > y;
}

/* Distinct ids in order; returns how many. */
static int32_t distinct(id_text *ids, int64_t n, bool numeric)
{
    int32_t kept = 0;
    qsort(ids, (size_t)n, sizeof *ids, numeric ? by_value : by_bytes);
    for (int64_t i = 0; i < n; i++)
        if (i == 0 || strcmp(ids[i], ids[i - 1]) != 0)
            memmove(ids[kept++], ids[i], sizeof *ids);
    return kept;
}

static void check_ids(const rb_ids *got, const id_text *wanted, int32_t n, bool numeric)
{
    char buffer[32];
    assert_int_equal(got->n, n);
    assert_int_equal(got->number != NULL, numeric);
    for (int32_t i = 0; i < n; i++)
        assert_string_equal(rb_ids_name(buffer, got, i), wanted[i]);
}

void oracle_ratings_check(const rb_dataset *d, const oracle_row *rows, int64_t n, bool numeric, bool with_rating,
                          bool with_time)
{
    id_text *users = calloc((size_t)n + 1, sizeof *users), *items = calloc((size_t)n + 1, sizeof *items);
    const rb_interactions *x = &d->interactions;
    for (int64_t i = 0; i < n; i++) {
        memcpy(users[i], rows[i].user, sizeof *users);
        memcpy(items[i], rows[i].item, sizeof *items);
    }
    check_ids(&d->users, users, distinct(users, n, numeric), numeric);
    check_ids(&d->items, items, distinct(items, n, numeric), numeric);
    assert_int_equal(x->n, n);
    assert_int_equal(x->n_users, d->users.n);
    assert_int_equal(x->n_items, d->items.n);
    assert_int_equal(x->rating != NULL, with_rating);
    assert_int_equal(x->time != NULL, with_time);
    float least = with_rating ? rows[0].rating : 1.0f, most = least;
    char buffer[32];
    for (int64_t i = 0; i < n; i++) {
        assert_string_equal(rb_ids_name(buffer, &d->users, x->user[i]), rows[i].user);
        assert_string_equal(rb_ids_name(buffer, &d->items, x->item[i]), rows[i].item);
        if (with_rating)
            assert_true(x->rating[i] == rows[i].rating);
        if (with_time)
            assert_int_equal(x->time[i], rows[i].time);
        least = with_rating && rows[i].rating < least ? rows[i].rating : least;
        most = with_rating && rows[i].rating > most ? rows[i].rating : most;
    }
    assert_true(x->min_rating == least && x->max_rating == most);
    free(users);
    free(items);
}

#include "data/ratings_ids.h"

#include <stdlib.h>
#include <string.h>

#include "data/ratings_number.h"

#define FIRST_PLACES 1024
#define SPARE_BITS (1 << 20) /* a bit map of 128 KiB is always worth it */
#define BITS_A_LINE 8        /* so that the map is never more than a byte a line */

static uint32_t hash_of(const char *text, int64_t n)
{
    uint64_t h = 0x9e3779b97f4a7c15u ^ (uint64_t)n;
    for (; n >= 8; n -= 8, text += 8) {
        uint64_t word;
        memcpy(&word, text, 8);
        h = (h ^ word) * 0xff51afd7ed558ccdu;
        h ^= h >> 32;
    }
    uint64_t word = 0;
    memcpy(&word, text, (size_t)n);
    h = (h ^ word) * 0xc4ceb9fe1a85ec53u;
    return (uint32_t)(h ^ h >> 32);
}

/* The place of an id: where it stands, or the free one where it would. */
static int64_t place_of(const rb_id_table *t, const char *text, int32_t n, uint32_t hash)
{
    int64_t mask = t->n_places - 1, at = hash & mask;
    for (; t->place[at]; at = (at + 1) & mask) {
        const rb_id_entry *e = &t->entry[t->place[at] - 1];
        if (e->hash == hash && e->n == n && memcmp(e->text, text, (size_t)n) == 0)
            break;
    }
    return at;
}

/* Twice the places (or the first ones), so that at most half of them are taken. */
static rb_status more_places(rb_id_table *t, rb_error *err)
{
    int64_t n_places = t->n_places ? t->n_places * 2 : FIRST_PLACES;
    int32_t *place = NULL;
    RB_TRY(rb_alloc(&place, n_places, err));
    rb_free(t->place);
    t->place = place;
    t->n_places = n_places;
    for (int64_t i = 0; i < t->n; i++)
        t->place[place_of(t, t->entry[i].text, t->entry[i].n, t->entry[i].hash)] = (int32_t)i + 1;
done:
    return err->status;
}

/* Undo the doubled quotes of a field into t->plain. */
static rb_status unescape(rb_id_table *t, const rb_field *id, int32_t *n, rb_error *err)
{
    RB_TRY(rb_grow(&t->plain, &t->plain_capacity, id->n + 1, err));
    *n = 0;
    for (int32_t i = 0; i < id->n; i++) {
        t->plain[(*n)++] = id->text[i];
        i += id->text[i] == '"';
    }
done:
    return err->status;
}

static int32_t add(rb_id_table *t, const char *text, int32_t n, bool copy, rb_error *err)
{
    if (2 * (t->n + 1) > t->n_places)
        RB_TRY(more_places(t, err));
    uint32_t hash = hash_of(text, n);
    int64_t at = place_of(t, text, n, hash);
    if (t->place[at])
        return t->place[at] - 1;
    if (t->n == INT32_MAX - 1) {
        RB_FAIL(err, RB_BAD_INPUT, "more than 2,147,483,646 distinct ids");
        goto done;
    }
    RB_TRY(rb_grow(&t->entry, &t->capacity, t->n + 1, err));
    const char *kept = text;
    if (copy) {
        kept = rb_strndup(text, (size_t)n, err);
        if (!kept)
            goto done;
    }
    t->entry[t->n++] = (rb_id_entry){ .text = kept, .n = n, .hash = hash, .is_owned = copy };
    t->place[at] = (int32_t)t->n;
    return (int32_t)t->n - 1;
done:
    return -1;
}

int32_t rb_id_table_add(rb_id_table *t, const rb_field *id, rb_error *err)
{
    int32_t n;
    if (!id->escaped)
        return add(t, id->text, id->n, false, err);
    return unescape(t, id, &n, err) == RB_OK ? add(t, t->plain, n, true, err) : -1;
}

void rb_id_table_fini(rb_id_table *t)
{
    for (int64_t i = 0; i < t->n; i++)
        if (t->entry[i].is_owned)
            rb_free((void *)(uintptr_t)t->entry[i].text);
    rb_free(t->entry);
    rb_free(t->place);
    rb_free(t->number);
    rb_free(t->plain);
    *t = (rb_id_table){ 0 };
}

/* The ids of all tables of all ranks, each ended by 0, rank after rank. Collective. */
static rb_status gather(char **all, int64_t *n_all, const rb_id_table *tables, int n_tables, const rb_ctx *ctx,
                        rb_error *err)
{
    int64_t *begin = NULL, mine = 0;
    for (int t = 0; t < n_tables; t++)
        for (int64_t i = 0; i < tables[t].n; i++)
            mine += tables[t].entry[i].n + 1;
    RB_TRY_ALL(ctx, rb_alloc(&begin, ctx->n_ranks + 1, err));
    begin[ctx->rank + 1] = mine;
    rb_sum_int64(ctx, begin, ctx->n_ranks + 1);
    for (int r = 0; r < ctx->n_ranks; r++)
        begin[r + 1] += begin[r];
    RB_TRY_ALL(ctx, rb_alloc(all, begin[ctx->n_ranks], err));
    char *to = *all + begin[ctx->rank];
    for (int t = 0; t < n_tables; t++)
        for (int64_t i = 0; i < tables[t].n; i++) {
            // NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): what was agreed on has been allocated
            memcpy(to, tables[t].entry[i].text, (size_t)tables[t].entry[i].n);
            to += tables[t].entry[i].n + 1;
        }
    rb_allgather_bytes(ctx, *all, *all + begin[ctx->rank], begin);
    *n_all = begin[ctx->n_ranks];
done:
    rb_free(begin);
    return err->status;
}

/* An id with the order it sorts by. */
typedef struct {
    const char *text;
    int64_t number;
    int32_t index;
} sortable;

static int by_number(const void *a, const void *b)
{
    const sortable *s = a, *t = b;
    return (s->number > t->number) - (s->number < t->number);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(((const sortable *)a)->text, ((const sortable *)b)->text);
}

/* ids and the number of each entry of the table of all distinct ids. */
static rb_status sort_ids(rb_ids *ids, rb_id_table *distinct, rb_error *err)
{
    sortable *order = NULL;
    int64_t *numbers = NULL;
    const char **texts = NULL;
    int32_t n = (int32_t)distinct->n;
    bool whole = true;
    RB_TRY(rb_alloc(&order, n, err));
    RB_TRY(rb_alloc(&distinct->number, n, err));
    for (int32_t i = 0; i < n; i++) {
        const rb_id_entry *e = &distinct->entry[i];
        order[i] = (sortable){ .text = e->text, .index = i };
        whole = whole && rb_number_whole(&order[i].number, e->text, e->n);
    }
    qsort(order, (size_t)n, sizeof *order, whole ? by_number : by_text);
    for (int32_t i = 0; i < n; i++)
        distinct->number[order[i].index] = i;
    if (whole) {
        RB_TRY(rb_alloc(&numbers, n, err));
        for (int32_t i = 0; i < n; i++)
            numbers[i] = order[i].number;
        RB_TRY(rb_ids_init_numbers(ids, numbers, n, err));
    } else {
        RB_TRY(rb_alloc(&texts, n, err));
        for (int32_t i = 0; i < n; i++)
            texts[i] = order[i].text;
        RB_TRY(rb_ids_init_texts(ids, texts, n, err));
    }
done:
    rb_free(order);
    rb_free(numbers);
    rb_free(texts);
    return err->status;
}

/* Every id of this rank's tables gets its number among the distinct ones. */
static rb_status tell_numbers(rb_id_table *tables, int n_tables, const rb_id_table *distinct, const rb_ctx *ctx,
                              rb_error *err)
{
    for (int t = 0; t < n_tables; t++)
        RB_TRY(rb_alloc(&tables[t].number, tables[t].n, err));
#pragma omp parallel for num_threads(ctx->n_threads) schedule(static, 1)
    for (int t = 0; t < n_tables; t++)
        for (int64_t i = 0; i < tables[t].n; i++) {
            const rb_id_entry *e = &tables[t].entry[i];
            int64_t at = place_of(distinct, e->text, e->n, e->hash);
            // NOLINTNEXTLINE(clang-analyzer-core.NullDereference): every id of a table is among the distinct ones
            tables[t].number[i] = distinct->number[distinct->place[at] - 1];
        }
done:
    return err->status;
}

rb_status rb_id_tables_number(rb_ids *ids, rb_id_table *tables, int n_tables, const rb_ctx *ctx, rb_error *err)
{
    char *all = NULL;
    int64_t n_all = 0;
    rb_id_table distinct = { 0 };
    RB_TRY(gather(&all, &n_all, tables, n_tables, ctx, err));
    for (const char *at = all; at < all + n_all && err->status == RB_OK;) {
        int32_t n = (int32_t)strlen(at);
        add(&distinct, at, n, false, err);
        at += n + 1;
    }
    if (err->status == RB_OK && sort_ids(ids, &distinct, err) == RB_OK)
        tell_numbers(tables, n_tables, &distinct, ctx, err);
    rb_agree(ctx, err->status, err);
done:
    rb_id_table_fini(&distinct);
    rb_free(all);
    return err->status;
}

bool rb_ids_are_dense(int64_t largest, int64_t n_lines)
{
    return largest < SPARE_BITS + BITS_A_LINE * n_lines;
}

/* Which numbers occur, on all ranks. Collective. */
static void mark(uint64_t *bits, int64_t n_words, const int32_t *values, int64_t n, const rb_ctx *ctx)
{
#pragma omp parallel for num_threads(ctx->n_threads) schedule(static)
    for (int64_t i = 0; i < n; i++) {
        if (values[i] < 0)
            continue;
        uint64_t *word = &bits[values[i] >> 6], bit = (uint64_t)1 << (values[i] & 63);
        if (!(__atomic_load_n(word, __ATOMIC_RELAXED) & bit)) /* most bits are set already: no bus traffic */
            __atomic_fetch_or(word, bit, __ATOMIC_RELAXED);
    }
    if (ctx->n_ranks > 1)
        RB_MPI(MPI_Allreduce(MPI_IN_PLACE, bits, (int)n_words, MPI_UINT64_T, MPI_BOR, ctx->comm));
}

rb_status rb_ids_number_dense(rb_ids *ids, int32_t *values, int64_t n, int64_t largest, const rb_ctx *ctx,
                              rb_error *err)
{
    uint64_t *bits = NULL;
    int32_t *before = NULL; /* marked numbers below each word */
    int64_t n_words = largest / 64 + 1, count = 0;
    rb_alloc(&before, n_words + 1, err);
    RB_TRY_ALL(ctx, rb_alloc(&bits, n_words, err));
    mark(bits, n_words, values, n, ctx);
    for (int64_t w = 0; w < n_words; w++) {
        before[w] = (int32_t)count;
        count += __builtin_popcountll(bits[w]);
    }
    *ids = (rb_ids){ 0 };
    RB_TRY_ALL(ctx, rb_alloc(&ids->number, count, err));
    ids->n = (int32_t)count;
    for (int64_t w = 0, at = 0; w < n_words; w++)
        for (uint64_t rest = bits[w]; rest; rest &= rest - 1)
            ids->number[at++] = w * 64 + __builtin_ctzll(rest);
#pragma omp parallel for num_threads(ctx->n_threads) schedule(static)
    for (int64_t i = 0; i < n; i++) {
        if (values[i] < 0)
            continue;
        uint64_t below = bits[values[i] >> 6] & (((uint64_t)1 << (values[i] & 63)) - 1);
        values[i] = before[values[i] >> 6] + __builtin_popcountll(below);
    }
done:
    rb_free(before);
    rb_free(bits);
    return err->status;
}

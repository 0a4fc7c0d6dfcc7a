#include "data/ids.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

rb_status rb_ids_init_range(rb_ids *ids, int32_t n, rb_error *err)
{
    *ids = (rb_ids){ 0 };
    RB_TRY(rb_alloc(&ids->number, n, err));
    ids->n = n;
    for (int32_t i = 0; i < n; i++)
        ids->number[i] = i;
done:
    return err->status;
}

rb_status rb_ids_init_numbers(rb_ids *ids, const int64_t *sorted, int32_t n, rb_error *err)
{
    *ids = (rb_ids){ 0 };
    RB_TRY(rb_alloc(&ids->number, n, err));
    ids->n = n;
    memcpy(ids->number, sorted, (size_t)n * sizeof *sorted);
done:
    return err->status;
}

rb_status rb_ids_init_texts(rb_ids *ids, const char *const *sorted, int32_t n, rb_error *err)
{
    *ids = (rb_ids){ 0 };
    RB_TRY(rb_alloc(&ids->begin, (int64_t)n + 1, err));
    for (int32_t i = 0; i < n; i++)
        ids->begin[i + 1] = ids->begin[i] + (int64_t)strlen(sorted[i]) + 1;
    RB_TRY(rb_alloc(&ids->text, ids->begin[n], err));
    for (int32_t i = 0; i < n; i++)
        memcpy(ids->text + ids->begin[i], sorted[i], (size_t)(ids->begin[i + 1] - ids->begin[i]));
    ids->n = n;
done:
    if (err->status != RB_OK)
        rb_ids_fini(ids);
    return err->status;
}

static rb_status select_numbers(rb_ids *out, const rb_ids *ids, const int32_t *kept, int32_t n, rb_error *err)
{
    RB_TRY(rb_alloc(&out->number, n, err));
    for (int32_t i = 0; i < n; i++)
        out->number[i] = ids->number[kept[i]];
    out->n = n;
done:
    return err->status;
}

rb_status rb_ids_select(rb_ids *out, const rb_ids *ids, const int32_t *kept, int32_t n, rb_error *err)
{
    *out = (rb_ids){ 0 };
    if (ids->number)
        return select_numbers(out, ids, kept, n, err);
    const char **texts = NULL;
    RB_TRY(rb_alloc(&texts, n, err));
    for (int32_t i = 0; i < n; i++)
        texts[i] = ids->text + ids->begin[kept[i]];
    RB_TRY(rb_ids_init_texts(out, texts, n, err));
done:
    rb_free(texts);
    return err->status;
}

static rb_status join_numbers(rb_ids *out, const rb_ids *a, const rb_ids *b, rb_error *err)
{
    int32_t i = 0, k = 0;
    RB_TRY(rb_alloc(&out->number, (int64_t)a->n + b->n, err));
    while (i < a->n || k < b->n) {
        const bool of_a = k == b->n || (i < a->n && a->number[i] <= b->number[k]);
        const int64_t next = of_a ? a->number[i] : b->number[k];
        k += k < b->n && b->number[k] == next;
        i += of_a;
        out->number[out->n++] = next;
    }
done:
    return err->status;
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* An id of b that reads as one of a ("007" and 7) is that one, as a names it. */
static rb_status join_texts(rb_ids *out, const rb_ids *a, const rb_ids *b, rb_error *err)
{
    const char **text = NULL;
    char(*buffer)[32] = NULL; /* of those that are numbers */
    bool *is_named = NULL;    /* [b->n] by a */
    int64_t n = 0;
    int32_t n_kept = 0;
    RB_TRY(rb_alloc(&text, (int64_t)a->n + b->n, err));
    RB_TRY(rb_alloc(&buffer, (int64_t)a->n + b->n, err));
    RB_TRY(rb_alloc(&is_named, b->n, err));
    for (int32_t i = 0; i < a->n; i++, n++) {
        text[n] = rb_ids_name(buffer[n], a, i);
        const int32_t same = rb_ids_find(b, text[n]);
        if (same >= 0)
            is_named[same] = true;
    }
    for (int32_t k = 0; k < b->n; k++)
        if (!is_named[k]) {
            text[n] = rb_ids_name(buffer[n], b, k);
            n++;
        }
    if (n > 1)
        qsort(text, (size_t)n, sizeof *text, by_bytes);
    for (int64_t k = 0; k < n; k++)
        if (k == 0 || strcmp(text[k], text[n_kept - 1]) != 0)
            text[n_kept++] = text[k];
    RB_TRY(rb_ids_init_texts(out, text, n_kept, err));
done:
    rb_free(is_named);
    rb_free(buffer);
    rb_free(text);
    return err->status;
}

rb_status rb_ids_join(rb_ids *out, const rb_ids *a, const rb_ids *b, rb_error *err)
{
    *out = (rb_ids){ 0 };
    return a->number && b->number ? join_numbers(out, a, b, err) : join_texts(out, a, b, err);
}

void rb_ids_fini(rb_ids *ids)
{
    rb_free(ids->number);
    rb_free(ids->text);
    rb_free(ids->begin);
    *ids = (rb_ids){ 0 };
}

/* Order of the wanted id against the id of this index: negative, 0, positive. */
static int compare(const rb_ids *ids, int32_t index, const char *id, int64_t number)
{
    if (ids->number)
        return (number > ids->number[index]) - (number < ids->number[index]);
    return strcmp(id, ids->text + ids->begin[index]);
}

int32_t rb_ids_find(const rb_ids *ids, const char *id)
{
    int64_t number = 0;
    if (ids->number && !rb_parse_int(&number, id, (int64_t)strlen(id)))
        return -1;
    int32_t low = 0, high = ids->n;
    while (low < high) {
        int32_t middle = low + (high - low) / 2;
        int order = compare(ids, middle, id, number);
        if (order == 0)
            return middle;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return -1;
}

const char *rb_ids_name(char buffer[32], const rb_ids *ids, int32_t index)
{
    if (!ids->number)
        return ids->text + ids->begin[index];
    snprintf(buffer, 32, "%lld", (long long)ids->number[index]);
    return buffer;
}

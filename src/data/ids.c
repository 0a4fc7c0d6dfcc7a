#include "data/ids.h"

#include <stdio.h>
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

#include "data/catalogue_strings.h"

#include <string.h>
#include <unictype.h>
#include <unistr.h>

rb_status rb_strings_add(rb_strings_builder *b, const char *text, int64_t n, rb_error *err)
{
    rb_strings *s = &b->strings;
    RB_TRY(rb_grow(&s->begin, &b->begin_capacity, s->n + 2, err));
    int64_t at = s->begin[s->n];
    RB_TRY(rb_grow(&s->text, &b->text_capacity, at + n + 1, err));
    if (n > 0)
        memcpy(s->text + at, text, (size_t)n);
    s->text[at + n] = 0;
    s->begin[++s->n] = at + n + 1;
done:
    return err->status;
}

void rb_strings_builder_fini(rb_strings_builder *b)
{
    rb_strings_fini(&b->strings);
    memset(b, 0, sizeof *b);
}

rb_status rb_strings_from(rb_strings *out, const char *const *texts, int64_t n, rb_error *err)
{
    *out = (rb_strings){ 0 };
    RB_TRY(rb_alloc(&out->begin, n + 1, err));
    for (int64_t i = 0; i < n; i++)
        out->begin[i + 1] = out->begin[i] + (texts[i] ? (int64_t)strlen(texts[i]) : 0) + 1;
    RB_TRY(rb_alloc(&out->text, out->begin[n], err));
    for (int64_t i = 0; i < n; i++)
        if (texts[i])
            memcpy(out->text + out->begin[i], texts[i], (size_t)(out->begin[i + 1] - out->begin[i]));
    out->n = n;
done:
    if (err->status != RB_OK)
        rb_strings_fini(out);
    return err->status;
}

rb_status rb_strings_gather(rb_strings *out, const rb_strings *from, const int32_t *row, int64_t n, rb_error *err)
{
    const char **texts = NULL;
    RB_TRY(rb_alloc(&texts, n, err));
    for (int64_t i = 0; i < n; i++)
        texts[i] = row[i] < 0 ? NULL : rb_strings_at(from, row[i]);
    RB_TRY(rb_strings_from(out, texts, n, err));
done:
    rb_free(texts);
    return err->status;
}

rb_status rb_strings_copy(rb_strings *out, const rb_strings *s, rb_error *err)
{
    *out = (rb_strings){ 0 };
    RB_TRY(rb_alloc(&out->begin, s->n + 1, err));
    RB_TRY(rb_alloc(&out->text, s->begin[s->n], err));
    memcpy(out->begin, s->begin, (size_t)(s->n + 1) * sizeof *s->begin);
    memcpy(out->text, s->text, (size_t)s->begin[s->n]);
    out->n = s->n;
done:
    return err->status;
}

void rb_strings_fini(rb_strings *s)
{
    rb_free(s->text);
    rb_free(s->begin);
    memset(s, 0, sizeof *s);
}

/* Python's str.isspace: Unicode white space and the four separators of ASCII. */
static bool is_space(ucs4_t c)
{
    return (c >= 0x1C && c <= 0x1F) || uc_is_property_white_space(c);
}

const char *rb_trim(const char *text, int64_t *n)
{
    const uint8_t *begin = (const uint8_t *)text, *end = begin + *n;
    ucs4_t c;
    while (begin < end) {
        int length = u8_mbtouc(&c, begin, (size_t)(end - begin));
        if (!is_space(c))
            break;
        begin += length;
    }
    while (begin < end) {
        const uint8_t *last = u8_prev(&c, end, begin);
        if (!last || !is_space(c)) /* NULL: not UTF-8, so no space */
            break;
        end = last;
    }
    *n = end - begin;
    return (const char *)begin;
}

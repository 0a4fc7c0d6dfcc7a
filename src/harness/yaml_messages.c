#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "harness/yaml.h"

static rb_status add_text(rb_messages *m, rb_place at, char *text, rb_error *err)
{
    RB_TRY(rb_grow(&m->item, &m->capacity, m->n + 1, err));
    m->item[m->n++] = (rb_message){ .text = text, .source = at.source, .line = at.line, .column = at.column };
    text = NULL;
done:
    rb_free(text);
    return err->status;
}

rb_status rb_messages_add(rb_messages *m, rb_place at, rb_error *err, const char *format, ...)
{
    if (m->n >= RB_MESSAGES_MAX) {
        m->n_left_out++;
        return RB_OK;
    }
    char words[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(words, sizeof words, format, args);
    va_end(args);

    rb_text text = { 0 };
    const char *origin = at.origin ? at.origin : "";
    if (at.line > 0 && at.source == 0)
        RB_TRY(rb_text_addf(&text, err, "%s:%d:%d: %s", origin, at.line, at.column, words));
    else
        RB_TRY(rb_text_addf(&text, err, "%s: %s", origin, words));
    return add_text(m, at, text.data, err);
done:
    rb_text_fini(&text);
    return err->status;
}

static int by_place(const void *a, const void *b)
{
    const rb_message *x = a, *y = b;
    if (x->source != y->source)
        return x->source < y->source ? -1 : 1;
    if (x->line != y->line)
        return x->line < y->line ? -1 : 1;
    if (x->column != y->column)
        return x->column < y->column ? -1 : 1;
    return strcmp(x->text, y->text);
}

void rb_messages_sort(rb_messages *m)
{
    if (m->n > 1)
        qsort(m->item, (size_t)m->n, sizeof *m->item, by_place);
}

void rb_messages_print(FILE *out, const rb_messages *m)
{
    for (int64_t i = 0; out && i < m->n; i++)
        fprintf(out, "%s\n", m->item[i].text);
    if (out && m->n_left_out)
        fprintf(out, "... and %lld more\n", (long long)m->n_left_out);
}

rb_status rb_messages_raise(const rb_messages *m, const char *file, rb_error *err)
{
    int64_t n = m->n + m->n_left_out;
    if (n > 0)
        RB_FAIL(err, RB_BAD_INPUT, "%s: %lld error%s", file, (long long)n, n == 1 ? "" : "s");
    return err->status;
}

void rb_messages_fini(rb_messages *m)
{
    for (int64_t i = 0; i < m->n; i++)
        rb_free(m->item[i].text);
    rb_free(m->item);
    memset(m, 0, sizeof *m);
}

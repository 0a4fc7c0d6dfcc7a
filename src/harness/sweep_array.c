/*
 * Numbers for array parameters: inline lists, or a file of rows of numbers between blanks or commas.
 */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "harness/experiment_reader.h"

/* Rows of numbers as they come in. */
typedef struct {
    rb_reader *r;
    rb_place at; /* of the parameter's value */
    double *value;
    int64_t n, capacity;
    int64_t n_rows, n_cols;
    int64_t row_begin; /* in value */
    bool bad;          /* there is a message */
} numbers;

static rb_status add_number(numbers *x, double value)
{
    RB_TRY(rb_grow(&x->value, &x->capacity, x->n + 1, x->r->err));
    x->value[x->n++] = value;
done:
    return x->r->err->status;
}

/* End a row; false where its length is another than that of the rows before it. */
static bool end_row(numbers *x)
{
    int64_t n_cols = x->n - x->row_begin;
    if (x->n_rows > 0 && n_cols != x->n_cols)
        return false;
    x->n_cols = n_cols;
    x->n_rows++;
    x->row_begin = x->n;
    return true;
}

bool rb_reader_is_number(const rb_yaml *node)
{
    double value;
    return node->kind == RB_YAML_SCALAR && !node->quoted &&
           rb_parse_double(&value, node->text, (int64_t)strlen(node->text));
}

static rb_status read_inline_row(numbers *x, const rb_yaml *row)
{
    for (const rb_yaml *child = row->first; child; child = child->next) {
        double value;
        if (child->kind != RB_YAML_SCALAR || child->quoted ||
            !rb_parse_double(&value, child->text, (int64_t)strlen(child->text))) {
            x->bad = true;
            return RB_COMPLAIN(x->r, child->at, "%s%s%s stands where a number is expected",
                               child->kind == RB_YAML_SCALAR ? "'" : "",
                               child->kind == RB_YAML_SCALAR ? child->text : rb_yaml_words(child),
                               child->kind == RB_YAML_SCALAR ? "'" : "");
        }
        RB_TRY(add_number(x, value));
    }
    if (!end_row(x)) {
        x->bad = true;
        RB_TRY(RB_COMPLAIN(x->r, row->at, "a row of %d numbers, the rows before it have %lld", row->n,
                           (long long)x->n_cols));
    }
done:
    return x->r->err->status;
}

static rb_status read_inline(numbers *x, const rb_yaml *node)
{
    if (node->first->kind == RB_YAML_SCALAR)
        return read_inline_row(x, node);
    for (const rb_yaml *row = node->first; row && !x->bad; row = row->next) {
        if (row->kind != RB_YAML_LIST) {
            x->bad = true;
            return RB_COMPLAIN(x->r, row->at, "%s stands where a row of numbers is expected", rb_yaml_words(row));
        }
        RB_TRY(read_inline_row(x, row));
    }
done:
    return x->r->err->status;
}

/* One line of a file; blank lines count for nothing. */
static rb_status read_line(numbers *x, const char *file, int64_t line_number, const char *line)
{
    static const char between[] = " \t\r,";
    for (const char *at = line + strspn(line, between); *at; at += strspn(at, between)) {
        size_t length = strcspn(at, between);
        double value;
        if (!rb_parse_double(&value, at, (int64_t)length)) {
            x->bad = true;
            return RB_COMPLAIN(x->r, x->at, "%s:%lld:%lld: '%.*s' is not a number", file, (long long)line_number,
                               (long long)(at - line) + 1, length > 40 ? 40 : (int)length, at);
        }
        RB_TRY(add_number(x, value));
        at += length;
    }
    if (x->n > x->row_begin && !end_row(x)) {
        x->bad = true;
        RB_TRY(RB_COMPLAIN(x->r, x->at, "%s:%lld: a row of %lld numbers, the rows before it have %lld", file,
                           (long long)line_number, (long long)(x->n - x->row_begin), (long long)x->n_cols));
    }
done:
    return x->r->err->status;
}

static rb_status read_file(numbers *x, const char *file)
{
    rb_text text = { 0 };
    rb_error raised = { 0 };
    if (rb_experiment_load(&text, file, &raised) != RB_OK) {
        x->bad = true;
        if (raised.status == RB_IO)
            raised.status = RB_BAD_INPUT;
        RB_TRY(rb_reader_adopt(x->r, x->at, &raised));
        goto done;
    }
    int64_t line_number = 0;
    for (char *line = text.data, *end; line && !x->bad; line = end) {
        end = strchr(line, '\n');
        if (end)
            *end++ = 0;
        RB_TRY(read_line(x, file, ++line_number, line));
    }
done:
    rb_text_fini(&text);
    return x->r->err->status;
}

#define WRITTEN_MAX 8 /* numbers; of more the name is shape and digest */

/* "[0.9,0.1]"; of several rows "[[1,2],[3,4]]". */
static rb_status write_short(rb_text *text, const rb_array *array, rb_error *err)
{
    const bool nested = array->n_rows > 1;
    RB_TRY(rb_text_addf(text, err, "%s", nested ? "[" : ""));
    for (int64_t i = 0; i < array->n_rows * array->n_cols; i++) {
        const bool begins = i % array->n_cols == 0, ends = (i + 1) % array->n_cols == 0;
        char number[32];
        rb_text_double(number, array->value[i]);
        RB_TRY(rb_text_addf(text, err, "%s%s%s%s", i > 0 ? "," : "", begins ? "[" : "", number, ends ? "]" : ""));
    }
    RB_TRY(rb_text_addf(text, err, "%s", nested ? "]" : ""));
done:
    return err->status;
}

/* The array enters keys by its shape and the digest of its numbers, wherever it was read from; results show the
 * numbers of a short one, so that different arrays have different names. */
static rb_status name_array(rb_reader *r, rb_option *o)
{
    const rb_array *array = &o->value.array;
    rb_hasher h = { 0 };
    rb_digest digest;
    char hex[17];
    rb_text text = { 0 }, written = { 0 };
    RB_TRY(rb_hasher_begin(&h, r->err));
    for (int64_t i = 0; i < array->n_rows * array->n_cols; i++)
        rb_hasher_double(&h, array->value[i]);
    rb_hasher_end(&h, &digest);
    rb_digest_hex(hex, &digest, 16);
    RB_TRY(rb_text_addf(&text, r->err, "%lldx%lld:%s", (long long)array->n_rows, (long long)array->n_cols, hex));
    RB_TRY(rb_reader_keep(r, &o->canonical, &text));
    o->text = o->canonical;
    if (array->n_rows * array->n_cols <= WRITTEN_MAX) {
        RB_TRY(write_short(&written, array, r->err));
        RB_TRY(rb_reader_keep(r, &o->text, &written));
    }
done:
    rb_text_fini(&text);
    rb_text_fini(&written);
    return r->err->status;
}

rb_status rb_reader_array(rb_reader *r, rb_option *out, bool *good, const char *owner, const rb_param *param,
                          rb_yaml *node)
{
    numbers x = { .r = r, .at = node->at };
    const char *source = "inline";
    double *kept;
    *good = false;
    if (node->kind == RB_YAML_MAP || rb_yaml_is_null(node) || (node->kind == RB_YAML_LIST && node->n == 0))
        return RB_COMPLAIN(r, node->at, "'%s.%s' is %s, expected rows of numbers or a file of them", owner, param->name,
                           node->n == 0 ? "empty" : rb_yaml_words(node));
    if (rb_reader_is_number(node))
        return RB_COMPLAIN(r, node->at, "'%s.%s' is %s, expected a list of numbers, or a file of them", owner,
                           param->name, node->text);
    if (node->kind == RB_YAML_LIST) {
        RB_TRY(read_inline(&x, node));
    } else {
        source = node->text;
        RB_TRY(rb_reader_absolute(r, node));
        RB_TRY(read_file(&x, node->text));
    }
    if (!x.bad && x.n == 0) {
        x.bad = true;
        RB_TRY(RB_COMPLAIN(r, node->at, "'%s.%s' holds no number", owner, param->name));
    }
    if (x.bad)
        goto done;
    RB_TRY(rb_arena_alloc(&r->e->arena, &kept, x.n, r->err));
    memcpy(kept, x.value, (size_t)x.n * sizeof *kept);
    out->value = (rb_value){ .kind = RB_PARAM_ARRAY,
                             .array = { .value = kept, .n_rows = x.n_rows, .n_cols = x.n_cols, .source = source } };
    RB_TRY(name_array(r, out));
    *good = true;
done:
    rb_free(x.value);
    return r->err->status;
}

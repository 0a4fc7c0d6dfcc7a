#include "base/param.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define CHOICES_MAX 16 /* suggested from */

const rb_param *rb_param_find(const rb_param *table, const char *name)
{
    for (; table && table->name; table++)
        if (strcmp(table->name, name) == 0)
            return table;
    return NULL;
}

int rb_choice_index(const char *choices, const char *name)
{
    size_t n = strlen(name);
    for (int index = 0; choices; index++) {
        const char *end = strchr(choices, '|');
        size_t length = end ? (size_t)(end - choices) : strlen(choices);
        if (length == n && memcmp(choices, name, n) == 0)
            return index;
        choices = end ? end + 1 : NULL;
    }
    return -1;
}

const char *rb_choice_name(char out[64], const char *choices, int index)
{
    out[0] = 0;
    for (; choices && index > 0; index--) {
        choices = strchr(choices, '|');
        choices = choices ? choices + 1 : NULL;
    }
    if (choices && index == 0)
        snprintf(out, 64, "%.*s", (int)strcspn(choices, "|"), choices);
    return out;
}

void rb_params_default(void *config, const rb_param *table)
{
    for (; table && table->name; table++) {
        rb_value value = { .kind = table->kind,
                           .number = table->default_number,
                           .integer = table->kind == RB_PARAM_INT ? (int64_t)table->default_number : 0,
                           .text = table->default_text };
        rb_param_store(config, table, &value);
    }
}

bool rb_params_fast(const void *config, const rb_param *table)
{
    for (; table && table->name; table++)
        if (table->flags & RB_PARAM_FAST &&
            *(const int *)((const char *)config + table->offset) != (int)table->default_number)
            return true;
    return false;
}

static rb_status parse_number(rb_value *out, const rb_param *p, const char *owner, const char *text, rb_error *err)
{
    bool whole = p->kind == RB_PARAM_INT;
    bool good = whole ? rb_parse_int(&out->integer, text, (int64_t)strlen(text))
                      : rb_parse_double(&out->number, text, (int64_t)strlen(text));
    if (good && whole)
        out->number = (double)out->integer;
    if (good && out->number >= p->min && out->number <= p->max)
        return RB_OK;
    char low[32], high[32];
    rb_text_double(low, p->min);
    rb_text_double(high, p->max);
    return RB_FAIL(err, RB_BAD_INPUT, "'%s.%s' is %s, expected %s in [%s, %s]", owner, p->name, text,
                   whole ? "a whole number" : "a number", low, high);
}

static rb_status unknown_choice(const rb_param *p, const char *owner, const char *text, rb_error *err)
{
    char word[CHOICES_MAX][64];
    const char *names[CHOICES_MAX + 1];
    int n = 0;
    for (; n < CHOICES_MAX && *rb_choice_name(word[n], p->choices, n); n++)
        names[n] = word[n];
    names[n] = NULL;
    const char *near = rb_text_nearest(text, names);
    return RB_FAIL(err, RB_BAD_INPUT, "'%s.%s' is '%s', expected one of %s%s%s%s", owner, p->name, text, p->choices,
                   near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

rb_status rb_param_parse(rb_value *out, const rb_param *p, const char *owner, const char *text, rb_error *err)
{
    *out = (rb_value){ .kind = p->kind };
    switch (p->kind) {
    case RB_PARAM_BOOL:
        out->number = strcmp(text, "true") == 0;
        if (!out->number && strcmp(text, "false") != 0)
            return RB_FAIL(err, RB_BAD_INPUT, "'%s.%s' is '%s', expected true or false", owner, p->name, text);
        return RB_OK;
    case RB_PARAM_INT:
    case RB_PARAM_DOUBLE:
        return parse_number(out, p, owner, text, err);
    case RB_PARAM_CHOICE: {
        int index = rb_choice_index(p->choices, text);
        out->number = index;
        out->integer = index;
        if (index < 0)
            return unknown_choice(p, owner, text, err);
        return RB_OK;
    }
    default:
        out->text = text;
        return RB_OK;
    }
}

void rb_param_store(void *config, const rb_param *p, const rb_value *value)
{
    char *field = (char *)config + p->offset;
    switch (p->kind) {
    case RB_PARAM_BOOL:
        *(bool *)field = value->number != 0;
        break;
    case RB_PARAM_INT:
        *(int64_t *)field = value->integer;
        break;
    case RB_PARAM_DOUBLE:
        *(double *)field = value->number;
        break;
    case RB_PARAM_CHOICE:
        *(int *)field = (int)value->number;
        break;
    case RB_PARAM_STRING:
    case RB_PARAM_SPACE:
        *(const char **)field = value->text;
        break;
    case RB_PARAM_MODEL:
        *(rb_model_ref *)field = (rb_model_ref){ .index = value->text ? (int32_t)value->integer : -1 };
        break;
    case RB_PARAM_ARRAY:
        *(rb_array *)field = value->array;
        break;
    }
}

rb_status rb_param_format(rb_text *out, const rb_param *p, const void *config, rb_error *err)
{
    const char *field = (const char *)config + p->offset;
    char number[64] = "";
    const char *text = number;
    switch (p->kind) {
    case RB_PARAM_BOOL:
        text = *(const bool *)field ? "true" : "false";
        break;
    case RB_PARAM_INT:
        snprintf(number, sizeof number, "%lld", (long long)*(const int64_t *)field);
        break;
    case RB_PARAM_DOUBLE:
        rb_text_double(number, *(const double *)field);
        break;
    case RB_PARAM_CHOICE:
        rb_choice_name(number, p->choices, *(const int *)field);
        break;
    case RB_PARAM_STRING:
    case RB_PARAM_SPACE:
        text = *(const char *const *)field;
        break;
    case RB_PARAM_MODEL:
        snprintf(number, sizeof number, "%d", ((const rb_model_ref *)field)->index);
        break;
    case RB_PARAM_ARRAY:
        text = ((const rb_array *)field)->source;
        break;
    }
    return rb_text_add(out, text ? text : "", text ? (int64_t)strlen(text) : 0, err);
}

#include "support/config.h"

#include <stdio.h>
#include <string.h>

#include "support/support.h"

void rb_oracle_set_text(void *config, const rb_algorithm *algorithm, const char *name, const char *text)
{
    rb_error err = { 0 };
    rb_value value;
    const rb_param *param = rb_param_find(algorithm->params, name);
    assert_non_null(param);
    assert_ok(rb_param_parse(&value, param, algorithm->name, text, &err), &err);
    rb_param_store(config, param, &value);
}

void rb_oracle_set_number(void *config, const rb_algorithm *algorithm, const char *name, double number)
{
    const rb_param *p = rb_param_find(algorithm->params, name);
    assert_non_null(p);
    rb_param_store(config, p, &(rb_value){ .kind = p->kind, .number = number, .integer = (int64_t)number });
}

void rb_oracle_set(void *config, const rb_algorithm *algorithm, const char *values)
{
    char text[1024], *rest = text, *word;
    snprintf(text, sizeof text, "%s", values);
    while ((word = strtok_r(rest, " ", &rest))) {
        char *is = strchr(word, '=');
        assert_non_null(is);
        *is = 0;
        rb_oracle_set_text(config, algorithm, word, is + 1);
    }
}

void *rb_oracle_config(const rb_algorithm *algorithm, const char *values)
{
    rb_error err = { 0 };
    char *config = rb_alloc_array((int64_t)algorithm->config_size, 1, &err);
    assert_non_null(config);
    rb_params_default(config, algorithm->params);
    rb_oracle_set(config, algorithm, values);
    return config;
}

void rb_test_set_options(void *config, const rb_algorithm *a, const rb_test_option *options, const rb_array *centres)
{
    rb_params_default(config, a->params);
    for (const rb_test_option *o = options; o->name; o++)
        rb_oracle_set_text(config, a, o->name, o->value);
    if (centres) {
        rb_value value = { .kind = RB_PARAM_ARRAY, .array = *centres };
        rb_param_store(config, rb_param_find(a->params, "centres"), &value);
    }
}

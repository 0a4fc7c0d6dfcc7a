/*
 * Configs of algorithms by the names of their parameters, for tests; a name or value that the table does not know fails
 * the test.
 */
#ifndef RB_SUPPORT_CONFIG_H
#define RB_SUPPORT_CONFIG_H

#include "data/algorithm.h"

/** One parameter as text, which must live as long as the config where it is a string. */
void rb_oracle_set_text(void *config, const rb_algorithm *algorithm, const char *name, const char *text);

/** One of them, a number, a choice by its index, or a truth. */
void rb_oracle_set_number(void *config, const rb_algorithm *algorithm, const char *name, double number);

/** Parameters of a config, none of them a string, from "name=value name=value". */
void rb_oracle_set(void *config, const rb_algorithm *algorithm, const char *values);

/** A config from such values, the rest by default; released with rb_free. */
void *rb_oracle_config(const rb_algorithm *algorithm, const char *values);

typedef struct {
    const char *name, *value;
} rb_test_option;

/** The defaults of an algorithm with options given as text, the last one NULL, and `centres` where not NULL. */
void rb_test_set_options(void *config, const rb_algorithm *a, const rb_test_option *options, const rb_array *centres);

#endif

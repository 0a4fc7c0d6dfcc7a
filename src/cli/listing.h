/*
 * What `list` shows: one entry a kind, over the registry of that kind. The names come from the registries alone.
 */
#ifndef RB_CLI_LISTING_H
#define RB_CLI_LISTING_H

#include "base/param.h"
#include "cli/session.h"
#include "report/table.h"

typedef struct {
    const char *word;              /* "algorithms" */
    const char *(*name_of)(int i); /* NULL behind the last */
    const char *(*summary_of)(int i);
    bool (*matches)(int i, const char *name); /* NULL: by equality ("lsa-100" is one of lsa-N) */
    rb_status (*explain)(FILE *out, int i, rb_format format, rb_error *err);
} rb_listing;

extern const rb_listing rb_listing_algorithms, rb_listing_metrics, rb_listing_datasets, rb_listing_spaces,
    rb_listing_splits, rb_listing_policies, rb_listing_keys, rb_listing_features;

/** Parameter tables, ended by NULL, as one: name, type, default, range, meaning. */
rb_status rb_listing_params(FILE *out, const rb_param *const *tables, rb_format format, rb_error *err);

#endif

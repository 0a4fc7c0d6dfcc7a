#include "cli/listing.h"
#include "eval/bandit.h"

static const char *name_of(int i)
{
    return rb_policy_registry[i] ? rb_policy_registry[i]->name : NULL;
}

static const char *summary_of(int i)
{
    return rb_policy_registry[i]->summary;
}

static rb_status explain(FILE *out, int i, rb_format format, rb_error *err)
{
    const rb_algorithm *a = rb_policy_registry[i];
    if (format == RB_FORMAT_TABLE)
        fprintf(out, "%s · %s · %s\n", a->name, a->summary, a->reference);
    return rb_listing_params(out, (const rb_param *const[]){ a->params, NULL }, format, err);
}

const rb_listing rb_listing_policies = {
    .word = "policies",
    .name_of = name_of,
    .summary_of = summary_of,
    .explain = explain,
};

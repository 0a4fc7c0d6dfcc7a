#include <string.h>

#include "cli/listing.h"
#include "data/space.h"

static const char *name_of(int i)
{
    return rb_space_registry[i] ? rb_space_registry[i]->name : NULL;
}

static const char *summary_of(int i)
{
    return rb_space_registry[i]->summary;
}

/* "lsa-100" is one of lsa-N. */
static bool matches(int i, const char *name)
{
    const char *one = name_of(i);
    size_t n = strlen(one);
    bool is_open = n > 2 && strcmp(one + n - 2, "-N") == 0;
    return strcmp(one, name) == 0 || (is_open && strncmp(one, name, n - 1) == 0);
}

static rb_status explain(FILE *out, int i, rb_format format, rb_error *err)
{
    const rb_space_kind *kind = rb_space_registry[i];
    if (format == RB_FORMAT_TABLE)
        fprintf(out, "%s · %s%s%s\n", kind->name, kind->summary, *kind->reference ? " · " : "", kind->reference);
    return rb_listing_params(out, (const rb_param *const[]){ kind->params, NULL }, format, err);
}

const rb_listing rb_listing_spaces = {
    .word = "spaces",
    .name_of = name_of,
    .summary_of = summary_of,
    .matches = matches,
    .explain = explain,
};

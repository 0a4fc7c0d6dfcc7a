#include "cli/listing.h"
#include "data/split.h"

static const char *name_of(int i)
{
    return rb_split_abouts[i].name;
}

static const char *summary_of(int i)
{
    return rb_split_abouts[i].summary;
}

/* The keys that the kind reads, of all that a split has. */
static rb_status explain(FILE *out, int i, rb_format format, rb_error *err)
{
    rb_param taken[32] = { 0 };
    size_t n = 0;
    for (const rb_param *p = rb_split_params; p->name && n + 1 < sizeof taken / sizeof *taken; p++)
        if (rb_split_takes(i, p->name))
            taken[n++] = *p;
    if (format == RB_FORMAT_TABLE)
        fprintf(out, "%s · %s\n", rb_split_abouts[i].name, rb_split_abouts[i].summary);
    return rb_listing_params(out, (const rb_param *const[]){ taken, NULL }, format, err);
}

const rb_listing rb_listing_splits = {
    .word = "splits",
    .name_of = name_of,
    .summary_of = summary_of,
    .explain = explain,
};

#include <string.h>

#include "cli/listing.h"
#include "harness/experiment.h"

/* The file itself stands under the word that its own messages use. */
static const char *name_at(const rb_experiment_key *key)
{
    return *key->name ? key->name : "experiment";
}

/* Entry number i; a part that is described twice (`dataset`) counts once, by its first entry. */
static const rb_experiment_key *at(int i)
{
    for (const rb_experiment_key *key = rb_experiment_keys; key->name; key++) {
        bool again = key != rb_experiment_keys && strcmp(key[-1].name, key->name) == 0;
        if (!again && i-- == 0)
            return key;
    }
    return NULL;
}

static const char *name_of(int i)
{
    const rb_experiment_key *key = at(i);
    return key ? name_at(key) : NULL;
}

static const char *summary_of(int i)
{
    return at(i)->help;
}

/* All entries of the part: for the eye each under its own heading, else in one table. */
static rb_status explain(FILE *out, int i, rb_format format, rb_error *err)
{
    enum { MOST = 4 };
    const rb_param *tables[MOST + 1] = { NULL };
    const rb_experiment_key *first = at(i);
    int n = 0;
    for (const rb_experiment_key *key = first; key->name && strcmp(key->name, first->name) == 0 && n < MOST; key++) {
        if (format == RB_FORMAT_TABLE) {
            fprintf(out, "%s · %s · %s\n", name_at(key), key->form, key->help);
            RB_TRY(rb_listing_params(out, (const rb_param *const[]){ key->params, NULL }, format, err));
        } else if (key->params) {
            tables[n++] = key->params;
        }
    }
    if (format != RB_FORMAT_TABLE)
        RB_TRY(rb_listing_params(out, tables, format, err));
done:
    return err->status;
}

const rb_listing rb_listing_keys = {
    .word = "keys",
    .name_of = name_of,
    .summary_of = summary_of,
    .explain = explain,
};

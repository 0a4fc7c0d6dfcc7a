/* `list`: what can be written in an experiment file, from the registries. */
#include <string.h>

#include "cli/listing.h"

static const rb_operand operands[] = {
    { .name = "WHAT",
      .choices = "algorithms|metrics|datasets|spaces|splits|policies|keys|features",
      .is_optional = true,
      .help = "one kind, or a NAME" },
    { .name = "NAME",
      .is_optional = true,
      .help = "explain one: its parameters with type, default, range and meaning" },
    { .name = NULL },
};

static const rb_command_option options[] = { RB_OPTION_FORMAT, { .name = NULL } };

/* Entries of one kind whose name is NAME; an unknown one is compared with all names of the kind. */
static rb_status explain(const rb_call *call, const rb_listing *kind, const char *name, bool *found, rb_error *err)
{
    const char *one;
    for (int i = 0; !*found && (one = kind->name_of(i)) != NULL; i++) {
        *found = kind->matches ? kind->matches(i, name) : strcmp(one, name) == 0;
        if (*found)
            return kind->explain(call->out, i, rb_session_format(call), err);
    }
    return RB_OK;
}

static rb_status fail_unknown(const rb_listing *const *kinds, int n_kinds, const char *name, bool with_kinds,
                              rb_error *err)
{
    const char *names[512];
    int n = 0;
    for (int k = 0; k < n_kinds; k++) {
        if (with_kinds)
            names[n++] = kinds[k]->word;
        const char *one;
        for (int i = 0; n < 500 && (one = kinds[k]->name_of(i)) != NULL; i++)
            names[n++] = one;
    }
    names[n] = NULL;
    const char *nearest = rb_text_nearest(name, names);
    if (!nearest)
        return RB_FAIL(err, RB_BAD_INPUT, "list: '%s' is not known; see reelbench list", name);
    return RB_FAIL(err, RB_BAD_INPUT, "list: '%s' is not known; did you mean '%s'?", name, nearest);
}

static rb_status list_kinds(const rb_call *call, const rb_listing *const *kinds, int n_kinds, rb_error *err)
{
    static const rb_table_column columns[] = { { "kind", RB_CELL_TEXT },
                                               { "name", RB_CELL_TEXT },
                                               { "summary", RB_CELL_TEXT } };
    rb_table table;
    rb_table_init(&table, columns, 3);
    for (int k = 0; k < n_kinds; k++) {
        const char *name;
        for (int i = 0; (name = kinds[k]->name_of(i)) != NULL; i++) {
            RB_TRY(rb_table_text(&table, kinds[k]->word, err));
            RB_TRY(rb_table_text(&table, name, err));
            RB_TRY(rb_table_text(&table, kinds[k]->summary_of(i), err));
        }
    }
    RB_TRY(rb_table_write(call->out, &table, rb_session_format(call), err));
done:
    rb_table_fini(&table);
    return err->status;
}

static rb_status run(rb_call *call, rb_error *err)
{
    const rb_listing *const kinds[] = { &rb_listing_algorithms, &rb_listing_metrics, &rb_listing_datasets,
                                        &rb_listing_spaces,     &rb_listing_splits,  &rb_listing_policies,
                                        &rb_listing_keys,       &rb_listing_features };
    const int n_kinds = sizeof kinds / sizeof kinds[0];
    const char *what = rb_call_operand(call, 0);
    const char *name = rb_call_operand(call, 1);
    bool found = false;
    if (!what)
        return list_kinds(call, kinds, n_kinds, err);
    for (int k = 0; k < n_kinds; k++) {
        if (strcmp(kinds[k]->word, what) != 0)
            continue;
        if (!name)
            return list_kinds(call, &kinds[k], 1, err);
        RB_TRY(explain(call, kinds[k], name, &found, err));
        return found ? RB_OK : fail_unknown(&kinds[k], 1, name, false, err);
    }
    if (name)
        return RB_FAIL(err, RB_BAD_INPUT, "list: '%s' is no kind, expected one of %s", what, operands[0].choices);
    for (int k = 0; k < n_kinds; k++)
        RB_TRY(explain(call, kinds[k], what, &found, err));
    if (!found)
        fail_unknown(kinds, n_kinds, what, true, err);
done:
    return err->status;
}

const rb_command rb_cmd_list = {
    .name = "list",
    .summary = "algorithms, metrics, data sets, spaces, splits and keys of an experiment file, with their parameters",
    .description =
        "A name that several kinds have is looked for in the order of the kinds; list KIND NAME tells which.",
    .operands = operands,
    .options = options,
    .example = "reelbench list\nreelbench list keys dataset\nreelbench list metrics\nreelbench list ials",
    .run = run,
};

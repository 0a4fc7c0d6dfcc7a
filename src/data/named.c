#include <string.h>

#include "base/text.h"
#include "data/read.h"

/* Data sets known by name: the folder of that name and the format of what is in it. */
static const struct {
    const char *name, *format;
} known[] = {
    { "ml-latest-small", "ratings.csv" },
    { "netflix-titles", "netflix-titles" },
};

#define N_KNOWN (sizeof known / sizeof *known)

static const char *format_of(const char *name)
{
    for (size_t i = 0; i < N_KNOWN; i++)
        if (strcmp(known[i].name, name) == 0)
            return known[i].format;
    return NULL;
}

static rb_status fail_unknown(const char *name, rb_error *err)
{
    const char *names[N_KNOWN + 1] = { NULL };
    for (size_t i = 0; i < N_KNOWN; i++)
        names[i] = known[i].name;
    const char *nearest = rb_text_nearest(name, names);
    if (nearest)
        return RB_FAIL(err, RB_BAD_INPUT, "unknown data set '%s'; did you mean '%s'?", name, nearest);
    return RB_FAIL(err, RB_BAD_INPUT, "unknown data set '%s'; known are ml-latest-small and netflix-titles", name);
}

rb_status rb_dataset_named(rb_dataset *out, const char *name, const char *data_dir, const rb_source *options,
                           rb_ctx *ctx, rb_error *err)
{
    rb_text path = { 0 };
    rb_source source = RB_SOURCE_DEFAULT;
    if (options) {
        source.skip_errors = options->skip_errors;
        source.duplicates = options->duplicates;
        source.drop_duplicates = options->drop_duplicates;
        source.makes_sessions = options->makes_sessions;
        source.session_gap = options->session_gap;
        source.all_titles = options->all_titles;
        source.has_scale = options->has_scale;
        memcpy(source.scale, options->scale, sizeof source.scale);
    }
    source.format = format_of(name);
    if (!source.format)
        return fail_unknown(name, err);
    RB_TRY_ALL(ctx, rb_text_addf(&path, err, "%s/%s", data_dir, name));
    source.path = path.data;
    RB_TRY(rb_dataset_read(out, &source, ctx, err));
done:
    rb_text_fini(&path);
    return err->status;
}

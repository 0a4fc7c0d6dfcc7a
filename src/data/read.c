#include "data/read.h"

#include <string.h>

#include "data/catalogue_read.h"
#include "data/ratings_read.h"
#include "data/read_made.h"
#include "data/sessions_gap.h"
#include "data/sniff.h"

const char *const *rb_formats(void)
{
    static const char *const names[] = { "u.data",         "ratings.dat",   "ratings.csv", "libmf",  "inter",
                                         "matrix-market",  "netflix-prize", "csv",         "tsv",    "text",
                                         "netflix-titles", "movies",        "movies.dat",  "u.item", "tags",
                                         "tags.dat",       "item",          NULL };
    return names;
}

/* Last part of a path, without slashes behind it. */
static rb_status name_of(char **name, const char *path, rb_error *err)
{
    size_t n = strlen(path);
    while (n > 1 && path[n - 1] == '/')
        n--;
    size_t begin = n;
    while (begin > 0 && path[begin - 1] != '/')
        begin--;
    *name = rb_strndup(path + begin, n - begin, err);
    return err->status;
}

static rb_status read_catalogue(rb_catalogue *out, const rb_sniffed *s, const rb_source *source, rb_dataset *skipped,
                                rb_ctx *ctx, rb_error *err)
{
    rb_catalogue tags = { 0 };
    rb_source options = *source;
    options.format = s->catalogue_format;
    RB_TRY(rb_catalogue_read(out, s->catalogue, &options, skipped, ctx, err));
    if (s->tags) {
        options.format = NULL;
        RB_TRY(rb_catalogue_read(&tags, s->tags, &options, skipped, ctx, err));
        RB_TRY_ALL(ctx, rb_catalogue_add_tags(out, &tags, err));
    }
done:
    rb_catalogue_fini(&tags);
    return err->status;
}

/* The items of a catalogue without interactions are the items of the data set. */
static rb_status take_items(rb_ids *items, const rb_catalogue *c, rb_error *err)
{
    int32_t *all = NULL;
    RB_TRY(rb_alloc(&all, c->n, err));
    for (int32_t i = 0; i < c->n; i++)
        all[i] = i;
    RB_TRY(rb_ids_select(items, &c->ids, all, c->n, err));
done:
    rb_free(all);
    return err->status;
}

/* All titles are items; of a generated folder there are no others. */
static rb_status widen_items(rb_dataset *out, const rb_ids *titles, bool made, rb_ctx *ctx, rb_error *err)
{
    rb_ids all = { 0 };
    if (made)
        return rb_made_items(out, titles, ctx, err);
    RB_TRY_ALL(ctx, rb_ids_join(&all, &out->items, titles, err));
    RB_TRY(rb_made_items(out, &all, ctx, err));
done:
    rb_ids_fini(&all);
    return err->status;
}

/* The catalogue, in the order of the items where there are interactions. */
static rb_status add_catalogue(rb_dataset *out, const rb_sniffed *s, const rb_source *source, rb_ctx *ctx,
                               rb_error *err)
{
    rb_catalogue c = { 0 };
    RB_TRY(read_catalogue(&c, s, source, out, ctx, err));
    if ((s->users || source->all_titles) && out->has_interactions)
        RB_TRY(widen_items(out, &c.ids, s->users != NULL, ctx, err));
    if (out->has_interactions) {
        RB_TRY_ALL(ctx, rb_catalogue_align(&out->catalogue, &c, &out->items, err));
    } else {
        if (source->drop_duplicates)
            rb_catalogue_drop_duplicates(&c, err);
        if (err->status == RB_OK)
            take_items(&out->items, &c, err);
        RB_TRY_ALL(ctx, err->status);
        out->catalogue = c;
        c = (rb_catalogue){ 0 };
    }
    out->has_catalogue = true;
done:
    rb_catalogue_fini(&c);
    return err->status;
}

/* What was asked of the data and only they can tell. Local. */
static rb_status settle(rb_dataset *out, const rb_source *source, rb_error *err)
{
    if (source->all_titles && !out->has_catalogue)
        return RB_FAIL(err, RB_BAD_INPUT, "'items: catalogue' needs a catalogue, and data set '%s' has none",
                       out->name);
    if (!source->has_scale)
        return RB_OK;
    if (!out->has_interactions || !out->interactions.rating)
        return RB_FAIL(err, RB_BAD_INPUT, "'scale' is of ratings, and data set '%s' has none", out->name);
    out->interactions.min_rating = source->scale[0];
    out->interactions.max_rating = source->scale[1];
    return RB_OK;
}

rb_status rb_dataset_read(rb_dataset *out, const rb_source *source, rb_ctx *ctx, rb_error *err)
{
    rb_sniffed s = { 0 };
    RB_TRY(rb_sniff(&s, source, ctx, err));
    RB_TRY_ALL(ctx, name_of(&out->name, source->path, err));
    if (s.ratings)
        RB_TRY(rb_ratings_read(out, s.ratings, s.paths, s.n_paths, source, ctx, err));
    if (s.users)
        RB_TRY(rb_made_users(out, s.users, ctx, err));
    if (s.catalogue)
        RB_TRY(add_catalogue(out, &s, source, ctx, err));
    if (s.topics)
        RB_TRY(rb_made_topics(out, s.topics, ctx, err));
    if (s.sessions)
        RB_TRY(rb_made_sessions(out, s.sessions, ctx, err));
    if (source->makes_sessions)
        RB_TRY(rb_sessions_by_gap(out, source->session_gap, ctx, err));
    RB_TRY(settle(out, source, err));
    RB_TRY(rb_dataset_digest(out, ctx, err));
done:
    rb_sniffed_fini(&s);
    return err->status;
}

#include "data/title_filter.h"

#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/text.h"

rb_status rb_title_filter_years(rb_title_filter *filter, const char *text, rb_error *err)
{
    const char *dash = strchr(text, '-');
    const int64_t n = dash ? dash - text : (int64_t)strlen(text);
    int64_t from = 0, to = INT32_MAX;
    bool good = dash ? n > 0 || dash[1] : n > 0;
    if (good && n > 0)
        good = rb_parse_int(&from, text, n) && from >= 0 && from < INT32_MAX;
    if (good && !dash)
        to = from;
    if (good && dash && dash[1])
        good = rb_parse_int(&to, dash + 1, (int64_t)strlen(dash + 1)) && to >= from && to <= INT32_MAX;
    if (!good)
        return RB_FAIL(err, RB_BAD_INPUT,
                       "years '%s', expected one like 1994, or a range like 1990-1999, 1990- or -1999", text);
    filter->year_from = (int32_t)from;
    filter->year_to = (int32_t)to;
    return RB_OK;
}

static bool has_genre(const rb_catalogue *c, int32_t i, const char *genre)
{
    if (!c->has[RB_COLUMN_GENRES])
        return false;
    for (int64_t e = c->genre.begin[i]; e < c->genre.begin[i + 1]; e++)
        if (strcasecmp(rb_strings_at(&c->genre.names, c->genre.value[e]), genre) == 0)
            return true;
    return false;
}

static bool has_type(const rb_catalogue *c, int32_t i, const char *type)
{
    return c->has[RB_COLUMN_TYPE] && strcasecmp(rb_strings_at(&c->column[RB_COLUMN_TYPE], i), type) == 0;
}

static bool has_years(const rb_title_filter *f)
{
    return f->year_from > 0 || f->year_to < INT32_MAX;
}

bool rb_title_filter_takes(const rb_title_filter *filter, const rb_catalogue *c, int32_t i)
{
    if (filter->genre && !has_genre(c, i, filter->genre))
        return false;
    if (filter->type && !has_type(c, i, filter->type))
        return false;
    if (has_years(filter) && (c->year[i] < 0 || c->year[i] < filter->year_from || c->year[i] > filter->year_to))
        return false;
    return filter->age_group < 0 || c->age_group[i] == filter->age_group;
}

static rb_status no_such_genre(const char *genre, const rb_catalogue *c, rb_error *err)
{
    const rb_strings *names = &c->genre.names;
    const char **list = NULL;
    RB_TRY(rb_alloc(&list, names->n + 1, err));
    for (int64_t g = 0; g < names->n; g++)
        list[g] = rb_strings_at(names, g);
    const char *nearest = rb_text_nearest(genre, list);
    RB_FAIL(err, RB_BAD_INPUT, "no title has the genre '%s'%s%s%s", genre, nearest ? "; did you mean '" : "",
            nearest ? nearest : "", nearest ? "'?" : "");
done:
    rb_free(list);
    return err->status;
}

rb_status rb_title_filter_check(const rb_title_filter *filter, const rb_catalogue *c, rb_error *err)
{
    bool any_genre = !filter->genre, any_type = !filter->type;
    for (int32_t i = 0; i < c->n && !(any_genre && any_type); i++) {
        any_genre = any_genre || has_genre(c, i, filter->genre);
        any_type = any_type || has_type(c, i, filter->type);
    }
    if (has_years(filter) && !c->has[RB_COLUMN_RELEASE_YEAR])
        return RB_FAIL(err, RB_BAD_INPUT, "the titles have no years");
    if (filter->age_group >= 0 && !c->has[RB_COLUMN_RATING])
        return RB_FAIL(err, RB_BAD_INPUT, "the titles have no age ratings");
    if (!any_genre)
        return no_such_genre(filter->genre, c, err);
    if (!any_type)
        return RB_FAIL(err, RB_BAD_INPUT, "no title has the type '%s'", filter->type);
    return RB_OK;
}

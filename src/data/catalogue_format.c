#include "data/catalogue_format.h"

#include <string.h>

static const rb_catalogue_format formats[] = {
    { .name = "netflix-titles",
      .separator = ",",
      .quotes = true,
      .has_header = true,
      .value_separator = ',',
      .fields = "show_id,title" },
    { .name = "movies",
      .separator = ",",
      .quotes = true,
      .has_header = true,
      .value_separator = '|',
      .fields = "movieId,title,genres" },
    { .name = "movies.dat",
      .separator = "::",
      .may_be_latin1 = true,
      .value_separator = '|',
      .fields = "movieId,title,genres" },
    { .name = "u.item",
      .separator = "|",
      .may_be_latin1 = true,
      .value_separator = '|',
      .fields = "movieId,title,release date,video release date,IMDb URL,flag,flag,flag,flag,flag,flag,flag,flag,flag,"
                "flag,flag,flag,flag,flag,flag,flag,flag,flag,flag" },
    { .name = "tags",
      .separator = ",",
      .quotes = true,
      .has_header = true,
      .repeats = true,
      .value_separator = '|',
      .fields = "movieId,tag" },
    { .name = "tags.dat",
      .separator = "::",
      .may_be_latin1 = true,
      .repeats = true,
      .value_separator = '|',
      .fields = "userId,movieId,tag,timestamp" },
    { .name = "item", .separator = "\t", .has_header = true, .value_separator = ' ', .fields = "item_id" },
};

/* Other names of columns, and the names of ids. */
static const struct {
    const char *name;
    int field;
} synonyms[] = {
    { "show_id", RB_FIELD_ID },         { "movieId", RB_FIELD_ID },
    { "item_id", RB_FIELD_ID },         { "movie_title", RB_COLUMN_TITLE },
    { "name", RB_COLUMN_TITLE },        { "genre", RB_COLUMN_GENRES },
    { "class", RB_COLUMN_GENRES },      { "categories", RB_COLUMN_GENRES },
    { "year", RB_COLUMN_RELEASE_YEAR }, { "release date", RB_COLUMN_RELEASE_YEAR },
    { "tag", RB_COLUMN_TAGS },          { "flag", RB_FIELD_FLAG },
};

const rb_catalogue_format *rb_catalogue_format_find(const char *name)
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (name && strcmp(formats[i].name, name) == 0)
            return &formats[i];
    return NULL;
}

static bool ends_in(const char *text, const char *end)
{
    size_t n = strlen(text), k = strlen(end);
    return n >= k && strcmp(text + n - k, end) == 0;
}

const rb_catalogue_format *rb_catalogue_format_sniff(const char *file, const char *bytes, int64_t n_bytes)
{
    static const char *const endings[][2] = {
        { "u.item", "u.item" }, { "movies.dat", "movies.dat" }, { "tags.dat", "tags.dat" }, { ".item", "item" }
    };
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        if (ends_in(file, endings[i][0]))
            return rb_catalogue_format_find(endings[i][1]);
    const char *line = n_bytes > 0 ? memchr(bytes, '\n', (size_t)n_bytes) : NULL;
    size_t n = (size_t)(line ? line - bytes : n_bytes);
    if (n > 0 && memmem(bytes, n, "movieId", 7))
        return rb_catalogue_format_find(memmem(bytes, n, "genres", 6) ? "movies" : "tags");
    if (n > 0 && memmem(bytes, n, "item_id:", 8))
        return rb_catalogue_format_find("item");
    return &formats[0];
}

int rb_catalogue_field_find(const char *name)
{
    char word[64];
    size_t n = strcspn(name, ":");
    if (n >= sizeof word)
        return RB_FIELD_UNUSED;
    memcpy(word, name, n);
    word[n] = 0;
    for (size_t i = 0; i < sizeof synonyms / sizeof *synonyms; i++)
        if (strcmp(synonyms[i].name, word) == 0)
            return synonyms[i].field;
    int column = rb_column_find(word);
    return column >= 0 ? column : RB_FIELD_UNUSED;
}

const char *rb_catalogue_flag_name(int64_t index)
{
    static const char *const names[] = { "unknown",   "Action",   "Adventure",   "Animation", "Children's",
                                         "Comedy",    "Crime",    "Documentary", "Drama",     "Fantasy",
                                         "Film-Noir", "Horror",   "Musical",     "Mystery",   "Romance",
                                         "Sci-Fi",    "Thriller", "War",         "Western" };
    return names[index];
}

/*
 * A catalogue of items: the raw columns, trimmed, and what cleaning made of them.
 */
#ifndef RB_DATA_CATALOGUE_H
#define RB_DATA_CATALOGUE_H

#include "data/ids.h"
#include "parallel/ctx.h"

/* Text columns, in the order of the Netflix titles file. */
/* clang-format off */
#define RB_COLUMN_LIST(X) \
    X(TYPE, "type") \
    X(TITLE, "title") \
    X(DIRECTOR, "director") \
    X(CAST, "cast") \
    X(COUNTRY, "country") \
    X(DATE_ADDED, "date_added") \
    X(RELEASE_YEAR, "release_year") \
    X(RATING, "rating") \
    X(DURATION, "duration") \
    X(GENRES, "genres") \
    X(DESCRIPTION, "description") \
    X(TAGS, "tags")
/* clang-format on */

typedef enum {
#define RB_COLUMN_ENUM(name, word) RB_COLUMN_##name,
    RB_COLUMN_LIST(RB_COLUMN_ENUM)
#undef RB_COLUMN_ENUM
        RB_N_COLUMNS
} rb_column;

/** "type", "title", ...; and back (-1 where unknown; "listed_in" is genres). */
const char *rb_column_name(rb_column column);
int rb_column_find(const char *name);

/* Strings of one column. */
typedef struct {
    char *text;     /* one after another, each ended by 0 */
    int64_t *begin; /* [n + 1] */
    int64_t n;
} rb_strings;

static inline const char *rb_strings_at(const rb_strings *s, int64_t i)
{
    return s->text + s->begin[i];
}
rb_status rb_strings_from(rb_strings *out, const char *const *texts, int64_t n, rb_error *err); /* copies; NULL is "" */
rb_status rb_strings_copy(rb_strings *out, const rb_strings *s, rb_error *err);
void rb_strings_fini(rb_strings *s);

/* A multi-valued field: values of each item in the order written, over names sorted by bytes. */
typedef struct {
    rb_strings names;
    int64_t *begin; /* [n_items + 1] */
    int32_t *value; /* index into names */
} rb_multi;

typedef enum { RB_AGE_UNRATED, RB_AGE_KIDS, RB_AGE_OLDER_KIDS, RB_AGE_TEENS, RB_AGE_ADULTS } rb_age_group;

typedef struct {
    int64_t n_rows;              /* read */
    int64_t n_skipped;           /* malformed, with on_error: skip */
    int64_t blank[RB_N_COLUMNS]; /* empty after trimming, as read */
    int64_t n_shifted;           /* duration found in the rating column, moved back */
    int64_t n_duplicates;        /* same trimmed lower-cased title, type and year as an earlier row */
    int64_t n_dropped;           /* duplicates removed (dataset.drop_duplicates) */
    int64_t n_bad_dates, n_bad_years, n_bad_durations;
} rb_cleaning;

typedef struct rb_catalogue {
    int32_t n;
    rb_ids ids;
    bool has[RB_N_COLUMNS];          /* the source has this column */
    rb_strings column[RB_N_COLUMNS]; /* raw text, trimmed, shifted rows repaired; [n] where has */
    rb_multi director, cast, country, genre;
    int32_t *year;         /* release year; -1 unavailable */
    int32_t *date_added;   /* days since 1970-01-01; INT32_MIN unavailable */
    int32_t *minutes;      /* duration of a movie; -1 */
    int32_t *seasons;      /* duration of a show; -1 */
    uint8_t *age_group;    /* rb_age_group */
    int32_t *duplicate_of; /* the earlier row that this one repeats, else -1 */
    int32_t *topic;        /* generator: planted cluster; NULL for real data */
    rb_cleaning cleaning;
} rb_catalogue;

void rb_catalogue_fini(rb_catalogue *c);

/** The items at the ascending positions kept[0 .. n) of a catalogue. */
rb_status rb_catalogue_select(rb_catalogue *out, const rb_catalogue *c, const int32_t *kept, int32_t n, rb_error *err);

/** Labels of a reference labelling: "type", "primary_genre", "planted"; RB_NOT_APPLICABLE where absent. out [n]. */
rb_status rb_catalogue_labels(int32_t *out, const rb_catalogue *c, const char *reference, rb_error *err);

#endif

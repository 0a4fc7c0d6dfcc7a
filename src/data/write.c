#include "data/write.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "data/read_made.h"

/* How each format of interactions looks. */
typedef struct {
    const char *name;
    const char *header;    /* with "%s" for the part of the time; NULL: none */
    const char *time_name; /* in the header, where the data have times */
    const char *separator;
    int first_position; /* of ids that are positions; -1: external ids */
    bool has_time;
} layout;

static const layout layouts[] = {
    { "ratings.csv", "userId,movieId,rating%s\n", ",timestamp", ",", -1, true },
    { "u.data", NULL, NULL, "\t", -1, true },
    { "ratings.dat", NULL, NULL, "::", -1, true },
    { "libmf", NULL, NULL, " ", 0, false },
    { "inter", "user_id:token\titem_id:token\trating:float%s\n", "\ttimestamp:float", "\t", -1, true },
    { "matrix-market", NULL, NULL, " ", 1, false },
};

const rb_write_format rb_write_formats[] = {
    { "ratings.csv", "interactions as MovieLens has them: userId,movieId,rating,timestamp" },
    { "u.data", "interactions separated by tabs (MovieLens 100k)" },
    { "ratings.dat", "interactions separated by :: (MovieLens 1M, 10M)" },
    { "libmf", "interactions as triples of positions from 0 and rating" },
    { "inter", "interactions as RecBole's atomic file" },
    { "matrix-market", "interactions as a sparse matrix of positions from 1" },
    { "titles", "catalogue, in the columns of the Netflix titles file" },
    { "sessions", "events of sessions: session,user,item,timestamp,completion,device" },
    { NULL, NULL },
};

static const layout *find_layout(const char *format)
{
    for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++)
        if (strcmp(layouts[i].name, format) == 0)
            return &layouts[i];
    return NULL;
}

/* The shortest decimal form that reads back as the same float. */
static void format_float(char out[32], float value)
{
    for (int digits = 1; digits <= 9; digits++) {
        snprintf(out, 32, "%.*g", digits, (double)value);
        if (strtof(out, NULL) == value)
            return;
    }
}

static void write_id(FILE *out, const rb_ids *ids, int32_t index, int first_position)
{
    char buffer[32];
    if (first_position >= 0)
        fprintf(out, "%lld", (long long)index + first_position);
    else
        fputs(rb_ids_name(buffer, ids, index), out);
}

static void write_interactions(FILE *out, const rb_dataset *d, const layout *l)
{
    const rb_interactions *x = &d->interactions;
    bool with_time = l->has_time && x->time;
    char rating[32] = "1";
    if (l->header)
        fprintf(out, l->header, with_time ? l->time_name : "");
    if (strcmp(l->name, "matrix-market") == 0)
        fprintf(out, "%%%%MatrixMarket matrix coordinate real general\n%d %d %lld\n", x->n_users, x->n_items,
                (long long)x->n);
    for (int64_t k = 0; k < x->n; k++) {
        if (x->rating)
            format_float(rating, x->rating[k]);
        write_id(out, &d->users, x->user[k], l->first_position);
        fputs(l->separator, out);
        write_id(out, &d->items, x->item[k], l->first_position);
        fprintf(out, "%s%s", l->separator, rating);
        if (with_time)
            fprintf(out, "%s%lld", l->separator, (long long)x->time[k]);
        else if (l->has_time && !l->header)
            fprintf(out, "%s0", l->separator); /* a form without a header has four columns */
        fputc('\n', out);
    }
}

void rb_write_csv_field(FILE *out, const char *text)
{
    if (!strpbrk(text, ",\"\r\n")) {
        fputs(text, out);
        return;
    }
    fputc('"', out);
    for (; *text; text++)
        fprintf(out, *text == '"' ? "\"%c" : "%c", *text);
    fputc('"', out);
}

/* The columns of the Netflix titles file, in its order and by its names. */
static const struct {
    const char *name;
    rb_column column;
} title_columns[] = {
    { "type", RB_COLUMN_TYPE },
    { "title", RB_COLUMN_TITLE },
    { "director", RB_COLUMN_DIRECTOR },
    { "cast", RB_COLUMN_CAST },
    { "country", RB_COLUMN_COUNTRY },
    { "date_added", RB_COLUMN_DATE_ADDED },
    { "release_year", RB_COLUMN_RELEASE_YEAR },
    { "rating", RB_COLUMN_RATING },
    { "duration", RB_COLUMN_DURATION },
    { "listed_in", RB_COLUMN_GENRES },
    { "description", RB_COLUMN_DESCRIPTION },
};

static void write_titles(FILE *out, const rb_catalogue *c)
{
    char buffer[32];
    const size_t n_columns = sizeof title_columns / sizeof *title_columns;
    fputs("show_id", out);
    for (size_t i = 0; i < n_columns; i++)
        fprintf(out, ",%s", title_columns[i].name);
    fputc('\n', out);
    for (int32_t row = 0; row < c->n; row++) {
        rb_write_csv_field(out, rb_ids_name(buffer, &c->ids, row));
        for (size_t i = 0; i < n_columns; i++) {
            rb_column column = title_columns[i].column;
            fputc(',', out);
            if (c->has[column])
                rb_write_csv_field(out, rb_strings_at(&c->column[column], row));
        }
        fputc('\n', out);
    }
}

const char *rb_device_name(int device)
{
    static const char *const names[] = { "tv", "phone", "tablet", "computer" };
    return device >= 0 && device < RB_N_DEVICES ? names[device] : "";
}

static void write_sessions(FILE *out, const rb_dataset *d)
{
    const rb_sessions *s = &d->sessions;
    char number[32];
    fputs(RB_MADE_SESSIONS "\n", out);
    for (int64_t i = 0; i < s->n; i++)
        for (int64_t e = s->begin[i]; e < s->begin[i + 1]; e++) {
            fprintf(out, "%lld,", (long long)i);
            write_id(out, &d->users, s->user[i], -1);
            fputc(',', out);
            write_id(out, &d->items, s->item[e], -1);
            fprintf(out, ",%lld,", (long long)s->time[e]);
            if (s->completion) {
                format_float(number, s->completion[e]);
                fputs(number, out);
            }
            fputc(',', out);
            fprintf(out, "%s\n", s->device ? rb_device_name(s->device[i]) : "");
        }
}

rb_status rb_dataset_write(FILE *out, const rb_dataset *d, const char *format, const char *name, rb_error *err)
{
    const layout *l = find_layout(format);
    if (l && !d->has_interactions)
        return RB_FAIL(err, RB_BAD_INPUT, "%s: the data have no interactions to write as %s", d->name, format);
    errno = 0;
    if (l) {
        write_interactions(out, d, l);
    } else if (strcmp(format, "titles") == 0) {
        if (!d->has_catalogue)
            return RB_FAIL(err, RB_BAD_INPUT, "%s: the data have no catalogue to write as titles", d->name);
        write_titles(out, &d->catalogue);
    } else if (strcmp(format, "sessions") == 0) {
        if (!d->has_sessions)
            return RB_FAIL(err, RB_BAD_INPUT, "%s: the data have no sessions to write", d->name);
        write_sessions(out, d);
    } else {
        return RB_FAIL(err, RB_BAD_INPUT, "'%s' is no format that can be written", format);
    }
    if (fflush(out) != 0 || ferror(out))
        return RB_FAIL(err, RB_IO, "%s: %s", name, strerror(errno));
    return RB_OK;
}

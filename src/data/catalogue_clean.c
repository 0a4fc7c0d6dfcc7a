#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unicase.h>

#include "base/text.h"
#include "data/catalogue_rows.h"
#include "data/catalogue_strings.h"
#include "data/token_table.h"

/* The field of a column, "" where the source lacks it. */
static const char *field(const rb_catalogue *c, rb_column column, int32_t i)
{
    return c->has[column] ? rb_strings_at(&c->column[column], i) : "";
}

/* Reads digits at *text into *value and moves on; how many there were. */
static int digits(int32_t *value, const char **text)
{
    int n = 0;
    for (*value = 0; **text >= '0' && **text <= '9' && n < 9; (*text)++, n++)
        *value = *value * 10 + (**text - '0');
    return n;
}

/* Days from 1970-01-01 of a day of the Gregorian calendar (March-based years, as in Howard Hinnant's days_from_civil).
 */
static bool days_of(int32_t *days, int32_t year, int32_t month, int32_t day)
{
    static const int lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 ||
        day > lengths[month - 1] + (leap && month == 2))
        return false;
    int32_t y = month <= 2 ? year - 1 : year, era = y / 400, of_era = y - era * 400;
    int32_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    *days = era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + day_of_year - 719468;
    return true;
}

/* Month by its English name or its first three letters, at *text; moves on; 0 where it is none. */
static int32_t month_at(const char **text)
{
    static const char *const months[] = { "January", "February", "March",     "April",   "May",      "June",
                                          "July",    "August",   "September", "October", "November", "December" };
    size_t n = strcspn(*text, " -");
    for (int32_t m = 0; m < 12; m++)
        if ((n == 3 || n == strlen(months[m])) && strncmp(*text, months[m], n) == 0) {
            *text += n;
            return m + 1;
        }
    return 0;
}

static bool take(const char **text, const char *expected)
{
    size_t n = strlen(expected);
    bool there = strncmp(*text, expected, n) == 0;
    *text += there ? n : 0;
    return there;
}

bool rb_catalogue_date(int32_t *days, const char *text)
{
    int32_t first, second, year, month;
    if (*text >= '0' && *text <= '9') {
        int n = digits(&first, &text);
        if (!take(&text, "-"))
            return false;
        if (n == 4) /* 2021-09-25 */
            return digits(&month, &text) == 2 && take(&text, "-") && digits(&second, &text) == 2 && !*text &&
                   days_of(days, first, month, second);
        if (n > 2 || (month = month_at(&text)) == 0 || !take(&text, "-")) /* 25-Sep-21 */
            return false;
        n = digits(&year, &text);
        if (n == 2)
            year += year < 69 ? 2000 : 1900; /* POSIX's %y */
        return (n == 2 || n == 4) && !*text && days_of(days, year, month, first);
    }
    month = month_at(&text); /* September 25, 2021 */
    int n_day = month && take(&text, " ") ? digits(&first, &text) : 0;
    return n_day >= 1 && n_day <= 2 && take(&text, ", ") && digits(&year, &text) == 4 && !*text &&
           days_of(days, year, month, first);
}

/* "90 min", "1 Season", "3 Seasons". */
static bool duration(int32_t *minutes, int32_t *seasons, const char *text)
{
    int32_t value;
    int n = digits(&value, &text);
    if (n < 1 || n > 6 || !take(&text, " "))
        return false;
    if (strcmp(text, "min") == 0)
        *minutes = value;
    else if (strcmp(text, "Season") == 0 || strcmp(text, "Seasons") == 0)
        *seasons = value;
    else
        return false;
    return true;
}

static rb_age_group age_group(const char *rating)
{
    static const struct {
        const char *names;
        rb_age_group group;
    } groups[] = { { "TV-Y|TV-G|G", RB_AGE_KIDS },
                   { "TV-Y7|TV-Y7-FV|TV-PG|PG", RB_AGE_OLDER_KIDS },
                   { "TV-14|PG-13", RB_AGE_TEENS },
                   { "TV-MA|R|NC-17", RB_AGE_ADULTS } };
    for (size_t g = 0; g < sizeof groups / sizeof *groups; g++) {
        size_t n = strlen(rating);
        for (const char *name = groups[g].names; name; name = strchr(name, '|')) {
            name += *name == '|';
            if (strcspn(name, "|") == n && n > 0 && memcmp(name, rating, n) == 0)
                return groups[g].group;
        }
    }
    return RB_AGE_UNRATED;
}

/* A row whose duration stands in its rating column gets it moved back; both columns are built anew where there is one.
 */
static rb_status repair_shifted(rb_catalogue *c, rb_error *err)
{
    rb_strings_builder rating = { 0 }, length = { 0 };
    int32_t unused;
    if (!c->has[RB_COLUMN_RATING] || !c->has[RB_COLUMN_DURATION])
        return RB_OK;
    for (int32_t i = 0; i < c->n; i++) {
        const char *r = field(c, RB_COLUMN_RATING, i), *d = field(c, RB_COLUMN_DURATION, i);
        if (!*d && duration(&unused, &unused, r)) {
            c->cleaning.n_shifted++;
            d = r;
            r = "";
        }
        RB_TRY(rb_strings_add(&rating, r, (int64_t)strlen(r), err));
        RB_TRY(rb_strings_add(&length, d, (int64_t)strlen(d), err));
    }
    if (c->cleaning.n_shifted > 0) {
        rb_strings_fini(&c->column[RB_COLUMN_RATING]);
        rb_strings_fini(&c->column[RB_COLUMN_DURATION]);
        c->column[RB_COLUMN_RATING] = rating.strings;
        c->column[RB_COLUMN_DURATION] = length.strings;
        return RB_OK;
    }
done:
    rb_strings_builder_fini(&rating);
    rb_strings_builder_fini(&length);
    return err->status;
}

/* Year of "Toy Story (1995)", or -1. */
static int32_t year_in_title(const char *title)
{
    int64_t n = (int64_t)strlen(title), year;
    if (n < 6 || title[n - 1] != ')' || title[n - 6] != '(' || !rb_parse_int(&year, title + n - 5, 4) || year < 1000)
        return -1;
    return (int32_t)year;
}

static rb_status parse_fields(rb_catalogue *c, rb_error *err)
{
    RB_TRY(rb_alloc(&c->year, c->n, err));
    RB_TRY(rb_alloc(&c->date_added, c->n, err));
    RB_TRY(rb_alloc(&c->minutes, c->n, err));
    RB_TRY(rb_alloc(&c->seasons, c->n, err));
    RB_TRY(rb_alloc(&c->age_group, c->n, err));
    for (int32_t i = 0; i < c->n; i++) {
        const char *year = field(c, RB_COLUMN_RELEASE_YEAR, i), *date = field(c, RB_COLUMN_DATE_ADDED, i);
        const char *length = field(c, RB_COLUMN_DURATION, i);
        int64_t value;
        c->year[i] = c->minutes[i] = c->seasons[i] = -1;
        c->date_added[i] = INT32_MIN;
        if (rb_parse_int(&value, year, (int64_t)strlen(year)) && value >= 1000 && value <= 9999)
            c->year[i] = (int32_t)value;
        else if (*year)
            c->cleaning.n_bad_years++;
        if (!c->has[RB_COLUMN_RELEASE_YEAR])
            c->year[i] = year_in_title(field(c, RB_COLUMN_TITLE, i));
        if (*date && !rb_catalogue_date(&c->date_added[i], date))
            c->cleaning.n_bad_dates++;
        if (*length && !duration(&c->minutes[i], &c->seasons[i], length))
            c->cleaning.n_bad_durations++;
        c->age_group[i] = (uint8_t)age_group(field(c, RB_COLUMN_RATING, i));
    }
done:
    return err->status;
}

/* Names in ascending order, and the values renumbered to match. */
static rb_status sort_names(rb_multi *m, int64_t n_values, const rb_token_table *table, rb_error *err)
{
    int32_t *order = NULL, *rank = NULL;
    const char **names = NULL;
    RB_TRY(rb_alloc(&order, table->n, err));
    RB_TRY(rb_alloc(&rank, table->n, err));
    RB_TRY(rb_alloc(&names, table->n, err));
    RB_TRY(rb_token_table_order(order, table, err));
    for (int32_t k = 0; k < table->n; k++) {
        rank[order[k]] = k;
        names[k] = rb_token_table_word(table, order[k]);
    }
    RB_TRY(rb_strings_from(&m->names, names, table->n, err));
    for (int64_t e = 0; e < n_values; e++)
        m->value[e] = rank[m->value[e]];
done:
    rb_free(names);
    rb_free(rank);
    rb_free(order);
    return err->status;
}

/* Values of one field, in the order written, each once. Their numbers go to m->value from *n_values on. */
static rb_status split_field(rb_multi *m, int64_t *n_values, int64_t *capacity, rb_token_table *table, const char *text,
                             char separator, rb_error *err)
{
    int64_t first = *n_values;
    for (const char *at = text; *at;) {
        const char *end = strchrnul(at, separator);
        int64_t n = end - at;
        const char *value = rb_trim(at, &n);
        at = *end ? end + 1 : end;
        if (n == 0)
            continue;
        int32_t number;
        bool known = false;
        RB_TRY(rb_token_table_add(&number, table, value, n, err));
        for (int64_t e = first; e < *n_values && !known; e++)
            known = m->value[e] == number;
        if (known)
            continue;
        RB_TRY(rb_grow(&m->value, capacity, *n_values + 1, err));
        m->value[(*n_values)++] = number;
    }
done:
    return err->status;
}

static rb_status split_column(rb_multi *m, const rb_catalogue *c, rb_column column, char separator, rb_error *err)
{
    rb_token_table table = { 0 };
    int64_t n_values = 0, capacity = 0;
    RB_TRY(rb_alloc(&m->begin, (int64_t)c->n + 1, err));
    for (int32_t i = 0; i < c->n; i++) {
        const char *text = field(c, column, i);
        if (strcmp(text, "(no genres listed)") != 0) /* MovieLens */
            RB_TRY(split_field(m, &n_values, &capacity, &table, text, separator, err));
        m->begin[i + 1] = n_values;
    }
    RB_TRY(sort_names(m, n_values, &table, err));
done:
    rb_token_table_fini(&table);
    return err->status;
}

/* Lower-cased title, type and year, apart by a byte that no text holds. */
static rb_status duplicate_key(rb_text *key, const rb_catalogue *c, int32_t i, rb_error *err)
{
    const char *title = field(c, RB_COLUMN_TITLE, i);
    size_t n = 0;
    uint8_t *lower = u8_tolower((const uint8_t *)title, strlen(title), NULL, NULL, NULL, &n);
    key->length = 0;
    if (!lower)
        return RB_FAIL(err, RB_NO_MEMORY, "out of memory: lower case of a title");
    if (rb_text_add(key, (const char *)lower, (int64_t)n, err) == RB_OK)
        rb_text_addf(key, err, "\x01%s\x01%d", field(c, RB_COLUMN_TYPE, i), (int)c->year[i]);
    free(lower);
    return err->status;
}

static rb_status mark_duplicates(rb_catalogue *c, rb_error *err)
{
    rb_token_table table = { 0 };
    rb_text key = { 0 };
    int32_t *first = NULL;
    RB_TRY(rb_alloc(&c->duplicate_of, c->n, err));
    RB_TRY(rb_alloc(&first, c->n, err));
    for (int32_t i = 0; i < c->n; i++) {
        int32_t number, known = (int32_t)table.n;
        c->duplicate_of[i] = -1;
        if (!*field(c, RB_COLUMN_TITLE, i))
            continue; /* no title, nothing to compare */
        RB_TRY(duplicate_key(&key, c, i, err));
        RB_TRY(rb_token_table_add(&number, &table, key.data, key.length, err));
        if (number == known) {
            first[number] = i;
        } else {
            c->duplicate_of[i] = first[number];
            c->cleaning.n_duplicates++;
        }
    }
done:
    rb_free(first);
    rb_text_fini(&key);
    rb_token_table_fini(&table);
    return err->status;
}

rb_status rb_catalogue_clean(rb_catalogue *c, char value_separator, rb_error *err)
{
    c->cleaning.n_rows = c->n;
    for (int column = 0; column < RB_N_COLUMNS; column++)
        for (int32_t i = 0; i < c->n && c->has[column]; i++)
            c->cleaning.blank[column] += !*field(c, (rb_column)column, i);
    RB_TRY(repair_shifted(c, err));
    RB_TRY(parse_fields(c, err));
    RB_TRY(split_column(&c->director, c, RB_COLUMN_DIRECTOR, value_separator, err));
    RB_TRY(split_column(&c->cast, c, RB_COLUMN_CAST, value_separator, err));
    RB_TRY(split_column(&c->country, c, RB_COLUMN_COUNTRY, value_separator, err));
    RB_TRY(split_column(&c->genre, c, RB_COLUMN_GENRES, value_separator, err));
    RB_TRY(mark_duplicates(c, err));
done:
    return err->status;
}

/* The head of a MatrixMarket file: https://math.nist.gov/MatrixMarket/formats.html */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "data/ratings_format.h"
#include "data/ratings_number.h"
#include "data/ratings_text.h"

#define N_BANNER_WORDS 5
#define LONGEST_WORD 15

/* The words of the banner, in the order they stand in. */
static rb_status check_banner(rb_layout *layout, const char *file, const char *line, const char *end, rb_error *err)
{
    rb_layout blanks = { .delimiter = " " };
    rb_field word[N_BANNER_WORDS];
    char text[N_BANNER_WORDS][LONGEST_WORD + 1] = { "" };
    rb_fault fault;
    int n = rb_line_split(word, N_BANNER_WORDS, &blanks, line, end, &fault);
    for (int w = 0; w < n && w < N_BANNER_WORDS; w++)
        snprintf(text[w], sizeof text[w], "%.*s", (int)word[w].n, word[w].text);
    if (n != N_BANNER_WORDS || strcmp(text[0], "%%MatrixMarket") != 0 || strcasecmp(text[1], "matrix") != 0)
        return RB_FAIL(err, RB_BAD_INPUT, "%s:1:1: expected the banner '%%%%MatrixMarket matrix coordinate ...'", file);
    if (strcasecmp(text[2], "coordinate") != 0)
        return RB_FAIL(err, RB_BAD_INPUT, "%s:1:%d: '%s' matrices cannot be read, expected coordinate", file,
                       (int)(word[2].text - line) + 1, text[2]);
    bool pattern = strcasecmp(text[3], "pattern") == 0;
    if (!pattern && strcasecmp(text[3], "real") != 0 && strcasecmp(text[3], "integer") != 0)
        return RB_FAIL(err, RB_BAD_INPUT, "%s:1:%d: values '%s' cannot be read, expected pattern, real or integer",
                       file, (int)(word[3].text - line) + 1, text[3]);
    if (strcasecmp(text[4], "general") != 0)
        return RB_FAIL(err, RB_BAD_INPUT, "%s:1:%d: '%s' matrices cannot be read, expected general", file,
                       (int)(word[4].text - line) + 1, text[4]);
    layout->with_rating = !pattern;
    return RB_OK;
}

static rb_status read_size(rb_layout *layout, const char *file, const char *line, const char *end, rb_error *err)
{
    rb_layout blanks = { .delimiter = " " };
    rb_field f[3];
    rb_fault fault;
    int64_t *const size[] = { &layout->n_rows, &layout->n_cols, &layout->n_entries };
    bool good = rb_line_split(f, 3, &blanks, line, end, &fault) == 3;
    for (int i = 0; good && i < 3; i++)
        good = rb_number_whole(size[i], f[i].text, f[i].n) && *size[i] >= 0;
    if (!good)
        return RB_FAIL(err, RB_BAD_INPUT, "%s:%lld:1: expected the size line 'rows columns entries'", file,
                       (long long)layout->header_lines);
    return RB_OK;
}

static bool is_passed_over(const char *line, const char *end)
{
    end -= end > line && end[-1] == '\r';
    return line == end || *line == '%';
}

rb_status rb_layout_init_matrix(rb_layout *layout, const char *file, const char *bytes, int64_t n, rb_error *err)
{
    *layout = (rb_layout){ .lines = RB_LINES_MATRIX, .delimiter = " ", .whole_ids = true };
    const char *line = bytes + rb_text_mark(bytes, n), *bytes_end = bytes + n, *end;
    if (line == bytes_end)
        return RB_FAIL(err, RB_BAD_INPUT, "%s: the file is empty", file);
    for (;; line = end < bytes_end ? end + 1 : end) {
        if (line >= bytes_end)
            return RB_FAIL(err, RB_BAD_INPUT, "%s:%lld:1: expected the size line 'rows columns entries'", file,
                           (long long)layout->header_lines + 1);
        end = memchr(line, '\n', (size_t)(bytes_end - line));
        end = end ? end : bytes_end;
        if (layout->header_lines++ == 0) {
            if (check_banner(layout, file, line, end, err) != RB_OK)
                return err->status;
        } else if (!is_passed_over(line, end)) {
            break;
        }
    }
    if (read_size(layout, file, line, end, err) != RB_OK)
        return err->status;
    layout->body = end < bytes_end ? end + 1 - bytes : n;
    layout->n_columns = layout->with_rating ? 3 : 2;
    layout->role[0] = RB_ROLE_USER;
    layout->role[1] = RB_ROLE_ITEM;
    layout->role[2] = layout->with_rating ? RB_ROLE_RATING : RB_ROLE_NONE;
    return RB_OK;
}

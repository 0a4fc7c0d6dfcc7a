#include "data/sniff.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "data/catalogue_format.h"
#include "data/ratings_number.h"
#include "data/ratings_text.h"
#include "data/sniff_folder.h"

#define HEAD_BYTES 4096

static bool ends_in(const char *text, const char *end)
{
    size_t n = strlen(text), k = strlen(end);
    return n >= k && strcmp(text + n - k, end) == 0;
}

/* Three columns between blanks, two whole numbers and a number. */
static bool looks_like_libmf(const char *line, const char *end)
{
    rb_layout blanks = { .delimiter = " " };
    rb_field f[3];
    rb_fault fault;
    int64_t id;
    float rating;
    return rb_line_split(f, 3, &blanks, line, end, &fault) == 3 && rb_number_whole(&id, f[0].text, f[0].n) &&
           rb_number_whole(&id, f[1].text, f[1].n) && rb_number_float(&rating, f[2].text, f[2].n) == RB_NUMBER_OK;
}

static bool looks_like_prize(const char *line, const char *end)
{
    int64_t movie;
    end -= end > line && end[-1] == '\r';
    return end - line > 1 && end[-1] == ':' && rb_number_whole(&movie, line, end - line - 1);
}

/* Neither a whole number nor any other. */
static bool is_word(const rb_field *f)
{
    int64_t id;
    float number;
    return f->n > 0 && !rb_number_whole(&id, f->text, f->n) && rb_number_float(&number, f->text, f->n) != RB_NUMBER_OK;
}

/* Whether a line of commas begins with ids of which one is a word. */
static bool has_word_ids(const char *line, const char *bytes_end)
{
    rb_layout commas = { .delimiter = ",", .quoted = true };
    rb_field f[RB_MAX_TEXT_COLUMNS];
    rb_fault fault;
    const char *end = line < bytes_end ? memchr(line, '\n', (size_t)(bytes_end - line)) : NULL;
    return end && rb_line_split(f, RB_MAX_TEXT_COLUMNS, &commas, line, end, &fault) >= 2 &&
           (is_word(&f[0]) || is_word(&f[1]));
}

/* line: the first, up to end; behind it the bytes go on to bytes_end. */
static const char *ratings_format(const char *name, const char *line, const char *end, const char *bytes_end)
{
    static const char movielens[] = "userId,movieId,rating,timestamp";
    size_t length = (size_t)(end - line) - (end > line && end[-1] == '\r');
    if (length >= 14 && memcmp(line, "%%MatrixMarket", 14) == 0)
        return "matrix-market";
    if (length == sizeof movielens - 1 && memcmp(line, movielens, length) == 0)
        return has_word_ids(end + 1, bytes_end) ? "csv" : "ratings.csv";
    if (ends_in(name, "u.data"))
        return "u.data";
    if (ends_in(name, "ratings.dat"))
        return "ratings.dat";
    if (ends_in(name, ".mtx"))
        return "matrix-market";
    if (ends_in(name, ".inter"))
        return "inter";
    if (looks_like_prize(line, end))
        return "netflix-prize";
    if (ends_in(name, ".csv") && rb_layout_delimiter(line, end)[0] == ',')
        return "csv";
    if (ends_in(name, ".tsv"))
        return "tsv";
    return rb_layout_delimiter(line, end)[0] == ' ' && looks_like_libmf(line, end) ? "libmf" : "text";
}

const rb_ratings_format *rb_sniff_ratings(const char *name, const char *bytes, int64_t n)
{
    const char *line = bytes + rb_text_mark(bytes, n);
    const char *end = memchr(line, '\n', (size_t)(bytes + n - line));
    return rb_ratings_format_find(ratings_format(name, line, end ? end : bytes + n, bytes + n));
}

/* A catalogue tells by its name, or by a header that knows titles and no users. */
static bool looks_like_catalogue(const char *name, const char *bytes, int64_t n)
{
    static const char *const endings[] = { "movies.csv", "movies.dat", "u.item",    ".item",
                                           "tags.csv",   "tags.dat",   "titles.csv" };
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        if (ends_in(name, endings[i]))
            return true;
    const char *end = memchr(bytes, '\n', (size_t)n);
    size_t length = (size_t)(end ? end - bytes : n);
    return memmem(bytes, length, "show_id", 7) && memmem(bytes, length, "title", 5);
}

static rb_status read_head(char head[HEAD_BYTES], int64_t *n, const char *path, rb_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t got = fd < 0 ? -1 : read(fd, head, HEAD_BYTES);
    if (got < 0)
        RB_FAIL_OPEN(err, path);
    if (fd >= 0)
        close(fd);
    *n = got < 0 ? 0 : got;
    return err->status;
}

/* Files that begin like an archive or a compressed file. */
static const char *packed_as(const char *head, int64_t n)
{
    if (n >= 2 && memcmp(head, "\x1f\x8b", 2) == 0)
        return "gzip";
    if (n >= 4 && memcmp(head, "PK\x03\x04", 4) == 0)
        return "zip";
    return NULL;
}

static rb_status sniff_file(rb_found *f, const rb_source *source, rb_error *err)
{
    char head[HEAD_BYTES];
    int64_t n = 0;
    RB_TRY(read_head(head, &n, source->path, err));
    if (n == 0) {
        RB_FAIL(err, RB_BAD_INPUT, "%s: the file is empty", source->path);
    } else if (packed_as(head, n)) {
        RB_FAIL(err, RB_BAD_INPUT, "%s: is a %s file, unpack it first", source->path, packed_as(head, n));
    } else if (source->format) {
        f->ratings = rb_ratings_format_find(source->format);
        f->catalogue_format = f->ratings ? NULL : source->format;
    } else if (!source->user_column && looks_like_catalogue(source->path, head, n)) {
        f->catalogue_format = rb_catalogue_format_sniff(source->path, head, n)->name;
    } else {
        f->ratings = rb_sniff_ratings(source->path, head, n);
    }
    if (err->status == RB_OK && f->ratings)
        rb_found_add(f, source->path, err);
    if (err->status == RB_OK && f->catalogue_format)
        f->catalogue = rb_strdup(source->path, err);
done:
    return err->status;
}

static rb_status check_format(const rb_source *source, rb_error *err)
{
    const char *nearest;
    if (!source->format || rb_ratings_format_find(source->format) || rb_catalogue_format_find(source->format))
        return RB_OK;
    nearest = rb_text_nearest(source->format, rb_formats());
    if (nearest)
        return RB_FAIL(err, RB_BAD_INPUT, "unknown format '%s'; did you mean '%s'?", source->format, nearest);
    return RB_FAIL(err, RB_BAD_INPUT, "unknown format '%s'; known are u.data, ratings.csv, inter, csv and others",
                   source->format);
}

/* Rank 0: what the path holds. */
static rb_status look(rb_found *f, const rb_source *source, rb_error *err)
{
    struct stat st;
    if (check_format(source, err) != RB_OK)
        return err->status;
    if (stat(source->path, &st) != 0)
        return RB_FAIL_OPEN(err, source->path);
    if (S_ISDIR(st.st_mode))
        return rb_sniff_folder(f, source, err);
    if (!S_ISREG(st.st_mode))
        return RB_FAIL(err, RB_BAD_INPUT, "%s: is neither a file nor a folder", source->path);
    return sniff_file(f, source, err);
}

/* What was found as one text, its parts ended by 0: formats, catalogue, tags, what a generator left, then the files of
 * ratings. */
static rb_status pack(rb_text *text, const rb_found *f, rb_error *err)
{
    const char *const parts[] = { f->ratings ? f->ratings->name : NULL,
                                  f->catalogue_format,
                                  f->catalogue,
                                  f->tags,
                                  f->users,
                                  f->topics,
                                  f->sessions };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        const char *part = parts[i] ? parts[i] : "";
        RB_TRY(rb_text_add(text, part, (int64_t)strlen(part) + 1, err));
    }
    for (int64_t i = 0; i < f->n_paths; i++)
        RB_TRY(rb_text_add(text, f->paths[i], (int64_t)strlen(f->paths[i]) + 1, err));
done:
    return err->status;
}

static const char *next_part(const char **at)
{
    const char *part = *at;
    // NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): what was agreed on has been allocated
    *at += strlen(part) + 1;
    return *part ? part : NULL;
}

static rb_status unpack(rb_sniffed *s, int32_t n_paths, rb_error *err)
{
    const char *at = s->memory.data;
    RB_TRY(rb_alloc(&s->paths, n_paths, err));
    const char *ratings = next_part(&at);
    s->ratings = ratings ? rb_ratings_format_find(ratings) : NULL;
    s->catalogue_format = next_part(&at);
    s->catalogue = next_part(&at);
    s->tags = next_part(&at);
    s->users = next_part(&at);
    s->topics = next_part(&at);
    s->sessions = next_part(&at);
    for (s->n_paths = 0; s->n_paths < n_paths; s->n_paths++)
        s->paths[s->n_paths] = next_part(&at);
done:
    return err->status;
}

rb_status rb_sniff(rb_sniffed *s, const rb_source *source, const rb_ctx *ctx, rb_error *err)
{
    *s = (rb_sniffed){ 0 };
    rb_found f = { 0 };
    if (ctx->rank == 0 && look(&f, source, err) == RB_OK)
        pack(&s->memory, &f, err);
    RB_TRY_ALL(ctx, err->status);
    int64_t size[2] = { s->memory.length, f.n_paths };
    rb_bcast(ctx, size, sizeof size, 0);
    if (ctx->rank != 0)
        rb_alloc(&s->memory.data, size[0] + 1, err);
    RB_TRY_ALL(ctx, err->status);
    rb_bcast(ctx, s->memory.data, size[0], 0);
    RB_TRY_ALL(ctx, unpack(s, (int32_t)size[1], err));
done:
    rb_found_fini(&f);
    return err->status;
}

void rb_sniffed_fini(rb_sniffed *s)
{
    rb_free(s->paths);
    rb_text_fini(&s->memory);
    *s = (rb_sniffed){ 0 };
}

#include "data/ratings_text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"

static rb_status size_of(int64_t *n_bytes, const char *path, rb_error *err)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return RB_FAIL_OPEN(err, path);
    if (S_ISDIR(st.st_mode))
        return RB_FAIL(err, RB_BAD_INPUT, "%s: is a folder, expected a file", path);
    if (!S_ISREG(st.st_mode))
        return RB_FAIL(err, RB_BAD_INPUT, "%s: is not a regular file", path);
    *n_bytes = st.st_size;
    return RB_OK;
}

rb_status rb_text_files_find(rb_text_files *t, const char *const *paths, int32_t n, const rb_ctx *ctx, rb_error *err)
{
    *t = (rb_text_files){ 0 };
    int64_t *sizes = NULL, total = 0;
    rb_alloc(&t->file, n, err);
    rb_alloc(&sizes, n, err);
    for (int32_t f = 0; f < n && err->status == RB_OK; f++) {
        t->n_files = f + 1;
        t->file[f].name = rb_strdup(paths[f], err);
        if (ctx->rank == 0 && err->status == RB_OK)
            size_of(&sizes[f], paths[f], err);
        total += sizes[f];
    }
    if (ctx->rank == 0 && err->status == RB_OK && total == 0)
        RB_FAIL(err, RB_BAD_INPUT, "%s: the file is empty", paths[0]);
    RB_TRY_ALL(ctx, err->status);
    rb_bcast(ctx, sizes, n * (int64_t)sizeof *sizes, 0);
    for (int32_t f = 0; f < n; f++)
        t->file[f].n_bytes = sizes[f];
done:
    rb_free(sizes);
    return err->status;
}

int64_t rb_text_mark(const char *bytes, int64_t n)
{
    return n >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}

rb_status rb_text_files_buffer(rb_text_files *t, const char *name, const char *bytes, int64_t n, rb_error *err)
{
    *t = (rb_text_files){ 0 };
    if (n == 0)
        return RB_FAIL(err, RB_BAD_INPUT, "%s: the file is empty", name);
    RB_TRY(rb_alloc(&t->file, 1, err));
    t->n_files = 1;
    t->file[0] =
        (rb_text_file){ .name = rb_strdup(name, err), .bytes = bytes, .n_bytes = n, .body = rb_text_mark(bytes, n) };
done:
    return err->status;
}

rb_status rb_text_file_map(rb_text_file *f, rb_error *err)
{
    int fd = -1;
    struct stat st;
    if (f->bytes)
        return RB_OK;
    if (f->n_bytes == 0) {
        f->bytes = "";
        return RB_OK;
    }
    fd = open(f->name, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe that took the file's place must not hang */
    if (fd < 0 || fstat(fd, &st) != 0) {
        RB_FAIL(err, RB_IO, "%s: %s", f->name, strerror(errno));
        goto done;
    }
    if (!S_ISREG(st.st_mode) || st.st_size != f->n_bytes) {
        RB_FAIL(err, RB_IO, "%s: the file changed while it was read", f->name);
        goto done;
    }
    void *bytes = mmap(NULL, (size_t)f->n_bytes, PROT_READ, MAP_PRIVATE, fd, 0);
    if (bytes == MAP_FAILED) {
        RB_FAIL(err, RB_IO, "%s: cannot be mapped: %s", f->name, strerror(errno));
        goto done;
    }
    madvise(bytes, (size_t)f->n_bytes, MADV_SEQUENTIAL);
    f->bytes = bytes;
    f->is_mapped = true;
    f->body = rb_text_mark(f->bytes, f->n_bytes);
done:
    if (fd >= 0)
        close(fd);
    return err->status;
}

void rb_text_files_fini(rb_text_files *t)
{
    for (int32_t f = 0; f < t->n_files; f++) {
        if (t->file[f].is_mapped)
            munmap((void *)(uintptr_t)t->file[f].bytes, (size_t)t->file[f].n_bytes);
        rb_free(t->file[f].name);
    }
    rb_free(t->file);
    *t = (rb_text_files){ 0 };
}

/* Start of the first line that begins at or after `at`, which lies in the body. */
static int64_t line_start(const rb_text_file *f, int64_t at)
{
    if (at <= f->body)
        return f->body;
    if (at >= f->n_bytes)
        return f->n_bytes;
    const char *newline = memchr(f->bytes + at - 1, '\n', (size_t)(f->n_bytes - at + 1));
    return newline ? newline + 1 - f->bytes : f->n_bytes;
}

static int64_t count_newlines(const char *bytes, int64_t n)
{
    const int64_t step = 1 << 14;
    int64_t count = 0;
    for (int64_t at = 0; at < n; at += step) {
        int64_t end = at + step < n ? at + step : n;
        int32_t here = 0; /* narrow, so that the compiler's vectors hold many */
        for (int64_t i = at; i < end; i++)
            here += bytes[i] == '\n';
        count += here;
    }
    return count;
}

static void count_lines(rb_segment *s, const rb_text_file *f)
{
    s->n_lines = count_newlines(f->bytes + s->begin, s->end - s->begin);
    if (s->end > s->begin && f->bytes[s->end - 1] != '\n')
        s->n_lines++;
}

/* Adds the segments of the bytes [begin, end) of all files put one after another. */
static rb_status add_piece(rb_pieces *p, int64_t *capacity, rb_text_files *t, int64_t begin, int64_t end, rb_error *err)
{
    int64_t at = 0;
    for (int32_t i = 0; i < t->n_files && at < end; i++) {
        rb_text_file *f = &t->file[i];
        int64_t from = begin > at ? begin - at : 0, to = end - at < f->n_bytes ? end - at : f->n_bytes;
        at += f->n_bytes;
        if (from >= to)
            continue;
        RB_TRY(rb_text_file_map(f, err));
        rb_segment s = { .file = i, .begin = line_start(f, from), .end = line_start(f, to) };
        if (s.begin == s.end)
            continue;
        RB_TRY(rb_grow(&p->segment, capacity, p->n_segments + 1, err));
        p->segment[p->n_segments++] = s;
    }
done:
    return err->status;
}

static rb_status cut(rb_pieces *p, rb_text_files *t, const rb_ctx *ctx, rb_error *err)
{
    int64_t total = 0, capacity = 0, n_all = (int64_t)ctx->n_ranks * ctx->n_threads;
    for (int32_t f = 0; f < t->n_files; f++)
        total += t->file[f].n_bytes;
    p->n_pieces = ctx->n_threads;
    RB_TRY(rb_alloc(&p->piece, p->n_pieces + 1, err));
    for (int c = 0; c < p->n_pieces; c++) {
        __int128 k = (__int128)ctx->rank * ctx->n_threads + c;
        RB_TRY(add_piece(p, &capacity, t, (int64_t)(total * k / n_all), (int64_t)(total * (k + 1) / n_all), err));
        p->piece[c + 1] = p->n_segments;
    }
done:
    return err->status;
}

rb_status rb_pieces_init(rb_pieces *p, rb_text_files *t, const rb_ctx *ctx, rb_error *err)
{
    *p = (rb_pieces){ 0 };
    RB_TRY_ALL(ctx, cut(p, t, ctx, err));
#pragma omp parallel for num_threads(ctx->n_threads) schedule(static, 1)
    for (int c = 0; c < p->n_pieces; c++)
        for (int64_t s = p->piece[c]; s < p->piece[c + 1]; s++)
            count_lines(&p->segment[s], &t->file[p->segment[s].file]);
    int64_t n = 0;
    for (int64_t s = 0; s < p->n_segments; s++)
        n += p->segment[s].n_lines;
    p->slot_begin = rb_scan_int64(ctx, n, &p->n_slots);
    p->slot_end = p->slot_begin;
    for (int64_t s = 0; s < p->n_segments; s++) {
        p->segment[s].slot = p->slot_end;
        p->slot_end += p->segment[s].n_lines;
    }
done:
    return err->status;
}

void rb_pieces_fini(rb_pieces *p)
{
    rb_free(p->segment);
    rb_free(p->piece);
    *p = (rb_pieces){ 0 };
}

const rb_segment *rb_pieces_find(const rb_pieces *p, int64_t slot)
{
    for (int64_t s = 0; s < p->n_segments; s++)
        if (slot >= p->segment[s].slot && slot < p->segment[s].slot + p->segment[s].n_lines)
            return &p->segment[s];
    return NULL;
}

int64_t rb_pieces_line(const rb_segment *s, const rb_text_file *f, int64_t slot)
{
    return count_newlines(f->bytes, s->begin) + (slot - s->slot) + 1;
}

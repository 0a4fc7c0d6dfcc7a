#include "data/ratings_parse.h"

#include <stdatomic.h>
#include <string.h>

#include "base/alloc.h"
#include "data/ratings_number.h"

/* One thread at work. */
typedef struct {
    const rb_parse *job;
    rb_parsed *out;
    atomic_bool *too_large; /* [RB_N_SIDES] shared by the threads */
} worker;

/* The last "movie:" line before a byte of a Netflix Prize file, where a segment begins in the middle of a movie. */
static rb_field item_before(const rb_text_file *f, int64_t at, const rb_layout *layout)
{
    rb_record record = { 0 };
    rb_fault fault;
    while (at > f->body) {
        const char *colon = memrchr(f->bytes + f->body, ':', (size_t)(at - f->body));
        if (!colon)
            break;
        const char *newline = memrchr(f->bytes + f->body, '\n', (size_t)(colon - f->bytes - f->body));
        const char *line = newline ? newline + 1 : f->bytes + f->body;
        const char *end = memchr(colon, '\n', (size_t)(f->bytes + f->n_bytes - colon));
        if (rb_line_read(&record, layout, line, end ? end : f->bytes + f->n_bytes, &fault) == RB_LINE_ITEM)
            break;
        record.item = (rb_field){ 0 };
        at = line - f->bytes;
    }
    return record.item;
}

/* The id of one side enters its column; false: an error, or the side must be hashed. */
static bool keep_id(worker *w, int side, const rb_field *id, int64_t slot)
{
    const rb_parse *job = w->job;
    if (job->hashed[side]) {
        int32_t index = rb_id_table_add(&w->out->ids[side], id, &w->out->err);
        job->id[side][slot] = index;
        return index >= 0;
    }
    int64_t number;
    if (id->escaped || !rb_number_whole(&number, id->text, id->n) || number < 0 || number > INT32_MAX) {
        atomic_store_explicit(&w->too_large[side], true, memory_order_relaxed);
        return false;
    }
    job->id[side][slot] = (int32_t)number;
    if (number > w->out->largest[side])
        w->out->largest[side] = number;
    return true;
}

static bool keep(worker *w, const rb_record *record, int64_t slot)
{
    bool user = keep_id(w, RB_SIDE_USER, &record->user, slot);
    if (w->out->err.status != RB_OK)
        return false;
    /* the items are looked at too, so that one more pass is enough where both sides must be hashed */
    bool item = keep_id(w, RB_SIDE_ITEM, &record->item, slot);
    if (!user || !item)
        return false;
    if (w->job->rating)
        w->job->rating[slot] = record->rating;
    if (w->job->time)
        w->job->time[slot] = record->time;
    w->out->n_records++;
    return true;
}

/* Notes a malformed line; false: the piece ends here. */
static bool note(worker *w, int64_t slot, const rb_segment *segment, const rb_fault *fault)
{
    rb_parsed *out = w->out;
    out->n_bad++;
    if (out->n_listed < RB_MAX_LISTED) {
        if (rb_grow(&out->bad, &out->bad_capacity, out->n_listed + 1, &out->err) != RB_OK)
            return false;
        out->bad[out->n_listed++] = (rb_bad_line){ slot, segment, *fault };
    }
    return w->job->skip_errors;
}

static bool parse_segment(worker *w, const rb_segment *s)
{
    const rb_layout *layout = w->job->layout;
    const rb_text_file *f = &w->job->files->file[s->file];
    const char *line = f->bytes + s->begin, *end = f->bytes + s->end;
    rb_record record = { .rating = 1 };
    rb_fault fault;
    if (layout->lines == RB_LINES_NETFLIX)
        record.item = item_before(f, s->begin, layout);
    for (int64_t slot = s->slot; line < end; slot++) {
        const char *newline = memchr(line, '\n', (size_t)(end - line));
        rb_line_kind kind = rb_line_read(&record, layout, line, newline ? newline : end, &fault);
        if (kind == RB_LINE_RECORD) {
            if (!keep(w, &record, slot))
                return false;
        } else {
            w->job->id[RB_SIDE_USER][slot] = w->job->id[RB_SIDE_ITEM][slot] = -1;
            if (kind == RB_LINE_FAULT && !note(w, slot, s, &fault))
                return false;
        }
        line = newline ? newline + 1 : end;
    }
    return !atomic_load_explicit(&w->too_large[RB_SIDE_USER], memory_order_relaxed) &&
           !atomic_load_explicit(&w->too_large[RB_SIDE_ITEM], memory_order_relaxed);
}

rb_status rb_parse_pieces(rb_parsed *parsed, bool too_large[RB_N_SIDES], const rb_parse *job, const rb_ctx *ctx,
                          rb_error *err)
{
    const rb_pieces *pieces = job->pieces;
    atomic_bool flags[RB_N_SIDES] = { false, false };
#pragma omp parallel for num_threads(ctx->n_threads) schedule(static, 1)
    for (int c = 0; c < pieces->n_pieces; c++) {
        rb_parsed local = { .largest = { -1, -1 } }; /* on the thread's own stack: no false sharing */
        worker w = { .job = job, .out = &local, .too_large = flags };
        for (int64_t s = pieces->piece[c]; s < pieces->piece[c + 1]; s++)
            if (!parse_segment(&w, &pieces->segment[s]))
                break;
        parsed[c] = local;
    }
    for (int side = 0; side < RB_N_SIDES; side++)
        too_large[side] = flags[side];
    for (int c = 0; c < pieces->n_pieces && err->status == RB_OK; c++)
        if (parsed[c].err.status != RB_OK)
            *err = parsed[c].err;
    return err->status;
}

void rb_parsed_fini(rb_parsed *parsed, int n)
{
    for (int c = 0; parsed && c < n; c++) {
        for (int side = 0; side < RB_N_SIDES; side++)
            rb_id_table_fini(&parsed[c].ids[side]);
        rb_free(parsed[c].bad);
        parsed[c] = (rb_parsed){ 0 };
    }
}

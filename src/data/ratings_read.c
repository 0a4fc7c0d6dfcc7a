#include "data/ratings_read.h"

#include <string.h>

#include "data/ratings_gaps.h"
#include "data/ratings_parse.h"
#include "data/ratings_skipped.h"

/* One reading, from the files to the interactions. */
typedef struct {
    rb_dataset *out;
    const rb_source *source;
    const rb_ctx *ctx;
    rb_text_files files;
    rb_layout layout;
    rb_pieces pieces;
    rb_parsed *parsed; /* [pieces.n_pieces] */
    bool hashed[RB_N_SIDES];
    int64_t *slot_begin; /* [n_ranks + 1] lines of each rank */
} reader;

/* The layout comes from the first file that is not empty; for the Netflix Prize all are alike and have no header. */
static rb_status lay_out(reader *r, const rb_ratings_format *format, rb_error *err)
{
    rb_text_file *f = r->files.file;
    while (f->n_bytes == 0 && f + 1 < r->files.file + r->files.n_files)
        f++;
    RB_TRY(rb_text_file_map(f, err));
    RB_TRY(rb_layout_init(&r->layout, format, f->name, f->bytes, f->n_bytes, r->source, err));
    r->layout.has_scale = r->source->has_scale;
    memcpy(r->layout.scale, r->source->scale, sizeof r->layout.scale);
    if (r->files.n_files == 1)
        f->body = r->layout.body;
done:
    return err->status;
}

static rb_status cut(reader *r, rb_error *err)
{
    RB_TRY(rb_pieces_init(&r->pieces, &r->files, r->ctx, err));
    rb_alloc(&r->parsed, r->pieces.n_pieces, err);
    RB_TRY_ALL(r->ctx, rb_alloc(&r->slot_begin, r->ctx->n_ranks + 1, err));
    r->slot_begin[r->ctx->rank + 1] = r->pieces.slot_end - r->pieces.slot_begin;
    rb_sum_int64(r->ctx, r->slot_begin, r->ctx->n_ranks + 1);
    for (int k = 0; k < r->ctx->n_ranks; k++)
        r->slot_begin[k + 1] += r->slot_begin[k];
done:
    return err->status;
}

/* One pass over the text. *again: a side must be hashed, on whichever rank that was found. */
static rb_status parse_once(reader *r, bool *again, rb_error *err)
{
    rb_interactions *x = &r->out->interactions;
    rb_parse job = { .layout = &r->layout,
                     .files = &r->files,
                     .pieces = &r->pieces,
                     .skip_errors = r->source->skip_errors,
                     .hashed = { r->hashed[0], r->hashed[1] },
                     .id = { x->user_memory.data, x->item_memory.data },
                     .rating = x->rating_memory.data,
                     .time = x->time_memory.data };
    bool too_large[RB_N_SIDES] = { false, false };
    int64_t found[2 * RB_N_SIDES] = { 0 };
    rb_parsed_fini(r->parsed, r->pieces.n_pieces);
    RB_TRY_ALL(r->ctx, rb_parse_pieces(r->parsed, too_large, &job, r->ctx, err));
    for (int side = 0; side < RB_N_SIDES; side++) {
        found[side] = -1;
        for (int c = 0; c < r->pieces.n_pieces; c++)
            if (r->parsed[c].largest[side] > found[side])
                found[side] = r->parsed[c].largest[side];
        found[RB_N_SIDES + side] = too_large[side];
    }
    rb_max_int64(r->ctx, found, 2 * RB_N_SIDES);
    *again = false;
    for (int side = 0; side < RB_N_SIDES; side++) {
        for (int c = 0; c < r->pieces.n_pieces; c++)
            r->parsed[c].largest[side] = found[side];
        if (!r->hashed[side] && (found[RB_N_SIDES + side] || !rb_ids_are_dense(found[side], r->pieces.n_slots)))
            *again = r->hashed[side] = true;
    }
done:
    return err->status;
}

static rb_status parse(reader *r, rb_error *err)
{
    for (bool again = true; again;)
        RB_TRY(parse_once(r, &again, err));
    if (!r->source->skip_errors)
        RB_TRY_ALL(r->ctx, rb_parsed_fail(r->parsed, &r->pieces, &r->files, err));
done:
    return err->status;
}

/* Rows of all ranks, and what MatrixMarket's size line promised. */
static rb_status check_counts(const reader *r, rb_error *err)
{
    int64_t count[2] = { 0, 0 };
    for (int c = 0; c < r->pieces.n_pieces; c++) {
        count[0] += r->parsed[c].n_records;
        count[1] += r->parsed[c].n_bad;
    }
    rb_sum_int64(r->ctx, count, 2);
    r->out->n_skipped += count[1];
    const char *name = r->files.file[0].name;
    if (r->layout.lines == RB_LINES_MATRIX && count[0] + count[1] != r->layout.n_entries)
        return RB_FAIL(err, RB_BAD_INPUT, "%s:%lld:1: the size line promises %lld entries, the file holds %lld", name,
                       (long long)r->layout.header_lines, (long long)r->layout.n_entries,
                       (long long)(count[0] + count[1]));
    if (count[0] == 0)
        return RB_FAIL(err, RB_BAD_INPUT, "%s: the file holds no interactions", name);
    return RB_OK;
}

/* The lines of a piece become numbers of ids where they are indices into its table. */
static void use_numbers(const reader *r, int side, int32_t *values)
{
#pragma omp parallel for num_threads(r->ctx->n_threads) schedule(static, 1)
    for (int c = 0; c < r->pieces.n_pieces; c++) {
        const int32_t *number = r->parsed[c].ids[side].number;
        for (int64_t s = r->pieces.piece[c]; s < r->pieces.piece[c + 1]; s++) {
            const rb_segment *segment = &r->pieces.segment[s];
            for (int64_t slot = segment->slot; slot < segment->slot + segment->n_lines; slot++)
                if (values[slot] >= 0)
                    values[slot] = number[values[slot]];
        }
    }
}

static rb_status number_side(reader *r, int side, int32_t *values, rb_ids *ids, rb_error *err)
{
    const rb_ctx *ctx = r->ctx;
    if (!r->hashed[side])
        return rb_ids_number_dense(ids, values + r->pieces.slot_begin, r->pieces.slot_end - r->pieces.slot_begin,
                                   r->parsed[0].largest[side], ctx, err);
    rb_id_table *tables = NULL;
    RB_TRY_ALL(ctx, rb_alloc(&tables, r->pieces.n_pieces, err));
    for (int c = 0; c < r->pieces.n_pieces; c++)
        tables[c] = r->parsed[c].ids[side];
    rb_id_tables_number(ids, tables, r->pieces.n_pieces, ctx, err);
    for (int c = 0; c < r->pieces.n_pieces; c++)
        r->parsed[c].ids[side] = tables[c];
    if (err->status == RB_OK)
        use_numbers(r, side, values);
done:
    rb_free(tables);
    return err->status;
}

static rb_status number_ids(reader *r, rb_error *err)
{
    rb_interactions *x = &r->out->interactions;
    RB_TRY(number_side(r, RB_SIDE_USER, x->user_memory.data, &r->out->users, err));
    RB_TRY(number_side(r, RB_SIDE_ITEM, x->item_memory.data, &r->out->items, err));
    x->n_users = r->out->users.n;
    x->n_items = r->out->items.n;
    rb_interactions_publish(x, r->slot_begin, r->ctx);
done:
    return err->status;
}

/* Name both lines of a pair that occurs twice; the ranks that hold them tell the others. Collective. */
static rb_status fail_on_duplicate(const reader *r, int64_t first, int64_t second, rb_error *err)
{
    int64_t place[4] = { -1, -1, -1, -1 }; /* file and line of the first, of the second */
    const int64_t slot[2] = { first, second };
    for (int k = 0; k < 2; k++) {
        const rb_segment *s = rb_pieces_find(&r->pieces, slot[k]);
        if (!s)
            continue;
        place[2 * k] = s->file;
        place[2 * k + 1] = rb_pieces_line(s, &r->files.file[s->file], slot[k]);
    }
    rb_max_int64(r->ctx, place, 4);
    char user[32], item[32];
    const rb_dataset *d = r->out;
    return RB_FAIL(
        err, RB_BAD_INPUT,
        "%s:%lld:1: user '%s' and item '%s' stand already in %s:%lld (duplicates: last or mean keeps one)",
        r->files.file[place[2]].name, (long long)place[3], rb_ids_name(user, &d->users, d->interactions.user[second]),
        rb_ids_name(item, &d->items, d->interactions.item[second]), r->files.file[place[0]].name, (long long)place[1]);
}

static rb_status settle_duplicates(reader *r, rb_error *err)
{
    int64_t first, second;
    RB_TRY(rb_ratings_settle_duplicates(&first, &second, &r->out->interactions, r->source->duplicates, r->ctx, err));
    if (second >= 0)
        fail_on_duplicate(r, first, second, err);
done:
    return err->status;
}

/* From the files that are known to the finished interactions. */
static rb_status read_files(reader *r, const rb_ratings_format *format, rb_error *err)
{
    rb_interactions *x = &r->out->interactions;
    RB_TRY_ALL(r->ctx, lay_out(r, format, err));
    RB_TRY(cut(r, err));
    RB_TRY(rb_interactions_alloc(x, r->pieces.n_slots, r->layout.with_rating, r->layout.with_time, r->ctx, err));
    RB_TRY(parse(r, err));
    RB_TRY(check_counts(r, err));
    RB_TRY(rb_parsed_list(r->out, r->parsed, &r->pieces, &r->files, r->ctx, err));
    RB_TRY(number_ids(r, err));
    RB_TRY(settle_duplicates(r, err));
    RB_TRY(rb_interactions_close_gaps(x, r->slot_begin, r->ctx, err));
    rb_interactions_find_scale(x, r->ctx);
    r->out->has_interactions = true;
done:
    return err->status;
}

static void fini(reader *r)
{
    rb_parsed_fini(r->parsed, r->pieces.n_pieces);
    rb_free(r->parsed);
    rb_free(r->slot_begin);
    rb_pieces_fini(&r->pieces);
    rb_text_files_fini(&r->files);
}

rb_status rb_ratings_read(rb_dataset *out, const rb_ratings_format *format, const char *const *paths, int32_t n_paths,
                          const rb_source *source, const rb_ctx *ctx, rb_error *err)
{
    reader r = { .out = out, .source = source, .ctx = ctx };
    RB_TRY(rb_text_files_find(&r.files, paths, n_paths, ctx, err));
    RB_TRY(read_files(&r, format, err));
done:
    fini(&r);
    return err->status;
}

rb_status rb_ratings_read_buffer(rb_dataset *out, const rb_ratings_format *format, const char *name, const char *bytes,
                                 int64_t n, const rb_source *source, const rb_ctx *ctx, rb_error *err)
{
    reader r = { .out = out, .source = source, .ctx = ctx };
    RB_TRY_ALL(ctx, rb_text_files_buffer(&r.files, name, bytes, n, err));
    RB_TRY(read_files(&r, format, err));
done:
    fini(&r);
    return err->status;
}

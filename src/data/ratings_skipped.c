#include "data/ratings_skipped.h"

#include <string.h>

rb_status rb_parsed_fail(const rb_parsed *parsed, const rb_pieces *pieces, const rb_text_files *files, rb_error *err)
{
    for (int c = 0; c < pieces->n_pieces; c++) {
        if (parsed[c].n_bad == 0)
            continue;
        const rb_bad_line *bad = &parsed[c].bad[0];
        const rb_segment *s = bad->segment;
        const rb_text_file *f = &files->file[s->file];
        return RB_FAIL(err, RB_BAD_INPUT, "%s:%lld:%d: %s (on_error: skip counts such lines and goes on)", f->name,
                       (long long)rb_pieces_line(s, f, bad->slot), bad->fault.column, bad->fault.reason);
    }
    return err->status;
}

/* A skipped line on its way to the other ranks. */
typedef struct {
    int64_t line;
    int32_t column, file;
    char reason[sizeof((rb_fault *)0)->reason];
} listed;

/* This rank's first `max` malformed lines, with their numbers in the file. */
static void list_mine(listed *to, int64_t max, const rb_parsed *parsed, const rb_pieces *pieces,
                      const rb_text_files *files)
{
    int64_t n = 0, line = 0, slot = -1; /* of the one before */
    const rb_segment *segment = NULL;
    for (int c = 0; c < pieces->n_pieces; c++)
        for (int64_t b = 0; b < parsed[c].n_listed && n < max; b++) {
            const rb_bad_line *bad = &parsed[c].bad[b];
            const rb_segment *s = bad->segment;
            /* counting from the start of the file once a segment is enough */
            line = slot >= 0 && s == segment ? line + bad->slot - slot
                                             : rb_pieces_line(s, &files->file[s->file], bad->slot);
            segment = s;
            slot = bad->slot;
            to[n] = (listed){ .line = line, .column = bad->fault.column, .file = s->file };
            memcpy(to[n++].reason, bad->fault.reason, sizeof to->reason);
        }
}

static rb_status add_all(rb_dataset *out, const listed *all, int64_t n, const rb_text_files *files, rb_error *err)
{
    RB_TRY(rb_alloc(&out->skipped, n, err));
    for (int64_t i = 0; i < n; i++) {
        rb_skipped *s = &out->skipped[out->n_skipped_listed++];
        s->file = rb_strdup(files->file[all[i].file].name, err);
        s->reason = rb_strdup(all[i].reason, err);
        s->line = all[i].line;
        s->column = all[i].column;
    }
done:
    return err->status;
}

rb_status rb_parsed_list(rb_dataset *out, const rb_parsed *parsed, const rb_pieces *pieces, const rb_text_files *files,
                         const rb_ctx *ctx, rb_error *err)
{
    listed *all = NULL;
    int64_t *begin = NULL, mine = 0;
    for (int c = 0; c < pieces->n_pieces; c++)
        mine += parsed[c].n_listed;
    rb_alloc(&begin, ctx->n_ranks + 1, err);
    RB_TRY_ALL(ctx, rb_alloc(&all, RB_MAX_LISTED, err));
    begin[ctx->rank + 1] = mine;
    rb_sum_int64(ctx, begin, ctx->n_ranks + 1);
    for (int k = 0; k < ctx->n_ranks; k++) {
        begin[k + 1] += begin[k];
        if (begin[k + 1] > RB_MAX_LISTED)
            begin[k + 1] = RB_MAX_LISTED;
    }
    list_mine(all + begin[ctx->rank], begin[ctx->rank + 1] - begin[ctx->rank], parsed, pieces, files);
    int64_t n = begin[ctx->n_ranks];
    for (int k = 0; k <= ctx->n_ranks; k++)
        begin[k] *= (int64_t)sizeof *all;
    rb_allgather_bytes(ctx, all, (char *)all + begin[ctx->rank], begin);
    RB_TRY_ALL(ctx, n > 0 ? add_all(out, all, n, files, err) : RB_OK);
done:
    rb_free(begin);
    rb_free(all);
    return err->status;
}

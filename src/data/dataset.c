#include "data/dataset.h"

#include <string.h>

#define PIECE_BYTES ((int64_t)4 << 20) /* long arrays are digested in pieces of this size, whatever the ranks */

void rb_dataset_fini(rb_dataset *d)
{
    rb_free(d->name);
    rb_ids_fini(&d->users);
    rb_ids_fini(&d->items);
    rb_interactions_fini(&d->interactions);
    rb_sessions_fini(&d->sessions);
    rb_catalogue_fini(&d->catalogue);
    rb_free(d->user_segment);
    for (int64_t i = 0; i < d->n_skipped_listed; i++) {
        rb_free(d->skipped[i].file);
        rb_free(d->skipped[i].reason);
    }
    rb_free(d->skipped);
    *d = (rb_dataset){ 0 };
}

/* The digest on its way. */
typedef struct {
    rb_hasher hasher;
    const rb_ctx *ctx;
} digester;

/* This rank's pieces of an array, each with a digest of its own. */
static rb_status digest_pieces(rb_digest *digest, int64_t begin, int64_t end, const char *data, int64_t n_bytes,
                               const rb_ctx *ctx, rb_error *err)
{
    bool failed = false;
#pragma omp parallel for num_threads(ctx->n_threads) schedule(dynamic) reduction(|| : failed)
    for (int64_t p = begin; p < end; p++) {
        rb_error local = { 0 };
        int64_t at = p * PIECE_BYTES, left = n_bytes - at;
        rb_digest_of(&digest[p], data + at, (size_t)(left < PIECE_BYTES ? left : PIECE_BYTES), &local);
        failed = failed || local.status != RB_OK;
    }
    return failed ? RB_FAIL(err, RB_NO_MEMORY, "SHA-256 could not start") : RB_OK;
}

/*
 * An array that every rank sees: its length and the digests of its pieces enter. The ranks share the pieces, whose
 * cut depends on the length alone. Words are little-endian in memory on every machine that this runs on. Collective.
 */
static rb_status add_array(digester *d, const void *data, int64_t n_bytes, rb_error *err)
{
    const rb_ctx *ctx = d->ctx;
    rb_digest *digest = NULL;
    int64_t *begin = NULL, n = (n_bytes + PIECE_BYTES - 1) / PIECE_BYTES;
    rb_hasher_int(&d->hasher, data ? n_bytes : -1);
    if (!data)
        return RB_OK;
    rb_alloc(&digest, n, err);
    RB_TRY_ALL(ctx, rb_alloc(&begin, ctx->n_ranks + 1, err));
    for (int r = 0; r <= ctx->n_ranks; r++)
        begin[r] = n * r / ctx->n_ranks;
    RB_TRY_ALL(ctx, digest_pieces(digest, begin[ctx->rank], begin[ctx->rank + 1], data, n_bytes, ctx, err));
    for (int r = 0; r <= ctx->n_ranks; r++)
        begin[r] *= (int64_t)sizeof *digest;
    rb_allgather_bytes(ctx, digest, (char *)digest + begin[ctx->rank], begin);
    rb_hasher_bytes(&d->hasher, digest, (size_t)n * sizeof *digest);
done:
    rb_free(digest);
    rb_free(begin);
    return err->status;
}

static void add_ids(digester *d, const rb_ids *ids)
{
    rb_hasher_int(&d->hasher, ids->n);
    rb_hasher_int(&d->hasher, ids->number != NULL);
    for (int32_t i = 0; i < ids->n; i++)
        if (ids->number)
            rb_hasher_int(&d->hasher, ids->number[i]);
        else
            rb_hasher_text(&d->hasher, ids->text + ids->begin[i]);
}

static rb_status add_interactions(digester *d, const rb_interactions *x, rb_error *err)
{
    rb_hasher_int(&d->hasher, x->n);
    rb_hasher_double(&d->hasher, (double)x->min_rating);
    rb_hasher_double(&d->hasher, (double)x->max_rating);
    RB_TRY(add_array(d, x->user, x->n * (int64_t)sizeof *x->user, err));
    RB_TRY(add_array(d, x->item, x->n * (int64_t)sizeof *x->item, err));
    RB_TRY(add_array(d, x->rating, x->n * (int64_t)sizeof *x->rating, err));
    RB_TRY(add_array(d, x->time, x->n * (int64_t)sizeof *x->time, err));
done:
    return err->status;
}

static rb_status add_sessions(digester *d, const rb_sessions *s, rb_error *err)
{
    RB_TRY(add_array(d, s->begin, (s->n + 1) * (int64_t)sizeof *s->begin, err));
    RB_TRY(add_array(d, s->user, s->n * (int64_t)sizeof *s->user, err));
    RB_TRY(add_array(d, s->item, s->n_events * (int64_t)sizeof *s->item, err));
    RB_TRY(add_array(d, s->time, s->n_events * (int64_t)sizeof *s->time, err));
    RB_TRY(add_array(d, s->completion, s->n_events * (int64_t)sizeof *s->completion, err));
    RB_TRY(add_array(d, s->device, s->n * (int64_t)sizeof *s->device, err));
done:
    return err->status;
}

/* The raw columns; what cleaning makes of them follows from them. */
static rb_status add_catalogue(digester *d, const rb_catalogue *c, rb_error *err)
{
    add_ids(d, &c->ids);
    rb_hasher_int(&d->hasher, c->n);
    for (int column = 0; column < RB_N_COLUMNS; column++) {
        rb_hasher_int(&d->hasher, c->has[column]);
        for (int32_t i = 0; c->has[column] && i < c->n; i++)
            rb_hasher_text(&d->hasher, rb_strings_at(&c->column[column], i));
    }
    return add_array(d, c->topic, c->n * (int64_t)sizeof *c->topic, err);
}

rb_status rb_dataset_digest(rb_dataset *d, const rb_ctx *ctx, rb_error *err)
{
    digester g = { .ctx = ctx };
    RB_TRY_ALL(ctx, rb_hasher_begin(&g.hasher, err));
    rb_hasher_text(&g.hasher, "reelbench data set 1");
    rb_hasher_int(&g.hasher, d->has_interactions);
    rb_hasher_int(&g.hasher, d->has_sessions);
    rb_hasher_int(&g.hasher, d->has_catalogue);
    add_ids(&g, &d->users);
    add_ids(&g, &d->items);
    if (d->has_interactions)
        RB_TRY(add_interactions(&g, &d->interactions, err));
    if (d->has_sessions)
        RB_TRY(add_sessions(&g, &d->sessions, err));
    if (d->has_catalogue)
        RB_TRY(add_catalogue(&g, &d->catalogue, err));
    RB_TRY(add_array(&g, d->user_segment, d->users.n * (int64_t)sizeof *d->user_segment, err));
done:
    rb_hasher_end(&g.hasher, &d->digest);
    return err->status;
}

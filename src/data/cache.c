#include "data/cache.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "data/cache_archive.h"

#define FORM_VERSION 1 /* of the file: another number is another key */
#define PIECE_BYTES ((int64_t)1 << 20)

static rb_status hash_file(rb_hasher *h, const char *path, rb_error *err)
{
    char *piece = NULL;
    int64_t n_bytes = 0;
    FILE *file = fopen(path, "rb");
    if (!file)
        RB_TRY(RB_FAIL_OPEN(err, path));
    RB_TRY(rb_alloc(&piece, PIECE_BYTES, err));
    for (size_t n; (n = fread(piece, 1, (size_t)PIECE_BYTES, file)) > 0; n_bytes += (int64_t)n)
        rb_hasher_bytes(h, piece, n);
    if (ferror(file))
        RB_TRY(RB_FAIL(err, RB_IO, "%s: reading failed", path));
    rb_hasher_int(h, n_bytes); /* files one after another cannot be mistaken for other cuts of the same bytes */
done:
    if (file)
        (void)fclose(file);
    rb_free(piece);
    return err->status;
}

rb_status rb_cache_key(rb_digest *key, const char *description, const char *const *files, int n_files,
                       const rb_ctx *ctx, rb_error *err)
{
    rb_hasher h = { 0 };
    if (ctx->rank == 0 && rb_hasher_begin(&h, err) == RB_OK) {
        rb_hasher_int(&h, FORM_VERSION);
        rb_hasher_text(&h, description);
        for (int k = 0; k < n_files && err->status == RB_OK; k++)
            (void)hash_file(&h, files[k], err);
    }
    rb_hasher_end(&h, key);
    if (rb_agree(ctx, err->status, err) == RB_OK)
        rb_bcast(ctx, key, sizeof *key, 0);
    return err->status;
}

static void path_of(char out[4096], const char *dir, const rb_digest *key, const char *file)
{
    char hex[2 * RB_DIGEST_BYTES + 1];
    rb_digest_hex(hex, key, 2 * RB_DIGEST_BYTES);
    (void)snprintf(out, 4096, "%s/%s%s", dir, hex, file);
}

/* Make a folder and those above it. */
static rb_status make_folders(const char *path, rb_error *err)
{
    char part[4096];
    (void)snprintf(part, sizeof part, "%s", path);
    for (char *at = part + 1;; at++) {
        if (*at && *at != '/')
            continue;
        char c = *at;
        *at = 0;
        if (mkdir(part, 0777) != 0 && errno != EEXIST)
            return RB_FAIL(err, RB_IO, "%s: %s", part, strerror(errno));
        *at = c;
        if (!c)
            return RB_OK;
    }
}

/* Hexadecimal SHA-256 of a file. */
static rb_status seal_of(char hex[2 * RB_DIGEST_BYTES + 1], const char *path, rb_error *err)
{
    rb_hasher h = { 0 };
    rb_digest digest;
    if (rb_hasher_begin(&h, err) == RB_OK)
        (void)hash_file(&h, path, err);
    rb_hasher_end(&h, &digest);
    rb_digest_hex(hex, &digest, 2 * RB_DIGEST_BYTES);
    return err->status;
}

/* Nothing is given to HDF5 before its bytes are known to be those that were written: it trusts what it reads. */
static rb_status check_seal(const char *path, const char *seal_path, rb_error *err)
{
    char hex[2 * RB_DIGEST_BYTES + 1], kept[2 * RB_DIGEST_BYTES + 1] = "";
    FILE *file = fopen(seal_path, "r");
    size_t n = file ? fread(kept, 1, sizeof kept - 1, file) : 0;
    kept[n] = 0;
    if (file)
        (void)fclose(file);
    RB_TRY(seal_of(hex, path, err));
    if (strcmp(kept, hex) != 0)
        RB_FAIL(err, RB_BAD_INPUT, "%s: not the bytes that were written there", path);
done:
    return err->status;
}

static rb_status store(const rb_dataset *d, const char *dir, const rb_digest *key, rb_ctx *ctx, rb_error *err)
{
    char path[4096], seal_path[4096], hex[2 * RB_DIGEST_BYTES + 1];
    rb_archive a = { .file.id = -1, .ctx = ctx, .err = err };
    rb_dataset copy = *d; /* the walk serves both directions; storing changes nothing */
    path_of(path, dir, key, "");
    RB_TRY(make_folders(path, err));
    path_of(path, dir, key, "/dataset.h5");
    path_of(seal_path, dir, key, "/dataset.sha256");
    RB_TRY(rb_hdf_create(&a.file, path, err));
    RB_TRY(rb_archive_dataset(&a, &copy));
    rb_digest_hex(hex, &d->digest, 2 * RB_DIGEST_BYTES);
    RB_TRY(rb_hdf_put_text(a.file.id, "digest", hex, err));
    RB_TRY(rb_hdf_commit(&a.file, err));
    RB_TRY(seal_of(hex, path, err));
    RB_TRY(rb_file_replace(seal_path, hex, err)); /* last: a file that was written by half does not match it */
done:
    rb_hdf_close(&a.file);
    return err->status;
}

rb_status rb_cache_store(const rb_dataset *d, const char *dir, const rb_digest *key, const rb_ctx *ctx, rb_error *err)
{
    if (ctx->rank == 0) {
        rb_ctx alone;
        rb_ctx_serial(&alone, ctx->n_threads);
        (void)store(d, dir, key, &alone, err);
        rb_ctx_fini(&alone);
    }
    return rb_agree(ctx, err->status, err);
}

/* Rank 0 opens the file where its seal holds, and reads the digest of the data set. Local. */
static rb_status open_sealed(rb_archive *a, rb_digest *digest, const char *path, const char *seal_path)
{
    char *hex = NULL;
    rb_error *err = a->err;
    RB_TRY(check_seal(path, seal_path, err));
    RB_TRY(rb_hdf_open(&a->file, path, err));
    RB_TRY(rb_hdf_get_text(a->file.id, "digest", &hex, err));
    if (!rb_digest_parse(digest, hex))
        RB_FAIL(err, RB_BAD_INPUT, "%s: its digest cannot be read", path);
done:
    rb_free(hex);
    return err->status;
}

rb_status rb_cache_load(rb_dataset *out, bool *found, rb_text *note, const char *dir, const rb_digest *key, rb_ctx *ctx,
                        rb_error *err)
{
    char path[4096], seal_path[4096];
    rb_error damage = { 0 };
    rb_digest digest = { { 0 } };
    rb_archive a = { .file.id = -1, .loading = true, .ctx = ctx, .err = &damage };
    int64_t there = 0;

    *found = false;
    path_of(path, dir, key, "/dataset.h5");
    path_of(seal_path, dir, key, "/dataset.sha256");
    if (ctx->rank == 0)
        there = access(path, F_OK) == 0;
    rb_max_int64(ctx, &there, 1);
    if (!there)
        return err->status;
    if (ctx->rank == 0)
        (void)open_sealed(&a, &digest, path, seal_path);
    if (rb_agree(ctx, damage.status, &damage) == RB_OK && rb_archive_dataset(&a, out) == RB_OK) {
        rb_bcast(ctx, &digest, sizeof digest, 0);
        out->digest = digest;
        *found = true;
    }
    rb_hdf_close(&a.file);
    if (*found)
        return err->status;
    rb_dataset_fini(out);
    if (damage.status == RB_NO_MEMORY)
        return RB_FAIL(err, RB_NO_MEMORY, "%s", damage.message);
    if (note && ctx->rank == 0)
        (void)rb_text_addf(note, err, "cached data set ignored: %s", damage.message);
    return rb_agree(ctx, err->status, err);
}

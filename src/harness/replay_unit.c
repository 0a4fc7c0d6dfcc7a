/* The durable unit of one replay or A/B test. */
#include "base/alloc.h"
#include "harness/replay.h"

/* Everything but `played`, in one order for the file and for the digest. */
#define INTEGERS(X) X(n_events) X(n_matched) X(n_clicked) X(n_arms) X(n_pairs) X(n_control) X(n_treatment) X(rejected)
#define DOUBLES(X) X(expected) X(regret) X(p) X(low) X(high) X(difference)

rb_status rb_replay_digest(rb_digest *out, const rb_replay_result *r, rb_error *err)
{
    rb_hasher h = { 0 };
    RB_TRY(rb_hasher_begin(&h, err));
#define HASH(field) rb_hasher_int(&h, r->field);
    INTEGERS(HASH)
#undef HASH
#define HASH(field) rb_hasher_double(&h, r->field);
    DOUBLES(HASH)
#undef HASH
    rb_hasher_bytes(&h, r->played, (size_t)r->n_arms * sizeof *r->played);
done:
    rb_hasher_end(&h, out);
    return err->status;
}

rb_status rb_replay_unit_write(const rb_replay_result *r, const char *folder, const char *key, rb_error *err)
{
    char path[4096];
    rb_digest seal;
    rb_hdf file = { 0 };
    RB_TRY(rb_replay_digest(&seal, r, err));
    RB_TRY(rb_hdf_create(&file, rb_unit_path(path, folder, key, "replay"), err));
    RB_TRY(rb_unit_put_digest(file.id, "seal", &seal, err));
#define PUT(field) RB_TRY(rb_hdf_put_int(file.id, #field, r->field, err));
    INTEGERS(PUT)
#undef PUT
#define PUT(field) RB_TRY(rb_hdf_put_double(file.id, #field, r->field, err));
    DOUBLES(PUT)
#undef PUT
    RB_TRY(rb_hdf_write(file.id, "played", RB_HDF_INT64, r->played, r->n_arms, 1, true, err));
    RB_TRY(rb_hdf_commit(&file, err));
done:
    rb_hdf_close(&file);
    return err->status;
}

rb_status rb_replay_unit_read(rb_replay_result *out, const char *folder, const char *key, rb_error *err)
{
    char path[4096];
    rb_digest seal;
    rb_hdf file = { 0 };
    int64_t integer, n_played;
    RB_TRY(rb_hdf_open(&file, rb_unit_path(path, folder, key, "replay"), err));
#define GET(field)                                          \
    RB_TRY(rb_hdf_get_int(file.id, #field, &integer, err)); \
    out->field = integer;
    INTEGERS(GET)
#undef GET
#define GET(field) RB_TRY(rb_hdf_get_double(file.id, #field, &out->field, err));
    DOUBLES(GET)
#undef GET
    RB_TRY(rb_hdf_read_vector(file.id, "played", RB_HDF_INT64, (void **)&out->played, &n_played, err));
    if (n_played != out->n_arms)
        RB_TRY(
            RB_FAIL(err, RB_IO, "%s: 'played' has %lld values, expected %d", path, (long long)n_played, out->n_arms));
    RB_TRY(rb_replay_digest(&seal, out, err));
    RB_TRY(rb_unit_check_seal(&file, &seal, err));
done:
    rb_hdf_close(&file);
    return rb_unit_status(err);
}

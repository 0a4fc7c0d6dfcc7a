#include "harness/model.h"

#include <string.h>

#include "base/alloc.h"
#include "harness/unit.h"

size_t rb_type_size(rb_type type)
{
    static const size_t sizes[] = {
        [RB_FLOAT32] = 4, [RB_FLOAT64] = 8, [RB_INT32] = 4, [RB_INT64] = 8, [RB_UINT8] = 1
    };
    return sizes[type];
}

rb_hdf_type rb_type_in_file(rb_type type)
{
    static const rb_hdf_type types[] = { [RB_FLOAT32] = RB_HDF_FLOAT,
                                         [RB_FLOAT64] = RB_HDF_DOUBLE,
                                         [RB_INT32] = RB_HDF_INT32,
                                         [RB_INT64] = RB_HDF_INT64,
                                         [RB_UINT8] = RB_HDF_UINT8 };
    return types[type];
}

/* ---- digest ---- */

static void add_array(rb_hasher *h, const char *name, rb_type type, const void *data, int64_t n_rows, int64_t n_cols)
{
    rb_hasher_text(h, name);
    rb_hasher_int(h, type);
    rb_hasher_int(h, n_rows);
    rb_hasher_int(h, n_cols);
    rb_hasher_bytes(h, data, (size_t)(n_rows * n_cols) * rb_type_size(type));
}

static void hash_array(rb_visitor *v, const char *name, rb_type type, void **data, int64_t *n_rows, int64_t *n_cols,
                       rb_shared *memory)
{
    (void)memory;
    add_array(v->self, name, type, *data, *n_rows, *n_cols);
}

static void add_scalar(rb_hasher *h, const char *name, rb_type type, const void *value)
{
    rb_hasher_text(h, name);
    rb_hasher_bytes(h, value, rb_type_size(type));
}

static void hash_scalar(rb_visitor *v, const char *name, rb_type type, void *value)
{
    add_scalar(v->self, name, type, value);
}

rb_status rb_model_digest(rb_digest *out, const rb_algorithm *algorithm, void *state, rb_error *err)
{
    rb_hasher h = { 0 };
    rb_hasher_begin(&h, err);
    algorithm->arrays(state, &(rb_visitor){ .array = hash_array, .scalar = hash_scalar, .self = &h });
    rb_hasher_end(&h, out);
    return err->status;
}

/* ---- bytes ---- */

static void count_array(rb_visitor *v, const char *name, rb_type type, void **data, int64_t *n_rows, int64_t *n_cols,
                        rb_shared *memory)
{
    (void)name, (void)data, (void)memory;
    *(int64_t *)v->self += *n_rows * *n_cols * (int64_t)rb_type_size(type);
}

static void count_scalar(rb_visitor *v, const char *name, rb_type type, void *value)
{
    (void)name, (void)value;
    *(int64_t *)v->self += (int64_t)rb_type_size(type);
}

int64_t rb_model_bytes(const rb_algorithm *algorithm, void *state)
{
    int64_t bytes = 0;
    algorithm->arrays(state, &(rb_visitor){ .array = count_array, .scalar = count_scalar, .self = &bytes });
    return bytes;
}

/* ---- save, load ---- */

typedef struct {
    hid_t at;
    rb_error *err;
    rb_hasher h; /* of what is loaded: arrays may share a length, so that the state itself cannot be trusted yet */
} place;

static void save_array(rb_visitor *v, const char *name, rb_type type, void **data, int64_t *n_rows, int64_t *n_cols,
                       rb_shared *memory)
{
    (void)memory;
    place *p = v->self;
    rb_hdf_write(p->at, name, rb_type_in_file(type), *data, *n_rows, *n_cols, false, p->err);
}

static void save_scalar(rb_visitor *v, const char *name, rb_type type, void *value)
{
    place *p = v->self;
    rb_hdf_write(p->at, name, rb_type_in_file(type), value, 1, 1, false, p->err);
}

rb_status rb_model_save(hid_t at, const rb_algorithm *algorithm, void *state, const rb_digest *digest, rb_error *err)
{
    place p = { .at = at, .err = err };
    algorithm->arrays(state, &(rb_visitor){ .array = save_array, .scalar = save_scalar, .self = &p });
    RB_TRY(err->status);
    RB_TRY(rb_unit_put_digest(at, "digest", digest, err));
done:
    return err->status;
}

static void load_array(rb_visitor *v, const char *name, rb_type type, void **data, int64_t *n_rows, int64_t *n_cols,
                       rb_shared *memory)
{
    place *p = v->self;
    if (p->err->status != RB_OK ||
        rb_hdf_read(p->at, name, rb_type_in_file(type), data, n_rows, n_cols, p->err) != RB_OK)
        return;
    add_array(&p->h, name, type, *data, *n_rows, *n_cols);
    if (memory)
        *memory = (rb_shared){ .data = *data,
                               .n_bytes = *n_rows * *n_cols * (int64_t)rb_type_size(type),
                               .window = MPI_WIN_NULL };
}

static void load_scalar(rb_visitor *v, const char *name, rb_type type, void *value)
{
    place *p = v->self;
    void *data;
    int64_t n_rows, n_cols;
    if (p->err->status != RB_OK ||
        rb_hdf_read(p->at, name, rb_type_in_file(type), &data, &n_rows, &n_cols, p->err) != RB_OK)
        return;
    if (n_rows == 1 && n_cols == 1)
        memcpy(value, data, rb_type_size(type));
    else
        rb_hdf_unfit(p->err, p->at, "'%s' of a model has %lld x %lld values, expected one", name, (long long)n_rows,
                     (long long)n_cols);
    add_scalar(&p->h, name, type, value);
    rb_free(data);
}

rb_status rb_model_load(hid_t at, const rb_algorithm *algorithm, void *state, rb_error *err)
{
    place p = { .at = at, .err = err };
    char *kept = NULL, hex[2 * RB_DIGEST_BYTES + 1];
    rb_digest digest;
    RB_TRY(rb_hdf_get_text(at, "digest", &kept, err));
    RB_TRY(rb_hasher_begin(&p.h, err));
    algorithm->arrays(state, &(rb_visitor){ .array = load_array, .scalar = load_scalar, .self = &p });
    rb_hasher_end(&p.h, &digest);
    RB_TRY(err->status);
    rb_digest_hex(hex, &digest, 2 * RB_DIGEST_BYTES);
    if (strcmp(hex, kept) != 0)
        rb_hdf_unfit(err, at, "not the model of %s that was written there: its digest is %.16s, expected %.16s",
                     algorithm->name, hex, kept);
done:
    rb_free(kept);
    return err->status;
}

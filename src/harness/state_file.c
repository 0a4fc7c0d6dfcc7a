#include "harness/state_file.h"

#include <string.h>

#include "base/alloc.h"
#include "harness/model.h"

enum { TAG_CUT = 72 };

/* A walk over what a state names. */
typedef struct {
    hid_t at;
    rb_hasher *seal;
    const rb_ctx *ctx;
    rb_error *err;
} walk;

/* Rank 0 writes, and every rank knows how the file is sealed by its rank 0 alone. */
static bool is_first(const walk *w)
{
    return w->ctx->rank == 0;
}

static void seal(const walk *w, const char *name, rb_type type, const void *data, int64_t n_rows, int64_t n_cols)
{
    rb_hasher_text(w->seal, name);
    rb_hasher_int(w->seal, type);
    rb_hasher_int(w->seal, n_rows);
    rb_hasher_int(w->seal, n_cols);
    rb_hasher_bytes(w->seal, data, (size_t)(n_rows * n_cols) * rb_type_size(type));
}

/* ---- write ---- */

static void put(walk *w, const char *name, rb_type type, const void *data, int64_t n_rows, int64_t n_cols)
{
    if (!is_first(w) || w->err->status != RB_OK)
        return;
    seal(w, name, type, data, n_rows, n_cols);
    rb_hdf_write(w->at, name, rb_type_in_file(type), data, n_rows, n_cols, false, w->err);
}

static void write_array(rb_visitor *v, const char *name, rb_type type, void **data, int64_t *n_rows, int64_t *n_cols,
                        rb_shared *memory)
{
    (void)memory;
    put(v->self, name, type, *data, *n_rows, *n_cols);
}

static void write_scalar(rb_visitor *v, const char *name, rb_type type, void *value)
{
    put(v->self, name, type, value, 1, 1);
}

/* Pieces of at most this many bytes: MPI counts in int. */
#define PIECE (1 << 26)

/* Bytes [begin[r], begin[r + 1]) of rank r into `all` of rank 0. */
static void gather(const rb_ctx *ctx, char *all, const char *own, const int64_t *begin)
{
    for (int r = 1; r < ctx->n_ranks; r++)
        for (int64_t at = begin[r]; at < begin[r + 1] && (ctx->rank == 0 || ctx->rank == r); at += PIECE) {
            int n = (int)(begin[r + 1] - at < PIECE ? begin[r + 1] - at : PIECE);
            if (ctx->rank == r)
                RB_MPI(MPI_Send(own + (at - begin[r]), n, MPI_BYTE, 0, TAG_CUT, ctx->comm));
            else
                RB_MPI(MPI_Recv(all + at, n, MPI_BYTE, r, TAG_CUT, ctx->comm, MPI_STATUS_IGNORE));
        }
    if (ctx->rank == 0 && begin[1] > 0)
        memcpy(all, own, (size_t)begin[1]);
}

/* A rank that cannot take part tells the others first. */
static void write_cut(rb_visitor *v, const char *name, rb_type type, void *own, const rb_blocks *rows, int64_t n_cols)
{
    walk *w = v->self;
    const int64_t row = n_cols * (int64_t)rb_type_size(type);
    int64_t *begin = NULL;
    char *all = NULL;
    rb_alloc(&begin, w->ctx->n_ranks + 1, w->err);
    if (is_first(w))
        rb_alloc(&all, rows->n * row, w->err);
    if (rb_agree(w->ctx, w->err->status, w->err) == RB_OK) {
        rb_blocks_offsets(begin, rows, w->ctx);
        for (int r = 0; r <= w->ctx->n_ranks; r++)
            begin[r] *= row;
        gather(w->ctx, all, own, begin);
        put(w, name, type, all, rows->n, n_cols);
    }
    rb_free(all);
    rb_free(begin);
}

rb_status rb_state_write(hid_t at, rb_hasher *hasher, const rb_algorithm *algorithm, void *state, const rb_ctx *ctx,
                         rb_error *err)
{
    walk w = { .at = at, .seal = hasher, .ctx = ctx, .err = err };
    algorithm->checkpoint(state,
                          &(rb_visitor){ .array = write_array, .scalar = write_scalar, .cut = write_cut, .self = &w });
    return rb_agree(ctx, err->status, err); /* nobody iterates on before all is written */
}

/* ---- read ---- */

/* An array of the shape that is expected, or NULL (err is set). */
static void *get(walk *w, const char *name, rb_type type, int64_t n_rows, int64_t n_cols)
{
    void *data = NULL;
    int64_t rows, cols;
    if (w->err->status != RB_OK ||
        rb_hdf_read(w->at, name, rb_type_in_file(type), &data, &rows, &cols, w->err) != RB_OK)
        return NULL;
    if (rows != n_rows || cols != n_cols) {
        rb_hdf_unfit(w->err, w->at, "'%s' has %lld x %lld values, expected %lld x %lld", name, (long long)rows,
                     (long long)cols, (long long)n_rows, (long long)n_cols);
        rb_free(data);
        return NULL;
    }
    if (is_first(w))
        seal(w, name, type, data, rows, cols);
    return data;
}

static void read_into(walk *w, const char *name, rb_type type, void *to, int64_t n_rows, int64_t n_cols)
{
    void *data = get(w, name, type, n_rows, n_cols);
    if (data && n_rows * n_cols > 0)
        memcpy(to, data, (size_t)(n_rows * n_cols) * rb_type_size(type));
    rb_free(data);
}

/* The first rank of a node reads what its ranks share. */
static void read_array(rb_visitor *v, const char *name, rb_type type, void **data, int64_t *n_rows, int64_t *n_cols,
                       rb_shared *memory)
{
    walk *w = v->self;
    if (rb_shared_is_held(memory, w->ctx))
        read_into(w, name, type, *data, *n_rows, *n_cols);
    if (memory) /* a window on some nodes, private on others: all keep step */
        rb_shared_sync(memory, w->ctx);
}

static void read_scalar(rb_visitor *v, const char *name, rb_type type, void *value)
{
    read_into(v->self, name, type, value, 1, 1);
}

static void read_cut(rb_visitor *v, const char *name, rb_type type, void *own, const rb_blocks *rows, int64_t n_cols)
{
    walk *w = v->self;
    const int64_t row = n_cols * (int64_t)rb_type_size(type);
    int64_t first = rb_blocks_element(rows, w->ctx->rank, w->ctx->n_ranks),
            last = rb_blocks_element(rows, w->ctx->rank + 1, w->ctx->n_ranks);
    char *all = get(w, name, type, rows->n, n_cols);
    if (all && last > first)
        memcpy(own, all + first * row, (size_t)((last - first) * row));
    rb_free(all);
}

rb_status rb_state_read(hid_t at, rb_hasher *hasher, const rb_algorithm *algorithm, void *state, const rb_ctx *ctx,
                        rb_error *err)
{
    walk w = { .at = at, .seal = hasher, .ctx = ctx, .err = err };
    rb_barrier(ctx); /* some may still read */
    algorithm->checkpoint(
        state, &(rb_visitor){ .array = read_array, .scalar = read_scalar, .cut = read_cut, .self = &w, .reads = true });
    return rb_agree(ctx, err->status, err);
}

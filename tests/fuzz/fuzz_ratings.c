/*
 * Ratings text of any format from arbitrary bytes: no crash, no leak, and what is read is sound.
 *
 * The first byte chooses the format (0: sniffed) and on_error, the rest is the file.
 */
#include <stdlib.h>

#include "data/ratings_read.h"
#include "data/sniff.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const rb_dataset *d)
{
    const rb_interactions *x = &d->interactions;
    for (int64_t row = 0; row < x->n; row++) {
        if (x->user[row] < 0 || x->user[row] >= d->users.n || x->item[row] < 0 || x->item[row] >= d->items.n)
            abort();
        if (x->rating && !(x->rating[row] >= x->min_rating && x->rating[row] <= x->max_rating))
            abort();
    }
    char buffer[32];
    for (int32_t u = 0; u < d->users.n; u++)
        if (rb_ids_find(&d->users, rb_ids_name(buffer, &d->users, u)) != u)
            abort();
    if (d->n_skipped_listed > d->n_skipped)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    rb_ctx ctx;
    rb_error err = { 0 };
    rb_dataset d = { 0 };
    rb_source source = RB_SOURCE_DEFAULT;
    const char *text = (const char *)data + 1;
    int64_t n = (int64_t)size - 1;
    const rb_ratings_format *format = rb_ratings_formats;
    for (int k = data[0] & 15; k > 1 && format[1].name; k--)
        format++;
    if ((data[0] & 15) == 0)
        format = rb_sniff_ratings("ratings", text, n);
    source.skip_errors = data[0] & 16;
    source.duplicates = (rb_duplicates)(data[0] >> 5 & 1 ? RB_DUPLICATES_MEAN : RB_DUPLICATES_ERROR);
    rb_ctx_serial(&ctx, 1 + (data[0] >> 6 & 1));
    if (rb_ratings_read_buffer(&d, format, "ratings", text, n, &source, &ctx, &err) == RB_OK)
        check(&d);
    else if (err.message[0] == 0)
        abort();
    rb_dataset_fini(&d);
    return 0;
}

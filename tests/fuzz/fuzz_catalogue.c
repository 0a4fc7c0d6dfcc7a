/* Any bytes, read as every form of a catalogue, give a catalogue whose parts agree, or an error with a place. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/catalogue_read.h"
#include "data/dataset.h"
#include "data/read.h"

static const char *const formats[] = { NULL,     "netflix-titles", "movies",   "movies.dat",
                                       "u.item", "tags",           "tags.dat", "item" };

static void require(int condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "not so: %s\n", what);
        abort();
    }
}

static void check(const rb_catalogue *c)
{
    require(c->ids.n == c->n, "one id a row");
    for (int column = 0; column < RB_N_COLUMNS; column++)
        require(!c->has[column] || c->column[column].n == c->n, "one string a row");
    for (int32_t i = 0; i < c->n; i++) {
        require(c->duplicate_of[i] < c->n && c->duplicate_of[i] != i, "a duplicate is of another row");
        require(c->genre.begin[i] <= c->genre.begin[i + 1], "genres ascend");
        char name[32];
        require(rb_ids_find(&c->ids, rb_ids_name(name, &c->ids, i)) == i, "ids are found");
    }
}

static void fini_skipped(rb_dataset *d)
{
    for (int64_t k = 0; k < d->n_skipped_listed; k++) {
        rb_free(d->skipped[k].file);
        rb_free(d->skipped[k].reason);
    }
    rb_free(d->skipped);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    rb_source source = RB_SOURCE_DEFAULT;
    source.format = formats[data[0] % 8];
    source.skip_errors = data[0] & 8;
    rb_catalogue c = { 0 };
    rb_dataset skipped = { 0 };
    rb_error err = { 0 };
    rb_status status = rb_catalogue_parse(&c, (const char *)data + 1, (int64_t)size - 1, "f", &source, &skipped, &err);
    if (status == RB_OK)
        check(&c);
    else
        require(status == RB_BAD_INPUT && strncmp(err.message, "f:", 2) == 0, "bad input has a place");
    rb_catalogue_fini(&c);
    fini_skipped(&skipped);
    return 0;
}

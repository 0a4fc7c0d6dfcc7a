/* Items as points: two that differ in a category are 2 (gamma / 2) apart by it. */
#include <math.h>

#include "cluster/core/prototypes_fit.h"

rb_status rb_prototypes_place_items(rb_points *out, const void *state, const rb_catalogue *items, const void *config,
                                    rb_error *err)
{
    (void)config;
    const rb_prototypes_state *s = state;
    const rb_item_schema *schema = &s->schema;
    const int64_t p = schema->n_numbers, m = schema->n_categorical;
    rb_item_table table = { 0 };
    rb_csr x = { 0 };
    RB_TRY(rb_item_table_init(&table, schema, items, err));
    RB_TRY(rb_csr_init(&x, table.n, p + schema->names.n, table.n * (p + m), err));
    for (int64_t i = 0; i < table.n; i++) {
        int64_t at = x.row_begin[i];
        for (int64_t j = 0; j < p; j++) {
            x.col[at] = (int32_t)j;
            x.value[at++] = table.number[i * p + j];
        }
        for (int64_t a = 0; a < m; a++)
            if (table.code[i * m + a] >= 0) {
                x.col[at] = (int32_t)(p + schema->first[a] + table.code[i * m + a]);
                x.value[at++] = sqrt(s->gamma / 2);
            }
        x.row_begin[i + 1] = at;
    }
    RB_TRY(rb_points_take_csr(out, &x, err));
done:
    rb_csr_fini(&x);
    rb_item_table_fini(&table);
    return err->status;
}

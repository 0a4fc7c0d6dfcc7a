/*
 * What titles have: terms, genres, countries, decades, age groups, for the shares of clusters.
 */
#ifndef RB_REPORT_DESCRIBE_FACETS_H
#define RB_REPORT_DESCRIBE_FACETS_H

#include "eval/cluster_profile.h"

/* Values of the titles, of which a cluster has shares or weighed sums. */
typedef struct {
    const char *name;
    rb_csr x; /* [titles x values]; borrowed where weight is set: the terms' */
    rb_strings names;
    double *weight; /* NULL: shares */
} rb_facet;

enum { RB_FACET_TERMS, RB_FACET_GENRES, RB_FACET_COUNTRIES, RB_FACET_DECADES, RB_FACET_AGE_GROUPS, RB_N_FACETS };

typedef struct {
    rb_facet facet[RB_N_FACETS]; /* without columns where the catalogue has no such thing */
    rb_points texts;             /* counts of the terms */
    int64_t most;                /* columns of the one that has most */
} rb_facets;

/**
 * The facets of a catalogue; the weights of terms are those of its classes. Collective over ctx.
 *
 * @param[out] out      zeroed before; rb_facets_fini whatever is returned
 * @param[in]  columns  of the terms, joined by +; NULL: of title, description, tags those there are
 * @return RB_OK, RB_NO_MEMORY, RB_BAD_INPUT: unknown columns
 */
rb_status rb_facets_init(rb_facets *out, const char *columns, const rb_catalogue *c, const rb_classes *classes,
                         rb_ctx *ctx, rb_error *err);
void rb_facets_fini(rb_facets *all); /* collective over the same ctx */

#endif

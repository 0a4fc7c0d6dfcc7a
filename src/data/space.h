/*
 * Spaces: points made of a catalogue, by name.
 *
 *   counts   how often each term stands in the text columns, sparse: what topic models read
 *   tfidf    TF-IDF of text columns, sparse
 *   lsa-N    the same projected on its first N right singular vectors (linalg/rsvd.h), dense
 *   genre    multi-hot genres, dense
 *   numeric  year, minutes, seasons; less their mean, over their standard deviation; 0 (the mean) where unavailable
 *   mixed    genres (0 or 1), numeric, then one column of 0 or 1 for every type and every age group
 *   features every feature of the titles that is known of two different values (data/features.h), less its mean, over
 *            its standard deviation; 0 (the mean) where unknown. Of the whole data set: rb_features_space builds it
 *   users    the same of the users, who are the points, and the shares of genres among their titles (rb_features_users)
 *
 * A spec is a kind and the values of its parameter table. Its canonical name lists what differs from the defaults:
 * lsa-100(columns=description+genres,max_features=20000); rb_space_parse reads that back.
 *
 * Default text columns: those of director, cast, country, genres, description that the catalogue has; where it has
 * no descriptions, those of title, director, cast, country, genres, tags. A document is its columns as read, joined
 * by one space; a blank field leaves its place between two spaces.
 */
#ifndef RB_DATA_SPACE_H
#define RB_DATA_SPACE_H

#include "data/algorithm.h"
#include "data/tfidf.h"
#include "linalg/rsvd.h"

typedef enum {
    RB_SPACE_COUNTS,
    RB_SPACE_TFIDF,
    RB_SPACE_LSA,
    RB_SPACE_GENRE,
    RB_SPACE_NUMERIC,
    RB_SPACE_MIXED,
    RB_SPACE_FEATURES,
    RB_SPACE_USERS
} rb_space_id;

/* The values of all parameter tables; each kind's table names those that it reads. */
typedef struct {
    const char *columns; /* "description+genres"; NULL: the default */
    int stop_words;      /* rb_stop_words */
    bool stem;
    double min_df, max_df; /* documents: a count, or a share of all (min_df < 1, max_df <= 1) */
    int64_t max_features;  /* 0: all */
    bool sublinear;
    bool normalize; /* rows of length 1 */
    int64_t power_iterations, oversampling;
    bool genres; /* users: the shares of genres among their titles */
} rb_space_config;

typedef struct {
    rb_space_id id;
    const char *name; /* "tfidf", "lsa-N" */
    const char *summary;
    const char *reference;  /* "" where there is none */
    const rb_param *params; /* of rb_space_config; an empty table where it has none */
} rb_space_kind;

/** All kinds; the last entry is NULL. */
extern const rb_space_kind *const rb_space_registry[];

typedef struct {
    const rb_space_kind *kind;
    int64_t n_components; /* N of lsa-N; else 0 */
    rb_space_config config;
    char *columns; /* owned; config.columns points here */
} rb_space_spec;

/**
 * A spec from "lsa-100" or from a canonical name with options in brackets.
 *
 * @return RB_OK; RB_BAD_INPUT: unknown kind or option (the nearest known one is named), value out of range
 */
rb_status rb_space_parse(rb_space_spec *out, const char *name, rb_error *err);
/** Set one option from its text ("max_features", "20000"; columns joined by +). RB_BAD_INPUT as above. */
rb_status rb_space_set(rb_space_spec *spec, const char *option, const char *text, rb_error *err);
/** The canonical name: equal for equal specs. Appended to out. */
rb_status rb_space_canonical(rb_text *out, const rb_space_spec *spec, rb_error *err);
rb_status rb_space_spec_copy(rb_space_spec *out, const rb_space_spec *spec, rb_error *err);
void rb_space_spec_fini(rb_space_spec *spec);

/** RB_BAD_INPUT where the catalogue lacks a column that the spec names (the message names those it has), or has none
 *  of the default ones. Local. */
rb_status rb_space_check(const rb_space_spec *spec, const rb_catalogue *c, rb_error *err);

/* How large a space will be: exact for dense spaces; n_dims and nnz of counts and tfidf are upper estimates from the
 * text's bytes.
 */
typedef struct {
    int64_t n_points, n_dims, nnz;
    bool is_dense;
    rb_cost cost; /* of building it, points and scratch */
    rb_cost held; /* bytes of its points alone: dense ones of a node, sparse ones of a rank */
} rb_space_size;

/** Whether the points of the space of this canonical name are the users; NULL: no space. Local. */
bool rb_space_is_of_users(const char *name);

/** Size and cost from shapes, before anything is built; allocates nothing. Local.
 * @param n_users  of the data set: points of the space of users */
rb_space_size rb_space_cost(const rb_space_spec *spec, const rb_catalogue *c, int32_t n_users);

/* What is needed to place unseen titles into a space. */
typedef struct {
    rb_space_spec spec; /* with the columns resolved */
    rb_tfidf tfidf;
    rb_rsvd svd;       /* of lsa-N; svd.k < N where the matrix has a lower rank */
    double explained;  /* lsa: share of the variance of the TF-IDF columns that the components hold, at least */
    rb_strings genres; /* ascending */
    rb_strings types;  /* ascending */
    double mean[3], deviation[3]; /* of year, minutes, seasons; deviation 1 where all are equal */
} rb_space_model;

/**
 * Build the points of a space. Collective over ctx.
 *
 * Every rank gives the same catalogue. out->name stays NULL: it borrows, the caller owns the canonical name.
 *
 * @param[out] out  one point an item; owned by the caller, rb_points_fini
 * @return RB_OK; RB_BAD_INPUT (rb_space_check; no term is left; not one genre or number; `features` and `users`, which
 * a catalogue alone does not tell); RB_NO_MEMORY. The same on every rank.
 *
 * Bits: the same for any ranks and threads. Cost: rb_space_cost.
 */
rb_status rb_space_build(rb_points *out, const rb_space_spec *spec, const rb_catalogue *c, const rb_ctx *ctx,
                         rb_error *err);

/** As rb_space_build, and keep the model. points may be NULL. Collective. */
rb_status rb_space_fit(rb_space_model *model, rb_points *points, const rb_space_spec *spec, const rb_catalogue *c,
                       const rb_ctx *ctx, rb_error *err);
/** Points of another catalogue in the space of a model; terms and genres that it does not know are left out. The rows
 *  that the model was fitted on get the same bits as in fit. Collective. */
rb_status rb_space_transform(rb_points *out, const rb_space_model *model, const rb_catalogue *c, const rb_ctx *ctx,
                             rb_error *err);
void rb_space_model_fini(rb_space_model *model); /* local */

/** Name strings as two arrays: their bytes, and the n + 1 places where they begin (none where nothing was made). */
void rb_strings_arrays(rb_visitor *v, const char *text_name, const char *begin_name, rb_strings *s);

/**
 * Name every array and scalar of a model, to save, load, digest or count it (data/algorithm.h). Local.
 *
 * The spec does not pass through the visitor: store its canonical name, and before loading read it back into
 * model->spec with rb_space_parse. A loaded model transforms to the bits of the saved one.
 */
void rb_space_model_arrays(rb_space_model *model, rb_visitor *v);

#endif

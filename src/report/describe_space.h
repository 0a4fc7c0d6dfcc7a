/*
 * Where the titles of a cluster are nearest to its mean, and the words of topics: what describe reads of stored models.
 */
#ifndef RB_REPORT_DESCRIBE_SPACE_H
#define RB_REPORT_DESCRIBE_SPACE_H

#include "harness/apply_model.h"

typedef struct {
    rb_points points;      /* n 0: there are none to be had */
    const char *stands_in; /* the space that stands in for the trial's own; NULL: it is the trial's own */
    bool is_cosine;        /* the trial's distance, in its own space */
} rb_description_space;

/**
 * The points that a trial clustered: of a built-in space, of the stored model that made its space (below its own, or
 * that of the maker's trial), or of its own stored model where it places items (data/algorithm.h). Else tfidf.
 * Collective over ctx.
 *
 * @param[out] out  zeroed before; the caller finishes the points
 * @param[in]  n    points of the clustering
 * @return RB_OK, RB_NO_MEMORY, RB_IO, RB_BAD_INPUT: a damaged model
 */
rb_status rb_describe_space(rb_description_space *out, const rb_apply_model *m, int64_t n, rb_ctx *ctx, rb_error *err);

/* The top words of a topic model. */
typedef struct {
    int64_t n, n_top;  /* topics, words of each */
    rb_strings words;  /* [n x n_top] */
    double *share;     /* [n x n_top] p(word | topic) */
    double *coherence; /* [n] NAN: not defined */
} rb_topic_words;

/** Those of the trial's stored model; none where it has no topics or was not kept. Local. @return RB_OK, RB_NO_MEMORY,
 *  RB_IO, RB_BAD_INPUT: tables of other sizes. Zeroed before */
rb_status rb_topic_words_read(rb_topic_words *out, const rb_apply_model *m, rb_error *err);
void rb_topic_words_fini(rb_topic_words *t);

#endif

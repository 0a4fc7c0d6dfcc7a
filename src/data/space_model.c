#include <string.h>

#include "data/space_columns.h"

bool rb_space_is_text(const rb_space_spec *spec)
{
    rb_space_id id = spec->kind->id;
    return id == RB_SPACE_COUNTS || id == RB_SPACE_TFIDF || id == RB_SPACE_LSA;
}

rb_tfidf_options rb_space_text_options(const rb_space_config *c)
{
    return (rb_tfidf_options){ .stop_words = c->stop_words,
                               .stem = c->stem,
                               .min_df = c->min_df,
                               .max_df = c->max_df,
                               .max_features = c->max_features,
                               .sublinear = c->sublinear };
}

void rb_space_model_fini(rb_space_model *m)
{
    rb_space_spec_fini(&m->spec);
    rb_tfidf_fini(&m->tfidf);
    rb_rsvd_fini(&m->svd);
    rb_strings_fini(&m->genres);
    rb_strings_fini(&m->types);
    memset(m, 0, sizeof *m);
}

void rb_strings_arrays(rb_visitor *v, const char *text_name, const char *begin_name, rb_strings *s)
{
    int64_t n_bytes = s->begin ? s->begin[s->n] : 0, n_begin = s->begin ? s->n + 1 : 0, one = 1;
    v->array(v, text_name, RB_UINT8, (void **)&s->text, &n_bytes, &one, NULL);
    v->array(v, begin_name, RB_INT64, (void **)&s->begin, &n_begin, &one, NULL);
    s->n = n_begin > 0 ? n_begin - 1 : 0;
}

void rb_space_model_arrays(rb_space_model *m, rb_visitor *v)
{
    static const char *const means[] = { "mean_year", "mean_minutes", "mean_seasons" };
    static const char *const deviations[] = { "deviation_year", "deviation_minutes", "deviation_seasons" };
    int64_t n_terms = m->tfidf.terms.n, one = 1;
    v->scalar(v, "n_documents", RB_INT64, &m->tfidf.n_documents);
    rb_strings_arrays(v, "term_text", "term_begin", &m->tfidf.terms);
    v->array(v, "idf", RB_FLOAT64, (void **)&m->tfidf.idf, &n_terms, &one, NULL);
    v->array(v, "singular", RB_FLOAT64, (void **)&m->svd.singular, &m->svd.k, &one, NULL);
    v->array(v, "right_vectors", RB_FLOAT64, (void **)&m->svd.v, &m->svd.n, &m->svd.k, NULL);
    v->scalar(v, "explained", RB_FLOAT64, &m->explained);
    rb_strings_arrays(v, "genre_text", "genre_begin", &m->genres);
    rb_strings_arrays(v, "type_text", "type_begin", &m->types);
    for (int k = 0; k < 3; k++) {
        v->scalar(v, means[k], RB_FLOAT64, &m->mean[k]);
        v->scalar(v, deviations[k], RB_FLOAT64, &m->deviation[k]);
    }
    m->tfidf.options = rb_space_text_options(&m->spec.config);
    m->tfidf.options.counts = m->spec.kind && m->spec.kind->id == RB_SPACE_COUNTS;
}

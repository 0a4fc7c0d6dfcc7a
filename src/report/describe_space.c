#include "report/describe_space.h"

#include <string.h>

#include "base/alloc.h"
#include "data/space.h"

/* Opens the first of two groups of results.h5 that is there; below 0: neither is. */
static hid_t open_either(hid_t results, const char *first, const char *second, rb_error *err)
{
    if (rb_hdf_has(results, first))
        return rb_hdf_open_group(results, first, err);
    return rb_hdf_has(results, second) ? rb_hdf_open_group(results, second, err) : -1;
}

/* Into out what a stored model makes of the points it was fitted on; nothing where these were others. */
static rb_status take_embedding(rb_points *out, const rb_stored_model *model, int64_t n, rb_ctx *ctx, rb_error *err)
{
    int64_t rows, d;
    const double *x = model->c->entry->algorithm->embed(model->state, &rows, &d);
    if (rows != n)
        return RB_OK;
    RB_TRY(rb_points_alloc_dense(out, n, d, ctx, err));
    if (n * d > 0)
        memcpy(out->memory.data, x, (size_t)(n * d) * sizeof *x);
    rb_shared_publish_from(&out->memory, 0, ctx);
done:
    return err->status;
}

/* The space that another trial made, or that the trial's own model has. */
static rb_status read_made(rb_points *out, const rb_apply_model *m, int64_t n, rb_ctx *ctx, rb_error *err)
{
    const rb_run_state *run = &m->run;
    const int64_t trial = m->trial->number - 1;
    const int64_t maker = m->c->space_child >= 0 ? rb_run_space_child(run, trial) : trial;
    char below[64], own[64];
    rb_hdf results = { 0 };
    rb_stored_model model = { 0 };
    hid_t at = -1;
    snprintf(below, sizeof below, "models/%lld/space", (long long)trial + 1);
    snprintf(own, sizeof own, "models/%lld", (long long)maker + 1);
    RB_TRY(rb_run_results_open(&results, m->options.resume, err));
    at = open_either(results.id, maker == trial ? own : below, own, err);
    RB_TRY(err->status);
    if (at < 0)
        goto done;
    RB_TRY(rb_stored_model_read(&model, run, maker, at, err));
    if (maker != trial)
        RB_TRY(take_embedding(out, &model, n, ctx, err));
    else
        RB_TRY(m->algorithm->place_items(out, model.state, &run->data.catalogue, m->c->config, err));
done:
    if (at >= 0)
        H5Gclose(at);
    rb_stored_model_fini(&model);
    rb_hdf_close(&results);
    return err->status;
}

static rb_status build(rb_points *out, const rb_apply_model *m, const char *name, bool own, rb_ctx *ctx, rb_error *err)
{
    rb_space_spec spec = { 0 };
    rb_error none = { 0 };
    RB_TRY(rb_space_parse(&spec, name, err));
    if (own || rb_space_check(&spec, &m->run.data.catalogue, &none) == RB_OK)
        RB_TRY(rb_run_build_space(out, &spec, &m->run.data, ctx, err));
done:
    rb_space_spec_fini(&spec);
    return err->status;
}

rb_status rb_describe_space(rb_description_space *out, const rb_apply_model *m, int64_t n, rb_ctx *ctx, rb_error *err)
{
    const bool of_users = rb_configuration_is_of_users(&m->run.plan, m->c);
    out->is_cosine = m->algorithm->distance && strcmp(m->algorithm->distance(m->c->config), "cosine") == 0;
    if (m->c->space)
        return build(&out->points, m, m->c->space, true, ctx, err);
    if (m->c->space_child >= 0 || m->algorithm->place_items)
        RB_TRY(read_made(&out->points, m, n, ctx, err));
    if (out->points.n > 0)
        return RB_OK;
    out->is_cosine = false;
    out->stands_in = of_users ? "users" : "tfidf";
    RB_TRY(build(&out->points, m, out->stands_in, false, ctx, err));
done:
    return err->status;
}

/* ---- topics ---- */

/* p(word | topic) of the top words, whose places among all words are `top`. */
static void find_shares(rb_topic_words *t, const int32_t *top, const double *weight, int64_t n_words)
{
    for (int64_t k = 0; k < t->n; k++) {
        double sum = 0;
        for (int64_t w = 0; w < n_words; w++)
            sum += weight[w * t->n + k];
        for (int64_t r = 0; r < t->n_top; r++)
            t->share[k * t->n_top + r] = weight[top[k * t->n_top + r] * t->n + k] / sum;
    }
}

static rb_status read_words(rb_topic_words *t, hid_t at, rb_error *err)
{
    int32_t *top = NULL;
    double *weight = NULL;
    int64_t n_words, n_topics, n_bytes, n_begin, n_coherence;
    RB_TRY(rb_hdf_read(at, "top_words", RB_HDF_INT32, (void **)&top, &t->n, &t->n_top, err));
    RB_TRY(rb_hdf_read(at, "word_weights", RB_HDF_DOUBLE, (void **)&weight, &n_words, &n_topics, err));
    RB_TRY(rb_hdf_read_vector(at, "top_word_text", RB_HDF_UINT8, (void **)&t->words.text, &n_bytes, err));
    RB_TRY(rb_hdf_read_vector(at, "top_word_begin", RB_HDF_INT64, (void **)&t->words.begin, &n_begin, err));
    RB_TRY(rb_hdf_read_vector(at, "coherence", RB_HDF_DOUBLE, (void **)&t->coherence, &n_coherence, err));
    t->words.n = n_begin > 0 ? n_begin - 1 : 0;
    bool fits = n_topics == t->n && n_coherence == t->n && t->words.n == t->n * t->n_top &&
                (n_begin == 0 || t->words.begin[t->words.n] == n_bytes);
    for (int64_t i = 0; fits && i < t->n * t->n_top; i++)
        fits = top[i] >= 0 && top[i] < n_words && t->words.begin[i] <= t->words.begin[i + 1];
    if (!fits)
        RB_TRY(rb_hdf_unfit(err, at, "the tables of topics and words have other sizes"));
    RB_TRY(rb_alloc(&t->share, t->n * t->n_top, err));
    find_shares(t, top, weight, n_words);
done:
    rb_free(top);
    rb_free(weight);
    return err->status;
}

rb_status rb_topic_words_read(rb_topic_words *out, const rb_apply_model *m, rb_error *err)
{
    char name[64];
    rb_hdf results = { 0 };
    hid_t at = -1;
    snprintf(name, sizeof name, "models/%lld", (long long)m->trial->number);
    RB_TRY(rb_run_results_open(&results, m->options.resume, err));
    if (rb_hdf_has(results.id, name)) {
        at = rb_hdf_open_group(results.id, name, err);
        RB_TRY(err->status);
        if (rb_hdf_has(at, "top_words") && rb_hdf_has(at, "top_word_text"))
            RB_TRY(read_words(out, at, err));
    }
done:
    if (at >= 0)
        H5Gclose(at);
    rb_hdf_close(&results);
    return err->status;
}

void rb_topic_words_fini(rb_topic_words *t)
{
    rb_strings_fini(&t->words);
    rb_free(t->share);
    rb_free(t->coherence);
    *t = (rb_topic_words){ 0 };
}

/* What re-ranks the lists of a trial: the rows of its space, or the labels of the clustering that it names. */
#include "harness/state.h"

rb_status rb_evaluate_reranker(rb_reranker *out, const rb_run_state *run, int64_t work, rb_error *err)
{
    const rb_rerank_config *config = rb_run_configuration(run, work)->rerank;
    const int64_t aspects = rb_run_aspects(run, work);
    const int32_t n_items = run->data.items.n;
    rb_fit_record clustering = { 0 };
    char words[512];
    rb_run_rerank_over_budget(words, run, work);
    if (words[0])
        return RB_FAIL(err, RB_OVER_BUDGET, "%s", words);
    if (aspects < 0 && rb_run_space_refusal(run, config->space)[0])
        return RB_FAIL(err, RB_FAILED, "%s", rb_run_space_refusal(run, config->space));
    if (aspects < 0)
        return rb_reranker_init(out, config, rb_run_find_space(run, config->space), NULL, n_items, err);
    if (run->work[aspects].outcome != RB_FIT_DONE)
        return RB_FAIL(err, RB_FAILED, "trial %lld, whose clusters re-rank its lists, has none: %s",
                       (long long)rb_run_trial(run, aspects)->number, rb_fit_outcome_name(run->work[aspects].outcome));
    RB_TRY(rb_fit_record_read(&clustering, run->folder, run->work[aspects].key, err));
    if (clustering.n_labels != n_items)
        RB_FAIL(err, RB_BAD_INPUT,
                "trial %lld, whose clusters re-rank its lists, has labels of %lld points, expected one for each of the "
                "%d items",
                (long long)rb_run_trial(run, aspects)->number, (long long)clustering.n_labels, n_items);
    else
        rb_reranker_init(out, config, NULL, clustering.labels, n_items, err);
done:
    rb_fit_record_fini(&clustering);
    return rb_unit_status(err);
}

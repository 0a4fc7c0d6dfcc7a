/* How metrics are written: canonical ids, every error, and what the table promises. */
#include <math.h>
#include <string.h>

#include "eval/metric.h"
#include "support/support.h"

static void a_metric_has_one_id_however_it_is_written(void **unused)
{
    (void)unused;
    static const struct {
        const char *text, *id, *definition, *label;
    } known[] = {
        { "ndcg@10", "ndcg:bin-min@10", "ndcg:bin-min", "ndcg@10" },
        { "ndcg:bin-min@10", "ndcg:bin-min@10", "ndcg:bin-min", "ndcg@10" },
        { "ndcg:exp-min@010", "ndcg:exp-min@10", "ndcg:exp-min", "ndcg:exp-min@10" },
        { "precision@5", "precision:k@5", "precision:k", "precision@5" },
        { "precision:micro-min@5", "precision:micro-min@5", "precision:micro-min", "precision:micro-min@5" },
        { "hit_rate@1", "hit_rate@1", "hit_rate", "hit_rate@1" },
        { "hit_rate:session@20", "hit_rate:session@20", "hit_rate:session", "hit_rate:session@20" },
        { "mrr:session@20", "mrr:session@20", "mrr:session", "mrr:session@20" },
        { "mrr@1000000", "mrr:k@1000000", "mrr:k", "mrr@1000000" },
        { "auc", "auc", "auc", "auc" },
        { "rmse", "rmse:global", "rmse:global", "rmse" },
        { "rmse:global", "rmse:global", "rmse:global", "rmse" },
        { "rmse:user", "rmse:user", "rmse:user", "rmse:user" },
        { "rmse:warm", "rmse:warm", "rmse:warm", "rmse:warm" },
        { "rmse:global:warm", "rmse:warm", "rmse:warm", "rmse:warm" },
        { "mae:user:warm", "mae:user:warm", "mae:user:warm", "mae:user:warm" },
        { "diversity@10", "diversity:genre@10", "diversity:genre", "diversity@10" },
        { "diversity:tfidf@10", "diversity:tfidf@10", "diversity:tfidf", "diversity:tfidf@10" },
        { "item_coverage@20", "item_coverage@20", "item_coverage", "item_coverage@20" },
        { "silhouette", "silhouette", "silhouette", "silhouette" },
        { "silhouette:cosine:merge", "silhouette:cosine:merge", "silhouette:cosine:merge", "silhouette:cosine:merge" },
        { "silhouette:cosine:drop", "silhouette:cosine", "silhouette:cosine", "silhouette:cosine" },
        { "silhouette:sample-1000", "silhouette:sample-1000", "silhouette:sample-1000", "silhouette:sample-1000" },
        { "silhouette:euclidean:drop:sample-03", "silhouette:euclidean:sample-3", "silhouette:euclidean:sample-3",
          "silhouette:euclidean:sample-3" },
        { "silhouette:euclidean:singletons:sample-10000000", "silhouette:euclidean:singletons:sample-10000000",
          "silhouette:euclidean:singletons:sample-10000000", "silhouette:euclidean:singletons:sample-10000000" },
        { "davies_bouldin", "davies_bouldin", "davies_bouldin", "davies_bouldin" },
        { "davies_bouldin:scaled", "davies_bouldin:scaled", "davies_bouldin:scaled", "davies_bouldin:scaled" },
        { "ari:planted", "ari:planted", "ari:planted", "ari:planted" },
        { "nmi:type:singletons", "nmi:type:singletons", "nmi:type:singletons", "nmi:type:singletons" },
    };
    for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
        rb_error err = { 0 };
        rb_metric m, again;
        assert_ok(rb_metric_parse(&m, known[k].text, &err), &err);
        assert_string_equal(m.id, known[k].id);
        assert_string_equal(m.definition, known[k].definition);
        assert_string_equal(m.label, known[k].label);
        assert_ok(rb_metric_parse(&again, m.id, &err), &err);
        assert_string_equal(again.id, m.id);
        assert_ok(rb_metric_parse(&again, m.label, &err), &err);
        assert_string_equal(again.id, m.id);
    }
}

static void what_is_wrong_is_said(void **unused)
{
    (void)unused;
    static const struct {
        const char *text, *words;
    } wrong[] = {
        { "ngcd@10", "unknown metric 'ngcd'; did you mean 'ndcg'?" },
        { "silouette", "did you mean 'silhouette'?" },
        { "", "unknown metric ''" },
        { "zzzzzzzzzzzzzzz", "`reelbench list metrics`" },
        { "ndcg", "needs a cutoff, for example 'ndcg@10'" },
        { "ndcg:exp-min", "needs a cutoff" },
        { "ndcg@", "expected a whole number in [1, 1000000]" },
        { "ndcg@0", "is '0'" },
        { "ndcg@-3", "is '-3'" },
        { "ndcg@1000001", "is '1000001'" },
        { "ndcg@10@5", "is '10@5'" },
        { "ndcg@ten", "is 'ten'" },
        { "rmse@10", "takes no cutoff" },
        { "auc@5", "takes no cutoff" },
        { "ndcg:bin-mim@10", "no variant 'bin-mim'; did you mean 'bin-min'?" },
        { "ndcg:zzzzzzzz@10", "expected one of bin-min|bin-rel|exp-min" },
        { "item_coverage:k@10", "has no variants" },
        { "ndcg:bin-min:exp-min@10", "twice or out of order" },
        { "ndcg:@10", "no variant ''" },
        { "rmse:warm:user", "twice or out of order" },
        { "silhouette:merge:cosine", "twice or out of order" },
        { "silhouette:sample-2", "has 'sample-2', expected sample-N with N a whole number in [3, 10000000]" },
        { "silhouette:sample-", "has 'sample-', expected sample-N" },
        { "silhouette:sample-1e3", "expected sample-N" },
        { "silhouette:sample--9", "expected sample-N" },
        { "silhouette:merge:sample-10000001", "expected sample-N" },
        { "silhouette:sample", "did you mean 'sample-N'?" },
        { "silhouette:zzzzzzzz", "expected one of cosine|euclidean; drop|merge|singletons|scaled; sample-N" },
        { "silhouette:sample-10:merge", "names 'merge' twice or out of order" },
        { "silhouette:sample-10:sample-20", "names 'sample-20' twice or out of order" },
        { "silhouette:sample-10:zzzzzzzz", "no variant 'zzzzzzzz'" },
        { "davies_bouldin:sample-10", "no variant 'sample-10'" },
        { "silhouette:sample-10@10", "takes no cutoff" },
        { "ari", "needs a reference: 'ari:' and one of type|primary_genre|planted" },
        { "ari:merge", "needs a reference" },
        { "ari:plantd", "did you mean 'planted'?" },
        { "a_metric_whose_name_is_far_too_long_to_be_the_name_of_any_metric", "64 characters" },
    };
    for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++) {
        rb_error err = { 0 };
        rb_metric m;
        assert_int_equal(rb_metric_parse(&m, wrong[k].text, &err), RB_BAD_INPUT);
        if (!strstr(err.message, wrong[k].words))
            fail_msg("'%s' gives: %s", wrong[k].text, err.message);
    }
}

static void a_trial_chooses_the_distance(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    rb_metric m;
    char name[64];
    assert_ok(rb_metric_parse(&m, "silhouette:scaled", &err), &err);
    assert_ok(rb_metric_choose(&m, "euclidean", &err), &err);
    assert_string_equal(m.id, "silhouette:euclidean:scaled");
    assert_string_equal(rb_metric_variant(name, &m, 0), "euclidean");
    assert_int_equal(m.variant[0], RB_DISTANCE_EUCLIDEAN);
    assert_int_equal(m.variant[1], RB_NOISE_SCALED);
    assert_ok(rb_metric_parse(&m, "silhouette:sample-10000000", &err), &err);
    assert_int_equal(m.sample, 10000000);
    assert_ok(rb_metric_choose(&m, "euclidean", &err), &err);
    assert_string_equal(m.id, "silhouette:euclidean:sample-10000000");
    assert_int_equal(rb_metric_choose(&m, "manhattan", &err), RB_BAD_INPUT);
}

static void choices_have_the_index_that_the_code_uses(void **unused)
{
    (void)unused;
    static const struct {
        const char *text;
        int group, index;
    } known[] = {
        { "precision:len@1", 0, RB_PRECISION_LEN },
        { "precision:micro-min@1", 0, RB_PRECISION_MICRO_MIN },
        { "recall:min@1", 0, RB_RECALL_MIN },
        { "f1:mean@1", 0, RB_F1_MEAN },
        { "ndcg:bin-rel@1", 0, RB_NDCG_BIN_REL },
        { "ndcg:exp-min@1", 0, RB_NDCG_EXP_MIN },
        { "map:rel@1", 0, RB_MAP_REL },
        { "mae:user", 0, RB_ERROR_USER },
        { "mae:warm", 1, RB_ERROR_WARM },
        { "diversity:tfidf@1", 0, RB_DIVERSITY_TFIDF },
        { "silhouette:cosine", 0, RB_DISTANCE_COSINE },
        { "ari:planted", 0, RB_REFERENCE_PLANTED },
        { "ari:type:singletons", 1, RB_NOISE_SINGLETONS },
        { "davies_bouldin:merge", 0, RB_NOISE_MERGE },
    };
    for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
        rb_error err = { 0 };
        rb_metric m;
        assert_ok(rb_metric_parse(&m, known[k].text, &err), &err);
        assert_int_equal(m.variant[known[k].group], known[k].index);
    }
}

static void the_table_is_whole(void **unused)
{
    (void)unused;
    int n = 0;
    for (const rb_metric_def *def = rb_metric_registry; def->name; def++, n++) {
        assert_int_equal(def->kind, n);
        assert_ptr_equal(rb_metric_find(def->name), def);
        assert_true(def->min < def->max);
        assert_non_null(def->summary);
        for (int g = 0; g < RB_METRIC_GROUPS; g++)
            assert_true(!def->group[g].choices == !def->group[g].help);
    }
    assert_int_equal(n, RB_N_METRIC_KINDS);
    assert_null(rb_metric_find("accuracy"));
}

static void better_follows_the_direction_and_the_state(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    rb_metric ndcg, rmse, count;
    rb_metric_value low = { 1, RB_VALUE_OK }, high = { 2, RB_VALUE_OK }, none = { NAN, RB_VALUE_NOT_APPLICABLE };
    assert_ok(rb_metric_parse(&ndcg, "ndcg@1", &err), &err);
    assert_ok(rb_metric_parse(&rmse, "rmse", &err), &err);
    assert_ok(rb_metric_parse(&count, "n_clusters", &err), &err);
    assert_true(rb_metric_is_better(&ndcg, high, low) && !rb_metric_is_better(&ndcg, low, high));
    assert_true(rb_metric_is_better(&rmse, low, high) && !rb_metric_is_better(&rmse, high, low));
    assert_false(rb_metric_is_better(&ndcg, low, low));
    assert_true(rb_metric_is_better(&rmse, high, none) && !rb_metric_is_better(&rmse, none, high));
    assert_false(rb_metric_is_better(&count, high, low) || rb_metric_is_better(&count, low, high));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_metric_has_one_id_however_it_is_written),
        cmocka_unit_test(what_is_wrong_is_said),
        cmocka_unit_test(a_trial_chooses_the_distance),
        cmocka_unit_test(choices_have_the_index_that_the_code_uses),
        cmocka_unit_test(the_table_is_whole),
        cmocka_unit_test(better_follows_the_direction_and_the_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

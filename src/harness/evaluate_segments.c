/* Values of a ranking by segment, as rows beside those over all. */
#include <stdio.h>

#include "eval/segments.h"
#include "harness/state.h"

rb_status rb_evaluate_segments(rb_metric_record *record, const rb_fold *fold, rb_part part, const char *name,
                               const rb_ranking *ranking, const rb_ranking_rules *rules, const rb_metric *metrics,
                               int64_t n_groups, rb_error *err)
{
    rb_segments segments = { 0 };
    if (n_groups == 0)
        return RB_OK;
    RB_TRY(rb_rank_segments(&segments, &fold->train, ranking, rules, rb_fold_relevant(fold, part), &fold->facts,
                            metrics, (int32_t)n_groups, err));
    for (int32_t m = 0; m < ranking->n_metrics; m++)
        for (int32_t i = 0; i < segments.n; i++) {
            const rb_segment *from = &segments.segment[i];
            if (from->value[m].state != RB_VALUE_OK)
                continue;
            rb_metric_row *row = rb_metric_record_add(record, name, metrics[m].id, err);
            if (!row)
                goto done;
            snprintf(row->segment, sizeof row->segment, "%s", from->name);
            row->value = from->value[m];
            row->n = from->n_users[m];
        }
done:
    rb_segments_fini(&segments);
    return err->status;
}

#include <string.h>

#include "cli/listing.h"
#include "cluster/cluster.h"
#include "harness/apply_reasons.h"
#include "recommend/recommend.h"

/* Number i over both families. */
static const rb_algorithm *at(int i)
{
    int n = 0;
    while (rb_recommend_registry[n])
        n++;
    if (i < n)
        return rb_recommend_registry[i];
    for (int k = 0; rb_cluster_registry[k]; k++)
        if (k == i - n)
            return rb_cluster_registry[k];
    return NULL;
}

static const char *name_of(int i)
{
    const rb_algorithm *a = at(i);
    return a ? a->name : NULL;
}

static const char *summary_of(int i)
{
    return at(i)->summary;
}

/* What it can do, and in which class its bits are the same. */
static void describe_abilities(FILE *out, const rb_algorithm *a)
{
    static const struct {
        unsigned bit;
        const char *words;
    } abilities[] = {
        { RB_CAN_RANK, "ranks the catalogue" },
        { RB_CAN_PREDICT, "predicts ratings" },
        { RB_CAN_NEXT, "next items of sessions" },
        { RB_CAN_ASSIGN, "labels points" },
        { RB_CAN_MERGE, "merge tree" },
        { RB_CAN_COLD_USER, "cold users" },
        { RB_CAN_COLD_ITEM, "tells cold items apart" },
    };
    fputs("  ", out);
    for (size_t i = 0; i < sizeof abilities / sizeof *abilities; i++)
        if (a->can & abilities[i].bit)
            fprintf(out, "%s%s · ", abilities[i].words,
                    abilities[i].bit == RB_CAN_COLD_USER && a->reveal ? " by fold-in" : "");
    if (rb_reasons_are_there(a))
        fputs(a->can & RB_CAN_EXPLAIN ? "explains · " : "explains by what a score loses · ", out);
    for (const char *const *m = a->measures; m && *m; m++)
        fprintf(out, "measures %s · ", *m);
    if (a->checkpoint)
        fputs("goes on from checkpoints · ", out);
    fputs("same bits for any shape", out);
    for (const rb_param *p = a->params; p && p->name; p++)
        if (p->flags & RB_PARAM_FAST)
            fprintf(out, ", unless `%s` is another than by default", p->name);
    fputc('\n', out);
}

static rb_status explain(FILE *out, int i, rb_format format, rb_error *err)
{
    const rb_algorithm *a = at(i);
    if (format == RB_FORMAT_TABLE) {
        bool has_reference = a->reference && *a->reference;
        fprintf(out, "%s · %s%s%s\n", a->name, a->summary, has_reference ? " · " : "",
                has_reference ? a->reference : "");
        describe_abilities(out, a);
    }
    return rb_listing_params(out, (const rb_param *const[]){ a->params, NULL }, format, err);
}

const rb_listing rb_listing_algorithms = {
    .word = "algorithms",
    .name_of = name_of,
    .summary_of = summary_of,
    .explain = explain,
};

/*
 * `rerank` beside an algorithm: how its lists are diversified (eval/rerank.h).
 */
#include <stdio.h>

#include "data/space.h"
#include "harness/experiment_reader.h"

static const rb_sweep *find_reranking(const rb_entry *entry, const char *name)
{
    const int32_t s = rb_entry_sweep(entry, name, true);
    return s < 0 ? NULL : &entry->sweep[s];
}

/* xquad's aspects are columns that count something; a space stands in the catalogue; clusters stand for one. */
static rb_status check_rerank(rb_reader *r, const rb_entry *entry)
{
    const rb_sweep *space = find_reranking(entry, "space"), *method = find_reranking(entry, "method");
    bool covers = false;
    for (int64_t o = 0; method && o < method->n; o++)
        covers = covers || method->option[o].value.number == RB_RERANK_XQUAD;
    if (space && find_reranking(entry, "clusters"))
        return RB_COMPLAIN(r, space->at, "'rerank.space' stands beside 'rerank.clusters': one of them is read");
    for (int64_t o = 0; space && o < space->n; o++) {
        rb_space_spec spec = { 0 };
        if (space->option[o].target >= 0) {
            RB_TRY(RB_COMPLAIN(r, space->at, "'rerank.space' is '%s', which a trial makes, expected one of the data",
                               space->option[o].text));
            continue;
        }
        RB_TRY(rb_space_parse(&spec, space->option[o].canonical, r->err));
        rb_space_id id = spec.kind->id;
        rb_space_spec_fini(&spec);
        if (id == RB_SPACE_USERS)
            RB_TRY(RB_COMPLAIN(r, space->at, "'rerank.space' is %s, expected one of the items", space->option[o].text));
        if (covers && id != RB_SPACE_GENRE && id != RB_SPACE_COUNTS && id != RB_SPACE_TFIDF)
            RB_TRY(
                RB_COMPLAIN(r, space->at,
                            "'rerank.space' is %s, whose columns are no aspects: xquad takes genre, counts, tfidf or "
                            "clusters",
                            space->option[o].text));
    }
done:
    return r->err->status;
}

/* Its sweeps stand behind those of the algorithm; messages and samples call it by its own name. */
rb_status rb_reader_rerank(rb_reader *r, rb_entry *entry, rb_yaml *node)
{
    static const rb_algorithm self = { .name = "rerank", .needs = RB_NEEDS_LABELS, .params = rb_rerank_params };
    char name[200];
    snprintf(name, sizeof name, "%.150s.rerank", entry->name);
    const rb_entry part = { .algorithm = &self, .name = name, .at = node->at };
    rb_sweep *all;
    int64_t n_before = rb_reader_n_messages(r);
    if (node->kind != RB_YAML_MAP)
        return RB_COMPLAIN(r, node->at, "'rerank' is %s, expected a mapping: { method: mmr, lambda: 0.7 }",
                           rb_yaml_words(node));
    if (!(entry->algorithm->can & RB_CAN_RANK))
        return RB_COMPLAIN(r, node->key_at, "'%s' ranks no items: it has no lists to re-rank", entry->algorithm->name);
    entry->reranks = true;
    RB_TRY(rb_arena_alloc(&r->e->arena, &all, entry->n_sweeps + node->n, r->err));
    for (int32_t s = 0; s < entry->n_sweeps; s++)
        all[s] = entry->sweep[s];
    entry->sweep = all;
    for (rb_yaml *child = node->first; child; child = child->next) {
        const rb_param *param = rb_param_find(rb_rerank_params, child->key);
        rb_sweep *sweep = &entry->sweep[entry->n_sweeps];
        if (!param) {
            RB_TRY(rb_reader_unknown_parameter(r, &part, child));
            continue;
        }
        RB_TRY(rb_reader_sweep(r, sweep, &part, param, child));
        sweep->reranks = true;
        entry->n_sweeps += sweep->n > 0;
    }
    if (rb_reader_n_messages(r) == n_before)
        RB_TRY(check_rerank(r, entry));
done:
    return r->err->status;
}

/*
 * `replay`: the log, its arms, and the policies and A/B tests that run on it.
 *
 * Policies are read as entries of an experiment of their own, so that they have sweeps, zip, exclude and `as` like any
 * other; that experiment has the seed of the file, the repeats of `replay`, and nothing else.
 */
#include <math.h>
#include <string.h>

#include "eval/bandit.h"
#include "eval/sequential.h"
#include "harness/experiment_reader.h"
#include "harness/sweep_cursor.h"

/* Of all entries of a name. */
static int64_t count_configurations(const rb_experiment *e, const char *name)
{
    int64_t n = 0;
    for (int32_t i = 0; i < e->n_entries; i++)
        n += strcmp(e->entry[i].name, name) == 0 ? e->entry[i].n_configurations : 0;
    return n;
}

/* ---- arms ---- */

static rb_status read_arm(rb_reader *r, const rb_yaml *node)
{
    rb_experiment *e = r->e;
    rb_replay *replay = &e->replay;
    if (node->kind != RB_YAML_SCALAR || rb_yaml_is_null(node))
        return RB_COMPLAIN(r, node->at, "%s stands where the name of a trial or the id of a title is expected",
                           rb_yaml_words(node));
    if (rb_replay_find_arm(replay, node->text) >= 0)
        return RB_COMPLAIN(r, node->at, "arm '%s' is listed twice", node->text);
    const rb_entry *entry = rb_experiment_entry(e, node->text);
    const int64_t n_configurations = count_configurations(e, node->text);
    replay->arm[replay->n_arms++] = (rb_replay_arm){ node->text, entry ? (int32_t)(entry - e->entry) : -1, node->at };
    if (entry && !entry->algorithm) /* has its message */
        return RB_OK;
    if (entry && !(entry->can & RB_CAN_RANK))
        return RB_COMPLAIN(r, node->at, "arm '%s' is a trial of %s, which cannot rank titles", node->text,
                           entry->algorithm->name);
    if (n_configurations > 1)
        return RB_COMPLAIN(r, node->at, "arm '%s' has %lld configurations: an arm is one model; name one with `as`",
                           node->text, (long long)n_configurations);
    if (entry && entry->reranks)
        return RB_COMPLAIN(r, node->at,
                           "arm '%s' is re-ranked: replay shows what the model scores; name the entry without rerank",
                           node->text);
    return RB_OK;
}

static rb_status read_arms(rb_reader *r, const rb_yaml *list)
{
    rb_replay *replay = &r->e->replay;
    if (!list)
        return RB_OK;
    if (list->kind != RB_YAML_LIST || list->n < 2)
        return RB_COMPLAIN(r, list->at, "'replay.arms' is %s, expected a list of two or more",
                           list->kind == RB_YAML_LIST ? "a list of fewer than two" : rb_yaml_words(list));
    RB_TRY(rb_arena_alloc(&r->e->arena, &replay->arm, list->n, r->err));
    for (const rb_yaml *child = list->first; child; child = child->next)
        RB_TRY(read_arm(r, child));
done:
    return r->err->status;
}

/* ---- A/B tests ---- */

/* Both sides are named, by arms that there are. */
static rb_status check_side(rb_reader *r, const rb_entry *entry, const char *side)
{
    const rb_replay *replay = &r->e->replay;
    const int32_t s = rb_entry_sweep(entry, side, false);
    if (s < 0)
        return RB_COMPLAIN(r, entry->at, "'ab_test' needs '%s': the name of an arm", side);
    const rb_sweep *sweep = &entry->sweep[s];
    for (int64_t i = 0; i < sweep->n; i++)
        if (rb_replay_find_arm(replay, sweep->option[i].value.text) < 0)
            RB_TRY(RB_COMPLAIN(r, sweep->at, "'ab_test.%s' is '%s', which 'replay.arms' does not list", side,
                               sweep->option[i].value.text));
done:
    return r->err->status;
}

static const char *side_of(const rb_sweep_cursor *cursor, const rb_entry *entry, const char *side)
{
    const int32_t s = rb_entry_sweep(entry, side, false); /* both sides are given: check_side */
    return entry->sweep[s].option[cursor->position[s]].value.text;
}

/* An arm beside itself: there is nothing to find. */
static rb_status check_pairs(rb_reader *r, const rb_entry *entry)
{
    rb_arena scratch = { 0 };
    rb_sweep_cursor cursor;
    RB_TRY(rb_sweep_cursor_init(&cursor, entry, &scratch, r->err));
    do {
        const char *control = side_of(&cursor, entry, "control");
        if (!rb_sweep_cursor_excluded(&cursor, NULL) && strcmp(control, side_of(&cursor, entry, "treatment")) == 0) {
            RB_TRY(RB_COMPLAIN(r, entry->at, "'ab_test' holds the arm '%s' against itself", control));
            break;
        }
    } while (rb_sweep_cursor_next(&cursor));
done:
    rb_arena_fini(&scratch);
    return r->err->status;
}

static rb_status check_test(rb_reader *r, const rb_entry *entry)
{
    const int64_t n_before = rb_reader_n_messages(r);
    if (r->e->replay.log != RB_REPLAY_SIMULATED)
        return RB_COMPLAIN(r, entry->at, "'ab_test' shows users what no log holds: it needs log: simulated");
    RB_TRY(check_side(r, entry, "control"));
    RB_TRY(check_side(r, entry, "treatment"));
    if (rb_reader_n_messages(r) == n_before)
        RB_TRY(check_pairs(r, entry));
done:
    return r->err->status;
}

/* ---- the section ---- */

static rb_status read_jobs(rb_reader *r, rb_yaml *list)
{
    static const rb_algorithm *const none[] = { NULL };
    rb_experiment *e = r->e;
    rb_experiment *jobs = e->replay.jobs;
    rb_reader sub = *r;
    const int64_t n_before = rb_reader_n_messages(r);
    if (!list)
        return RB_COMPLAIN(r, e->replay.at, "'replay' lists no policies: give policies, such as [ucb1, thompson]");
    jobs->file = e->file;
    jobs->seed = e->seed;
    jobs->repeats = e->replay.repeats;
    jobs->split = (rb_split){ .kind = RB_SPLIT_RANDOM };
    sub.e = jobs;
    sub.families[0] = rb_policy_registry;
    sub.families[1] = none;
    RB_TRY(rb_reader_entries(&sub, list, "replay.policies"));
    for (int32_t i = 0; i < jobs->n_entries && rb_reader_n_messages(r) == n_before; i++)
        if (jobs->entry[i].algorithm == &rb_ab_test)
            RB_TRY(check_test(r, &jobs->entry[i]));
done:
    return r->err->status;
}

/* What each log needs of the file. */
static rb_status check_log(rb_reader *r)
{
    const rb_experiment *e = r->e;
    if (e->replay.log == RB_REPLAY_SIMULATED && e->data_kind != RB_DATA_SYNTHETIC)
        return RB_COMPLAIN(r, e->replay.at,
                           "'replay' simulates clicks of generated users: it needs dataset: { name: synthetic, ... }, "
                           "or log: interactions");
    if (e->replay.log == RB_REPLAY_INTERACTIONS && e->relevance == -INFINITY)
        return RB_COMPLAIN(r, e->replay.at,
                           "'replay' of interactions needs 'relevance': the smallest rating that is a click");
    return RB_OK;
}

rb_status rb_reader_replay(rb_reader *r)
{
    static const char *const others[] = { "arms", "policies", NULL };
    rb_replay *replay = &r->e->replay;
    rb_yaml *node = rb_yaml_get(r->root, "replay");
    if (!node)
        return RB_OK;
    replay->at = node->key_at;
    RB_TRY(rb_reader_section(r, replay, rb_replay_params, "replay", node, others));
    if (node->kind != RB_YAML_MAP)
        return RB_OK;
    RB_TRY(rb_arena_alloc(&r->e->arena, &replay->jobs, 1, r->err));
    rb_replay same = *replay; /* what changes no job's result is not part of its key */
    same.repeats = 1;
    RB_TRY(rb_reader_canonical(r, &replay->key, "replay", rb_replay_params, &same));
    RB_TRY(rb_reader_canonical(r, &replay->text, "replay", rb_replay_params, replay));
    RB_TRY(check_log(r));
    RB_TRY(read_arms(r, rb_yaml_get(node, "arms")));
    RB_TRY(read_jobs(r, rb_yaml_get(node, "policies")));
done:
    return r->err->status;
}

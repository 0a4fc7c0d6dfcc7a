/* What comes next in sessions of the user's own. */
#include <string.h>

#include "base/alloc.h"
#include "eval/session.h"
#include "harness/apply_model.h"
#include "linalg/topk.h"

typedef struct {
    int32_t *item; /* [n] */
    int64_t n, capacity;
} session;

/* Items of a text "ITEM,ITEM,...", by their external ids. */
static rb_status read_session(session *s, const char *text, const rb_dataset *d, rb_error *err)
{
    char *copy = rb_strdup(text, err);
    for (char *at = copy, *rest; at; at = rest) {
        rest = strchr(at, ',');
        if (rest)
            *rest++ = 0;
        RB_TRY(rb_grow(&s->item, &s->capacity, s->n + 1, err));
        s->item[s->n] = rb_ids_find(&d->items, at);
        if (s->item[s->n++] < 0)
            RB_TRY(RB_FAIL(err, RB_BAD_INPUT, "no item '%s' in the data set '%s' (a session is ITEM,ITEM,...)", at,
                           d->name));
    }
done:
    rb_free(copy);
    return err->status;
}

static bool is_candidate(const rb_apply_model *m, int32_t i, const int32_t *items, int64_t n)
{
    for (int64_t k = 0; k < n && !m->run.experiment.evaluation.repeats; k++)
        if (items[k] == i)
            return false;
    return true;
}

static rb_status print_next(FILE *out, int number, const rb_apply_model *m, const session *s, int64_t k, rb_error *err)
{
    const rb_dataset *d = &m->run.data;
    const rb_session_model model = { m->algorithm, m->state, m->c->config };
    rb_topk top = { .k = (int32_t)(k < d->items.n ? k : d->items.n) };
    rb_next next = { 0 };
    float *ones = NULL;
    char id[32];
    const int32_t *items = s->item;
    const int64_t n = s->n;
    RB_TRY(rb_next_alloc(&next, &ones, &model, d->items.n, n, err));
    RB_TRY(rb_alloc(&top.entry, top.k, err));
    RB_TRY(rb_next_ask(&next, &model, ones, items, n, d->items.n, err));
    for (int64_t e = 0; e < next.n; e++)
        if (is_candidate(m, next.item[e], items, n))
            rb_topk_offer(&top, next.score[next.item[e]], 0, next.item[e]);
    rb_topk_finish(&top);
    for (int32_t r = 0; r < top.n; r++)
        fprintf(out, "%d\t%d\t%s\t%.6g\t%s\n", number, r + 1, rb_ids_name(id, &d->items, top.entry[r].item),
                top.entry[r].score, rb_apply_title(d, top.entry[r].item));
done:
    rb_free(top.entry);
    rb_next_free(&next, ones);
    return err->status;
}

rb_status rb_apply_next(const rb_apply_options *o, const char *const *sessions, int n_sessions, int64_t top,
                        rb_ctx *ctx, rb_error *err)
{
    rb_apply_model m = { 0 };
    session *session_of = NULL;
    RB_TRY(rb_apply_open(&m, o, &(rb_ability){ 0, rb_session_applies, "cannot predict the next item of a session" },
                         ctx, err));
    RB_TRY(rb_alloc(&session_of, n_sessions, err));
    for (int s = 0; s < n_sessions; s++) /* all, before anything is printed */
        RB_TRY(read_session(&session_of[s], sessions[s], &m.run.data, err));
    fputs("session\trank\titem\tscore\ttitle\n", o->out);
    for (int s = 0; s < n_sessions; s++)
        RB_TRY(print_next(o->out, s + 1, &m, &session_of[s], top, err));
done:
    for (int s = 0; session_of && s < n_sessions; s++)
        rb_free(session_of[s].item);
    rb_free(session_of);
    rb_apply_close(&m);
    return err->status;
}

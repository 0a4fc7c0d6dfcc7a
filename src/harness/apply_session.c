/* What comes next in sessions of the user's own. */
#include <string.h>

#include "base/alloc.h"
#include "eval/session.h"
#include "harness/apply_reasons.h"
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

/* A session that is asked again and again. */
typedef struct {
    const session *of;
    const rb_session_model *model;
    rb_next *next;
    const float *ones;
    int32_t *left;   /* [of->n] items that are left */
    int32_t *listed; /* [n_listed] */
    int64_t n_listed;
    int32_t n_items;
} asking;

static rb_status ask_without(double *scores, void *self, int64_t without, rb_error *err)
{
    asking *a = self;
    int64_t n = 0;
    for (int64_t e = 0; e < a->of->n; e++)
        if (e != without)
            a->left[n++] = a->of->item[e];
    rb_next_clear(a->next);
    if (n > 0) /* of nothing nothing follows */
        RB_TRY(rb_next_ask(a->next, a->model, a->ones, a->left, n, a->n_items, err));
    for (int64_t k = 0; k < a->n_listed; k++)
        scores[k] = a->next->score[a->listed[k]];
done:
    return err->status;
}

static rb_status find_reasons(rb_reasons *r, const session *s, const rb_session_model *model, rb_next *next,
                              const float *ones, const rb_topk *top, int32_t n_items, rb_error *err)
{
    asking a = { .of = s, .model = model, .next = next, .ones = ones, .n_listed = top->n, .n_items = n_items };
    rb_alloc(&a.left, s->n, err);
    RB_TRY(rb_alloc(&a.listed, top->n, err));
    for (int32_t k = 0; k < top->n; k++)
        a.listed[k] = top->entry[k].item;
    RB_TRY(rb_reasons_leave_out(r, s->item, s->n, top->n, ask_without, &a, err));
done:
    rb_free(a.left);
    rb_free(a.listed);
    return err->status;
}

static rb_status print_next(FILE *out, int number, const rb_apply_model *m, const session *s, int64_t k,
                            rb_reasons *why, rb_error *err)
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
    if (why->most > 0)
        RB_TRY(find_reasons(why, s, &model, &next, ones, &top, d->items.n, err));
    for (int32_t r = 0; r < top.n; r++) {
        fprintf(out, "%d\t%d\t%s\t%.6g\t%s", number, r + 1, rb_ids_name(id, &d->items, top.entry[r].item),
                top.entry[r].score, rb_apply_title(d, top.entry[r].item));
        if (why->most > 0)
            rb_reasons_print_lost(out, why, top.n, r, d);
        fputc('\n', out);
    }
done:
    rb_free(top.entry);
    rb_next_free(&next, ones);
    return err->status;
}

rb_status rb_apply_next(const rb_apply_options *o, const char *const *sessions, int n_sessions, int64_t top,
                        int64_t n_explain, rb_ctx *ctx, rb_error *err)
{
    rb_apply_model m = { 0 };
    rb_reasons why = { 0 };
    session *session_of = NULL;
    RB_TRY(rb_apply_open(&m, o, &(rb_ability){ 0, rb_session_applies, "cannot predict the next item of a session" },
                         ctx, err));
    RB_TRY(rb_alloc(&session_of, n_sessions, err));
    for (int s = 0; s < n_sessions; s++) /* all, before anything is printed */
        RB_TRY(read_session(&session_of[s], sessions[s], &m.run.data, err));
    RB_TRY(rb_reasons_init(&why, n_explain, err));
    fprintf(o->out, "session\trank\titem\tscore\ttitle%s\n", n_explain > 0 ? "\tbecause" : "");
    for (int s = 0; s < n_sessions; s++)
        RB_TRY(print_next(o->out, s + 1, &m, &session_of[s], top, &why, err));
done:
    for (int s = 0; session_of && s < n_sessions; s++)
        rb_free(session_of[s].item);
    rb_free(session_of);
    rb_reasons_fini(&why);
    rb_apply_close(&m);
    return err->status;
}

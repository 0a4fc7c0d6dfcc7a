#include "harness/apply.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "data/catalogue_read.h"
#include "data/ratings_format.h"
#include "data/read.h"
#include "harness/apply_reasons.h"

/* ---- recommend ---- */

static rb_status print_list(FILE *out, const rb_apply_model *m, const rb_lists *lists, int32_t l, rb_reasons *r,
                            rb_error *err)
{
    const rb_dataset *d = &m->run.data;
    char user[32], item[32];
    const int32_t *items = lists->item + (int64_t)l * lists->k;
    int64_t n = 0;
    while (n < lists->k && items[n] >= 0)
        n++;
    if (r->most > 0)
        RB_TRY(rb_reasons_of_list(r, m, lists->user[l], items, n, err));
    for (int32_t k = 0; k < n; k++) {
        const int32_t i = items[k];
        fprintf(out, "%s\t%d\t%s\t%.6g\t%s", rb_ids_name(user, &d->users, lists->user[l]), k + 1,
                rb_ids_name(item, &d->items, i), lists->score[(int64_t)l * lists->k + k], rb_apply_title(d, i));
        if (r->most > 0)
            RB_TRY(rb_reasons_print(out, r, m, lists->user[l], items, n, k, err));
        fputc('\n', out);
    }
done:
    return err->status;
}

static rb_status find_users(int32_t *index, const rb_apply_model *m, const char *const *users, int n_users,
                            rb_error *err)
{
    for (int i = 0; i < n_users; i++) {
        index[i] = rb_ids_find(&m->run.data.users, users[i]);
        if (index[i] < 0)
            return RB_FAIL(err, RB_BAD_INPUT, "no user '%s' in the data set '%s'", users[i], m->run.data.name);
    }
    return RB_OK;
}

/* The labels that the clustering of a trial gave, as results.h5 keeps them. */
static rb_status read_aspects(int32_t **labels, const rb_apply_model *m, int64_t aspects, rb_error *err)
{
    char name[64];
    int64_t n = 0;
    rb_hdf results = { 0 };
    snprintf(name, sizeof name, "labels/%lld", (long long)rb_run_trial(&m->run, aspects)->number);
    RB_TRY(rb_run_results_open(&results, m->options.resume, err));
    RB_TRY(rb_hdf_read_vector(results.id, name, RB_HDF_INT32, (void **)labels, &n, err));
    if (n != m->run.data.items.n)
        rb_hdf_unfit(err, results.id, "'%s' has %lld labels of %d items", name, (long long)n, m->run.data.items.n);
done:
    rb_hdf_close(&results);
    return err->status;
}

/* What re-ranked the lists of the trial; nothing where they are as scored. */
static rb_status open_reranker(rb_reranker *out, rb_apply_model *m, rb_error *err)
{
    const rb_rerank_config *config = m->c->rerank;
    const int64_t aspects = rb_run_aspects(&m->run, m->trial->number - 1);
    int32_t *labels = NULL;
    if (!config)
        return RB_OK;
    if (config->space)
        RB_TRY(rb_run_need_space(&m->run, config->space, err));
    else
        RB_TRY(read_aspects(&labels, m, aspects, err));
    RB_TRY(rb_reranker_init(out, config, config->space ? rb_run_find_space(&m->run, config->space) : NULL, labels,
                            m->run.data.items.n, err));
done:
    rb_free(labels);
    return err->status;
}

rb_status rb_apply_recommend(const rb_apply_options *o, const char *const *users, int n_users, int64_t top,
                             int64_t n_explain, rb_ctx *ctx, rb_error *err)
{
    rb_apply_model m = { 0 };
    int32_t *index = NULL;
    rb_lists lists = { 0 };
    rb_reranker rerank = { 0 };
    rb_reasons r = { 0 };
    RB_TRY(rb_apply_open(&m, o, &(rb_ability){ RB_CAN_RANK, NULL, "cannot recommend" }, ctx, err));
    if (n_explain > 0 && !rb_reasons_are_there(m.algorithm))
        RB_TRY(RB_FAIL(err, RB_BAD_INPUT, "%s cannot explain its recommendations: nothing of the user's is in them",
                       m.algorithm->name));
    RB_TRY(rb_reasons_init(&r, n_explain, err));
    RB_TRY(rb_alloc(&index, n_users, err));
    RB_TRY(find_users(index, &m, users, n_users, err));
    RB_TRY(rb_fold_build(&m.fold, &m.run, m.trial->fold, m.refit, ctx, err));
    RB_TRY(open_reranker(&rerank, &m, err));
    rb_scorer scorer = { m.algorithm->score, m.state,
                         m.algorithm->precision ? m.algorithm->precision(m.c->config) : RB_DOUBLE_PRECISION };
    rb_ranking_rules rules = { .n_users = m.run.data.users.n,
                               .n_items = m.run.data.items.n,
                               .train = rb_fold_seen(&m.fold),
                               .masked = m.fold.has_validation ? rb_fold_validation(&m.fold) : NULL,
                               .ties = m.run.experiment.evaluation.ties,
                               .tie_seed = m.run.tie_seed,
                               .rerank = m.c->rerank ? &rerank : NULL };
    int64_t k = top < m.run.data.items.n ? top : m.run.data.items.n;
    RB_TRY(rb_rank_users(&lists, &scorer, &rules, index, n_users, (int32_t)k, ctx, err));
    fprintf(o->out, "user\trank\titem\tscore\ttitle%s\n", n_explain > 0 ? "\tbecause" : "");
    for (int32_t l = 0; l < lists.n; l++)
        RB_TRY(print_list(o->out, &m, &lists, l, &r, err));
done:
    rb_lists_fini(&lists);
    rb_reranker_fini(&rerank);
    rb_reasons_fini(&r);
    rb_free(index);
    rb_apply_close(&m);
    return err->status;
}

/* ---- predict ---- */

/* A line of the output. */
typedef struct {
    int64_t pair; /* its place among those that are predicted */
    char *ids;    /* of a user or an item that the data set does not have, "user\titem"; else NULL */
} rating_line;

/* Pairs as the user names them. */
typedef struct {
    int32_t *user, *item; /* [n] */
    int64_t n, user_capacity, item_capacity;
    rating_line *line; /* [n_lines] */
    int64_t n_lines, line_capacity;
    rb_messages unknown; /* a message for each id that the data set does not have */
} pair_list;

/* The next field of a line, without quotes and blanks around it. */
static char *next_field(char **at, const char *delimiter)
{
    char *field = *at + strspn(*at, " ");
    bool quoted = *field == '"';
    field += quoted;
    char *end = quoted ? strchr(field, '"') : NULL;
    char *cut = strstr(end ? end : field, delimiter);
    char *last = end ? end : cut ? cut : field + strcspn(field, "\r\n");
    *at = cut ? cut + strlen(delimiter) : field + strlen(field);
    *last = 0;
    while (!quoted && last > field && last[-1] == ' ')
        *--last = 0;
    return field;
}

static rb_status note_unknown(pair_list *p, const rb_dataset *d, rb_place at, const char *user, const char *item,
                              bool is_user, rb_error *err)
{
    rb_text ids = { 0 };
    RB_TRY(rb_messages_add(&p->unknown, at, err, "no %s '%s' in the data set '%s'", is_user ? "user" : "item",
                           is_user ? user : item, d->name));
    RB_TRY(rb_text_addf(&ids, err, "%s\t%s", user, item));
    p->line[p->n_lines++] = (rating_line){ .ids = ids.data };
done:
    return err->status;
}

static rb_status read_pair(pair_list *p, const rb_dataset *d, const char *file, int64_t number, char *line,
                           rb_error *err)
{
    char *at = line;
    const char *delimiter = rb_layout_delimiter(line, line + strlen(line));
    const char *user = next_field(&at, delimiter), *item = next_field(&at, delimiter);
    int32_t u = rb_ids_find(&d->users, user), i = rb_ids_find(&d->items, item);
    if (number == 1 && u < 0 && i < 0) { /* a heading */
        if (strncasecmp(user, "item", 4) == 0 || strncasecmp(user, "movie", 5) == 0)
            return RB_FAIL(err, RB_BAD_INPUT, "%s:1: the first column is '%s', expected users first, then items", file,
                           user);
        return RB_OK;
    }
    if (!*user || !*item)
        return RB_FAIL(err, RB_BAD_INPUT, "%s:%lld: expected a user and an item", file, (long long)number);
    RB_TRY(rb_grow(&p->line, &p->line_capacity, p->n_lines + 1, err));
    if (u < 0 || i < 0)
        return note_unknown(p, d, (rb_place){ file, 0, (int32_t)number, (int32_t)((u < 0 ? user : item) - line) + 1 },
                            user, item, u < 0, err);
    p->line[p->n_lines++] = (rating_line){ .pair = p->n };
    RB_TRY(rb_grow(&p->user, &p->user_capacity, p->n + 1, err));
    RB_TRY(rb_grow(&p->item, &p->item_capacity, p->n + 1, err));
    p->user[p->n] = u;
    p->item[p->n++] = i;
done:
    return err->status;
}

static rb_status read_pairs(pair_list *p, const rb_dataset *d, const char *file, rb_error *err)
{
    FILE *f = strcmp(file, "-") == 0 ? stdin : fopen(file, "re");
    if (!f)
        return RB_FAIL_OPEN(err, file);
    char line[4096];
    for (int64_t number = 1; err->status == RB_OK && fgets(line, sizeof line, f); number++)
        if (line[strspn(line, " \t\r\n")])
            read_pair(p, d, file, number, line, err);
    if (f != stdin)
        fclose(f);
    return err->status;
}

static void print_ratings(FILE *out, const rb_apply_model *m, const pair_list *p, const double *rating)
{
    const rb_dataset *d = &m->run.data;
    char user[32], item[32];
    fputs("user\titem\trating\n", out);
    for (int64_t l = 0; l < p->n_lines; l++) {
        if (p->line[l].ids) {
            fprintf(out, "%s\t\n", p->line[l].ids);
            continue;
        }
        int64_t k = p->line[l].pair;
        double r = rating[k];
        if (m->run.experiment.evaluation.clip)
            r = fmin(fmax(r, d->interactions.min_rating), d->interactions.max_rating);
        fprintf(out, "%s\t%s\t%.6g\n", rb_ids_name(user, &d->users, p->user[k]),
                rb_ids_name(item, &d->items, p->item[k]), r);
    }
}

static void pair_list_fini(pair_list *p)
{
    for (int64_t l = 0; l < p->n_lines; l++)
        rb_free(p->line[l].ids);
    rb_free(p->line);
    rb_free(p->user);
    rb_free(p->item);
    rb_messages_fini(&p->unknown);
}

rb_status rb_apply_predict(const rb_apply_options *o, const char *file, rb_ctx *ctx, rb_error *err)
{
    rb_apply_model m = { 0 };
    pair_list p = { 0 };
    double *rating = NULL;
    RB_TRY(rb_apply_open(&m, o, &(rb_ability){ RB_CAN_PREDICT, NULL, "cannot predict ratings" }, ctx, err));
    RB_TRY(read_pairs(&p, &m.run.data, file, err));
    RB_TRY(rb_alloc(&rating, p.n, err));
    m.algorithm->predict(rating, m.state, &(rb_pairs){ p.n, p.user, p.item });
    print_ratings(o->out, &m, &p, rating);
    rb_messages_print(m.options.errors, &p.unknown);
    if (p.n < p.n_lines)
        RB_FAIL(err, RB_FAILED, "%lld of %lld pairs have no rating: the data set '%s' does not know their user or item",
                (long long)(p.n_lines - p.n), (long long)p.n_lines, m.run.data.name);
done:
    rb_free(rating);
    pair_list_fini(&p);
    rb_apply_close(&m);
    return err->status;
}

/*
 * Assignment with a lower bound for every group of centres: Yinyang (Ding et al. 2015, PMLR 37:579-587) and, with
 * groups of one centre, Elkan (2003).
 *
 * A row whose bounds do not prove its label is compared with the centres of its own group, which makes the upper bound
 * tight, and then with every group that this bound does not exclude. Rows are batched by group, so that a comparison is
 * a product. Where the two least scores are too close for their rounding, the row is settled against all centres, as
 * Lloyd's algorithm settles it: labels are the same bit for bit.
 */
#include "cluster/core/kmeans_bounds.h"

#define ROWS 512 /* rows that are worked on together */

typedef struct {
    const rb_kmeans_pass *pass;
    void *scratch;
    int64_t row[ROWS];
    rb_kmeans_least found[ROWS];
    int64_t home[ROWS]; /* group of the label that the row came with */
    int n;
} rows;

/* A group's scores join what is known of a row. The group's lower bound leaves out the nearest centre so far. */
static void join(rows *r, int at, int64_t group, rb_kmeans_least new)
{
    const rb_kmeans_pass *pass = r->pass;
    rb_kmeans_least *known = &r->found[at];
    int64_t own = r->row[at] - pass->data->begin;
    double margin = rb_kmeans_margin(pass, own), *lower = pass->lower + own * pass->n_groups;
    if (new.least < known->least || (new.least == known->least &&new.at < known->at)) {
        if (known->at != INT32_MAX)
            lower[known->at / pass->group_size] = rb_kmeans_lower(pass->data, own, known->least, margin);
        lower[group] = rb_kmeans_lower(pass->data, own, new.second, margin);
        known->second = fmin(known->least, new.second);
        known->least = new.least;
        known->at = new.at;
    } else {
        lower[group] = rb_kmeans_lower(pass->data, own, new.least, margin);
        known->second = fmin(known->second, new.least);
    }
    pass->upper[own] = rb_kmeans_upper(pass->data, own, known->least, margin);
}

static bool needs(const rows *r, int at, int64_t group, bool at_home)
{
    const rb_kmeans_pass *pass = r->pass;
    int64_t own = r->row[at] - pass->data->begin;
    if ((r->home[at] == group) != at_home)
        return false;
    return at_home || !rb_kmeans_is_apart(pass->upper[own], pass->lower[own * pass->n_groups + group],
                                          rb_kmeans_margin(pass, own));
}

/* Compares the rows that need it with a group of centres. */
static void compare(rows *r, int64_t group, bool at_home)
{
    const rb_kmeans_pass *pass = r->pass;
    int64_t first = group * pass->group_size, last = first + pass->group_size, row[RB_KMEANS_BATCH];
    rb_kmeans_least found[RB_KMEANS_BATCH];
    int at[RB_KMEANS_BATCH], n = 0;
    last = last < pass->centres->k ? last : pass->centres->k;
    for (int i = 0; i < r->n; i++) {
        if (needs(r, i, group, at_home)) {
            at[n] = i;
            row[n++] = r->row[i];
        }
        if (n == RB_KMEANS_BATCH || (n > 0 && i + 1 == r->n)) {
            pass->data->kernels->score(found, pass, r->scratch, row, n, first, last);
            for (int l = 0; l < n; l++)
                join(r, at[l], group, found[l]);
            n = 0;
        }
    }
}

/* Labels of rows whose two least scores are apart; the others are settled against all centres. */
static int64_t conclude(rows *r)
{
    const rb_kmeans_pass *pass = r->pass;
    bool must_decide = pass->data->kernels->is_metric && !pass->data->is_spherical;
    int64_t changed = 0;
    int close = 0;
    for (int i = 0; i < r->n; i++) {
        int64_t row = r->row[i];
        if (must_decide && r->found[i].second - r->found[i].least <= rb_kmeans_margin(pass, row - pass->data->begin)) {
            r->row[close++] = row;
            continue;
        }
        changed += pass->label[row] != r->found[i].at;
        pass->label[row] = r->found[i].at;
    }
    changed += pass->data->kernels->settle(pass, r->scratch, r->row, close);
    r->n = 0;
    return changed;
}

static int64_t work(rows *r)
{
    for (int at_home = 1; at_home >= 0; at_home--)
        for (int64_t g = 0; g < r->pass->n_groups; g++)
            compare(r, g, at_home);
    return conclude(r);
}

int64_t rb_kmeans_assign_by_groups(const rb_kmeans_pass *pass, void *scratch, int64_t begin, int64_t end)
{
    rows r = { .pass = pass, .scratch = scratch };
    int64_t changed = 0;
    if (pass->label[begin] < 0 || pass->centres->has_zero) /* the first pass, or nothing to prune by */
        return pass->data->kernels->assign(pass, scratch, begin, end);
    for (int64_t i = begin; i < end; i++) {
        if (!rb_kmeans_label_is_safe(pass, i)) {
            r.home[r.n] = pass->label[i] / pass->group_size;
            r.found[r.n] = (rb_kmeans_least){ INFINITY, INFINITY, INT32_MAX };
            r.row[r.n++] = i;
        }
        if (r.n == ROWS || (r.n > 0 && i + 1 == end))
            changed += work(&r);
    }
    return changed;
}

/* The dendrogram: the root on the left, heights along x, a row for each leaf that is drawn. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "report/merges.h"
#include "report/svg.h"

#define LEFT 40.0
#define RIGHT 640.0 /* height 0 */
#define WIDTH 960.0
#define TOP 24.0
#define ROW 16.0
#define NAME_BYTES 48 /* of a leaf's name that are shown */

typedef struct {
    FILE *out;
    const rb_merges *m;
    int64_t first_inner; /* what has a lower id is a leaf */
    int64_t n_leaves;
    double highest, *y; /* [2 n - 1] */
} figure;

/* A part of a cluster of the tree. */
static int64_t part_of(const figure *f, int64_t id, int side)
{
    return (int64_t)f->m->row[4 * (id - f->m->n) + side];
}

static double height_of(const figure *f, int64_t id)
{
    return id < f->first_inner ? 0 : f->m->row[4 * (id - f->m->n) + 2];
}

static double place(const figure *f, double height)
{
    return RIGHT - (f->highest > 0 ? height / f->highest : 0) * (RIGHT - LEFT);
}

/* Rows from the root down, then the middle of the parts from the leaves up. */
static rb_status lay_out(figure *f, rb_error *err)
{
    const int64_t n = f->m->n, root = 2 * n - 2;
    int64_t *n_below = NULL, *first = NULL;
    rb_alloc(&n_below, root + 1, err);
    rb_alloc(&first, root + 1, err);
    RB_TRY(rb_alloc(&f->y, root + 1, err));
    for (int64_t id = 0; id <= root; id++)
        n_below[id] = id < f->first_inner ? 1 : n_below[part_of(f, id, 0)] + n_below[part_of(f, id, 1)];
    f->n_leaves = n_below[root];
    for (int64_t id = root; id >= f->first_inner; id--) {
        first[part_of(f, id, 0)] = first[id];
        first[part_of(f, id, 1)] = first[id] + n_below[part_of(f, id, 0)];
        f->highest = fmax(f->highest, height_of(f, id));
    }
    for (int64_t id = 0; id <= root; id++)
        f->y[id] = id < f->first_inner ? TOP + ROW * ((double)first[id] + 0.5)
                                       : (f->y[part_of(f, id, 0)] + f->y[part_of(f, id, 1)]) / 2;
done:
    rb_free(n_below);
    rb_free(first);
    return err->status;
}

/* What fits of a name, not cut within a letter. */
static void shorten(char out[NAME_BYTES + 8], const char *name)
{
    size_t n = strlen(name);
    if (n <= NAME_BYTES) {
        snprintf(out, NAME_BYTES + 8, "%s", name);
        return;
    }
    for (n = NAME_BYTES; n > 0 && ((unsigned char)name[n] & 0xC0) == 0x80;)
        n--;
    snprintf(out, NAME_BYTES + 8, "%.*s...", (int)n, name);
}

static void draw_leaf(const figure *f, int64_t id)
{
    char words[NAME_BYTES + 8], buffer[32];
    if (id < f->m->n)
        shorten(words, f->m->name(buffer, f->m->of, id));
    else
        snprintf(words, sizeof words, "(%.0f)", f->m->row[4 * (id - f->m->n) + 3]);
    rb_svg_text(f->out, RIGHT + 6, f->y[id] + 4, "start", words);
}

static void draw_merge(const figure *f, int64_t id)
{
    const double x = place(f, height_of(f, id));
    const int64_t parts[] = { part_of(f, id, 0), part_of(f, id, 1) };
    for (int side = 0; side < 2; side++) {
        rb_svg_line(f->out, x, f->y[parts[side]], place(f, height_of(f, parts[side])), f->y[parts[side]], 1);
        if (parts[side] < f->first_inner)
            draw_leaf(f, parts[side]);
    }
    rb_svg_line(f->out, x, f->y[parts[0]], x, f->y[parts[1]], 1);
}

/* The largest of 1, 2, 5 times a power of ten that gives four steps at least. */
static double step_of(double highest)
{
    const double power = pow(10, floor(log10(highest / 4))), times = highest / 4 / power;
    return (times >= 5 ? 5 : (times >= 2 ? 2 : 1)) * power;
}

static void draw_axis(const figure *f, double y)
{
    rb_svg_line(f->out, LEFT, y, RIGHT, y, 1);
    if (!(f->highest > 0))
        return;
    const double step = step_of(f->highest);
    for (int i = 0; i * step <= f->highest * (1 + 1e-12); i++) {
        char number[32];
        snprintf(number, sizeof number, "%g", i * step);
        rb_svg_line(f->out, place(f, i * step), y, place(f, i * step), y + 5, 1);
        rb_svg_text(f->out, place(f, i * step), y + 18, "middle", number);
    }
}

/* Between the merge that made k clusters of the points and the next; where heights fall there is no such place. */
static void draw_cut(const figure *f, int64_t k, double bottom)
{
    const int64_t n = f->m->n;
    if (k < 2 || k >= n || n + (n - 1 - k) < f->first_inner)
        return;
    const double below = f->m->row[4 * (n - 1 - k) + 2], above = f->m->row[4 * (n - k) + 2];
    if (!(below < above))
        return;
    const double x = place(f, (below + above) / 2);
    fprintf(f->out, "<line x1='%.1f' y1='%.1f' x2='%.1f' y2='%.1f' stroke='gray' stroke-dasharray='4 3'/>\n", x,
            TOP - 10, x, bottom);
}

rb_status rb_figure_merges(FILE *out, const rb_merges *m, int64_t last, int64_t k, const char *caption, rb_error *err)
{
    figure f = { .out = out, .m = m, .first_inner = last < m->n ? 2 * m->n - last : m->n };
    RB_TRY(lay_out(&f, err));
    const double bottom = TOP + ROW * (double)f.n_leaves + 6;
    rb_svg_begin(out, WIDTH, bottom + 56);
    for (int64_t id = f.first_inner; id <= 2 * m->n - 2; id++)
        draw_merge(&f, id);
    draw_cut(&f, k, bottom);
    draw_axis(&f, bottom);
    rb_svg_text(out, LEFT, bottom + 44, "start", caption);
    RB_TRY(rb_svg_end(out, err));
done:
    rb_free(f.y);
    return err->status;
}

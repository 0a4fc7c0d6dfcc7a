#include "report/figure_ranks.h"

#include <math.h>
#include <stdbool.h>

#include "report/svg.h"

#define WIDTH 760.0
#define LEFT 190.0 /* of the axis; names stand on both sides of it */
#define RIGHT (WIDTH - LEFT)
#define AXIS_Y 70.0
#define BAR_STEP 9.0
#define ROW 20.0
#define MARGIN 16.0 /* of the caption, which has the whole width */

typedef struct {
    FILE *out;
    const rb_ranked *system;
    int32_t n;
    double distance;
} figure;

static double place(const figure *f, double rank)
{
    return LEFT + (rank - 1) / (f->n - 1) * (RIGHT - LEFT);
}

/* The axis from 1 to n; not more than about 20 ticks. */
static void draw_axis(const figure *f)
{
    const int32_t step = f->n > 20 ? (f->n + 19) / 20 : 1;
    rb_svg_line(f->out, place(f, 1), AXIS_Y, place(f, f->n), AXIS_Y, 1);
    for (int32_t rank = 1; rank <= f->n; rank += step) {
        char number[16];
        snprintf(number, sizeof number, "%d", rank);
        rb_svg_line(f->out, place(f, rank), AXIS_Y - 6, place(f, rank), AXIS_Y, 1);
        rb_svg_text(f->out, place(f, rank), AXIS_Y - 10, "middle", number);
    }
}

static void draw_distance(const figure *f)
{
    char words[64];
    double end = place(f, 1 + fmin(f->distance, f->n - 1));
    snprintf(words, sizeof words, "critical difference %.3f", f->distance);
    rb_svg_line(f->out, LEFT, 30, end, 30, 2);
    rb_svg_line(f->out, LEFT, 26, LEFT, 34, 1);
    rb_svg_line(f->out, end, 26, end, 34, 1);
    rb_svg_text(f->out, LEFT, 20, "start", words);
}

/* The longest runs of systems that lie less than the distance apart; returns how many. */
static int32_t draw_bars(const figure *f)
{
    int32_t n_bars = 0, covered = 0; /* up to the last system of the bar before */
    for (int32_t i = 0; i < f->n; i++) {
        int32_t last = i;
        while (last + 1 < f->n && f->system[last + 1].rank - f->system[i].rank < f->distance)
            last++;
        if (last == i || last <= covered)
            continue;
        double y = AXIS_Y + BAR_STEP * ++n_bars;
        rb_svg_line(f->out, place(f, f->system[i].rank) - 4, y, place(f, f->system[last].rank) + 4, y, 4);
        covered = last;
    }
    return n_bars;
}

/* The better half has its names on the left, the best on top; the others on the right, the last on top. */
static void draw_names(const figure *f, double top)
{
    const int32_t n_left = (f->n + 1) / 2;
    for (int32_t i = 0; i < f->n; i++) {
        bool left = i < n_left;
        double x = place(f, f->system[i].rank), y = top + ROW * (left ? i : f->n - 1 - i),
               to = left ? LEFT - 8 : RIGHT + 8;
        char words[160];
        rb_svg_line(f->out, x, AXIS_Y, x, y, 0.7);
        rb_svg_line(f->out, x, y, to, y, 0.7);
        if (left)
            snprintf(words, sizeof words, "%.120s  %.3f", f->system[i].name, f->system[i].rank);
        else
            snprintf(words, sizeof words, "%.3f  %.120s", f->system[i].rank, f->system[i].name);
        rb_svg_text(f->out, left ? to - 4 : to + 4, y + 4, left ? "end" : "start", words);
    }
}

rb_status rb_figure_ranks(FILE *out, const rb_ranked *system, int32_t n, double distance, const char *caption,
                          rb_error *err)
{
    const figure f = { out, system, n, distance };
    const int32_t n_rows = (n + 1) / 2;
    const double height = AXIS_Y + BAR_STEP * n + ROW * n_rows + 50;
    rb_svg_begin(out, WIDTH, height);
    draw_distance(&f);
    draw_axis(&f);
    double top = AXIS_Y + BAR_STEP * (draw_bars(&f) + 1) + ROW / 2;
    draw_names(&f, top);
    rb_svg_text(out, MARGIN, height - 16, "start", caption);
    return rb_svg_end(out, err);
}

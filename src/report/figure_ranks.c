#include "report/figure_ranks.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#define WIDTH 760.0
#define LEFT 190.0 /* of the axis; names stand on both sides of it */
#define RIGHT (WIDTH - LEFT)
#define AXIS_Y 70.0
#define BAR_STEP 9.0
#define ROW 20.0

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

static void write_escaped(FILE *out, const char *text)
{
    for (; *text; text++)
        switch (*text) {
        case '&':
            fputs("&amp;", out);
            break;
        case '<':
            fputs("&lt;", out);
            break;
        case '>':
            fputs("&gt;", out);
            break;
        default:
            fputc(*text, out);
        }
}

static void line(const figure *f, double x1, double y1, double x2, double y2, double width)
{
    fprintf(f->out, "<line x1='%.1f' y1='%.1f' x2='%.1f' y2='%.1f' stroke='black' stroke-width='%g'/>\n", x1, y1, x2,
            y2, width);
}

static void text(const figure *f, double x, double y, const char *anchor, const char *words)
{
    fprintf(f->out, "<text x='%.1f' y='%.1f' text-anchor='%s'>", x, y, anchor);
    write_escaped(f->out, words);
    fputs("</text>\n", f->out);
}

/* The axis from 1 to n; not more than about 20 ticks. */
static void draw_axis(const figure *f)
{
    const int32_t step = f->n > 20 ? (f->n + 19) / 20 : 1;
    line(f, place(f, 1), AXIS_Y, place(f, f->n), AXIS_Y, 1);
    for (int32_t rank = 1; rank <= f->n; rank += step) {
        char number[16];
        snprintf(number, sizeof number, "%d", rank);
        line(f, place(f, rank), AXIS_Y - 6, place(f, rank), AXIS_Y, 1);
        text(f, place(f, rank), AXIS_Y - 10, "middle", number);
    }
}

static void draw_distance(const figure *f)
{
    char words[64];
    double end = place(f, 1 + fmin(f->distance, f->n - 1));
    snprintf(words, sizeof words, "critical difference %.3f", f->distance);
    line(f, LEFT, 30, end, 30, 2);
    line(f, LEFT, 26, LEFT, 34, 1);
    line(f, end, 26, end, 34, 1);
    text(f, LEFT, 20, "start", words);
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
        line(f, place(f, f->system[i].rank) - 4, y, place(f, f->system[last].rank) + 4, y, 4);
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
        line(f, x, AXIS_Y, x, y, 0.7);
        line(f, x, y, to, y, 0.7);
        if (left)
            snprintf(words, sizeof words, "%.120s  %.3f", f->system[i].name, f->system[i].rank);
        else
            snprintf(words, sizeof words, "%.3f  %.120s", f->system[i].rank, f->system[i].name);
        text(f, left ? to - 4 : to + 4, y + 4, left ? "end" : "start", words);
    }
}

rb_status rb_figure_ranks(FILE *out, const rb_ranked *system, int32_t n, double distance, const char *caption,
                          rb_error *err)
{
    const figure f = { out, system, n, distance };
    const int32_t n_rows = (n + 1) / 2;
    const double height = AXIS_Y + BAR_STEP * n + ROW * n_rows + 50;
    fprintf(out,
            "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 %g %g' width='%g' height='%g' "
            "font-family='sans-serif' font-size='12'>\n<rect width='100%%' height='100%%' fill='white'/>\n",
            WIDTH, height, WIDTH, height);
    draw_distance(&f);
    draw_axis(&f);
    double top = AXIS_Y + BAR_STEP * (draw_bars(&f) + 1) + ROW / 2;
    draw_names(&f, top);
    text(&f, LEFT, height - 16, "start", caption);
    fputs("</svg>\n", out);
    return ferror(out) ? RB_FAIL(err, RB_IO, "the figure cannot be written: %s", strerror(errno)) : RB_OK;
}

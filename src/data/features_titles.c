/* The rows of titles: popularity, quality, the catalogue, time, sessions. */
#include <math.h>
#include <string.h>

#include "data/features_work.h"

/* Ratings at the mean of all that the quality of a title has besides its own. */
#define PRIOR 10
#define TREND_S (30 * (int64_t)RB_DAY_S)
#define COMPLETED 0.9f

static double known(int32_t value, int32_t unknown)
{
    return value > unknown ? (double)value : NAN;
}

static double n_values(const rb_multi *m, bool has, int64_t i)
{
    return has ? (double)(m->begin[i + 1] - m->begin[i]) : NAN;
}

static void describe_catalogue(double *out, const rb_feature_work *w, int64_t i)
{
    const rb_catalogue *c = w->c;
    const bool *has = c->has;
    out[RB_TITLE_YEARS] = w->latest_year - known(c->year[i], -1);
    out[RB_TITLE_IN_CATALOGUE] = w->latest_added - known(c->date_added[i], INT32_MIN);
    out[RB_TITLE_MINUTES] = known(c->minutes[i], -1);
    out[RB_TITLE_SEASONS] = known(c->seasons[i], -1);
    out[RB_TITLE_GENRES] = n_values(&c->genre, has[RB_COLUMN_GENRES], i);
    out[RB_TITLE_CAST] = n_values(&c->cast, has[RB_COLUMN_CAST], i);
    out[RB_TITLE_COUNTRIES] = n_values(&c->country, has[RB_COLUMN_COUNTRY], i);
    out[RB_TITLE_DIRECTORS] = n_values(&c->director, has[RB_COLUMN_DIRECTOR], i);
    out[RB_TITLE_AGE_GROUP] = known(c->age_group[i], RB_AGE_UNRATED);
    if (has[RB_COLUMN_DESCRIPTION])
        out[RB_TITLE_DESCRIPTION] = (double)strlen(rb_strings_at(&c->column[RB_COLUMN_DESCRIPTION], i));
}

static void describe_ratings(double *out, const rb_feature_work *w, const int64_t *rows, int64_t n, double mean)
{
    const rb_interactions *x = w->x;
    const double high = (double)x->max_rating - 0.2 * ((double)x->max_rating - (double)x->min_rating);
    int64_t tenths[RB_TENTHS] = { 0 }, n_high = 0;
    double square = 0, bias = 0;
    out[RB_TITLE_QUALITY] = ((double)n * mean + PRIOR * w->mean) / (double)(n + PRIOR);
    if (n == 0)
        return;
    for (int64_t k = 0; k < n; k++) {
        double r = (double)x->rating[rows[k]];
        square += (r - mean) * (r - mean);
        bias += r - w->user_mean[x->user[rows[k]]];
        n_high += r >= high;
        tenths[rb_feature_tenth(x, x->rating[rows[k]])]++;
    }
    out[RB_TITLE_RATING_MEAN] = mean;
    out[RB_TITLE_RATING_SD] = sqrt(square / (double)n);
    out[RB_TITLE_RATING_BIAS] = bias / (double)n;
    out[RB_TITLE_RATING_ENTROPY] = rb_feature_entropy(tenths, RB_TENTHS);
    out[RB_TITLE_HIGH] = (double)n_high / (double)n;
}

static void describe_time(double *out, const rb_feature_work *w, const int64_t *rows, int64_t n)
{
    const int64_t *time = w->x->time;
    int64_t hours[RB_HOURS], weekend, first = time[rows[0]], last = first, recent = 0, night = 0, evening = 0;
    for (int64_t k = 0; k < n; k++) {
        first = time[rows[k]] < first ? time[rows[k]] : first;
        last = time[rows[k]] > last ? time[rows[k]] : last;
        recent += w->end - time[rows[k]] < TREND_S;
    }
    rb_feature_hours(hours, &weekend, w->x, rows, n);
    for (int h = 0; h < 6; h++) {
        night += hours[h];
        evening += hours[18 + h];
    }
    out[RB_TITLE_ON_SCREEN] = (double)(w->end - first) / RB_DAY_S;
    out[RB_TITLE_RECENCY] = (double)(w->end - last) / RB_DAY_S;
    out[RB_TITLE_SPAN] = (double)(last - first) / RB_DAY_S;
    out[RB_TITLE_TREND] = (double)recent / (double)n;
    out[RB_TITLE_WEEKEND] = (double)weekend / (double)n;
    out[RB_TITLE_NIGHT] = (double)night / (double)n;
    out[RB_TITLE_EVENING] = (double)evening / (double)n;
    out[RB_TITLE_HOUR_ENTROPY] = rb_feature_entropy(hours, RB_HOURS);
}

static void describe_events(double *out, const rb_feature_work *w, int64_t i)
{
    const rb_sessions *s = w->s;
    int64_t n = rb_group_size(&w->events_by_title, i), opens = 0, completed = 0, placed = 0;
    double place = 0, completion = 0;
    for (int64_t k = w->events_by_title.begin[i]; k < w->events_by_title.begin[i + 1]; k++) {
        int64_t e = w->events_by_title.at[k], session = w->session_of[e];
        int64_t behind = e - s->begin[session], others = s->begin[session + 1] - s->begin[session] - 1;
        opens += behind == 0;
        placed += others > 0;
        place += others > 0 ? (double)behind / (double)others : 0;
        completion += s->completion ? (double)s->completion[e] : 0;
        completed += s->completion && s->completion[e] >= COMPLETED;
    }
    double watched = s->completion ? (double)n : 0;
    out[RB_TITLE_EVENTS] = (double)n;
    out[RB_TITLE_PLACE] = rb_feature_ratio(place, (double)placed);
    out[RB_TITLE_OPENS] = rb_feature_ratio((double)opens, (double)n);
    out[RB_TITLE_COMPLETION] = rb_feature_ratio(completion, watched);
    out[RB_TITLE_COMPLETED] = rb_feature_ratio((double)completed, watched);
}

/* Titles with more than n interactions. */
static int64_t larger_than(const rb_feature_work *w, int64_t n)
{
    int64_t low = 0, high = w->n_titles;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (w->sizes[middle] > n)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void describe_popularity(double *out, const rb_feature_work *w, const int64_t *rows, int64_t n)
{
    double logs = 0;
    for (int64_t k = 0; k < n; k++)
        logs += log2(1 + (double)rb_group_size(&w->by_user, w->x->user[rows[k]]));
    out[RB_TITLE_SHARE] = rb_feature_ratio((double)n, (double)w->x->n);
    out[RB_TITLE_RANK] = (double)(1 + larger_than(w, n));
    out[RB_TITLE_ACTIVITY] = rb_feature_ratio(logs, (double)n);
}

static void describe_title(double *out, const rb_feature_work *w, int64_t i)
{
    const int64_t *rows = w->by_title.at + w->by_title.begin[i];
    int64_t n = rb_group_size(&w->by_title, i);
    for (int f = 0; f < RB_N_TITLE_FEATURES; f++)
        out[f] = NAN;
    if (w->c)
        describe_catalogue(out, w, i);
    if (!w->d->has_interactions)
        return;
    out[RB_TITLE_INTERACTIONS] = (double)n;
    describe_popularity(out, w, rows, n);
    if (w->x->rating)
        describe_ratings(out, w, rows, n, w->title_mean[i]);
    if (w->x->time && n > 0)
        describe_time(out, w, rows, n);
    if (w->s)
        describe_events(out, w, i);
}

void rb_features_of_titles(double *out, const rb_feature_work *w, int64_t first, int64_t last, const rb_ctx *ctx)
{
#pragma omp parallel for num_threads(ctx->n_threads) schedule(dynamic, 16)
    for (int64_t i = first; i < last; i++)
        describe_title(out + i * RB_N_TITLE_FEATURES, w, i);
}

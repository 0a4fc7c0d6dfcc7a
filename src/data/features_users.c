/* The rows of users: activity, time of day, ratings, taste, sessions. */
#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "data/features_work.h"

/* A binge: so many interactions at least, with pauses of at most so long. */
#define BINGE_LEAST 3
#define BINGE_PAUSE_S RB_DAY_S
#define COMPLETED 0.9f
#define ABANDONED 0.2f

/* What a thread works with. */
typedef struct {
    int64_t *moment; /* [longest] */
    int64_t *genre;  /* [n_genres] counts */
} desk;

static int ascending(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static int64_t day_of(int64_t time)
{
    return (time - ((time % RB_DAY_S + RB_DAY_S) % RB_DAY_S)) / RB_DAY_S;
}

static double days(int64_t seconds)
{
    return (double)seconds / RB_DAY_S;
}

/* A run of interactions that ended. */
static void count_binge(double *out, int64_t length)
{
    if (length < BINGE_LEAST)
        return;
    out[RB_USER_BINGE_RUNS] += 1;
    out[RB_USER_BINGE_LONGEST] = fmax(out[RB_USER_BINGE_LONGEST], (double)length);
    out[RB_USER_BINGE_SHARE] += (double)length;
}

/* n > 0 moments in ascending order. */
static void describe_moments(double *out, const int64_t *t, int64_t n, int64_t end)
{
    int64_t run = 1, active = 1, longest = 0;
    out[RB_USER_BINGE_RUNS] = out[RB_USER_BINGE_LONGEST] = out[RB_USER_BINGE_SHARE] = 0;
    for (int64_t k = 1; k < n; k++) {
        int64_t pause = t[k] - t[k - 1];
        active += day_of(t[k]) != day_of(t[k - 1]);
        longest = pause > longest ? pause : longest;
        if (pause > BINGE_PAUSE_S) {
            count_binge(out, run);
            run = 0;
        }
        run++;
    }
    count_binge(out, run);
    out[RB_USER_BINGE_SHARE] /= (double)n;
    out[RB_USER_ACTIVE_DAYS] = (double)active;
    out[RB_USER_PER_ACTIVE_DAY] = (double)n / (double)active;
    out[RB_USER_TENURE] = days(end - t[0]);
    out[RB_USER_RECENCY] = days(end - t[n - 1]);
    out[RB_USER_SPAN] = days(t[n - 1] - t[0]);
    out[RB_USER_PAUSE_MEAN] = rb_feature_ratio(out[RB_USER_SPAN], (double)(n - 1));
    out[RB_USER_PAUSE_LONGEST] = n > 1 ? days(longest) : NAN;
}

static double share_of(const int64_t hours[RB_HOURS], int from, int to, int64_t n)
{
    int64_t sum = 0;
    for (int h = from; h < to; h++)
        sum += hours[h];
    return (double)sum / (double)n;
}

static void describe_time(double *out, const rb_feature_work *w, const int64_t *rows, int64_t n, desk *own)
{
    int64_t hours[RB_HOURS], weekend;
    for (int64_t k = 0; k < n; k++)
        own->moment[k] = w->x->time[rows[k]];
    qsort(own->moment, (size_t)n, sizeof *own->moment, ascending);
    describe_moments(out, own->moment, n, w->end);
    rb_feature_hours(hours, &weekend, w->x, rows, n);
    out[RB_USER_WEEKEND] = (double)weekend / (double)n;
    out[RB_USER_NIGHT] = share_of(hours, 0, 6, n);
    out[RB_USER_MORNING] = share_of(hours, 6, 12, n);
    out[RB_USER_AFTERNOON] = share_of(hours, 12, 18, n);
    out[RB_USER_EVENING] = share_of(hours, 18, 24, n);
    out[RB_USER_HOUR_ENTROPY] = rb_feature_entropy(hours, RB_HOURS);
}

static void describe_ratings(double *out, const rb_feature_work *w, const int64_t *rows, int64_t n, double mean)
{
    const rb_interactions *x = w->x;
    int64_t tenths[RB_TENTHS] = { 0 }, extreme = 0;
    double square = 0, bias = 0;
    for (int64_t k = 0; k < n; k++) {
        float r = x->rating[rows[k]];
        square += ((double)r - mean) * ((double)r - mean);
        bias += (double)r - w->title_mean[x->item[rows[k]]];
        extreme += r <= x->min_rating || r >= x->max_rating;
        tenths[rb_feature_tenth(x, r)]++;
    }
    out[RB_USER_RATING_MEAN] = mean;
    out[RB_USER_RATING_SD] = sqrt(square / (double)n);
    out[RB_USER_RATING_BIAS] = bias / (double)n;
    out[RB_USER_RATING_EXTREME] = (double)extreme / (double)n;
    out[RB_USER_RATING_ENTROPY] = rb_feature_entropy(tenths, RB_TENTHS);
}

static void describe_popularity(double *out, const rb_feature_work *w, const int64_t *rows, int64_t n)
{
    double logs = 0, novelty = 0;
    int64_t niche = 0;
    for (int64_t k = 0; k < n; k++) {
        int64_t size = rb_group_size(&w->by_title, w->x->item[rows[k]]);
        logs += log2(1 + (double)size);
        novelty -= log2((double)size / w->n_users);
        niche += size <= w->niche_above;
    }
    out[RB_USER_POPULARITY] = logs / (double)n;
    out[RB_USER_NOVELTY] = novelty / (double)n;
    out[RB_USER_NICHE] = (double)niche / (double)n;
}

static void describe_genres(double *out, const rb_feature_work *w, const int64_t *rows, int64_t n, desk *own)
{
    const rb_multi *genre = &w->c->genre;
    int64_t distinct = 0, total = 0, most = 0;
    memset(own->genre, 0, (size_t)genre->names.n * sizeof *own->genre);
    for (int64_t k = 0; k < n; k++)
        for (int64_t g = genre->begin[w->x->item[rows[k]]]; g < genre->begin[w->x->item[rows[k]] + 1]; g++, total++)
            own->genre[genre->value[g]]++;
    for (int64_t g = 0; g < genre->names.n; g++) {
        distinct += own->genre[g] > 0;
        most = own->genre[g] > most ? own->genre[g] : most;
    }
    out[RB_USER_GENRES] = (double)distinct;
    out[RB_USER_GENRE_ENTROPY] = rb_feature_entropy(own->genre, genre->names.n);
    out[RB_USER_GENRE_TOP] = rb_feature_ratio((double)most, (double)total);
}

static void describe_titles(double *out, const rb_feature_work *w, const int64_t *rows, int64_t n)
{
    const rb_catalogue *c = w->c;
    int64_t movies = 0, shows = 0, adult = 0, rated = 0, dated = 0;
    double year = 0, square = 0;
    for (int64_t k = 0; k < n; k++) {
        int32_t i = w->x->item[rows[k]];
        movies += c->minutes[i] >= 0;
        shows += c->minutes[i] < 0 && c->seasons[i] >= 0;
        adult += c->age_group[i] == RB_AGE_ADULTS;
        rated += c->age_group[i] != RB_AGE_UNRATED;
        dated += c->year[i] >= 0;
        year += c->year[i] >= 0 ? c->year[i] : 0;
    }
    year = rb_feature_ratio(year, (double)dated);
    for (int64_t k = 0; k < n; k++) {
        int32_t i = w->x->item[rows[k]];
        square += c->year[i] >= 0 ? (c->year[i] - year) * (c->year[i] - year) : 0;
    }
    out[RB_USER_MOVIES] = rb_feature_ratio((double)movies, (double)(movies + shows));
    out[RB_USER_ADULT] = rb_feature_ratio((double)adult, (double)rated);
    out[RB_USER_YEAR_MEAN] = year;
    out[RB_USER_YEAR_SD] = sqrt(rb_feature_ratio(square, (double)dated));
}

static void describe_sessions(double *out, const rb_feature_work *w, int64_t user)
{
    const rb_sessions *s = w->s;
    int64_t n = rb_group_size(&w->sessions_by_user, user), events = 0, completed = 0, abandoned = 0;
    int64_t devices[RB_N_DEVICES] = { 0 };
    double minutes = 0, completion = 0;
    for (int64_t k = w->sessions_by_user.begin[user]; k < w->sessions_by_user.begin[user + 1]; k++) {
        int64_t session = w->sessions_by_user.at[k], first = s->begin[session], last = s->begin[session + 1];
        events += last - first;
        minutes += last > first ? (double)(s->time[last - 1] - s->time[first]) / 60 : 0;
        if (s->device)
            devices[s->device[session]]++;
        for (int64_t e = first; s->completion && e < last; e++) {
            completion += (double)s->completion[e];
            completed += s->completion[e] >= COMPLETED;
            abandoned += s->completion[e] < ABANDONED;
        }
    }
    double watched = s->completion ? (double)events : 0;
    out[RB_USER_SESSIONS] = (double)n;
    out[RB_USER_SESSION_EVENTS] = rb_feature_ratio((double)events, (double)n);
    out[RB_USER_SESSION_MINUTES] = rb_feature_ratio(minutes, (double)n);
    out[RB_USER_COMPLETION] = rb_feature_ratio(completion, watched);
    out[RB_USER_COMPLETED] = rb_feature_ratio((double)completed, watched);
    out[RB_USER_ABANDONED] = rb_feature_ratio((double)abandoned, watched);
    out[RB_USER_DEVICE_ENTROPY] = rb_feature_entropy(devices, RB_N_DEVICES);
}

static void describe_user(double *out, const rb_feature_work *w, int64_t user, desk *own)
{
    const int64_t *rows = w->by_user.at + w->by_user.begin[user];
    int64_t n = rb_group_size(&w->by_user, user);
    for (int f = 0; f < RB_N_USER_FEATURES; f++)
        out[f] = NAN;
    out[RB_USER_INTERACTIONS] = (double)n;
    if (w->s)
        describe_sessions(out, w, user);
    if (n == 0)
        return;
    if (w->x->time)
        describe_time(out, w, rows, n, own);
    if (w->x->rating)
        describe_ratings(out, w, rows, n, w->user_mean[user]);
    describe_popularity(out, w, rows, n);
    if (w->c && w->c->has[RB_COLUMN_GENRES])
        describe_genres(out, w, rows, n, own);
    if (w->c)
        describe_titles(out, w, rows, n);
}

rb_status rb_features_of_users(double *out, const rb_feature_work *w, int64_t first, int64_t last, const rb_ctx *ctx,
                               rb_error *err)
{
    desk *desks = NULL;
    RB_TRY(rb_alloc(&desks, ctx->n_threads, err));
    for (int t = 0; t < ctx->n_threads; t++) {
        RB_TRY(rb_alloc(&desks[t].moment, w->longest, err));
        RB_TRY(rb_alloc(&desks[t].genre, w->c ? w->c->genre.names.n : 0, err));
    }
#pragma omp parallel for num_threads(ctx->n_threads) schedule(dynamic, 64)
    for (int64_t u = first; u < last; u++)
        describe_user(out + u * RB_N_USER_FEATURES, w, u, &desks[omp_get_thread_num()]);
done:
    for (int t = 0; desks && t < ctx->n_threads; t++) {
        rb_free(desks[t].moment);
        rb_free(desks[t].genre);
    }
    rb_free(desks);
    return err->status;
}

#include "data/synth.h"

#include <math.h>

#include "base/alloc.h"
#include "data/synth_draw.h"
#include "data/synth_titles.h"

const rb_param rb_synth_params[] = {
    RB_INT(rb_synth, users, 5000, 1, 1e9, "users", "number of users"),
    RB_INT(rb_synth, items, 2000, 1, 1e8, "items", "number of titles"),
    RB_INT(rb_synth, ratings, 100000, 0, 1e12, "ratings", "number of ratings, exactly"),
    RB_INT(rb_synth, sessions, 0, 0, 1e11, "sessions", "number of sessions; 0: ratings without sessions"),
    RB_INT(rb_synth, segments, 8, 1, 1e6, "", "planted segments of users"),
    RB_INT(rb_synth, topics, 20, 1, 1000, "", "planted topics of titles"),
    RB_INT(rb_synth, factors, 64, 1, 1024, "", "planted factors"),
    RB_DOUBLE(rb_synth, decay, 0.7, 0, 10, "", "factor f has variance proportional to (f + 1)^-decay"),
    RB_DOUBLE(rb_synth, taste, 0.75, 0, 10, "stars", "standard deviation of what the factors say"),
    RB_DOUBLE(rb_synth, group, 0.5, 0, 1, "", "share of the factors' variance that segment and topic give"),
    RB_DOUBLE(rb_synth, user_bias, 0.35, 0, 10, "stars", "standard deviation of the users' biases"),
    RB_DOUBLE(rb_synth, item_bias, 0.4, 0, 10, "stars", "standard deviation of the titles' biases"),
    RB_DOUBLE(rb_synth, noise, 0.5, 0, 10, "stars", "standard deviation of a rating's noise"),
    RB_DOUBLE(rb_synth, mean, 3, 0.5, 5, "stars", "mean of what users think of all titles"),
    RB_DOUBLE(rb_synth, focus, 1.5, 0, 20, "", "how strongly users keep to the topics that they like"),
    RB_DOUBLE(rb_synth, chance, 0.1, 0, 1, "", "share of meetings that ignore the user's topics"),
    RB_DOUBLE(rb_synth, missing, 1, 0, 10, "", "how strongly ratings are missing not at random; 0: at random"),
    RB_DOUBLE(rb_synth, user_exponent, 0.6, 0, 5, "", "exponent of the users' activity by rank"),
    RB_DOUBLE(rb_synth, item_exponent, 0.9, 0, 5, "", "exponent of the titles' popularity by rank"),
    RB_BOOL(rb_synth, half_stars, true, "ratings in half stars; else with their fractions"),
    RB_DOUBLE(rb_synth, session_length, 4, 2, 100, "events", "mean length of a session"),
    RB_DOUBLE(rb_synth, stay, 0.7, 0, 1, "", "probability that a session stays with its topic"),
    RB_INT(rb_synth, start, 1577836800, 0, 1e11, "s", "start of the data, seconds since 1970"),
    RB_INT(rb_synth, days, 730, 1, 36500, "days", "length of the data"),
    RB_BOOL(rb_synth, titles, true, "make a catalogue with texts"),
    RB_PARAM_END,
};

static rb_status check_ranges(const rb_synth *config, rb_error *err)
{
    for (const rb_param *p = rb_synth_params; p->name; p++) {
        const void *field = (const char *)config + p->offset;
        double value = 0;
        if (p->kind == RB_PARAM_INT)
            value = (double)*(const int64_t *)field;
        else if (p->kind == RB_PARAM_DOUBLE)
            value = *(const double *)field;
        else
            continue;
        if (!(value >= p->min && value <= p->max))
            return RB_FAIL(err, RB_BAD_INPUT, "'synthetic.%s' is %g, expected a number in [%g, %g]", p->name, value,
                           p->min, p->max);
    }
    return RB_OK;
}

rb_status rb_synth_check(const rb_synth *c, rb_error *err)
{
    RB_TRY(check_ranges(c, err));
    if (c->ratings > c->users * c->items)
        return RB_FAIL(
            err, RB_BAD_INPUT, "'synthetic.ratings' is %lld, and %lld users x %lld items have only %lld pairs",
            (long long)c->ratings, (long long)c->users, (long long)c->items, (long long)(c->users * c->items));
    if (c->sessions > 0 && c->items < 2)
        return RB_FAIL(err, RB_BAD_INPUT, "'synthetic.items' is 1, and a session needs two different ones");
    if (c->ratings == 0 && c->sessions == 0 && !c->titles)
        return RB_FAIL(err, RB_BAD_INPUT, "the synthetic data are to have neither ratings nor sessions nor titles");
done:
    return err->status;
}

/* What every rank makes for itself: ids, segments, titles. Local. */
static rb_status describe(rb_dataset *out, const rb_world *w, rb_error *err)
{
    const rb_synth *c = w->config;
    out->name = rb_strdup("synthetic", err);
    RB_TRY(err->status);
    RB_TRY(rb_ids_init_range(&out->users, w->n_users, err));
    RB_TRY(rb_ids_init_range(&out->items, w->n_items, err));
    RB_TRY(rb_alloc(&out->user_segment, w->n_users, err));
    for (int32_t u = 0; u < w->n_users; u++)
        out->user_segment[u] = rb_synth_segment(w->key, w->n_segments, u);
    if (c->titles) {
        RB_TRY(rb_synth_titles(&out->catalogue, w, err));
        out->has_catalogue = true;
    }
done:
    return err->status;
}

static rb_status make_interactions(rb_dataset *out, const rb_world *w, const rb_ctx *ctx, rb_error *err)
{
    const rb_synth *c = w->config;
    rb_synth_plan plan = { 0 };
    if (c->sessions > 0) {
        RB_TRY(rb_synth_sessions(&out->sessions, &plan, w, ctx, err));
        out->has_sessions = true;
    }
    if (c->ratings > 0) {
        if (c->sessions > 0)
            RB_TRY(rb_synth_rated(&out->interactions, &out->sessions, &plan, w, ctx, err));
        else
            RB_TRY(rb_synth_ratings(&out->interactions, w, ctx, err));
        out->has_interactions = true;
        out->interactions.n_users = w->n_users;
        out->interactions.n_items = w->n_items;
        out->interactions.min_rating = RB_SYNTH_LEAST_RATING;
        out->interactions.max_rating = RB_SYNTH_MOST_RATING;
    }
done:
    rb_synth_plan_fini(&plan);
    return err->status;
}

rb_status rb_dataset_synth(rb_dataset *out, const rb_synth *config, uint64_t seed, rb_ctx *ctx, rb_error *err)
{
    rb_world w = { 0 };
    RB_TRY_ALL(ctx, rb_synth_check(config, err));
    RB_TRY_ALL(ctx, rb_world_init(&w, config, rb_seed_named(seed, "synthetic"), err));
    RB_TRY_ALL(ctx, describe(out, &w, err));
    RB_TRY(make_interactions(out, &w, ctx, err));
    RB_TRY(rb_dataset_digest(out, ctx, err));
done:
    rb_world_fini(&w);
    if (err->status != RB_OK)
        rb_dataset_fini(out);
    return err->status;
}

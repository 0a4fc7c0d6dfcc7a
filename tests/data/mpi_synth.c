/* The generator: the same data for any shape of the run, exact counts, the laws and the plant that it promises. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "data/synth.h"
#include "support/support.h"

#define SEED 11

static rb_synth config_of(int64_t users, int64_t items, int64_t ratings, int64_t sessions)
{
    rb_synth c = { 0 };
    rb_params_default(&c, rb_synth_params);
    c.users = users;
    c.items = items;
    c.ratings = ratings;
    c.sessions = sessions;
    return c;
}

static rb_dataset made(const rb_synth *c, rb_ctx *ctx)
{
    rb_error err = { 0 };
    rb_dataset d = { 0 };
    assert_ok(rb_dataset_synth(&d, c, SEED, ctx, &err), &err);
    return d;
}

static void data_are_the_same_for_any_ranks_and_threads(void **unused)
{
    (void)unused;
    const rb_synth configs[] = { config_of(300, 120, 5000, 0), config_of(300, 120, 3000, 2500),
                                 config_of(50, 30, 0, 400) };
    for (size_t k = 0; k < 3; k++) {
        rb_ctx alone, wide = rb_test_ctx;
        rb_ctx_serial(&alone, 1);
        wide.n_threads = 3;
        rb_dataset a = made(&configs[k], &alone), b = made(&configs[k], &rb_test_ctx), c = made(&configs[k], &wide);
        assert_memory_equal(&a.digest, &b.digest, sizeof a.digest);
        assert_memory_equal(&a.digest, &c.digest, sizeof a.digest);
        if (k < 2) /* beside the digest, which could forget an array */
            assert_memory_equal(a.interactions.rating, b.interactions.rating, (size_t)a.interactions.n * sizeof(float));
        rb_dataset_fini(&a);
        rb_dataset_fini(&b);
        rb_dataset_fini(&c);
        rb_ctx_fini(&alone);
    }
}

static void another_seed_gives_other_data(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    rb_synth c = config_of(100, 50, 500, 0);
    rb_dataset a = made(&c, &rb_test_ctx), b = { 0 };
    assert_ok(rb_dataset_synth(&b, &c, SEED + 1, &rb_test_ctx, &err), &err);
    assert_memory_not_equal(&a.digest, &b.digest, sizeof a.digest);
    rb_dataset_fini(&a);
    rb_dataset_fini(&b);
}

/* Rows by user, then by time; pairs distinct; ratings half stars. */
static void assert_sound_rows(const rb_dataset *d, const rb_synth *c)
{
    const rb_interactions *x = &d->interactions;
    uint8_t *met = calloc((size_t)(c->users * c->items), 1);
    assert_int_equal(x->n, c->ratings);
    for (int64_t row = 0; row < x->n; row++) {
        double twice = 2 * (double)x->rating[row];
        assert_true(x->user[row] >= 0 && x->user[row] < c->users && x->item[row] >= 0 && x->item[row] < c->items);
        assert_true(row == 0 || x->user[row] > x->user[row - 1] ||
                    (x->user[row] == x->user[row - 1] && x->time[row] >= x->time[row - 1]));
        assert_true(twice == floor(twice) && twice >= 1 && twice <= 10);
        assert_true(x->time[row] >= c->start);
        assert_int_equal(met[x->user[row] * c->items + x->item[row]]++, 0);
    }
    free(met);
}

static void counts_are_exact_and_pairs_distinct(void **unused)
{
    (void)unused;
    const rb_synth configs[] = { config_of(500, 400, 20000, 0), config_of(40, 30, 1200, 0),
                                 config_of(40, 30, 1150, 0),    config_of(7, 1, 5, 0),
                                 config_of(1, 1000, 700, 0),    config_of(300, 200, 4000, 3000) };
    for (size_t k = 0; k < sizeof configs / sizeof *configs; k++) {
        rb_dataset d = made(&configs[k], &rb_test_ctx);
        assert_sound_rows(&d, &configs[k]);
        rb_dataset_fini(&d);
    }
}

static void ratings_are_a_subset_of_the_events_of_sessions(void **unused)
{
    (void)unused;
    rb_synth c = config_of(200, 300, 5000, 4000);
    rb_dataset d = made(&c, &rb_test_ctx);
    const rb_sessions *s = &d.sessions;
    int64_t *first = calloc((size_t)(c.users * c.items), sizeof *first); /* time of the first event of a pair */
    assert_int_equal(s->n, 4000);
    for (int64_t k = 0; k < s->n; k++) {
        assert_true(s->begin[k + 1] - s->begin[k] >= 2);
        assert_true(k == 0 || s->user[k] >= s->user[k - 1]);
        assert_true(s->device[k] < RB_N_DEVICES);
        for (int64_t e = s->begin[k]; e < s->begin[k + 1]; e++) {
            int64_t *at = &first[s->user[k] * c.items + s->item[e]];
            assert_true(e == s->begin[k] || s->time[e] > s->time[e - 1]);
            assert_true(s->completion[e] > 0 && s->completion[e] < 1);
            for (int64_t other = s->begin[k]; other < e; other++)
                assert_int_not_equal(s->item[other], s->item[e]);
            *at = *at == 0 || s->time[e] < *at ? s->time[e] : *at;
        }
    }
    assert_int_equal(s->begin[s->n], s->n_events);
    assert_true(fabs((double)s->n_events / 4000 - 4) < 6 * sqrt(6.0 / 4000)); /* 2 + geometric of mean 2, variance 6 */
    for (int64_t row = 0; row < d.interactions.n; row++)
        assert_int_equal(first[d.interactions.user[row] * c.items + d.interactions.item[row]],
                         d.interactions.time[row]);
    free(first);
    rb_dataset_fini(&d);
}

static double correlation(const double *a, const double *b, int64_t n)
{
    double ma = 0, mb = 0, ab = 0, aa = 0, bb = 0;
    for (int64_t i = 0; i < n; i++) {
        ma += a[i] / (double)n;
        mb += b[i] / (double)n;
    }
    for (int64_t i = 0; i < n; i++) {
        ab += (a[i] - ma) * (b[i] - mb);
        aa += (a[i] - ma) * (a[i] - ma);
        bb += (b[i] - mb) * (b[i] - mb);
    }
    return ab / sqrt(aa * bb);
}

static int descending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x < y) - (x > y);
}

/* Slope of log count over log (rank + 11) among the first n ranks. */
static double slope(double *count, int64_t n_all, int64_t n)
{
    double sx = 0, sy = 0, sxy = 0, sxx = 0;
    qsort(count, (size_t)n_all, sizeof *count, descending);
    for (int64_t k = 0; k < n; k++) {
        double x = log((double)k + 11), y = log(count[k]);
        sx += x;
        sy += y;
        sxy += x * y;
        sxx += x * x;
    }
    return ((double)n * sxy - sx * sy) / ((double)n * sxx - sx * sx);
}

static void activity_and_popularity_have_long_tails(void **unused)
{
    (void)unused;
    rb_synth c = config_of(4000, 1000, 80000, 0);
    double users[4000] = { 0 }, items[1000] = { 0 };
    c.missing = 0;
    c.chance = 1; /* items by popularity alone */
    rb_dataset d = made(&c, &rb_test_ctx);
    for (int64_t row = 0; row < d.interactions.n; row++) {
        users[d.interactions.user[row]]++;
        items[d.interactions.item[row]]++;
    }
    assert_near(slope(users, 4000, 1000), -0.6, 0.02);
    assert_near(slope(items, 1000, 500), -0.9, 0.1); /* flatter at its head: a user takes an item once */
    rb_dataset_fini(&d);
}

/* Users take more from topics that their segment likes: the same segment shares tastes, more than another one. */
static void segments_and_topics_show_in_the_ratings(void **unused)
{
    (void)unused;
    rb_synth c = config_of(2000, 500, 60000, 0);
    c.segments = 4;
    c.topics = 10;
    c.group = 0.9;
    rb_dataset d = made(&c, &rb_test_ctx);
    double share[2][4][10] = { 0 }; /* of even and odd users apart, by segment and topic */
    for (int64_t row = 0; row < d.interactions.n; row++) {
        int32_t u = d.interactions.user[row];
        share[u % 2][d.user_segment[u]][d.catalogue.topic[d.interactions.item[row]]]++;
    }
    for (int s = 0; s < 4; s++)
        for (int other = 0; other < 4; other++) {
            double r = correlation(share[0][s], share[1][other], 10);
            double own = correlation(share[0][s], share[1][s], 10);
            assert_true(own > 0.95 && (other == s || r < own));
        }
    rb_dataset_fini(&d);
}

/* With `missing`, what is rated is liked: the mean goes up; without it, it is the planted mean. */
static void ratings_are_missing_not_at_random(void **unused)
{
    (void)unused;
    double mean[2] = { 0 };
    for (int k = 0; k < 2; k++) {
        rb_synth c = config_of(2000, 500, 40000, 0);
        c.missing = 2 * k;
        c.focus = 0;
        c.taste = 0.5;
        c.half_stars = false;
        rb_dataset d = made(&c, &rb_test_ctx);
        for (int64_t row = 0; row < d.interactions.n; row++)
            mean[k] += (double)d.interactions.rating[row] / 40000;
        rb_dataset_fini(&d);
    }
    assert_near(mean[0], 3.0, 0.05);
    assert_true(mean[1] > mean[0] + 0.25);
}

static void titles_carry_the_topics_vocabulary(void **unused)
{
    (void)unused;
    rb_synth c = config_of(10, 400, 50, 0);
    c.topics = 8;
    rb_dataset d = made(&c, &rb_test_ctx);
    int32_t genre[400], type[400], n_shows = 0;
    rb_error err = { 0 };
    assert_ok(rb_catalogue_labels(genre, &d.catalogue, "primary_genre", &err), &err);
    assert_ok(rb_catalogue_labels(type, &d.catalogue, "type", &err), &err);
    assert_int_equal(d.catalogue.n, 400);
    for (int32_t i = 0; i < 400; i++) {
        assert_true(d.catalogue.topic[i] >= 0 && d.catalogue.topic[i] < 8);
        assert_true((d.catalogue.minutes[i] > 0) != (d.catalogue.seasons[i] > 0));
        assert_true(d.catalogue.year[i] > 1950 && d.catalogue.year[i] <= 2021);
        assert_true(d.catalogue.date_added[i] != INT32_MIN);
        assert_true(strlen(rb_strings_at(&d.catalogue.column[RB_COLUMN_DESCRIPTION], i)) > 60);
        n_shows += d.catalogue.seasons[i] > 0;
        for (int32_t j = 0; j < i; j++)
            assert_int_equal(genre[i] == genre[j], d.catalogue.topic[i] == d.catalogue.topic[j]);
    }
    assert_true(n_shows > 80 && n_shows < 160);
    rb_dataset_fini(&d);
}

/* In UTC: three times as many at 20 h as at 8 h, next to nothing at 4 h. */
static void times_follow_a_daily_rhythm(void **unused)
{
    (void)unused;
    rb_synth c = config_of(500, 500, 40000, 0);
    rb_dataset d = made(&c, &rb_test_ctx);
    int64_t n[24] = { 0 };
    for (int64_t row = 0; row < d.interactions.n; row++) {
        n[d.interactions.time[row] / 3600 % 24]++;
        assert_true(d.interactions.time[row] < c.start + c.days * 86400);
    }
    assert_true(n[20] > 3 * n[8] && n[20] > 10 * n[4]);
    rb_dataset_fini(&d);
}

static void demographics_follow_the_segment(void **unused)
{
    (void)unused;
    rb_synth c = config_of(2000, 10, 100, 0);
    rb_dataset d = made(&c, &rb_test_ctx);
    double sum[8] = { 0 }, square[8] = { 0 }, n[8] = { 0 };
    for (int64_t u = 0; u < 2000; u++) {
        rb_synth_person p = rb_synth_person_of(&c, SEED, u);
        int32_t s = d.user_segment[u];
        assert_true(p.age >= 13 && p.age <= 90 && p.device < RB_N_DEVICES && *p.gender && *p.country);
        sum[s] += p.age;
        square[s] += (double)p.age * p.age;
        n[s]++;
    }
    for (int s = 0; s < 8; s++)
        assert_true(n[s] > 150 && sqrt(square[s] / n[s] - sum[s] / n[s] * (sum[s] / n[s])) < 9.5);
    rb_dataset_fini(&d);
}

static void assert_refused(rb_synth c, const char *words)
{
    rb_error err = { 0 };
    rb_dataset d = { 0 };
    assert_int_equal(rb_dataset_synth(&d, &c, SEED, &rb_test_ctx, &err), RB_BAD_INPUT);
    if (!strstr(err.message, words))
        fail_msg("'%s' lacks '%s'", err.message, words);
    assert_null(d.name);
}

static void bad_parameters_are_refused_in_words(void **unused)
{
    (void)unused;
    rb_synth c = config_of(10, 10, 50, 0);
    assert_refused(config_of(0, 10, 0, 0), "'synthetic.users' is 0");
    assert_refused(config_of(10, 0, 0, 0), "'synthetic.items' is 0");
    assert_refused(config_of(10, 10, 101, 0), "have only 100 pairs");
    assert_refused(config_of(10, 10, -1, 0), "'synthetic.ratings' is -1");
    assert_refused(config_of(10, 1, 5, 5), "two different");
    assert_refused(config_of(10, 10, 90, 12), "ask for more sessions");
    c.session_length = 1.5;
    assert_refused(c, "'synthetic.session_length' is 1.5");
    c = config_of(10, 10, 50, 0);
    c.noise = NAN;
    assert_refused(c, "'synthetic.noise'");
    c = config_of(10, 10, 0, 0);
    c.titles = false;
    assert_refused(c, "neither ratings nor sessions nor titles");
}

static void a_failed_allocation_on_one_rank_is_known_to_all(void **unused)
{
    (void)unused;
    const rb_synth configs[] = { config_of(30, 20, 200, 0), config_of(30, 20, 100, 100) };
    for (size_t k = 0; k < 2; k++) {
        rb_status status = RB_NO_MEMORY;
        for (int64_t nth = 1; status != RB_OK; nth += nth < 60 ? 1 : 17) {
            rb_error err = { 0 };
            rb_dataset d = { 0 };
            assert_true(nth < 100000);
            rb_alloc_fail_nth(rb_test_ctx.rank == rb_test_ctx.n_ranks - 1 ? nth : 0);
            status = rb_dataset_synth(&d, &configs[k], SEED, &rb_test_ctx, &err);
            rb_alloc_fail_nth(0);
            assert_true(status == RB_OK || status == RB_NO_MEMORY);
            rb_dataset_fini(&d);
        }
    }
}

int main(int argc, char **argv)
{
    rb_test_mpi_begin(&argc, &argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(data_are_the_same_for_any_ranks_and_threads),
        cmocka_unit_test(another_seed_gives_other_data),
        cmocka_unit_test(counts_are_exact_and_pairs_distinct),
        cmocka_unit_test(ratings_are_a_subset_of_the_events_of_sessions),
        cmocka_unit_test(activity_and_popularity_have_long_tails),
        cmocka_unit_test(segments_and_topics_show_in_the_ratings),
        cmocka_unit_test(ratings_are_missing_not_at_random),
        cmocka_unit_test(titles_carry_the_topics_vocabulary),
        cmocka_unit_test(times_follow_a_daily_rhythm),
        cmocka_unit_test(demographics_follow_the_segment),
        cmocka_unit_test(bad_parameters_are_refused_in_words),
        cmocka_unit_test(a_failed_allocation_on_one_rank_is_known_to_all),
    };
    return rb_test_mpi_end(cmocka_run_group_tests(tests, NULL, NULL));
}

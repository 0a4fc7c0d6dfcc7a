/* Random numbers against the known answers of Random123, splitmix64 and FNV-1a, and against their laws. */
#include <math.h>

#include "base/rng.h"
#include "support/support.h"

/* kat_vectors of Random123 1.14, philox4x32 with 10 rounds; the counter is cut into our fields. */
static void philox_gives_the_known_answers(void **unused)
{
    (void)unused;
    static const struct {
        rb_rng rng;
        uint32_t draw, words[4];
    } known[] = {
        { { 0, 0, 0, 0 }, 0, { 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8 } },
        { { UINT64_MAX, UINT32_MAX, 0xffff, 0xffffffffffff },
          UINT32_MAX,
          { 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd } },
        { { 0x299f31d0a4093822, 0x03707344, 0x1319, 0x8a2e85a308d3 },
          0x243f6a88,
          { 0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1 } },
    };
    for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
        uint32_t words[4];
        rb_rng_words(words, &known[k].rng, known[k].draw);
        for (int i = 0; i < 4; i++)
            assert_int_equal(words[i], known[k].words[i]);
        assert_true(rb_rng_bits(&known[k].rng, known[k].draw) == ((uint64_t)words[0] << 32 | words[1]));
    }
}

static void hashes_give_the_known_answers(void **unused)
{
    (void)unused;
    assert_true(rb_splitmix(0) == 0xE220A8397B1DCDAF);                  /* first output of the generator seeded 0 */
    assert_true(rb_splitmix(0x9E3779B97F4A7C15) == 0x6E789E6AA1B965F4); /* second */
    assert_true(rb_stream("") == 0x811c9dc5 && rb_stream("a") == 0xe40c292c && rb_stream("foobar") == 0xbf9cf968);
}

static void uniform_numbers_have_their_moments(void **unused)
{
    (void)unused;
    enum { N = 200000 };
    double sum = 0, square = 0, normal = 0, normal_square = 0, fourth = 0;
    rb_rng rng = { .key = 12, .stream = rb_stream("test") };
    for (int i = 0; i < N; i++) {
        rng.entity = (uint64_t)i;
        double u = rb_rng_uniform(&rng, 0), z = rb_rng_normal(&rng, 1);
        assert_true(u >= 0 && u < 1 && isfinite(z));
        sum += u;
        square += u * u;
        normal += z;
        normal_square += z * z;
        fourth += z * z * z * z;
    }
    /* five standard errors */
    assert_near(sum / N, 0.5, 5 * sqrt(1.0 / 12 / N));
    assert_near(square / N, 1.0 / 3, 5 * sqrt(4.0 / 45 / N));
    assert_near(normal / N, 0, 5 / sqrt(N));
    assert_near(normal_square / N, 1, 5 * sqrt(2.0 / N));
    assert_near(fourth / N, 3, 5 * sqrt(96.0 / N) / 3);
}

static void below_reaches_every_number_equally(void **unused)
{
    (void)unused;
    enum { N = 70000 };
    int64_t count[7] = { 0 };
    rb_rng rng = { .key = 3, .stream = 4 };
    for (uint32_t draw = 0; draw < N; draw++) {
        int64_t x = rb_rng_below(&rng, draw, 7);
        assert_in_range(x, 0, 6);
        count[x]++;
    }
    double chi = 0;
    for (int i = 0; i < 7; i++)
        chi += pow((double)count[i] - N / 7.0, 2) / (N / 7.0);
    assert_true(chi < 29.9); /* 6 degrees of freedom, 1 - 4e-5 */
    assert_int_equal(rb_rng_below(&rng, 0, 1), 0);
}

/* Each of the five coordinates must matter. */
static void numbers_depend_on_every_coordinate(void **unused)
{
    (void)unused;
    rb_rng base = { .key = 1, .stream = 2, .epoch = 3, .entity = 4 }, other;
    uint64_t x = rb_rng_bits(&base, 5);
    other = base, other.key++;
    assert_true(rb_rng_bits(&other, 5) != x);
    other = base, other.stream++;
    assert_true(rb_rng_bits(&other, 5) != x);
    other = base, other.epoch++;
    assert_true(rb_rng_bits(&other, 5) != x);
    other = base, other.entity++;
    assert_true(rb_rng_bits(&other, 5) != x);
    other = base, other.entity += (uint64_t)1 << 40;
    assert_true(rb_rng_bits(&other, 5) != x);
    assert_true(rb_rng_bits(&base, 6) != x);
    assert_true(rb_rng_bits(&base, 5) == x);
}

static void seeds_of_names_differ(void **unused)
{
    (void)unused;
    assert_true(rb_seed_named(42, "split") != rb_seed_named(42, "ties"));
    assert_true(rb_seed_named(42, "split") != rb_seed_named(43, "split"));
    assert_true(rb_mix(1, 2) != rb_mix(2, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(philox_gives_the_known_answers),     cmocka_unit_test(hashes_give_the_known_answers),
        cmocka_unit_test(uniform_numbers_have_their_moments), cmocka_unit_test(below_reaches_every_number_equally),
        cmocka_unit_test(numbers_depend_on_every_coordinate), cmocka_unit_test(seeds_of_names_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SHA-256 against FIPS 180-2, and the form in which numbers and strings enter. */
#include <math.h>
#include <string.h>

#include "base/digest.h"
#include "support/support.h"

static void sha256_gives_the_known_answers(void **unused)
{
    (void)unused;
    static const struct {
        const char *text, *hex;
    } known[] = {
        { "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
        { "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
        { "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
          "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
    };
    for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
        rb_error err = { 0 };
        rb_digest d;
        char hex[65];
        assert_ok(rb_digest_of(&d, known[k].text, strlen(known[k].text), &err), &err);
        rb_digest_hex(hex, &d, 64);
        assert_string_equal(hex, known[k].hex);
    }
}

/* SHA-256 (Python's hashlib) of -2 and 0.5 as little-endian words, 3 and "abc", -1 for no text. */
static void numbers_enter_as_little_endian_words(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    rb_hasher h;
    rb_digest d;
    char hex[65];
    assert_ok(rb_hasher_begin(&h, &err), &err);
    rb_hasher_int(&h, -2);
    rb_hasher_double(&h, 0.5);
    rb_hasher_text(&h, "abc");
    rb_hasher_text(&h, NULL);
    rb_hasher_end(&h, &d);
    rb_digest_hex(hex, &d, 64);
    assert_string_equal(hex, "6f223017680a443625a57ffb41e599d753083d49018596e7b1eabfd6c23323c2");
}

static rb_digest of_double(double value)
{
    rb_error err = { 0 };
    rb_hasher h;
    rb_digest d;
    assert_ok(rb_hasher_begin(&h, &err), &err);
    rb_hasher_double(&h, value);
    rb_hasher_end(&h, &d);
    return d;
}

static rb_digest of_texts(const char *a, const char *b)
{
    rb_error err = { 0 };
    rb_hasher h;
    rb_digest d;
    assert_ok(rb_hasher_begin(&h, &err), &err);
    rb_hasher_text(&h, a);
    rb_hasher_text(&h, b);
    rb_hasher_end(&h, &d);
    return d;
}

static void equal_values_have_one_digest(void **unused)
{
    (void)unused;
    rb_digest zero = of_double(0.0), minus = of_double(-0.0), nan = of_double(NAN), other = of_double(-NAN);
    assert_memory_equal(&zero, &minus, sizeof zero);
    assert_memory_equal(&nan, &other, sizeof nan);
    assert_memory_not_equal(&zero, &nan, sizeof zero);
}

static void strings_do_not_run_together(void **unused)
{
    (void)unused;
    rb_digest a = of_texts("ab", "c"), b = of_texts("a", "bc"), none = of_texts(NULL, "x"), empty = of_texts("", "x");
    assert_memory_not_equal(&a, &b, sizeof a);
    assert_memory_not_equal(&none, &empty, sizeof none);
}

static void hexadecimal_is_read_back_and_checked(void **unused)
{
    (void)unused;
    rb_digest d = of_double(1.5), back;
    char hex[65], part[9];
    rb_digest_hex(hex, &d, 64);
    assert_true(rb_digest_parse(&back, hex));
    assert_memory_equal(&d, &back, sizeof d);
    rb_digest_hex(part, &d, 8);
    assert_int_equal(strlen(part), 8);
    assert_memory_equal(part, hex, 8);
    assert_false(rb_digest_parse(&back, part));
    hex[63] = 'g';
    assert_false(rb_digest_parse(&back, hex));
    assert_false(rb_digest_parse(&back, ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_gives_the_known_answers),       cmocka_unit_test(numbers_enter_as_little_endian_words),
        cmocka_unit_test(equal_values_have_one_digest),         cmocka_unit_test(strings_do_not_run_together),
        cmocka_unit_test(hexadecimal_is_read_back_and_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

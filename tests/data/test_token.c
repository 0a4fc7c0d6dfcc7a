/* Words equal those of re.findall(r"(?u)\b\w\w+\b", text.lower()) in Python 3.11 (Unicode 14). */
#include <stdlib.h>
#include <string.h>
#include <unistr.h>

#include "base/text.h"
#include "data/stop_words.h"
#include "data/token.h"
#include "data/token_table.h"
#include "support/support.h"

/* Text, and its words joined by spaces. */
static const char *const known[][2] = {
    { "Dick Johnson Is Dead", "dick johnson is dead" },
    { "a I to be_or not2 x", "to be_or not2" },
    { "\xc4\xb0stanbul", "stanbul" },
    { "\xce\xa3\xce\x8a\xce\xa3\xce\xa5\xce\xa6\xce\x9f\xce\xa3 \xce\x9f\xce\x94\xce\x9f\xce\xa3 \xce\xa3 "
      "\xce\x91\xce\xa3",
      "\xcf\x83\xce\xaf\xcf\x83\xcf\x85\xcf\x86\xce\xbf\xcf\x82 \xce\xbf\xce\xb4\xce\xbf\xcf\x82 \xce\xb1\xcf\x82" },
    { "Beyonc\xc3\xa9's \xc3\x89migr\xc3\xa9", "beyonc\xc3\xa9 \xc3\xa9migr\xc3\xa9" },
    { "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e \xe3\x83\x86\xe3\x82\xb9\xe3\x83\x88",
      "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e \xe3\x83\x86\xe3\x82\xb9\xe3\x83\x88" },
    { "\xe0\xa4\xb9\xe0\xa4\xbf\xe0\xa4\xa8\xe0\xa5\x8d\xe0\xa4\xa6\xe0\xa5\x80 "
      "\xe0\xa4\xab\xe0\xa4\xbf\xe0\xa4\xb2\xe0\xa5\x8d\xe0\xa4\xae",
      "" },
    { "x\xc2\xb2 \xc2\xbd \xe2\x85\xb7 \xe2\x85\xa7 10 \xe2\x91\xa0\xe2\x91\xa1",
      "x\xc2\xb2 10 \xe2\x91\xa0\xe2\x91\xa1" },
    { "Stra\xc3\x9f"
      "e \xe1\xba\x9e \xc5\x92UVRE \xc7\x85",
      "stra\xc3\x9f"
      "e \xc5\x93uvre" },
    { "don't_stop", "don t_stop" },
    { "e\xcc\x81te\xcc\x81 caf\xc3\xa9", "te caf\xc3\xa9" },
    { "\xef\xbc\x91\xef\xbc\x92\xef\xbc\x93 \xef\xbd\x81\xef\xbc\xa2",
      "\xef\xbc\x91\xef\xbc\x92\xef\xbc\x93 \xef\xbd\x81\xef\xbd\x82" },
    { "", "" },
    { "\xc4\xb0\xc4\xb0 I\xcc\x87", "" },
    { "\xe2\x92\xb6 \xe2\x85\xab"
      "A \xf0\x9d\x92\xb3\xf0\x9d\x92\xb4",
      "\xe2\x85\xbb"
      "a \xf0\x9d\x92\xb3\xf0\x9d\x92\xb4" },
    { "\xf0\x90\x90\x80\xf0\x90\x90\x81 \xf0\x9e\xa4\x80\xf0\x9e\xa4\x81",
      "\xf0\x90\x90\xa8\xf0\x90\x90\xa9 \xf0\x9e\xa4\xa2\xf0\x9e\xa4\xa3" },
    { " \xef\xac\x81sh \xef\xac\x82 \xc5\x89"
      "a",
      "\xef\xac\x81sh \xc5\x89"
      "a" },
    { "ab\xc2\xad"
      "cd zero\xe2\x80\x8bwidth",
      "ab cd zero width" },
    { "_ __ _a 1_", "__ _a 1_" },
    { "\xc3\x9cn\xc3\xaf"
      "c\xc3\xb6"
      "d\xc3\xa9\xe2\x80\x94"
      "dash\xe2\x80\xa6"
      "dots",
      "\xc3\xbcn\xc3\xaf"
      "c\xc3\xb6"
      "d\xc3\xa9 dash dots" },
    { "\xce\x91\xce\xa3. \xce\x91\xce\xa3"
      "1 \xce\x91\xce\xa3_ \xce\xa3"
      "1 \xce\x91\xce\xa3' \xce\x91'\xce\xa3 \xce\x91\xce\xa3\xce\x91",
      "\xce\xb1\xcf\x82 \xce\xb1\xcf\x82"
      "1 \xce\xb1\xcf\x82_ \xcf\x83"
      "1 \xce\xb1\xcf\x82 \xce\xb1\xcf\x83\xce\xb1" },
};

static char *joined(const rb_tokens *t)
{
    rb_error err = { 0 };
    rb_text text = { 0 };
    assert_ok(rb_text_add(&text, "", 0, &err), &err);
    for (int64_t k = 0; k < t->n; k++) {
        if (k > 0)
            assert_ok(rb_text_add(&text, " ", 1, &err), &err);
        assert_ok(rb_text_add(&text, t->text + t->token[k].begin, t->token[k].n, &err), &err);
    }
    return text.data;
}

static void words_are_those_of_python(void **unused)
{
    (void)unused;
    rb_tokens tokens = { 0 };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        rb_error err = { 0 };
        assert_ok(rb_tokenize(&tokens, known[i][0], (int64_t)strlen(known[i][0]), &err), &err);
        char *words = joined(&tokens);
        assert_string_equal(words, known[i][1]);
        rb_free(words);
    }
    rb_tokens_fini(&tokens);
}

/*
 * Every code point c of blocks that Unicode has long filled, as "x c c y c z": the FNV-1a hash of all words joined by
 * spaces is that of the same loop in Python.
 */
static void every_letter_of_full_blocks_is_as_in_python(void **unused)
{
    (void)unused;
    static const uint32_t blocks[][2] = { { 0x20, 0x52F },    { 0x1E00, 0x1FFF }, { 0x2000, 0x218B },
                                          { 0x3041, 0x30FF }, { 0xAC00, 0xD7A3 }, { 0xFF00, 0xFFEF } };
    rb_tokens tokens = { 0 };
    uint64_t hash = 0xCBF29CE484222325u;
    for (size_t b = 0; b < sizeof blocks / sizeof *blocks; b++)
        for (uint32_t c = blocks[b][0]; c <= blocks[b][1]; c++) {
            rb_error err = { 0 };
            char letter[8] = { 0 }, text[64];
            letter[u8_uctomb((uint8_t *)letter, c, 6)] = 0;
            snprintf(text, sizeof text, "x%s%sy%sz", letter, letter, letter);
            assert_ok(rb_tokenize(&tokens, text, (int64_t)strlen(text), &err), &err);
            char *words = joined(&tokens);
            for (const char *w = words;; w++) {
                hash = (hash ^ (*w ? (unsigned char)*w : ' ')) * 0x100000001B3u;
                if (!*w)
                    break;
            }
            rb_free(words);
        }
    assert_true(hash == 0xB8D76773F0C4C0A6u);
    rb_tokens_fini(&tokens);
}

static void bytes_that_are_no_text_separate_words(void **unused)
{
    (void)unused;
    rb_tokens tokens = { 0 };
    rb_error err = { 0 };
    const char text[] = "one\xFF two\xC3 th\x80ree \xE2\x80";
    assert_ok(rb_tokenize(&tokens, text, sizeof text - 1, &err), &err);
    char *words = joined(&tokens);
    assert_string_equal(words, "one two th ree");
    rb_free(words);
    rb_tokens_fini(&tokens);
}

static void the_stop_words_are_318(void **unused)
{
    (void)unused;
    static const char *const in[] = {
        "a", "about", "the", "yourselves", "yours", "your", "ie", "eg", "system", "fire"
    };
    static const char *const out[] = { "abou", "aboutt", "thex", "film", "", "zz", "0", "youre", "Don", "don" };
    for (size_t i = 0; i < 10; i++) {
        assert_true(rb_is_stop_word(RB_STOP_WORDS_ENGLISH, in[i], (int64_t)strlen(in[i])));
        assert_false(rb_is_stop_word(RB_STOP_WORDS_NONE, in[i], (int64_t)strlen(in[i])));
        assert_false(rb_is_stop_word(RB_STOP_WORDS_ENGLISH, out[i], (int64_t)strlen(out[i])));
    }
    /* All words of two letters or fewer, and of three, tried one by one: the list holds as many in Python. */
    int n_short = 0;
    char word[4] = { 0 };
    for (int a = 'a'; a <= 'z'; a++)
        for (int b = 'a' - 1; b <= 'z'; b++)
            for (int c = 'a' - 1; c <= 'z'; c++) {
                int n = 0;
                word[n++] = (char)a;
                if (b >= 'a')
                    word[n++] = (char)b;
                if (b >= 'a' && c >= 'a')
                    word[n++] = (char)c;
                n_short += (b >= 'a' || c < 'a') && rb_is_stop_word(RB_STOP_WORDS_ENGLISH, word, n);
            }
    assert_int_equal(n_short, 79);
}

static void a_table_numbers_words_and_orders_them_by_bytes(void **unused)
{
    (void)unused;
    enum { N = 5000 };
    rb_token_table table = { 0 };
    rb_error err = { 0 };
    char word[32];
    int32_t number, order[N];
    for (int repeat = 0; repeat < 2; repeat++)
        for (int i = 0; i < N; i++) {
            int n = snprintf(word, sizeof word, "%s%d", i % 2 ? "a-long-beginning-" : "", i * 7919 % N);
            assert_ok(rb_token_table_add(&number, &table, word, n, &err), &err);
            assert_int_equal(number, i);
            assert_int_equal(rb_token_table_find(&table, word, n), i);
        }
    assert_int_equal(table.n, N);
    assert_int_equal(rb_token_table_find(&table, "a-long-beginning-", 17), -1);
    assert_ok(rb_token_table_order(order, &table, &err), &err);
    for (int i = 1; i < N; i++)
        assert_true(strcmp(rb_token_table_word(&table, order[i - 1]), rb_token_table_word(&table, order[i])) < 0);
    rb_token_table_fini(&table);
}

static void a_failed_allocation_is_reported(void **unused)
{
    (void)unused;
    for (int64_t nth = 1; nth <= 2; nth++) {
        rb_tokens tokens = { 0 };
        rb_error err = { 0 };
        rb_alloc_fail_nth(nth);
        assert_int_equal(rb_tokenize(&tokens, "one two", 7, &err), RB_NO_MEMORY);
        rb_alloc_fail_nth(0);
        rb_tokens_fini(&tokens);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_those_of_python),
        cmocka_unit_test(every_letter_of_full_blocks_is_as_in_python),
        cmocka_unit_test(bytes_that_are_no_text_separate_words),
        cmocka_unit_test(the_stop_words_are_318),
        cmocka_unit_test(a_table_numbers_words_and_orders_them_by_bytes),
        cmocka_unit_test(a_failed_allocation_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

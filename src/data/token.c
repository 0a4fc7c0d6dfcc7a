#include "data/token.h"

#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <unictype.h>
#include <unistr.h>

#include "base/alloc.h"

/* The capital letters whose lower case is not one code point by itself: I with a dot gives two, sigma has a final form.
 */
#define CAPITAL_I_WITH_DOT 0x130
#define CAPITAL_SIGMA 0x3A3

bool rb_is_word_character(uint32_t c)
{
    return c == '_' || uc_is_general_category_withtable(c, UC_CATEGORY_MASK_L | UC_CATEGORY_MASK_N);
}

/* Lower case of an ASCII letter, digit or _; 0 for what separates words. */
static const char ascii_word[128] = {
    ['0'] = '0', ['1'] = '1', ['2'] = '2', ['3'] = '3', ['4'] = '4', ['5'] = '5', ['6'] = '6', ['7'] = '7', ['8'] = '8',
    ['9'] = '9', ['_'] = '_', ['A'] = 'a', ['B'] = 'b', ['C'] = 'c', ['D'] = 'd', ['E'] = 'e', ['F'] = 'f', ['G'] = 'g',
    ['H'] = 'h', ['I'] = 'i', ['J'] = 'j', ['K'] = 'k', ['L'] = 'l', ['M'] = 'm', ['N'] = 'n', ['O'] = 'o', ['P'] = 'p',
    ['Q'] = 'q', ['R'] = 'r', ['S'] = 's', ['T'] = 't', ['U'] = 'u', ['V'] = 'v', ['W'] = 'w', ['X'] = 'x', ['Y'] = 'y',
    ['Z'] = 'z', ['a'] = 'a', ['b'] = 'b', ['c'] = 'c', ['d'] = 'd', ['e'] = 'e', ['f'] = 'f', ['g'] = 'g', ['h'] = 'h',
    ['i'] = 'i', ['j'] = 'j', ['k'] = 'k', ['l'] = 'l', ['m'] = 'm', ['n'] = 'n', ['o'] = 'o', ['p'] = 'p', ['q'] = 'q',
    ['r'] = 'r', ['s'] = 's', ['t'] = 't', ['u'] = 'u', ['v'] = 'v', ['w'] = 'w', ['x'] = 'x', ['y'] = 'y', ['z'] = 'z',
};

/* Whether lower case needs more than a look at each code point by itself. Both letters are two bytes in UTF-8. */
static bool needs_context(const char *text, int64_t n)
{
    const char *end = text + n;
    for (const char *at = text; (at = memchr(at, 0xC4, (size_t)(end - at))); at++)
        if (at + 1 < end && (unsigned char)at[1] == 0xB0)
            return true;
    for (const char *at = text; (at = memchr(at, 0xCE, (size_t)(end - at))); at++)
        if (at + 1 < end && (unsigned char)at[1] == 0xA3)
            return true;
    return false;
}

/* A word in the making: its first byte in the lower-case text and its characters so far. */
typedef struct {
    int64_t begin, n_characters;
} open_word;

static rb_status close_word(rb_tokens *out, open_word *word, int64_t end, rb_error *err)
{
    if (word->n_characters >= 2) {
        if (out->n == out->capacity)
            RB_TRY(rb_grow(&out->token, &out->capacity, out->n + 1, err));
        out->token[out->n++] = (rb_token){ word->begin, (int32_t)(end - word->begin) };
    }
    word->n_characters = 0;
done:
    return err->status;
}

/* Lower case, code point by code point, and words, in one pass. A byte becomes at most three: U+FFFD where it is not
 * UTF-8. */
static rb_status cut(rb_tokens *out, const char *text, int64_t n, rb_error *err)
{
    int64_t at = 0;
    open_word word = { 0 };
    for (int64_t i = 0; i < n;) {
        unsigned char byte = (unsigned char)text[i];
        int length = 1, written = 1;
        bool is_word;
        if (byte < 0x80) {
            out->text[at] = ascii_word[byte];
            is_word = out->text[at] != 0;
        } else {
            ucs4_t c;
            length = u8_mbtouc(&c, (const uint8_t *)text + i, (size_t)(n - i));
            c = uc_tolower(c);
            is_word = rb_is_word_character(c);
            written = u8_uctomb((uint8_t *)out->text + at, c, 4);
        }
        if (is_word && word.n_characters++ == 0)
            word.begin = at;
        if (!is_word && word.n_characters > 0)
            RB_TRY(close_word(out, &word, at, err));
        i += length;
        at += written;
    }
    RB_TRY(close_word(out, &word, at, err));
done:
    return err->status;
}

rb_status rb_tokenize(rb_tokens *out, const char *text, int64_t n_bytes, rb_error *err)
{
    uint8_t *lower = NULL;
    out->n = 0;
    if (needs_context(text, n_bytes)) {
        size_t n_lower = 0;
        lower = u8_tolower((const uint8_t *)text, (size_t)n_bytes, NULL, NULL, NULL, &n_lower);
        if (lower) { /* NULL: not UTF-8; then code point by code point will do */
            text = (const char *)lower;
            n_bytes = (int64_t)n_lower;
        }
    }
    RB_TRY(rb_grow(&out->text, &out->text_capacity, 3 * n_bytes + 4, err));
    RB_TRY(cut(out, text, n_bytes, err));
done:
    free(lower);
    return err->status;
}

void rb_tokens_fini(rb_tokens *tokens)
{
    rb_free(tokens->text);
    rb_free(tokens->token);
    memset(tokens, 0, sizeof *tokens);
}

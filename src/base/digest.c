#include "base/digest.h"

#include <math.h>
#include <openssl/evp.h>
#include <string.h>

rb_status rb_hasher_begin(rb_hasher *h, rb_error *err)
{
    EVP_MD_CTX *state = EVP_MD_CTX_new();
    h->state = state;
    if (!state || EVP_DigestInit_ex(state, EVP_sha256(), NULL) != 1)
        return RB_FAIL(err, RB_NO_MEMORY, "SHA-256 could not start");
    return RB_OK;
}

void rb_hasher_bytes(rb_hasher *h, const void *data, size_t n_bytes)
{
    if (h->state && n_bytes)
        EVP_DigestUpdate(h->state, data, n_bytes);
}

static void put_word(rb_hasher *h, uint64_t word)
{
    unsigned char b[8];
    for (int i = 0; i < 8; i++)
        b[i] = (unsigned char)(word >> (8 * i));
    rb_hasher_bytes(h, b, sizeof b);
}

void rb_hasher_int(rb_hasher *h, int64_t value)
{
    put_word(h, (uint64_t)value);
}

void rb_hasher_double(rb_hasher *h, double value)
{
    uint64_t word = 0;
    if (isnan(value))
        word = 0x7ff8000000000000u;
    else if (value != 0)
        memcpy(&word, &value, sizeof word);
    put_word(h, word);
}

void rb_hasher_text(rb_hasher *h, const char *text)
{
    if (!text) {
        rb_hasher_int(h, -1);
        return;
    }
    size_t n = strlen(text);
    rb_hasher_int(h, (int64_t)n);
    rb_hasher_bytes(h, text, n);
}

void rb_hasher_end(rb_hasher *h, rb_digest *out)
{
    memset(out, 0, sizeof *out);
    if (h->state)
        EVP_DigestFinal_ex(h->state, out->byte, NULL);
    EVP_MD_CTX_free(h->state);
    h->state = NULL;
}

rb_status rb_digest_of(rb_digest *out, const void *data, size_t n_bytes, rb_error *err)
{
    rb_hasher h = { 0 };
    rb_hasher_begin(&h, err);
    rb_hasher_bytes(&h, data, n_bytes);
    rb_hasher_end(&h, out);
    return err->status;
}

void rb_digest_hex(char *text, const rb_digest *digest, int n_digits)
{
    for (int i = 0; i < n_digits; i++)
        text[i] = "0123456789abcdef"[digest->byte[i / 2] >> (i % 2 ? 0 : 4) & 15];
    text[n_digits] = 0;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

_Bool rb_digest_parse(rb_digest *out, const char *text)
{
    for (int i = 0; i < RB_DIGEST_BYTES; i++) {
        int high = hex_value(text[2 * i]);
        int low = high < 0 ? -1 : hex_value(text[2 * i + 1]);
        if (low < 0)
            return 0;
        out->byte[i] = (unsigned char)(high << 4 | low);
    }
    return text[2 * RB_DIGEST_BYTES] == 0;
}

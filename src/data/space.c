#include "data/space.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "data/features.h"
#include "data/space_columns.h"

#define MOST_COMPONENTS 100000

#define TEXT_PARAMS                                                                                                 \
    RB_STRING(rb_space_config, columns, NULL,                                                                       \
              "text columns joined by +; unset: director, cast, country, genres, "                                  \
              "description"),                                                                                       \
        RB_CHOICE(rb_space_config, stop_words, RB_STOP_WORDS_ENGLISH, RB_STOP_WORDS_CHOICES,                        \
                  "words that are left out"),                                                                       \
        RB_BOOL(rb_space_config, stem, false, "English stems (Porter2) in place of words"),                         \
        RB_DOUBLE(rb_space_config, min_df, 1, 0, 1e9, "titles", "fewest titles of a term; below 1 a share of all"), \
        RB_DOUBLE(rb_space_config, max_df, 1, 0, 1e9, "titles", "most titles of a term; up to 1 a share of all"),   \
        RB_INT(rb_space_config, max_features, 0, 0, 1e9, "terms", "keep the most frequent terms; 0 keeps all")
#define SUBLINEAR_PARAM RB_BOOL(rb_space_config, sublinear, false, "1 + ln of a term's count in place of the count")

static const rb_param counts_params[] = { TEXT_PARAMS, RB_PARAM_END };

static const rb_param tfidf_params[] = { TEXT_PARAMS, SUBLINEAR_PARAM, RB_PARAM_END };

static const rb_param lsa_params[] = {
    TEXT_PARAMS,
    SUBLINEAR_PARAM,
    RB_BOOL(rb_space_config, normalize, true, "rows of length 1"),
    RB_INT(rb_space_config, power_iterations, 5, 0, 100, "", "passes over A A' of the randomised decomposition"),
    RB_INT(rb_space_config, oversampling, 10, 0, 10000, "columns", "columns of the test matrix beyond N"),
    RB_PARAM_END,
};

static const rb_param genre_params[] = {
    RB_BOOL(rb_space_config, normalize, false, "rows of length 1"),
    RB_PARAM_END,
};

static const rb_param no_params[] = { RB_PARAM_END };

static const rb_space_kind counts = { RB_SPACE_COUNTS, "counts", "counts of the terms of text columns, sparse", "",
                                      counts_params };
static const rb_space_kind tfidf = { RB_SPACE_TFIDF, "tfidf", "TF-IDF of text columns, sparse, rows of length 1",
                                     "Salton and Buckley 1988, doi:10.1016/0306-4573(88)90021-0", tfidf_params };
static const rb_space_kind lsa = { RB_SPACE_LSA, "lsa-N", "TF-IDF projected on its first N right singular vectors",
                                   "Deerwester et al. 1990; Halko et al. 2011, doi:10.1137/090771806", lsa_params };
static const rb_space_kind genre = { RB_SPACE_GENRE, "genre", "genres as 0 and 1", "", genre_params };
static const rb_space_kind numeric = { RB_SPACE_NUMERIC, "numeric", "year, minutes and seasons, standardised", "",
                                       no_params };
static const rb_space_kind mixed = { RB_SPACE_MIXED, "mixed", "genres, year, minutes, seasons, type and age group", "",
                                     no_params };

static const rb_space_kind features = { RB_SPACE_FEATURES, "features", "features of the titles, standardised", "",
                                        no_params };

static const rb_param users_params[] = {
    RB_BOOL(rb_space_config, genres, true, "also the share of each genre among those of a user's titles"),
    RB_PARAM_END,
};

static const rb_space_kind users = { RB_SPACE_USERS, "users",
                                     "users by their features and the genres of their titles, standardised", "",
                                     users_params };

const rb_space_kind *const rb_space_registry[] = { &counts, &tfidf,    &lsa,   &genre, &numeric,
                                                   &mixed,  &features, &users, NULL };

bool rb_space_is_of_users(const char *name)
{
    const size_t n = strlen(users.name);
    return name && strncmp(name, users.name, n) == 0 && (name[n] == 0 || name[n] == '(');
}

void rb_space_spec_fini(rb_space_spec *spec)
{
    rb_free(spec->columns);
    memset(spec, 0, sizeof *spec);
}

rb_status rb_space_spec_copy(rb_space_spec *out, const rb_space_spec *spec, rb_error *err)
{
    *out = *spec;
    out->columns = rb_strdup(spec->columns, err);
    out->config.columns = out->columns;
    return err->status;
}

/* The spec's name with its N: "lsa-100". */
static const char *short_name(char out[64], const rb_space_spec *spec)
{
    if (spec->kind->id == RB_SPACE_LSA)
        snprintf(out, 64, "lsa-%lld", (long long)spec->n_components);
    else
        snprintf(out, 64, "%s", spec->kind->name);
    return out;
}

static rb_status unknown_option(const rb_space_spec *spec, const char *option, rb_error *err)
{
    const char *names[32] = { NULL };
    char name[64];
    for (int i = 0; spec->kind->params[i].name && i < 31; i++)
        names[i] = spec->kind->params[i].name;
    const char *near = rb_text_nearest(option, names);
    return RB_FAIL(err, RB_BAD_INPUT, "unknown option '%s' of the space %s%s%s%s", option, short_name(name, spec),
                   near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

rb_status rb_space_set(rb_space_spec *spec, const char *option, const char *text, rb_error *err)
{
    const rb_param *param = rb_param_find(spec->kind->params, option);
    rb_value value;
    char name[64];
    if (!param)
        return unknown_option(spec, option, err);
    RB_TRY(rb_param_parse(&value, param, short_name(name, spec), text, err));
    if (param->kind == RB_PARAM_STRING) {
        RB_TRY(rb_space_columns_parse(NULL, text, err));
        char *copy = rb_strdup(text, err);
        RB_TRY(err->status);
        rb_free(spec->columns);
        spec->columns = copy;
        value.text = copy;
    }
    rb_param_store(&spec->config, param, &value);
done:
    return err->status;
}

/* The kind of the first n bytes of a name, and its N. */
static rb_status find_kind(rb_space_spec *out, const char *name, size_t n, rb_error *err)
{
    for (int k = 0; rb_space_registry[k]; k++) {
        const rb_space_kind *kind = rb_space_registry[k];
        if (kind->id == RB_SPACE_LSA && n > 4 && memcmp(name, "lsa-", 4) == 0) {
            if (!rb_parse_int(&out->n_components, name + 4, (int64_t)n - 4) || out->n_components < 1 ||
                out->n_components > MOST_COMPONENTS)
                return RB_FAIL(err, RB_BAD_INPUT, "the space '%.*s': N is not a whole number in [1, %d]", (int)n, name,
                               MOST_COMPONENTS);
            out->kind = kind;
        } else if (strlen(kind->name) == n && memcmp(kind->name, name, n) == 0 && kind->id != RB_SPACE_LSA) {
            out->kind = kind;
        }
    }
    if (!out->kind)
        return RB_FAIL(
            err, RB_BAD_INPUT,
            "unknown space '%.*s', expected counts, tfidf, lsa-N (lsa-100), genre, numeric, mixed, features or "
            "users, or the `as` name of a trial that makes one",
            (int)n, name);
    return RB_OK;
}

/* "key=value,key=value)" behind the bracket of a canonical name. */
static rb_status parse_options(rb_space_spec *out, const char *text, const char *name, rb_error *err)
{
    char option[512];
    for (const char *at = text; *at && *at != ')';) {
        at += strspn(at, " ");
        size_t n = strcspn(at, ",)");
        if (n >= sizeof option)
            return RB_FAIL(err, RB_BAD_INPUT, "the space '%s': an option of over %zu bytes", name, sizeof option - 1);
        memcpy(option, at, n);
        option[n] = 0;
        char *value = strchr(option, '=');
        if (!value)
            return RB_FAIL(err, RB_BAD_INPUT, "the space '%s': '%s' is not of the form option=value", name, option);
        *value++ = 0;
        RB_TRY(rb_space_set(out, option, value, err));
        at += n;
        at += *at == ',';
        text = at;
    }
    if (strcmp(text, ")") != 0)
        RB_FAIL(err, RB_BAD_INPUT, "the space '%s': expected one closing bracket at its end", name);
done:
    return err->status;
}

rb_status rb_space_parse(rb_space_spec *out, const char *name, rb_error *err)
{
    *out = (rb_space_spec){ 0 };
    size_t n = strcspn(name, "(");
    RB_TRY(find_kind(out, name, n, err));
    rb_params_default(&out->config, out->kind->params);
    if (name[n])
        RB_TRY(parse_options(out, name + n + 1, name, err));
done:
    if (err->status != RB_OK)
        rb_space_spec_fini(out);
    return err->status;
}

rb_status rb_space_canonical(rb_text *out, const rb_space_spec *spec, rb_error *err)
{
    rb_space_config standard = { 0 };
    rb_text is = { 0 }, was = { 0 };
    bool open = false;
    char name[64];
    rb_params_default(&standard, spec->kind->params);
    RB_TRY(rb_text_addf(out, err, "%s", short_name(name, spec)));
    for (const rb_param *p = spec->kind->params; p->name; p++) {
        is.length = was.length = 0;
        RB_TRY(rb_param_format(&is, p, &spec->config, err));
        RB_TRY(rb_param_format(&was, p, &standard, err));
        if (strcmp(is.data, was.data) == 0)
            continue;
        RB_TRY(rb_text_addf(out, err, "%s%s=%s", open ? "," : "(", p->name, is.data));
        open = true;
    }
    if (open)
        RB_TRY(rb_text_add(out, ")", 1, err));
done:
    rb_text_fini(&is);
    rb_text_fini(&was);
    return err->status;
}

/* Bytes of the text that a spec takes from a catalogue; 0 where it cannot be built. */
static int64_t text_bytes(const rb_space_spec *spec, const rb_catalogue *c)
{
    rb_error err = { 0 };
    rb_space_columns columns;
    int64_t bytes = 0;
    if (rb_space_columns_resolve(&columns, spec, c, &err) == RB_OK)
        for (int k = 0; k < columns.n; k++)
            bytes += c->column[columns.column[k]].begin[c->n];
    return bytes;
}

rb_space_size rb_space_cost(const rb_space_spec *spec, const rb_catalogue *c, int32_t n_users)
{
    const bool of_users = spec->kind->id == RB_SPACE_USERS;
    rb_space_size size = { .n_points = of_users ? n_users : c->n,
                           .is_dense = !rb_space_is_text(spec) || spec->kind->id == RB_SPACE_LSA };
    double n = (double)size.n_points;
    if (rb_space_is_text(spec)) {
        /* English: 6 bytes a word. Terms: Heaps' law, K N^.6, with about twice the K of the Netflix titles. */
        double bytes = (double)text_bytes(spec, c), entries = bytes / 6,
               terms = fmin(entries / 4, 40 * pow(entries, .6));
        if (spec->config.max_features > 0 && terms > (double)spec->config.max_features)
            terms = (double)spec->config.max_features;
        size.n_dims = (int64_t)terms;
        size.nnz = (int64_t)entries;
        size.cost.bytes_per_rank = bytes + entries * (8 + 12) + terms * 64; /* documents, counts, matrix, terms */
        size.cost.flops = 10 * bytes;
        size.held.bytes_per_rank = 12 * entries + 8 * (n + 1);
        if (spec->kind->id == RB_SPACE_LSA) {
            double k = (double)spec->n_components, l = k + (double)spec->config.oversampling;
            double passes = (double)spec->config.power_iterations + 1;
            size.n_dims = spec->n_components;
            size.cost.bytes_per_rank += 12 * entries + 8 * terms * k + 64 * 8 * l * l;
            size.cost.bytes_per_node = 8 * l * (n + terms) + 8 * n * k;
            size.cost.flops += passes * (4 * entries * l + 3 * (n + terms) * l * l) + 2 * entries * k;
            size.held = (rb_cost){ .bytes_per_node = 8 * n * k };
        }
    } else {
        size.n_dims = spec->kind->id == RB_SPACE_NUMERIC ? 3 : c->genre.names.n;
        size.n_dims += spec->kind->id == RB_SPACE_MIXED ? 3 + 5 + 2 : 0; /* types: two, as a rule */
        if (spec->kind->id == RB_SPACE_FEATURES)
            size.n_dims = RB_N_TITLE_FEATURES;
        if (of_users)
            size.n_dims = RB_N_USER_FEATURES + (spec->config.genres ? c->genre.names.n : 0);
        size.cost.bytes_per_node = 8 * n * (double)size.n_dims;
        size.cost.flops = n * (double)size.n_dims;
        size.held.bytes_per_node = size.cost.bytes_per_node;
    }
    if (size.is_dense)
        size.nnz = size.n_points * size.n_dims;
    return size;
}

#include <string.h>

#include "base/alloc.h"
#include "cli/applying.h"
#include "cli/reading.h"
#include "recommend/core/content.h"

static const rb_operand operands[] = {
    { .name = "DATA", .kind = RB_ARG_FOLDER, .help = "data set with titles: file, folder or name; or a run folder" },
    { .name = "TRIAL",
      .is_optional = true,
      .help = "of a run: number that report shows, or the entry's name; its model then compares" },
    { .name = NULL },
};

static const rb_command_option options[] = {
    { .name = "item", .letter = 'i', .argument = "ID", .help = "the item, by its own id" },
    { .name = "title", .letter = 't', .argument = "TITLE", .help = "the item, by its title" },
    { .name = "top", .letter = 'k', .argument = "K", .min = 1, .max = 1000000, .fallback = "10", .help = "most items" },
    { .name = "genre", .argument = "GENRE", .help = "of this genre alone" },
    { .name = "type", .argument = "TYPE", .help = "of this type alone (Movie, TV Show)" },
    { .name = "years", .argument = "A-B", .help = "released in these years alone: 1994, 1990-1999, 1990-, -1999" },
    { .name = "age-group", .argument = "GROUP", .choices = RB_AGE_GROUPS, .help = "for this age group alone" },
    { .name = "set",
      .letter = 's',
      .argument = "KEY=VALUE",
      .repeats = true,
      .help = "parameters of content (reelbench list content): cast=3, stop_words=none; of a data set" },
    { .name = "output",
      .letter = 'o',
      .argument = "FILE",
      .kind = RB_ARG_FILE,
      .fallback = "-",
      .help = "where the lines go (-: standard output)" },
    RB_OPTION_CACHE,
    RB_OPTIONS_READING,
    { .name = NULL },
};

static rb_status read_query(rb_similar_query *q, const rb_call *call, rb_error *err)
{
    const char *years = rb_call_text(call, "years"), *group = rb_call_text(call, "age-group");
    *q = (rb_similar_query){ .id = rb_call_text(call, "item"),
                             .title = rb_call_text(call, "title"),
                             .top = rb_call_int(call, "top"),
                             .filter = RB_TITLE_FILTER_ANY };
    q->filter.genre = rb_call_text(call, "genre");
    q->filter.type = rb_call_text(call, "type");
    q->filter.age_group = group ? rb_choice_index(RB_AGE_GROUPS, group) : -1;
    if (!q->id && !q->title)
        return RB_FAIL(err, RB_BAD_INPUT, "similar: to what? Name the item by --item ID or --title TITLE");
    return years ? rb_title_filter_years(&q->filter, years, err) : RB_OK;
}

/* KEY=VALUE of the parameters of content. */
static rb_status set_parameter(rb_content_config *config, const char *text, rb_error *err)
{
    const char *equals = strchr(text, '=');
    char name[64];
    rb_value value;
    const rb_param *p = NULL;
    if (equals && equals - text < (int64_t)sizeof name) {
        memcpy(name, text, (size_t)(equals - text));
        name[equals - text] = 0;
        p = rb_param_find(rb_content_params, name);
    }
    if (!p)
        return RB_FAIL(err, RB_BAD_INPUT,
                       "--set %s: expected KEY=VALUE with a parameter that 'reelbench list content' "
                       "shows",
                       text);
    RB_TRY(rb_param_parse(&value, p, "content", equals + 1, err));
    rb_param_store(config, p, &value);
done:
    return err->status;
}

static rb_status read_config(rb_content_config *config, rb_call *call, rb_error *err)
{
    const char **set = NULL;
    rb_params_default(config, rb_content_params);
    RB_TRY(rb_alloc(&set, call->n_values, err));
    const int n = rb_call_list(set, call, "set");
    for (int i = 0; i < n; i++)
        RB_TRY(set_parameter(config, set[i], err));
done:
    rb_free(set);
    return err->status;
}

static rb_status compare_titles(const rb_apply_options *o, const rb_similar_query *q, rb_call *call, rb_ctx *ctx,
                                rb_error *err)
{
    rb_dataset data = { 0 };
    rb_content_vectors vectors = { 0 };
    rb_content_config config = { 0 };
    double *scores = NULL;
    int32_t item;
    RB_TRY(read_config(&config, call, err));
    RB_TRY(rb_reading(&data, o->run, call, ctx, err));
    if (!data.has_catalogue) {
        RB_FAIL(err, RB_BAD_INPUT, "%s has no titles", o->run);
        goto done;
    }
    RB_TRY(rb_similar_item(&item, &data, q, err));
    RB_TRY(rb_content_fit(&vectors, &data.catalogue, &config, ctx, err));
    RB_TRY(rb_alloc(&scores, data.catalogue.n, err));
    rb_content_similar(scores, &vectors, item);
    RB_TRY(rb_similar_print(o->out, &data, scores, item, q, err));
done:
    rb_free(scores);
    rb_content_fini(&vectors);
    rb_dataset_fini(&data);
    return err->status;
}

static rb_status run(rb_call *call, rb_error *err)
{
    rb_session session = { 0 };
    rb_apply_options apply = { 0 };
    rb_similar_query query;
    RB_TRY(read_query(&query, call, err));
    RB_TRY(rb_applying_begin(&session, &apply, call, err));
    if (apply.trial && rb_call_flag(call, "set"))
        RB_FAIL(err, RB_BAD_INPUT, "similar: --set is for a data set; a trial has its parameters");
    else if (apply.trial)
        RB_TRY(rb_apply_similar(&apply, &query, &session.ctx, err));
    else
        RB_TRY(compare_titles(&apply, &query, call, &session.ctx, err));
done:
    return rb_applying_end(&session, &apply, call, err);
}

const rb_command rb_cmd_similar = {
    .name = "similar",
    .summary = "titles like one, with filters: by their words, or by a stored model",
    .description =
        "Lines of rank, item, similarity and title, separated by tabs. Of a data set: the cosine of the TF-IDF of the\n"
        "text columns, as the recommender content has it. Of a run and a trial: what its stored model makes of items\n"
        "(those whose algorithm compares them: content).",
    .operands = operands,
    .options = options,
    .example = "reelbench similar netflix-titles --title 'Stranger Things' --type 'TV Show' --years 2010-2020\n"
               "reelbench similar results/quickstart-8c1f22a0 content --item 17 --top 5",
    .run = run,
};

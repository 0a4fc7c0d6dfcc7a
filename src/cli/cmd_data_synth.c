#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/output.h"
#include "cli/reading.h"
#include "data/read_made.h"
#include "data/synth.h"
#include "data/write.h"

static const rb_operand operands[] = {
    { .name = "KEY=VALUE",
      .is_optional = true,
      .repeats = true,
      .help = "parameters: users=1000 ratings=50000 (reelbench list synthetic)" },
    { .name = NULL },
};

static const rb_command_option options[] = {
    { .name = "output",
      .letter = 'o',
      .argument = "DIR",
      .kind = RB_ARG_FOLDER,
      .fallback = "synthetic",
      .help = "folder of the files, made where it is missing; - writes the ratings to standard output" },
    { .name = "to",
      .argument = "FORMAT",
      .fallback = "ratings.csv",
      .choices = "ratings.csv|u.data|ratings.dat|libmf|inter|matrix-market",
      .help = "form of the ratings" },
    { .name = "seed", .argument = "N", .max = INT64_MAX, .fallback = "42", .help = "seed of the data" },
    RB_OPTION_BLAS_CORE,
    RB_OPTION_THREADS,
    { .name = NULL },
};

static rb_status fail_unknown(const char *name, rb_error *err)
{
    const char *names[64];
    int n = 0;
    for (const rb_param *p = rb_synth_params; p->name && n < 63; p++)
        names[n++] = p->name;
    names[n] = NULL;
    const char *nearest = rb_text_nearest(name, names);
    if (!nearest)
        return RB_FAIL(err, RB_BAD_INPUT, "data synth: unknown parameter '%s'; see reelbench list synthetic", name);
    return RB_FAIL(err, RB_BAD_INPUT, "data synth: unknown parameter '%s'; did you mean '%s'?", name, nearest);
}

static rb_status parse(rb_synth *config, const rb_call *call, rb_error *err)
{
    rb_params_default(config, rb_synth_params);
    for (int i = 0; i < call->n_operands; i++) {
        char name[64];
        rb_value value;
        const char *equals = strchr(call->operands[i], '=');
        if (!equals)
            return RB_FAIL(err, RB_BAD_INPUT, "data synth: '%s' is not of the form KEY=VALUE", call->operands[i]);
        snprintf(name, sizeof name, "%.*s", (int)(equals - call->operands[i]), call->operands[i]);
        const rb_param *param = rb_param_find(rb_synth_params, name);
        if (!param)
            return fail_unknown(name, err);
        RB_TRY(rb_param_parse(&value, param, "synthetic", equals + 1, err));
        rb_param_store(config, param, &value);
    }
    RB_TRY(rb_synth_check(config, err));
done:
    return err->status;
}

static rb_status open_in(FILE **file, char path[4096], const char *folder, const char *name, rb_error *err)
{
    snprintf(path, 4096, "%s/%s", folder, name);
    return rb_output_open(file, path, NULL, err);
}

/* Demographics and planted segments. */
static rb_status write_users(const char *folder, const rb_dataset *d, const rb_synth *config, uint64_t seed,
                             rb_error *err)
{
    FILE *file;
    char path[4096], buffer[32];
    if (open_in(&file, path, folder, "users.csv", err) != RB_OK)
        return err->status;
    fputs(RB_MADE_USERS "\n", file);
    for (int32_t u = 0; u < d->users.n; u++) {
        rb_synth_person person = rb_synth_person_of(config, seed, u);
        fprintf(file, "%s,%s,%d,", rb_ids_name(buffer, &d->users, u), person.gender, person.age);
        rb_write_csv_field(file, person.country);
        fprintf(file, ",%s,%d\n", rb_device_name(person.device), d->user_segment ? d->user_segment[u] : -1);
    }
    return rb_output_close(file, path, NULL, err);
}

/* Planted clusters of titles. */
static rb_status write_topics(const char *folder, const rb_catalogue *c, rb_error *err)
{
    FILE *file;
    char path[4096], buffer[32];
    if (open_in(&file, path, folder, "topics.csv", err) != RB_OK)
        return err->status;
    fputs(RB_MADE_TOPICS "\n", file);
    for (int32_t i = 0; i < c->n; i++)
        fprintf(file, "%s,%d\n", rb_ids_name(buffer, &c->ids, i), c->topic[i]);
    return rb_output_close(file, path, NULL, err);
}

static rb_status write_one(const char *folder, const char *name, const char *format, const rb_dataset *d,
                           const rb_call *call, rb_error *err)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return rb_writing(path, d, format, call, err);
}

static rb_status write_folder(const char *folder, const rb_dataset *d, const rb_synth *config, uint64_t seed,
                              const rb_call *call, rb_error *err)
{
    char name[64];
    const char *to = rb_call_text(call, "to");
    snprintf(name, sizeof name, "%s%s", strchr(to, '.') ? "" : "ratings.", to);
    if (mkdir(folder, 0777) != 0 && errno != EEXIST)
        return RB_FAIL(err, RB_IO, "%s: %s", folder, strerror(errno));
    if (d->has_interactions)
        RB_TRY(write_one(folder, name, to, d, call, err));
    RB_TRY(write_users(folder, d, config, seed, err));
    if (d->has_catalogue)
        RB_TRY(write_one(folder, "titles.csv", "titles", d, call, err));
    if (d->has_catalogue && d->catalogue.topic)
        RB_TRY(write_topics(folder, &d->catalogue, err));
    if (d->has_sessions)
        RB_TRY(write_one(folder, "sessions.csv", "sessions", d, call, err));
done:
    return err->status;
}

static void describe(FILE *out, const rb_dataset *d, const char *folder)
{
    char users[32], items[32], ratings[32], sessions[32], digest[17];
    rb_digest_hex(digest, &d->digest, 16);
    fprintf(out, "%s: %s user%s x %s item%s, %s rating%s, %s session%s (digest %s)\n", folder,
            rb_text_count(users, d->users.n), rb_text_plural(d->users.n), rb_text_count(items, d->items.n),
            rb_text_plural(d->items.n), rb_text_count(ratings, d->interactions.n), rb_text_plural(d->interactions.n),
            rb_text_count(sessions, d->sessions.n), rb_text_plural(d->sessions.n), digest);
}

static rb_status run(rb_call *call, rb_error *err)
{
    rb_session session = { 0 };
    rb_dataset data = { 0 };
    rb_synth config = { 0 };
    const char *output = rb_call_text(call, "output");
    uint64_t seed = (uint64_t)rb_call_int(call, "seed");
    bool to_stdout = strcmp(output, "-") == 0;
    RB_TRY(parse(&config, call, err));
    RB_TRY(rb_session_begin(&session, call, err));
    RB_TRY(rb_dataset_synth(&data, &config, seed, &session.ctx, err));
    if (to_stdout)
        rb_writing("-", &data, rb_call_text(call, "to"), call, err);
    else if (call->speaks)
        write_folder(output, &data, &config, seed, call, err);
    RB_TRY_ALL(&session.ctx, err->status);
    if (!to_stdout)
        describe(call->out, &data, output);
done:
    rb_dataset_fini(&data);
    rb_session_end(&session);
    return err->status;
}

const rb_command rb_cmd_data_synth = {
    .name = "data synth",
    .summary = "generate synthetic data with planted truth",
    .description =
        "Writes ratings (none where ratings=0), users.csv (demographics, planted segments), titles.csv,\n"
        "topics.csv (planted clusters) and sessions.csv. The same seed gives the same files for any ranks and\n"
        "threads. The folder reads back as the data that were generated: dataset: { path: DIR }.",
    .operands = operands,
    .options = options,
    .example = "reelbench data synth users=1000 items=500 ratings=50000 --seed 7 --output small",
    .run = run,
};

#include <string.h>

#include "cli/listing.h"
#include "data/read.h"
#include "data/synth.h"

static const struct {
    const char *name, *summary, *detail;
} sets[] = {
    { "synthetic", "generated in the run, with planted segments, topics and factors", NULL },
    { "ml-latest-small", "MovieLens latest-small: 100,836 ratings of 610 users and 9,742 movies",
      "sought in --data, then REELBENCH_DATA, as ml-latest-small/ratings.csv; scripts/fetch-data.sh downloads it" },
    { "netflix-titles", "Netflix Movies and TV Shows: 8,807 titles, no ratings",
      "sought in --data, then REELBENCH_DATA, as netflix-titles/netflix_titles.csv; scripts/fetch-data.sh tells where "
      "it is had" },
};

#define N_SETS ((int)(sizeof sets / sizeof *sets))

static const char *name_of(int i)
{
    return i < N_SETS ? sets[i].name : NULL;
}

static const char *summary_of(int i)
{
    return sets[i].summary;
}

static rb_status explain(FILE *out, int i, rb_format format, rb_error *err)
{
    if (format == RB_FORMAT_TABLE) {
        fprintf(out, "%s · %s\n", sets[i].name, sets[i].summary);
        if (sets[i].detail)
            fprintf(out, "  %s\n", sets[i].detail);
        fputs("  any other data by path; formats:", out);
        for (const char *const *f = rb_formats(); *f; f++)
            fprintf(out, " %s", *f);
        fputc('\n', out);
    }
    return rb_listing_params(out, (const rb_param *const[]){ i == 0 ? rb_synth_params : NULL, NULL }, format, err);
}

const rb_listing rb_listing_datasets = {
    .word = "datasets",
    .name_of = name_of,
    .summary_of = summary_of,
    .explain = explain,
};

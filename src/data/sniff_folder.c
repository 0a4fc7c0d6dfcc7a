#include "data/sniff_folder.h"

#include <dirent.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "data/read_made.h"

/* Files that stand together in a folder. The first row whose ratings (or, where it has none, catalogue) is there is
 * taken. A * in the catalogue stands for what it stands for in the ratings. */
typedef struct {
    const char *ratings, *ratings_format;
    const char *catalogue, *catalogue_format;
    const char *tags;
} kind;

static const kind kinds[] = {
    { "ratings.csv", "ratings.csv", "movies.csv", "movies", "tags.csv" },
    { "ratings.dat", "ratings.dat", "movies.dat", "movies.dat", "tags.dat" },
    { "u.data", "u.data", "u.item", "u.item", NULL },
    { "*.inter", "inter", "*.item", "item", NULL },
    { "combined_data_*.txt", "netflix-prize", NULL, NULL, NULL },
    { "mv_*.txt", "netflix-prize", NULL, NULL, NULL },
    { "*.mtx", "matrix-market", NULL, NULL, NULL },
    { NULL, NULL, "netflix_titles.csv", "netflix-titles", NULL },
    { NULL, NULL, "movies.csv", "movies", "tags.csv" },
    { NULL, NULL, "movies.dat", "movies.dat", "tags.dat" },
    { NULL, NULL, "u.item", "u.item", NULL },
};

#define N_KINDS (sizeof kinds / sizeof *kinds)

rb_status rb_found_add(rb_found *f, const char *path, rb_error *err)
{
    RB_TRY(rb_grow(&f->paths, &f->capacity, f->n_paths + 1, err));
    f->paths[f->n_paths] = rb_strdup(path, err);
    f->n_paths += err->status == RB_OK;
done:
    return err->status;
}

void rb_found_fini(rb_found *f)
{
    for (int64_t i = 0; i < f->n_paths; i++)
        rb_free(f->paths[i]);
    rb_free(f->paths);
    rb_free(f->catalogue);
    rb_free(f->tags);
    rb_free(f->users);
    rb_free(f->topics);
    rb_free(f->sessions);
    *f = (rb_found){ 0 };
}

static rb_status join(char **path, const char *folder, const char *name, rb_error *err)
{
    rb_text text = { 0 };
    size_t n = strlen(folder);
    RB_TRY(rb_text_addf(&text, err, "%s%s%s", folder, n > 0 && folder[n - 1] == '/' ? "" : "/", name));
    *path = rb_strdup(text.data, err);
done:
    rb_text_fini(&text);
    return err->status;
}

/* The names in a folder that are like a pattern, in the order of bytes. */
typedef struct {
    char **name;
    int64_t n, capacity;
} names;

static void names_fini(names *list)
{
    for (int64_t i = 0; i < list->n; i++)
        rb_free(list->name[i]);
    rb_free(list->name);
    *list = (names){ 0 };
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static rb_status find_names(names *list, const char *folder, const char *pattern, rb_error *err)
{
    DIR *dir = opendir(folder);
    if (!dir)
        return RB_FAIL_OPEN(err, folder);
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        bool is_like = strcmp(pattern, entry->d_name) == 0 || fnmatch(pattern, entry->d_name, 0) == 0;
        if (entry->d_name[0] == '.' || !is_like)
            continue;
        RB_TRY(rb_grow(&list->name, &list->capacity, list->n + 1, err));
        list->name[list->n] = rb_strdup(entry->d_name, err);
        if (!list->name[list->n])
            goto done;
        list->n++;
    }
    if (list->n > 0)
        qsort(list->name, (size_t)list->n, sizeof *list->name, by_bytes);
done:
    closedir(dir);
    return err->status;
}

/* Sets *path where the folder has a file of that name. */
static rb_status find_one(char **path, const char *folder, const char *name, rb_error *err)
{
    names list = { 0 };
    RB_TRY(find_names(&list, folder, name, err));
    if (list.n > 0)
        RB_TRY(join(path, folder, list.name[0], err));
done:
    names_fini(&list);
    return err->status;
}

static rb_status add_ratings(rb_found *f, const kind *k, const char *folder, const names *list, rb_error *err)
{
    char *path = NULL;
    f->ratings = rb_ratings_format_find(k->ratings_format);
    if (list->n > 1 && f->ratings->lines != RB_LINES_NETFLIX)
        return RB_FAIL(err, RB_BAD_INPUT, "%s: holds %s and %s; name one of them", folder, list->name[0],
                       list->name[1]);
    for (int64_t i = 0; i < list->n && err->status == RB_OK; i++) {
        if (join(&path, folder, list->name[i], err) == RB_OK)
            rb_found_add(f, path, err);
        rb_free(path);
        path = NULL;
    }
    return err->status;
}

/* Sets *path where the folder has a file of that name and heading. */
static rb_status find_headed(char **path, const char *folder, const char *name, const char *heading, rb_error *err)
{
    char line[128] = "";
    size_t n = strlen(heading);
    RB_TRY(find_one(path, folder, name, err));
    FILE *file = *path ? fopen(*path, "re") : NULL;
    bool good = file && fgets(line, sizeof line, file) && strncmp(line, heading, n) == 0 && strchr("\r\n", line[n]);
    if (file)
        fclose(file);
    if (!good) {
        rb_free(*path);
        *path = NULL;
    }
done:
    return err->status;
}

/* What `data synth` wrote beside ratings. */
static rb_status find_made(rb_found *f, const char *folder, rb_error *err)
{
    RB_TRY(find_one(&f->catalogue, folder, "titles.csv", err));
    if (f->catalogue)
        f->catalogue_format = "netflix-titles";
    RB_TRY(find_headed(&f->users, folder, "users.csv", RB_MADE_USERS, err));
    if (f->catalogue && f->users) { /* else unrated items of sessions are not known */
        RB_TRY(find_headed(&f->sessions, folder, "sessions.csv", RB_MADE_SESSIONS, err));
        RB_TRY(find_headed(&f->topics, folder, "topics.csv", RB_MADE_TOPICS, err));
    }
done:
    return err->status;
}

static rb_status add_catalogue(rb_found *f, const kind *k, const char *folder, const names *list, rb_error *err)
{
    rb_text name = { 0 };
    if (!k->catalogue)
        return RB_OK;
    if (list->n > 0 && k->catalogue[0] == '*') /* the stem of the ratings */
        rb_text_addf(&name, err, "%.*s%s", (int)(strlen(list->name[0]) - strlen(k->ratings + 1)), list->name[0],
                     k->catalogue + 1);
    else
        rb_text_addf(&name, err, "%s", k->catalogue);
    RB_TRY(err->status);
    RB_TRY(find_one(&f->catalogue, folder, name.data, err));
    if (!f->catalogue) {
        RB_TRY(find_made(f, folder, err));
        goto done;
    }
    f->catalogue_format = k->catalogue_format;
    if (k->tags)
        RB_TRY(find_one(&f->tags, folder, k->tags, err));
done:
    rb_text_fini(&name);
    return err->status;
}

static bool is_wanted(const kind *k, const char *format)
{
    if (!format)
        return true;
    return strcmp(k->ratings ? k->ratings_format : k->catalogue_format, format) == 0;
}

static rb_status try_kind(rb_found *f, const kind *k, const char *folder, rb_error *err)
{
    names list = { 0 };
    if (k->ratings) {
        RB_TRY(find_names(&list, folder, k->ratings, err));
        if (list.n == 0)
            goto done;
        RB_TRY(add_ratings(f, k, folder, &list, err));
    }
    RB_TRY(add_catalogue(f, k, folder, &list, err));
done:
    names_fini(&list);
    return err->status;
}

static rb_status try_kinds(rb_found *f, const char *folder, const char *format, rb_error *err)
{
    for (size_t i = 0; i < N_KINDS && !f->ratings && !f->catalogue; i++)
        if (is_wanted(&kinds[i], format))
            RB_TRY(try_kind(f, &kinds[i], folder, err));
done:
    return err->status;
}

rb_status rb_sniff_folder(rb_found *f, const rb_source *source, rb_error *err)
{
    char *inner = NULL;
    RB_TRY(try_kinds(f, source->path, source->format, err));
    if (!f->ratings && !f->catalogue) {
        RB_TRY(find_one(&inner, source->path, "training_set", err)); /* as the Netflix Prize was handed out */
        if (inner)
            RB_TRY(try_kinds(f, inner, source->format, err));
    }
    if (!f->ratings && !f->catalogue)
        RB_FAIL(err, RB_BAD_INPUT,
                "%s: the folder holds no data that is known%s%s; expected ratings.csv, ratings.dat, u.data, *.inter, "
                "*.mtx, mv_*.txt, combined_data_*.txt or netflix_titles.csv, or give the path of a file",
                source->path, source->format ? " in format " : "", source->format ? source->format : "");
done:
    rb_free(inner);
    return err->status;
}

/* The malformed files in tests/data/malformed/ratings: each gives its message, on any number of ranks and threads. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "data/read.h"
#include "support/support.h"

#define N_FILES_AT_LEAST 50

static char folder[512];

/* A small file without its last line ends; false where it is not there. */
static bool read_text(char *text, size_t size, const char *path)
{
    FILE *f = fopen(path, "r");
    if (!f)
        return false;
    size_t n = fread(text, 1, size - 1, f);
    fclose(f);
    while (n > 0 && text[n - 1] == '\n')
        n--;
    text[n] = 0;
    return true;
}

/* Lines "key=value" of NAME.options; the strings stay in `text`. */
static void read_options(rb_source *source, char *text)
{
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        char *value = strchr(line, '=');
        assert_non_null(value);
        *value++ = 0;
        if (strcmp(line, "format") == 0)
            source->format = value;
        else if (strcmp(line, "user_column") == 0)
            source->user_column = value;
        else if (strcmp(line, "item_column") == 0)
            source->item_column = value;
        else if (strcmp(line, "rating_column") == 0)
            source->rating_column = value;
        else if (strcmp(line, "delimiter") == 0)
            source->delimiter = *value;
        else if (strcmp(line, "header") == 0)
            source->header = atoi(value);
        else
            fail_msg("unknown option %s", line);
    }
}

/* Messages name files with their folder; expected ones do not. */
static void without_folder(char *text)
{
    size_t n = strlen(folder);
    for (char *at = strstr(text, folder); at; at = strstr(at, folder))
        memmove(at, at + n + 1, strlen(at + n + 1) + 1);
}

static void check_file(const char *name)
{
    char path[1024], expected[2048], options[512] = "";
    rb_source source = RB_SOURCE_DEFAULT;
    snprintf(path, sizeof path, "%s/%s.expected", folder, name);
    if (!read_text(expected, sizeof expected, path))
        fail_msg("%s is not there", path);
    snprintf(path, sizeof path, "%s/%s.options", folder, name);
    if (read_text(options, sizeof options, path))
        read_options(&source, options);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    source.path = path;
    for (rb_test_ctx.n_threads = 1; rb_test_ctx.n_threads <= 3; rb_test_ctx.n_threads++) {
        rb_error err = { 0 };
        rb_dataset d = { 0 };
        rb_status status = rb_dataset_read(&d, &source, &rb_test_ctx, &err);
        rb_dataset_fini(&d);
        without_folder(err.message);
        if (status != RB_BAD_INPUT || strcmp(err.message, expected) != 0)
            fail_msg("%s on %d ranks x %d threads: %s: %s\n  expected: %s", name, rb_test_ctx.n_ranks,
                     rb_test_ctx.n_threads, rb_status_words(status), err.message, expected);
    }
    rb_test_ctx.n_threads = 2;
}

static int is_case(const struct dirent *entry)
{
    const char *name = entry->d_name;
    return name[0] != '.' && !strstr(name, ".expected") && !strstr(name, ".options");
}

static void every_malformed_file_gives_its_message(void **unused)
{
    (void)unused;
    struct dirent **list = NULL;
    int n = scandir(folder, &list, is_case, alphasort);
    assert_true(n >= N_FILES_AT_LEAST);
    for (int i = 0; i < n; i++) {
        check_file(list[i]->d_name);
        free(list[i]);
    }
    free(list);
}

/* What is no file at all. */
static void check_path(const char *path, rb_status wanted, const char *part)
{
    rb_error err = { 0 };
    rb_dataset d = { 0 };
    rb_source source = RB_SOURCE_DEFAULT;
    source.path = path;
    rb_status status = rb_dataset_read(&d, &source, &rb_test_ctx, &err);
    rb_dataset_fini(&d);
    if (status != wanted || !strstr(err.message, part))
        fail_msg("%s: %s: %s", path, rb_status_words(status), err.message);
}

static void what_is_no_file_gives_one_clear_error(void **unused)
{
    (void)unused;
    check_path("/no/such/file.csv", RB_BAD_INPUT, "/no/such/file.csv: No such file or directory");
    check_path("/dev/null", RB_BAD_INPUT, "/dev/null: is neither a file nor a folder");
    check_path(folder, RB_BAD_INPUT, "holds no_item.inter and rating.inter; name one of them");
    check_path(rb_test_path("tests/support"), RB_BAD_INPUT, "the folder holds no data that is known; expected");
}

int main(int argc, char **argv)
{
    rb_test_mpi_begin(&argc, &argv);
    snprintf(folder, sizeof folder, "%s", rb_test_path("tests/data/malformed/ratings"));
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_malformed_file_gives_its_message),
        cmocka_unit_test(what_is_no_file_gives_one_clear_error),
    };
    return rb_test_mpi_end(cmocka_run_group_tests(tests, NULL, NULL));
}

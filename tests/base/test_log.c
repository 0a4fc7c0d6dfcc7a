/* What the log writes into a stream that is no terminal, and how durations read. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "support/support.h"

/* A stream into memory. */
typedef struct {
    FILE *stream;
    char *text;
    size_t length;
} sink;

static void open_sink(sink *s)
{
    s->stream = open_memstream(&s->text, &s->length);
    assert_non_null(s->stream);
}

static void expect_text(sink *s, const char *expected)
{
    fclose(s->stream);
    assert_string_equal(s->text, expected);
    free(s->text);
}

static void levels_say_what_they_should(void **unused)
{
    (void)unused;
    sink s;
    open_sink(&s);
    rb_log log;
    rb_log_init(&log, s.stream, RB_LOG_NORMAL);
    rb_log_say(&log, "%d trials", 44);
    rb_log_detail(&log, "left out");
    log.level = RB_LOG_QUIET;
    rb_log_say(&log, "left out too");
    rb_log_warn(&log, "memory");
    expect_text(&s, "44 trials\nwarning: memory\n");
}

static void a_silent_log_says_nothing(void **unused)
{
    (void)unused;
    rb_log log;
    rb_progress progress;
    rb_log_init(&log, NULL, RB_LOG_DETAIL);
    rb_log_say(&log, "nothing");
    rb_log_warn(&log, "nothing");
    rb_progress_begin(&progress, &log, "trials", 0, 1);
    rb_progress_step(&progress, 1, "nothing");
    rb_progress_end(&progress);
    assert_false(log.is_terminal);
}

static void a_log_gets_a_plain_line_for_the_last_unit(void **unused)
{
    (void)unused;
    sink s;
    open_sink(&s);
    rb_log log;
    rb_progress progress;
    rb_log_init(&log, s.stream, RB_LOG_NORMAL);
    rb_progress_begin(&progress, &log, "trials", 0, 1234);
    rb_progress_step(&progress, 1, "too early for a line");
    rb_progress_step(&progress, 1234, "als factors=64");
    rb_progress_end(&progress);
    fclose(s.stream);
    assert_non_null(strstr(s.text, "1,234/1,234  als factors=64"));
    assert_non_null(strstr(s.text, "trials/s\n"));
    assert_null(strstr(s.text, "too early"));
    assert_null(strchr(s.text, '\r'));
    free(s.text);
}

static void the_rate_leaves_out_what_was_kept(void **unused)
{
    (void)unused;
    sink s;
    open_sink(&s);
    rb_log log;
    rb_progress progress;
    rb_log_init(&log, s.stream, RB_LOG_NORMAL);
    rb_progress_begin(&progress, &log, "trials", 31, 44);
    progress.begin_s -= 10; /* as if it had begun ten seconds ago */
    progress.every_s = 0;
    rb_progress_step(&progress, 41, "");
    fclose(s.stream);
    assert_non_null(strstr(s.text, "41/44"));
    assert_non_null(strstr(s.text, "ETA 3 s"));
    free(s.text);
}

static void a_terminal_line_is_redrawn_and_cleared(void **unused)
{
    (void)unused;
    sink s;
    open_sink(&s);
    rb_log log;
    rb_progress progress;
    rb_log_init(&log, s.stream, RB_LOG_NORMAL);
    log.is_terminal = true;
    log.width = 20;
    rb_progress_begin(&progress, &log, "trials", 0, 2);
    progress.every_s = 0;
    rb_progress_step(&progress, 1, "a very long description of a configuration");
    rb_log_say(&log, "said");
    expect_text(&s, "\r 1/2  a very long d\033[K\r\033[Ksaid\n");
}

static void durations_read_as_words(void **unused)
{
    (void)unused;
    static const struct {
        double seconds;
        const char *words;
    } known[] = { { 0, "0.0 s" },        { 0.44, "0.4 s" },       { 3.2, "3 s" },
                  { 125, "2 min 05 s" }, { 15000, "4 h 10 min" }, { -1, "0.0 s" } };
    char words[32];
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        assert_string_equal(rb_text_duration(words, known[i].seconds), known[i].words);
}

static void a_progress_that_never_began_may_end(void **unused)
{
    (void)unused;
    rb_progress p = { 0 };
    rb_progress_end(&p);
    assert_null(p.log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(levels_say_what_they_should),
        cmocka_unit_test(a_silent_log_says_nothing),
        cmocka_unit_test(a_progress_that_never_began_may_end),
        cmocka_unit_test(a_log_gets_a_plain_line_for_the_last_unit),
        cmocka_unit_test(the_rate_leaves_out_what_was_kept),
        cmocka_unit_test(a_terminal_line_is_redrawn_and_cleared),
        cmocka_unit_test(durations_read_as_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

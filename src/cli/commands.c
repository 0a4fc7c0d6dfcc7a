/* The commands, in the order of the help. */
#include "cli/command.h"

extern const rb_command rb_cmd_run, rb_cmd_resume, rb_cmd_status, rb_cmd_report, rb_cmd_compare, rb_cmd_digest;
extern const rb_command rb_cmd_list, rb_cmd_validate, rb_cmd_info;
extern const rb_command rb_cmd_data_synth, rb_cmd_data_convert, rb_cmd_data_stats, rb_cmd_data_features;
extern const rb_command rb_cmd_recommend, rb_cmd_predict, rb_cmd_assign, rb_cmd_similar, rb_cmd_export;
extern const rb_command rb_cmd_describe;
extern const rb_command rb_cmd_completion, rb_cmd_help;

const rb_command *const rb_commands[] = {
    &rb_cmd_run,           &rb_cmd_resume,
    &rb_cmd_status,        &rb_cmd_report,
    &rb_cmd_compare,       &rb_cmd_digest,
    &rb_cmd_list,          &rb_cmd_validate,
    &rb_cmd_info,          &rb_cmd_data_synth,
    &rb_cmd_data_convert,  &rb_cmd_data_stats,
    &rb_cmd_data_features, &rb_cmd_recommend,
    &rb_cmd_predict,       &rb_cmd_assign,
    &rb_cmd_similar,       &rb_cmd_describe,
    &rb_cmd_export,        &rb_cmd_completion,
    &rb_cmd_help,          NULL,
};

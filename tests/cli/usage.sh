#!/usr/bin/env bash
# What is wrong in a command line is said once, with the nearest known word, and exit status 2.
. "$RB_SOURCE/tests/support/cli.bash" || exit 1

# wrong MESSAGE ARGUMENT...
wrong() {
    local message=$1
    shift
    expect 2 "$REELBENCH" "$@"
    complains "reelbench: $message"
    [ "$(wc -l <"$err")" -eq 1 ] || fail "$last: more than one line of complaint"
    [ ! -s "$out" ] || fail "$last: wrote to standard output"
}

wrong "no command; see reelbench --help"
wrong "unknown command 'rnu'; did you mean 'run'?" rnu
wrong "unknown command 'qqqqqqqq'; see reelbench --help" qqqqqqqq
wrong "unknown command 'data synht'; did you mean 'data synth'?" data synht
wrong "data: what? See reelbench data --help" data
wrong "unknown command 'reprot'; did you mean 'report'?" help reprot

wrong "run: FILE is missing; see reelbench run --help" run
wrong "run: 'b.yaml' is one argument too many" run a.yaml b.yaml
wrong "run: unknown option '--seeed'; did you mean '--seed'?" run a.yaml --seeed 4
wrong "run: unknown option '--thr'; did you mean '--threads'?" run a.yaml --thr 4
wrong "run: unknown option '--quite-other'; see reelbench run --help" run a.yaml --quite-other
wrong "run: unknown option '-z'; see reelbench run --help" run a.yaml -z
wrong "run: --threads is '0', expected a whole number in [1, 4096]" run a.yaml --threads 0
wrong "run: --threads is 'two', expected a whole number in [1, 4096]" run a.yaml --threads=two
wrong "run: --threads needs a value: --threads N" run a.yaml --threads
wrong "run: --threads is given twice" run a.yaml -t 1 --threads 2
wrong "run: --seed is '-1', expected a whole number in [0, 9223372036854775807]" run a.yaml --seed -1
wrong "run: --seed is '1.5', expected" run a.yaml --seed=1.5
wrong "run: --group-size is 'many', expected a whole number in [1, 1000000] or auto" run a.yaml --group-size many
wrong "run: --dry-run takes no value" run a.yaml --dry-run=yes
wrong "report: --format is 'xml', expected one of table|csv|tsv|json|markdown" report folder --format xml
wrong "recommend: TRIAL is missing" recommend folder
wrong "recommend: for whom? Name users by --user ID..." recommend folder 3
wrong "list: 'ndgc' is not known; did you mean 'ndcg'?" list ndgc
wrong "list: 'foo' is not known; see reelbench list" list foo
wrong "list: 'iasl' is not known; did you mean 'ials'?" list iasl
wrong "list: 'ndgc' is not known; did you mean 'ndcg'?" list metrics ndgc
wrong "list: 'algorithm' is not known; did you mean 'algorithms'?" list algorithm
wrong "data synth: 'users' is not of the form KEY=VALUE" data synth users
wrong "data synth: unknown parameter 'user'; did you mean 'users'?" data synth user=3
wrong "data synth: --to is 'xls', expected one of" data synth --to xls
wrong "data stats: --duplicates is 'first', expected one of error|last|mean" data stats file --duplicates first

# A word after -- is no option.
expect 2 "$REELBENCH" validate -- --no-such-file
complains "--no-such-file"

# A file or folder that is not there is bad input of every command that reads one.
absent=$scratch/absent
for command in "run $absent" "validate $absent" "resume $absent" "status $absent" "report $absent" "digest $absent" \
    "recommend $absent als --user 1" "predict $absent als $absent" "assign $absent kmeans $absent" \
    "data stats $absent" "data convert $absent -" "run $scratch" "data stats $scratch"; do
    # shellcheck disable=SC2086
    expect 2 "$REELBENCH" $command
    complains "$scratch"
    [ "$(wc -l <"$err")" -eq 1 ] || fail "$last: more than one line of complaint"
done

# The environment: a core that OpenBLAS does not know.
expect 3 "$REELBENCH" info --blas-core Pentium9
complains "--blas-core Pentium9: this OpenBLAS has no such core"
# A full disk behind a redirection is not silence.
if [ -w /dev/full ]; then
    status=0
    "$REELBENCH" --help >/dev/full 2>"$err" || status=$?
    [ $status -eq 3 ] || fail "--help into a full device: exit status $status, expected 3"
fi

finish

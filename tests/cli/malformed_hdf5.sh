#!/usr/bin/env bash
# Damaged HDF5: whatever stands in a unit, the cache or results.h5, the program ends as documented, with one message that
# names the file and what was expected there; units and the cache are made again, with the digest of an undisturbed run.
. "$RB_SOURCE/tests/support/cli.bash" || exit 1
cd "$scratch" || exit 1

for python in /usr/bin/python3 python3; do # another Python of the machine may come first and lack h5py
    "$python" -c 'import h5py' 2>/dev/null && break
done
damage() { "$python" "$RB_SOURCE/tests/support/damage_hdf5.py" "$@"; }

cat >tiny.yaml <<'YAML'
experiment: tiny
seed: 42
dataset: { path: made }
split: { kind: random, test: 0.2, validation: 0.1 }
metrics: [ndcg@10, rmse, silhouette]
select: [ndcg@10, silhouette]
store: { models: all, lists: all }
trials:
  - als: { factors: 3, iterations: 3 }
  - kmeans: { space: genre, k: 3 }
YAML
printf '1,2\n3,4\n' >pairs.csv
expect 0 "$REELBENCH" data synth users=60 items=40 ratings=700 sessions=300 --seed 7 --output made
expect 0 "$REELBENCH" run tiny.yaml --threads 1 --output whole
folder=$(basename whole/tiny-*)
"$REELBENCH" digest "whole/$folder" | head -n 1 >digest
als=$(basename "$(ls "whole/$folder"/units/*.lists.h5)" | cut -d . -f 1)
kmeans=$(find "whole/$folder/units" -name '*.fit.h5' ! -name "$als*" -printf '%f\n' | cut -d . -f 1)
[ -s digest ] && [ -n "$als" ] && [ "$(wc -w <<<"$kmeans")" -eq 1 ] || fail "the run to damage has not two fits with lists"
[ $failures -eq 0 ] || finish

# file_of NAME: what a name of the table stands for in the copy.
file_of() {
    local units=copy/$folder/units
    case $1 in
    fit) echo "$units/$als.fit.h5" ;;
    labels) echo "$units/$kmeans.fit.h5" ;;
    metric) echo "$units/$als".*.metric.h5 ;;
    points) echo "$units/$kmeans".*.metric.h5 ;;
    lists) echo "$units/$als".*.lists.h5 ;;
    model) echo "$units/$als.model.h5" ;;
    cache) echo copy/.cache/*/dataset.h5 ;;
    results) echo "copy/$folder/results.h5" ;;
    esac
}

# call COMMAND: what it is called with.
call() {
    case $1 in
    resume) timeout 20 "$REELBENCH" resume "copy/$folder" --threads 1 ;;
    run) timeout 20 "$REELBENCH" run tiny.yaml --threads 1 --output copy ;;
    recommend) timeout 20 "$REELBENCH" recommend "copy/$folder" 1 --user 3 ;;
    predict) timeout 20 "$REELBENCH" predict "copy/$folder" als pairs.csv ;;
    assign) timeout 20 "$REELBENCH" assign "copy/$folder" kmeans made/titles.csv ;;
    describe) timeout 20 "$REELBENCH" describe "copy/$folder" kmeans ;;
    json) timeout 20 "$REELBENCH" report "copy/$folder" --format json ;;
    *) timeout 20 "$REELBENCH" "$1" "copy/$folder" ;;
    esac
}

# A case a line: file | damage | command | exit status | message.
n_cases=0
while IFS='|' read -r name how command status message; do
    read -r name <<<"$name"
    read -r command <<<"$command"
    read -r message <<<"$message"
    [ -n "$name" ] && [ "${name:0:1}" != "#" ] || continue
    n_cases=$((n_cases + 1))
    rm -rf copy
    cp -r whole copy
    file=$(file_of "$name")
    # shellcheck disable=SC2086 # the operation and its arguments are words
    damage "$file" $how || fail "$name: $how: could not be damaged"
    expect "$((status))" call "$command"
    last="$name:$how: $command"
    said=$(cat "$out" "$err")
    [ $((status)) -eq 0 ] || [ "$(wc -l <"$err")" -eq 1 ] || fail "$last: not one message"
    grep -F -- "$(basename "$file")" <<<"$said" | grep -qF -- "$message" || fail "$last: does not say '$message' of $file"
    if [ "$name" != results ] && [ $((status)) -eq 0 ]; then
        expect 0 "$REELBENCH" digest "copy/$folder"
        head -n 1 "$out" | cmp -s - digest || fail "$last: another digest"
        expect 0 call "$command"
        if grep -qE 'made again|ignored' "$out" "$err"; then fail "$last: is not mended for good"; fi
    fi
done <<'TABLE'
# Units are made again.
fit     | empty                       | resume | 0 | not an HDF5 file; it is made again
fit     | half                        | resume | 0 | not a whole HDF5 file
fit     | text                        | resume | 0 | not an HDF5 file; it is made again
fit     | png                         | resume | 0 | not an HDF5 file; it is made again
fit     | foreign                     | resume | 0 | it has no attribute 'outcome'; it is made again
fit     | forget message              | resume | 0 | it has no attribute 'message'
fit     | attribute message 7         | resume | 0 | attribute 'message' is not what is expected there: one text of fixed length
fit     | attribute message "words"   | resume | 0 | attribute 'message' is not what is expected there: one text of fixed length
fit     | attribute outcome np.arange(100) | resume | 0 | attribute 'outcome' is not what is expected there: one integer
fit     | attribute outcome np.bytes_("done") | resume | 0 | attribute 'outcome' is not what is expected there: one integer
fit     | attribute outcome 9         | resume | 0 | 'outcome' is 9, expected 0 to 3
fit     | attribute wall_s 3          | resume | 0 | attribute 'wall_s' is not what is expected there: one floating-point number
fit     | attribute wall_s float("nan") | resume | 0 | not the values that were written there
fit     | attribute model np.bytes_("0123") | resume | 0 | attribute 'model' is not a digest
fit     | remove objective            | resume | 0 | it has no dataset 'objective'
fit     | group objective             | resume | 0 | it has no dataset 'objective'
fit     | words objective             | resume | 0 | 'objective' has another type, expected floating-point numbers of 64 bits
fit     | square objective            | resume | 0 | 'objective' has 3 columns, expected one dimension
fit     | cube objective              | resume | 0 | 'objective' has another shape, expected 1 or 2 dimensions
fit     | hollow objective            | resume | 0 | 'objective' has another shape, expected 1 or 2 dimensions that the file holds
fit     | shorter validation          | resume | 0 | 'validation' has 2 values, expected 3 as 'objective'
fit     | nan objective               | resume | 0 | not the values that were written there
fit     | flip iteration_s            | resume | 0 | not the values that were written there
labels  | floats labels               | resume | 0 | 'labels' has another type, expected integers of 32 bits
labels  | shorter labels              | resume | 0 | not the values that were written there
labels  | negative labels             | resume | 0 | not the values that were written there
labels  | flip labels                 | resume | 0 | not the values that were written there
metric  | empty                       | resume | 0 | not an HDF5 file; it is made again
metric  | half                        | resume | 0 | not a whole HDF5 file
metric  | foreign                     | resume | 0 | it has no table 'metrics'
metric  | words vector/0              | resume | 0 | 'vector/0' has another type
metric  | without metrics value       | resume | 0 | table 'metrics' has no column 'value' of numbers
metric  | retype metrics value        | resume | 0 | table 'metrics' has no column 'value' of numbers
metric  | retype metrics part         | resume | 0 | table 'metrics' has no column 'part' of texts
metric  | cell metrics n 0 -1         | resume | 0 | is over a negative number of users
metric  | cell metrics state 0 77     | resume | 0 | has no known state and population
metric  | cell metrics population 0 99 | resume | 0 | has no known state and population
metric  | cell metrics value 0 nan    | resume | 0 | not the values that were written there
metric  | forget seal                 | resume | 0 | it has no attribute 'seal'
metric  | remove vector/0             | resume | 0 | it has no dataset 'vector/0'
metric  | shorter vector/0            | resume | 0 | expected one for each of
metric  | square users/test/ranking   | resume | 0 | expected one dimension
metric  | negative users/test/ranking | resume | 0 | not the values that were written there
metric  | shorter users/test/ranking | resume | 0 | not the values that were written there
metric  | flip vector/0               | resume | 3 | is not what was written there; remove the file and resume
points  | remove vector/0             | resume | 0 | it has no dataset 'vector/0'
points  | shorter vector/0            | resume | 0 | has 39 values, expected one for each of 40 points
points  | flip vector/0               | resume | 3 | is not what was written there; remove the file and resume
lists   | half                        | resume | 0 | not a whole HDF5 file
lists   | forget k                    | resume | 0 | it has no attribute 'k'
lists   | shorter item                | resume | 0 | expected
lists   | floats item                 | resume | 0 | 'item' has another type, expected integers of 32 bits
model   | empty                       | resume | 0 | not an HDF5 file; it is made again
model   | half                        | resume | 0 | not a whole HDF5 file
model   | forget digest               | resume | 0 | it has no attribute 'digest'
model   | attribute digest np.bytes_("0"*64) | resume | 0 | not the model of its fit
# So is the cache.
cache   | empty                       | run    | 0 | not the bytes that were written there
cache   | half                        | run    | 0 | not the bytes that were written there
cache   | text                        | run    | 0 | not the bytes that were written there
cache   | flip interactions/user      | run    | 0 | not the bytes that were written there
cache   | foreign + seal              | run    | 0 | it has no attribute 'digest'
cache   | half + seal                 | run    | 0 | not a whole HDF5 file
cache   | attribute digest np.bytes_("x") + seal | run | 0 | its digest cannot be read
cache   | remove interactions/item + seal  | run | 0 | it has no dataset 'interactions/item'
cache   | shorter interactions/user + seal | run | 0 | interactions/user has 699 elements, expected 700
cache   | words interactions/rating + seal | run | 0 | 'interactions/rating' has another type
cache   | square interactions/time + seal  | run | 0 | elements, expected 700
cache   | hollow interactions/user + seal  | run | 0 | 'interactions/user' has another shape
# Results that are damaged are bad input.
results | empty                       | report | 2 | not an HDF5 file
results | half                        | report | 2 | not a whole HDF5 file
results | half                        | recommend | 2 | not a whole HDF5 file
results | text                        | digest | 2 | not an HDF5 file
results | png                         | assign | 2 | not an HDF5 file
results | foreign                     | report | 2 | it has no attribute 'schema'
results | foreign                     | recommend | 2 | it has no attribute 'schema'
results | attribute schema 99         | report | 2 | its schema has number 99, expected 1
results | attribute schema "one"      | digest | 2 | attribute 'schema' is not what is expected there: one integer
results | attribute schema 99         | predict | 2 | its schema has number 99, expected 1
results | forget digest               | digest | 2 | it has no attribute 'digest'
results | attribute digest 5          | digest | 2 | attribute 'digest' is not what is expected there: one text of fixed length
results | remove trials               | report | 2 | it has no table 'trials'
results | words trials                | report | 2 | table 'trials' has no column 'trial'
results | square trials               | report | 2 | 'trials' is not a table of one dimension
results | hollow metrics              | report | 2 | 'metrics' is not a table of one dimension
results | without trials entry        | report | 2 | table 'trials' has no column 'entry' of texts
results | retype metrics value        | json   | 2 | table 'metrics' has no column 'value' of numbers
results | shorter timing/trials       | report | 2 | of table 'timing/trials' has 1 rows, expected 2
results | cell metrics trial 0 0      | report | 2 | is of trial 0, expected ascending numbers from 1 to 2
results | cell metrics n 0 -5         | report | 2 | expected none below 0
results | cell selection trial 0 77   | json   | 2 | is of trial 77, expected 1 to 2
results | cell trials trial 1 77      | report | 2 | is trial 77, expected 2
results | cell trials entry 0 ÿ       | json   | 2 | not UTF-8
results | remove provenance           | recommend | 2 | it has no group 'provenance'
results | remove models/1/user_factors  | predict | 2 | it has no dataset 'user_factors'
results | shorter models/1/item_factors       | recommend | 2 | not the model of als that was written there
results | nan models/1/item_factors           | predict | 2 | not the model of als that was written there
results | floats models/2/labels     | assign | 2 | has another type
results | shorter per_cluster/2/all/silhouette | describe | 2 | has 2 clusters, the labels have 3
results | words per_cluster/2/all/silhouette | describe | 2 | has no column 'mean'
TABLE
[ $n_cases -ge 60 ] || fail "only $n_cases cases"

# status reads the journal alone.
expect 0 call status
finish

#!/usr/bin/env bash
# data: what is generated is read back, in every form, with the same digest; ranks and threads do not matter.
. "$RB_SOURCE/tests/support/cli.bash" || exit 1
cd "$scratch" || exit 1

small=(users=60 items=40 ratings=600 sessions=300)
expect 0 "$REELBENCH" data synth "${small[@]}" --seed 7 --output made
silent
prints "made: 60 users x 40 items, 600 ratings, 300 sessions"
cp "$out" synth.out
for file in ratings.csv users.csv titles.csv topics.csv sessions.csv; do
    [ -s "made/$file" ] || fail "data synth did not write $file"
done
[ "$(wc -l <made/ratings.csv)" -eq 601 ] || fail "ratings.csv has not 600 ratings and a heading"

expect 0 mpirun -n 3 "$REELBENCH" data synth "${small[@]}" --seed 7 --threads 2 --output again
for file in made/*; do
    cmp -s "$file" "again/$(basename "$file")" || fail "$(basename "$file") differs between 1 and 3 ranks"
done
expect 0 "$REELBENCH" data synth "${small[@]}" --seed 8 --output other
if cmp -s made/ratings.csv other/ratings.csv; then fail "another seed gives the same ratings"; fi
expect 0 "$REELBENCH" data synth "${small[@]}" --seed 7 --output -
cmp -s "$out" made/ratings.csv || fail "--output - differs from the file"

digest_of() {
    expect 0 "$REELBENCH" data stats "$@" --format tsv
    sed -n 's/^digest\t//p' "$out"
}
# The folder reads back whole: the same digest as the data that were generated, on any ranks.
full=$(sed -n 's/.*digest \([0-9a-f]*\)).*/\1/p' synth.out)
[ ${#full} -eq 16 ] || fail "data synth gives no digest"
found=$(digest_of made)
[ "${found:0:16}" = "$full" ] || fail "made reads back with digest $found, generated was $full"
grep -qx $'sessions\t300' "$out" || fail "the sessions of the folder are not read"
grep -qx $'titles\t40' "$out" || fail "the titles of the folder are not read"
expect 0 mpirun -n 3 "$REELBENCH" data stats made --format tsv
grep -qx "digest	$found" "$out" || fail "3 ranks read made with another digest"
expect 0 "$REELBENCH" data synth "${small[@]}" --seed 7 --to inter --output inter
[ "$(digest_of inter)" = "$found" ] || fail "a folder with ratings.inter reads back with another digest"
# Also without ratings: titles, or titles and sessions, alone.
for sessions in 0 300; do
    expect 0 "$REELBENCH" data synth users=60 items=40 ratings=0 sessions=$sessions --output titles$sessions
    full=$(sed -n 's/.*digest \([0-9a-f]*\)).*/\1/p' "$out")
    [ ! -e titles$sessions/ratings.csv ] || fail "ratings.csv of no ratings"
    alone=$(digest_of titles$sessions)
    [ ${#full} -eq 16 ] && [ "${alone:0:16}" = "$full" ] || fail "titles$sessions read back with digest $alone, generated was $full"
done
for file in titles sessions; do
    expect 0 "$REELBENCH" data convert made - --to $file
    cmp -s "$out" made/$file.csv || fail "data convert made --to $file differs from the file"
done
cat >folder.yaml <<'YAML'
experiment: folder
seed: 7
dataset: { path: made }
split: { kind: sessions, test: 0.2 }
metrics: [ndcg@5, "ari:planted"]
trials:
  - popularity
  - kmeans: { space: genre, k: 4 }
YAML
expect 0 "$REELBENCH" run folder.yaml --output read
expect 0 "$REELBENCH" run folder.yaml --output direct --set 'dataset={name: synthetic, users: 60, items: 40, ratings: 600, sessions: 300}'
"$REELBENCH" report read/folder-* --format csv | cut -d, -f1-7,11- >read.csv
"$REELBENCH" report direct/folder-* --format csv | cut -d, -f1-7,11- >direct.csv
[ -s read.csv ] && cmp -s read.csv direct.csv || fail "the folder and the data themselves give other metrics"
# Other people's files of those names do not disturb; a damaged one is named with its line.
cp -r made foreign
printf 'id,name\n1,x\n' >foreign/users.csv
expect 0 "$REELBENCH" data stats foreign
cp -r made damaged
sed -i '3s/,[a-z]*$/,wheel/' damaged/sessions.csv
expect 2 "$REELBENCH" data stats damaged
complains "damaged/sessions.csv:3:"
complains "'wheel' is no device"
sed -i '2d' made/users.csv
expect 2 "$REELBENCH" data stats made
complains "user '0' of the ratings is missing beside them"
cp again/users.csv made/users.csv

wanted=$(digest_of made/ratings.csv)
grep -qx $'users\t60' "$out" || fail "data stats does not count 60 users"
grep -qx $'interactions\t600' "$out" || fail "data stats does not count 600 interactions"
[ ${#wanted} -eq 64 ] || fail "data stats gives no digest"
for form in ratings.csv u.data ratings.dat inter; do
    expect 0 "$REELBENCH" data convert made/ratings.csv "converted.$form" --to $form
    found=$(digest_of "converted.$form" --from $form)
    [ "$found" = "$wanted" ] || fail "$form: digest $found, expected $wanted"
done
for form in libmf matrix-market; do
    expect 0 "$REELBENCH" data convert made/ratings.csv - --to $form
    cp "$out" "converted.$form"
    expect 0 "$REELBENCH" data stats "converted.$form" --from $form --format tsv
    grep -qx $'interactions\t600' "$out" || fail "$form does not read back with 600 interactions"
done
expect 2 "$REELBENCH" data convert made/ratings.csv - --to titles
complains "no catalogue"

# Delimiters are found whatever the file is called, and ids may be texts.
while IFS='|' read -r name line; do
    printf '%b' "$line" >"$name"
    found=$(digest_of "$name")
    grep -qx $'users\t2' "$out" && grep -qx $'interactions\t3' "$out" || fail "$name: '$line' is not understood"
    [ -n "${same:-}" ] || same=$found
    [ "$found" = "$same" ] || fail "$name: '$line' reads as other data"
done <<'FORMS'
comma.csv|user,item,rating\nanna,x,3.5\nanna,y,4\nbert,x,1\n
semicolon.csv|user;item;rating\nanna;x;3.5\nanna;y;4\nbert;x;1\n
noheader.csv|anna;x;3.5\nanna;y;4\nbert;x;1\n
tab.txt|user\titem\trating\nanna\tx\t3.5\nanna\ty\t4\nbert\tx\t1\n
bar.data|user\x7citem\x7crating\nanna\x7cx\x7c3.5\nanna\x7cy\x7c4\nbert\x7cx\x7c1\n
colons.dat|anna::x::3.5\nanna::y::4\nbert::x::1\n
blanks.txt|anna x 3.5\nanna y 4\nbert x 1\n
FORMS
printf 'userId,movieId,rating,timestamp\nanna,tt1,3.5,10\nbert,tt2,4,11\n' >named.csv
expect 0 "$REELBENCH" data stats named.csv
grep -qE '^users +2$' "$out" || fail "a MovieLens heading with text ids is not understood"
printf 'userId,movieId,rating,timestamp\n7,1,3.5,10\n7,tt2,4,11\n' >later.csv
expect 2 "$REELBENCH" data stats later.csv
complains "later.csv:3:3: item 'tt2' is not a whole number; format: text takes any id"

printf '1,2,3.5\n1,3,x4.5\n2,2,1\n' >broken.csv
expect 2 "$REELBENCH" data stats broken.csv --header no
complains "broken.csv:2:5: "
expect 0 "$REELBENCH" data stats broken.csv --header no --on-error skip
complains "skipped broken.csv:2:5: "
grep -qE '^lines skipped +1$' "$out" || fail "the skipped line is not counted"
printf 'person,item,rating\nanna,x,3\n' >person.csv
expect 2 "$REELBENCH" data stats person.csv
complains "person.csv:1:1: no column for the users among the 3 of 'person,item,rating': name it by --user-column"
expect 2 "$REELBENCH" data stats no/such/file.csv
complains "no/such/file.csv"

# A path that names nothing is no name of a data set.
expect 2 "$REELBENCH" data stats nowhere.csv --data made
complains "nowhere.csv: no such file"
finish

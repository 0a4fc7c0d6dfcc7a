#!/usr/bin/env bash
# similar and recommend --explain: the titles nearest to one by their words, as scikit-learn ranks them; filters; a
# stored model; its reasons; bad input.
. "$RB_SOURCE/tests/support/cli.bash" || exit 1
cd "$scratch" || exit 1

data=${REELBENCH_DATA:-$RB_SOURCE/../shared/data}
soup=(--set stop_words=none --set min_df=2)

expect 0 "$REELBENCH" similar netflix-titles --data "$data" --title "stranger things" "${soup[@]}"
silent
python3 - "$RB_SOURCE/tests/golden/netflix-titles.json" "$out" <<'PYTHON' || fail "other titles than the golden ones"
import json
import sys

with open(sys.argv[1], encoding="utf-8") as file:
    wanted = json.load(file)["nearest_to_stranger_things"]
with open(sys.argv[2], encoding="utf-8") as file:
    found = [line.rstrip("\n").split("\t") for line in file][1:]
assert [row[3] for row in found] == [w["title"] for w in wanted], found
assert all(abs(float(row[2]) - w["cosine"]) < 1e-5 for row, w in zip(found, wanted)), found
PYTHON

expect 0 "$REELBENCH" similar netflix-titles --data "$data" --title "Stranger Things" --genre "tv horror" \
    --type "TV Show" --years 2015-2020 --age-group teens --top 2 "${soup[@]}"
[ "$(wc -l <"$out")" -eq 3 ] || fail "not two titles"
prints "Anjaan: Special Crimes Unit"
expect 2 "$REELBENCH" similar netflix-titles --data "$data" --title "Stranger Things" --genre "TV Horor"
complains "no title has the genre 'TV Horor'; did you mean 'TV Horror'?"
expect 2 "$REELBENCH" similar netflix-titles --data "$data" --title "No Such Title"
complains "no title 'No Such Title' in the data set 'netflix-titles'"
expect 2 "$REELBENCH" similar netflix-titles --data "$data" --item s1 --years 20x
complains "years '20x', expected one like 1994, or a range like 1990-1999, 1990- or -1999"
expect 2 "$REELBENCH" similar netflix-titles --data "$data" --item s1 --set words=3
complains "--set words=3: expected KEY=VALUE with a parameter that 'reelbench list content' shows"
expect 2 "$REELBENCH" similar netflix-titles --data "$data"
complains "similar: to what?"

cat >content.yaml <<'YAML'
experiment: content
dataset: { name: synthetic, users: 40, items: 30, ratings: 500 }
split: { kind: random, test: 0.2 }
metrics: [ndcg@10]
store: { models: all }
trials:
  - content: { profile: [equal, rating] }
  - ease
  - random
YAML
expect 0 "$REELBENCH" run content.yaml --output results
run=$(echo results/content-*)
expect 0 "$REELBENCH" similar "$run" 1 --item 3 --top 4
[ "$(wc -l <"$out")" -eq 5 ] || fail "not four items"
expect 0 "$REELBENCH" recommend "$run" 1 --user 3 --top 2 --explain 3
head -n 1 "$out" | grep -qx $'user\trank\titem\tscore\ttitle\tbecause' || fail "no column of reasons"
[ "$(grep -cE '; .*; .*\)$' "$out")" -eq 2 ] || fail "not three reasons in each of two lines"
expect 2 "$REELBENCH" recommend "$run" random --user 3 --explain 3
complains "random cannot explain its recommendations"
expect 2 "$REELBENCH" similar "$run" ease --item 3
complains "ease does not compare items"
expect 2 "$REELBENCH" similar "$run" 1 --item 300
complains "no item '300' in the data set 'synthetic'"
expect 2 "$REELBENCH" similar "$run" 1 --item 3 --set cast=2
complains "--set is for a data set"
finish

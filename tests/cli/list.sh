#!/usr/bin/env bash
# list: everything that an experiment can name, in every form, from the registries.
. "$RB_SOURCE/tests/support/cli.bash" || exit 1

expect 0 "$REELBENCH" list
silent
for name in random popularity global_mean user_mean item_mean bias als ials dbscan hdbscan kmeans ndcg rmse silhouette synthetic \
    ml-latest-small netflix-titles counts tfidf lsa-N genre numeric mixed k_fold leave_last_out experiment dataset \
    dataset.columns split early_stopping store user.recency title.pagerank; do
    grep -qE "^[a-z]+ +$name " "$out" || fail "list leaves out $name"
done
expect 0 "$REELBENCH" list algorithms
[ "$(wc -l <"$out")" -eq $(($(ls "$RB_SOURCE"/src/recommend/models/*.c "$RB_SOURCE"/src/cluster/models/*.c | wc -l) + 1)) ] ||
    fail "list algorithms has not one line for each model"

# Every name is explained, with the kind and without.
expect 0 "$REELBENCH" list --format tsv
cp "$out" "$scratch/all"
while IFS=$'\t' read -r kind name _; do
    [ "$kind" != kind ] || continue
    expect 0 "$REELBENCH" list "$kind" "$name"
    prints "$name"
    silent
    cp "$out" "$scratch/one"
    # Without its kind a name means that of the first kind that has it, and a kind's name the kind.
    if [ "$(awk -v n="$name" '$1 == n { kind = 1 } $2 == n && !first { first = $1 }
            END { if (!kind) print first }' "$scratch/all")" = "$kind" ]; then
        expect 0 "$REELBENCH" list "$name"
        cmp -s "$out" "$scratch/one" || fail "list $name and list $kind $name differ"
    fi
    expect 0 "$REELBENCH" list "$kind" "$name" --format json
    python3 -m json.tool <"$out" >/dev/null || fail "list $kind $name --format json is not JSON"
done <"$scratch/all"

expect 0 "$REELBENCH" list ials
prints "goes on from checkpoints · same bits for any shape"
grep -qE '^  factors +int +[0-9]+ +1\.\.[0-9]+ ' "$out" || fail "list ials does not give the range of factors"
# The keys of an experiment file, and of a split those that have an effect.
expect 0 "$REELBENCH" list keys experiment
grep -qE '^  seed +int +0 +0\.\.9\.2e18 ' "$out" || fail "list keys experiment does not give the range of seed"
expect 0 "$REELBENCH" list keys dataset
prints "  on_error "
prints "  users "
expect 0 "$REELBENCH" list splits k_fold
prints "  folds "
if grep -q "  reveal " "$out"; then fail "list splits k_fold names a key without effect"; fi
expect 0 "$REELBENCH" list ndcg@10
prints "ndcg@K"
expect 0 "$REELBENCH" list spaces lsa-100
prints "max_features"
expect 0 "$REELBENCH" list metrics --format csv
grep -q '^kind,name,summary$' "$out" || fail "the CSV has no heading"
expect 0 "$REELBENCH" list metrics --format markdown
grep -qE '^\|-+\|-+\|-+\|$' "$out" || fail "the Markdown has no rule"

finish

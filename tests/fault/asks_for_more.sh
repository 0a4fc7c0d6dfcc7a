#!/usr/bin/env bash
# A file that asks for more of a finished run: values that are there stay, only what is missing is made, trials are
# fitted again only where their model was not kept, and results.h5 is that of a run which was asked for it at once.
. "$RB_SOURCE/tests/support/cli.bash" || exit 1
cd "$scratch" || exit 1

# experiment METRICS STORE
experiment() {
    cat >more.yaml <<YAML
experiment: more
seed: 42
dataset: { name: synthetic, users: 300, items: 150, ratings: 6000, sessions: 3000 }
split: { kind: random, test: 0.2, validation: 0.1 }
metrics: $1
select: ndcg@10
store: $2
trials:
  - item_mean: { damping: [0, 5, 25] }
  - popularity
  - als: { factors: [4, 8], iterations: 3 }
  - kmeans: { space: genre, k: [3, 4] }
YAML
}

# run WORDS: on the same folder; the words must be printed.
run() {
    expect 0 mpirun -n 2 "$REELBENCH" run more.yaml --output kept --threads 1
    prints "$1"
    folder=$(echo kept/more-*)
    expect 0 "$REELBENCH" digest "$folder"
    head -n 1 "$out" >digest
}

# as_at_once WHAT: the digest, and what results.h5 holds, are those of a run in another folder.
as_at_once() {
    rm -rf fresh
    expect 0 "$REELBENCH" run more.yaml --output fresh --threads 2
    expect 0 "$REELBENCH" digest fresh/more-*
    head -n 1 "$out" | cmp -s - digest || fail "$1: another digest than that of a run asked at once"
    for name in metrics models recommendations per_user per_point per_cluster labels; do
        h5ls -r "$folder/results.h5/$name" 2>/dev/null | sed 's/ \+/ /g' >held
        h5ls -r "$(echo fresh/more-*)/results.h5/$name" 2>/dev/null | sed 's/ \+/ /g' >asked
        cmp -s held asked || fail "$1: /$name holds other things: $(diff held asked | head -n 5)"
    done
}

stamps() { stat -c '%n %i %Y' "$folder"/units/*.metric.h5 "$folder"/units/*.fit.h5; }

experiment '[ndcg@10, rmse, silhouette]' '{ models: selected, lists: selected, per_user: selected }'
run "8 trials"
stamps >before
run "8 kept, 0 to run"

experiment '[silhouette, rmse, ndcg@10]' '{ models: selected, lists: selected, per_user: selected }'
run "8 kept, 0 to run"
stamps | cmp -s - before || fail "another order of the metrics evaluated something again"

# Three of the models were kept (the best of item_mean and als, and popularity); clusterings need none.
experiment '[ndcg@10, rmse, mae, silhouette, "ari:planted"]' '{ models: selected, lists: selected, per_user: selected }'
run "3 finished trials are fitted again"
stamps | grep -F -x -q -f before || fail "adding a metric replaced every unit"
[ "$(stamps | grep -F -x -c -f before)" -eq "$(wc -l <before)" ] || fail "adding a metric wrote stored units again"
as_at_once "metrics added"

experiment '[ndcg@10, rmse, silhouette]' '{ models: selected, lists: selected, per_user: selected }'
run "8 kept, 0 to run"
as_at_once "metrics taken away"

experiment '[ndcg@10, "recall@20", silhouette]' '{ models: selected, lists: selected, per_user: selected }'
run "fitted again"
as_at_once "longer lists"
experiment '[ndcg@10, silhouette]' '{ models: selected, lists: selected, per_user: selected }'
run "8 kept, 0 to run"
as_at_once "shorter lists"

experiment '[ndcg@10, rmse, silhouette]' '{ models: all, lists: selected, per_user: all }'
run "finished trials are fitted again"
as_at_once "store.models: all"
experiment '[ndcg@10, rmse, silhouette]' '{ models: all, lists: all, per_user: all }'
run "to run"
as_at_once "store.lists: all"
run "8 kept, 0 to run"

experiment '[ndcg@10, rmse, silhouette]' '{ models: none, lists: none, per_user: none }'
run "8 kept, 0 to run"
as_at_once "store: none"
experiment '[ndcg@10, rmse, silhouette]' '{ models: selected, lists: selected, per_user: selected }'
run "3 finished trials are fitted again"
as_at_once "store: selected after none"

# More metrics and more to keep at once, where selection then wants the models of clusterings.
experiment '[silhouette]' '{ models: none, lists: none, per_user: none }'
sed -i 's/select: .*/select: silhouette/; /^  - [ipa]/d' more.yaml
rm -rf kept
run "2 trials"
experiment '[silhouette, inertia, davies_bouldin]' '{ models: selected, lists: selected, per_user: selected }'
sed -i 's/select: .*/select: davies_bouldin/; /^  - [ipa]/d' more.yaml
run "2 done, 0 failed"
as_at_once "metrics and store at once"
rm -rf kept
experiment '[ndcg@10, rmse, silhouette]' '{ models: selected, lists: selected, per_user: selected }'
run "8 trials"

# A fit that is stopped when it is done once more takes nothing away; the next start goes on.
experiment '[ndcg@10, rmse, mae, silhouette]' '{ models: none, lists: none, per_user: none }'
sed -i 's/iterations: 3/iterations: 3000/' more.yaml
expect 0 "$REELBENCH" run more.yaml --output kept --set metrics='[ndcg@10, silhouette]'
stamps >before
expect 1 "$REELBENCH" run more.yaml --output kept --set timeout=0.01
complains "2 of 8 trials lack what the file asks for"
[ "$(stamps | grep -F -x -c -f before)" -eq "$(wc -l <before)" ] || fail "a fit that was stopped replaced a finished one"
expect 0 "$REELBENCH" status "$folder"
run "6 kept, 2 to run"
as_at_once "after a stopped fit"

# Errors of ratings alone need no ranking: no lists, whether the folder has them or not; with a ranking they are back.
experiment '[rmse, silhouette]' '{ models: all, lists: all, per_user: all }'
sed -i 's/^select: .*/select: rmse/' more.yaml
run "0 failed"
as_at_once "errors of ratings alone"
if h5ls "$folder/results.h5/recommendations" >"$out" 2>&1; then fail "lists that nothing asked for"; fi
experiment '[rmse, ndcg@10, silhouette]' '{ models: all, lists: all, per_user: all }'
run "0 failed"
as_at_once "a ranking beside them"

finish

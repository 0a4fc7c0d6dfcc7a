#!/usr/bin/env bash
# compare: the same tests, corrections, effects and ranks as computed from the stored values of users.
. "$RB_SOURCE/tests/support/cli.bash" || exit 1
cd "$scratch" || exit 1
for python in /usr/bin/python3 python3; do # another Python of the machine may come first and lack h5py
    "$python" -c 'import h5py' 2>/dev/null && break
done

cat >first.yaml <<'YAML'
experiment: first
seed: 4
dataset: { name: synthetic, users: 200, items: 120, ratings: 4000, sessions: 2000 }
split: { kind: random, test: 0.2, validation: 0.1 }
metrics: [ndcg@10, rmse, "recall@5", item_coverage@10, inertia]
select: ndcg@10
repeats: 2
trials:
  - random
  - item_mean
  - popularity
  - als: { factors: [4, 8], iterations: 3 }
  - kmeans: { space: [genre, numeric], k: 3 }
YAML
sed 's/first/second/; s/iterations: 3/iterations: 2/; /- random/d' first.yaml >second.yaml
sed 's/first/other/; s/seed: 4/seed: 5/' first.yaml >other.yaml
sed 's/first/bare/; s/^repeats/store: { per_user: none }\nrepeats/' first.yaml >bare.yaml
for name in first second other bare; do
    expect 0 "$REELBENCH" run $name.yaml
done
first=$(echo results/first-*) second=$(echo results/second-*) other=$(echo results/other-*) bare=$(echo results/bare-*)

# The systems of two runs, the pairs and the figure, against plain loops.
cat >oracle.py <<'PYTHON'
import json, math, statistics, sys
import h5py

report, metric, lower, correction = json.load(open(sys.argv[1])), sys.argv[2], sys.argv[3] == "lower", sys.argv[4]

def values(system):
    """Mean of each user's value over the trials of the configuration."""
    with h5py.File(system["run"] + "/results.h5") as f:
        trials = f["trials"][:]
        wanted = trials["configuration"][system["trial"] - 1]
        sums = {}
        for t in trials[trials["configuration"] == wanted]["trial"]:
            group = f[f"per_user/{t}/test"]
            users = group["users_rating" if metric.startswith("rmse") else "users_ranking"][:]
            for user, value in zip(users, group[metric][:]):
                if not math.isnan(value):
                    sums.setdefault(int(user), []).append(float(value))
        return {user: sum(v) / len(v) for user, v in sums.items()}

def near(a, b):
    assert abs(a - b) <= 1e-9 * max(1, abs(b)), (a, b)

systems = report["systems"]
of = {s["system"]: values(s) for s in systems}
assert len(of) == len(systems) >= 3, systems
for s in systems:
    near(s["mean"], statistics.fmean(of[s["system"]].values()))
    assert s["n"] == len(of[s["system"]])
means = [s["mean"] for s in systems]
assert means == sorted(means, reverse=not lower), means
common = set.intersection(*(set(v) for v in of.values()))
for s in systems:
    sign = 1 if lower else -1
    rank = 0
    for user in common:
        own = sign * of[s["system"]][user]
        others = [sign * of[o["system"]][user] for o in systems if o is not s]
        rank += 1 + sum(o < own for o in others) + sum(o == own for o in others) / 2
    near(s["rank"], rank / len(common))
pairs = report["pairs"]
assert len(pairs) == len(systems) * (len(systems) - 1) // 2
for p in pairs:
    a, b = of[p["a"]], of[p["b"]]
    d = [a[u] - b[u] for u in sorted(set(a) & set(b))]
    near(p["difference"], statistics.fmean(d))
    near(p["effect d"], statistics.fmean(d) / statistics.stdev(d))
    if p["test"] == "t":
        near(p["statistic"], statistics.fmean(d) / (statistics.stdev(d) / math.sqrt(len(d))))
        assert p["low"] < p["difference"] < p["high"]
    assert p["n"] == len(d)
m = len(pairs)
ordered = sorted(pairs, key=lambda p: p["p"])
for i, p in enumerate(ordered):
    if correction == "holm":
        near(p["corrected p"], max(min(1, (m - j) * ordered[j]["p"]) for j in range(i + 1)))
    else:
        near(p["corrected p"], min(min(1, m * ordered[j]["p"] / (j + 1)) for j in range(i, m)))
letters = {s["system"]: set(s["letters"]) for s in systems}
for p in pairs:
    assert bool(letters[p["a"]] & letters[p["b"]]) == (p["corrected p"] >= 0.05), p
PYTHON
expect 0 "$REELBENCH" compare "$first" "$second:als" --format json --figure ranks.svg
"$python" oracle.py "$out" ndcg:bin-min@10 higher holm || fail "not the values of plain loops"
expect 0 "$REELBENCH" compare "$first:item_mean" "$first:als" "$second:als" "$first:10" --metric rmse --test t \
    --correction bh --format json
"$python" oracle.py "$out" rmse:global lower bh || fail "not the values of plain loops (rmse)"
python3 - <<'PYTHON' || fail "the figure lacks an axis, a bar or a name"
import xml.dom.minidom
text = xml.dom.minidom.parse("ranks.svg")
words = [t.firstChild.data for t in text.getElementsByTagName("text")]
assert sum(w in "12345" for w in words) == 5, words
for name in "random", "item_mean", "popularity":
    assert any(name in w.split() for w in words), words
assert any(w.startswith("critical difference 0.") for w in words), words
assert len(text.getElementsByTagName("line")) > 5 + 3 + 10
caption = [t for t in text.getElementsByTagName("text") if "Nemenyi" in t.firstChild.data][0]
assert float(caption.getAttribute("x")) + 6.6 * len(caption.firstChild.data) < 760, caption.toxml() # 6.6: a letter of 12
PYTHON

# For the eye a heading says what was done; CSV has the pairs.
expect 0 "$REELBENCH" compare "$first"
prints "ndcg@10 on test: paired wilcoxon over "
prints "same letter: no significant difference"
expect 0 "$REELBENCH" compare "$first" --format csv
[ "$(head -n 1 "$out")" = "a,b,n,difference,low,high,test,statistic,p,corrected p,effect d" ] || fail "columns of csv"

# What has no value of users is compared over folds and repeats.
expect 0 "$REELBENCH" compare "$first:als" "$first:popularity" --metric item_coverage@10 --test t
prints "item_coverage@10 on test: paired t over 2 folds and repeats"

# What does not compare, and why.
expect 2 "$REELBENCH" compare "$first" "$other"
complains "data set, filter, relevance, split or seed differ"
expect 2 "$REELBENCH" compare "$bare"
complains "store: { per_user: all } keeps those"
expect 2 "$REELBENCH" compare "$first:kmeans" "$first:als" --metric inertia
complains "'kmeans' has several configurations"
expect 2 "$REELBENCH" compare "$first:11" "$first:13" --metric inertia
complains "values of inertia in different spaces do not compare"
expect 2 "$REELBENCH" compare "$first:als"
complains "one system (als): nothing to compare it with"
expect 0 "$REELBENCH" compare "$first:item_mean" "$first:als" --metric rmse
prints "rmse:user on"
expect 2 "$REELBENCH" compare "$first" --metric rmse
complains "nothing was selected by rmse"
expect 2 "$REELBENCH" compare "$first" --metric rsme
complains "did you mean 'rmse'?"
expect 2 "$REELBENCH" compare "$first:99" "$first:1"
complains "no trial 99, expected 1 to 14"
expect 2 "$REELBENCH" compare "$first" --level 95
complains "--level is '95'"
expect 2 "$REELBENCH" compare nowhere
complains "nowhere: No such file or directory"
expect 3 "$REELBENCH" compare "$first" --figure nowhere/ranks.svg
complains "nowhere/ranks.svg: No such file or directory"

finish

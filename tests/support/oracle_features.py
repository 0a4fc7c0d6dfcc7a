"""Features of users and titles from the files of `data synth`, by plain loops; compared with what the program wrote.

usage: oracle_features.py FOLDER users.csv titles.csv
"""
import csv
import datetime
import math
import sys
from collections import Counter, defaultdict

folder, users_file, titles_file = sys.argv[1:]
DAY = 86400


def rows(name):
    with open(f"{folder}/{name}.csv", newline="") as f:
        return list(csv.DictReader(f))


def mean(values):
    values = list(values)
    return sum(values) / len(values) if values else None


def sd(values):
    m = mean(values)
    return math.sqrt(mean((v - m) ** 2 for v in values)) if values else None


def entropy(things):
    counts = Counter(things).values()
    return -sum(c / sum(counts) * math.log(c / sum(counts)) for c in counts) if counts else None


def utc(t):
    return datetime.datetime.fromtimestamp(t, datetime.timezone.utc)


def weekend(t):
    return utc(t).weekday() >= 5


ratings = [(r["userId"], r["movieId"], float(r["rating"]), int(r["timestamp"])) for r in rows("ratings")]
titles = {t["show_id"].lstrip("s"): t for t in rows("titles")}
users = [u["userId"] for u in rows("users")]
sessions = defaultdict(list)
for e in rows("sessions"):
    sessions[e["session"]].append(e)

of_user, of_title = defaultdict(list), defaultdict(list)
for u, i, r, t in ratings:
    of_user[u].append((i, r, t))
    of_title[i].append((u, r, t))
end = max(t for *_, t in ratings)
all_mean = mean(r for _, _, r, _ in ratings)
least, most = 0.5, 5.0
user_mean = {u: mean(r for _, r, _ in x) for u, x in of_user.items()}
title_mean = {i: mean(r for _, r, _ in x) for i, x in of_title.items()}
sizes = sorted((len(of_title[i]) for i in titles), reverse=True)
niche = sizes[len(titles) // 5]


def tenth(r):
    return min(9, int((r - least) / (most - least) * 10))


def number(text, unit):
    return int(text.split()[0]) if unit in text else None


minutes = {i: number(t["duration"], "min") for i, t in titles.items()}
seasons = {i: number(t["duration"], "Season") for i, t in titles.items()}
genres = {i: [g for g in t["listed_in"].split(", ") if g] for i, t in titles.items()}
ages = {"TV-Y": 1, "TV-G": 1, "G": 1, "TV-Y7": 2, "TV-Y7-FV": 2, "PG": 2, "TV-PG": 2, "PG-13": 3, "TV-14": 3, "R": 4,
        "NC-17": 4, "TV-MA": 4}
age = {i: ages.get(t["rating"]) for i, t in titles.items()}
year = {i: int(t["release_year"]) for i, t in titles.items()}
added = {i: datetime.datetime.strptime(t["date_added"].strip(), "%B %d, %Y").toordinal() for i, t in titles.items()}

# The projection, as a matrix: how many users have both.
order = list(titles)
have = {i: {u for u, *_ in of_title[i]} for i in order}
link = {i: {j: len(have[i] & have[j]) for j in order if j != i and have[i] & have[j]} for i in order}
strength = {i: sum(link[i].values()) for i in order}
rank = dict.fromkeys(order, 1 / len(order))
for _ in range(100):
    loose = sum(rank[i] for i in order if not link[i])
    rank = {j: 0.15 / len(order) + 0.85 * (loose / len(order) + sum(rank[i] * w / strength[i]
                                                                     for i, w in link[j].items())) for j in order}


def clustering(i):
    near = list(link[i])
    pairs = len(near) * (len(near) - 1)
    return sum(b in link[a] for a in near for b in near if a != b) / pairs if pairs else 0


def user(u):
    x = sorted(of_user[u], key=lambda e: e[2])
    n, t = len(x), [e[2] for e in x]
    own = [s for s in sessions.values() if s[0]["userId"] == u]
    events = [e for s in own for e in s]
    watched = [float(e["completion"]) for e in events]
    f = {"interactions": n, "sessions": len(own),
         "session_events_mean": mean(len(s) for s in own),
         "session_minutes_mean": mean((int(s[-1]["timestamp"]) - int(s[0]["timestamp"])) / 60 for s in own),
         "completion_mean": mean(watched), "completed_share": mean(c >= 0.9 for c in watched),
         "abandoned_share": mean(c < 0.2 for c in watched), "device_entropy": entropy(s[0]["device"] for s in own)}
    if not n:
        return f
    runs, run = [], 1
    for a, b in zip(t, t[1:]):
        if b - a > DAY:
            runs.append(run)
            run = 0
        run += 1
    runs = [r for r in runs + [run] if r >= 3]
    hours = [utc(s).hour for s in t]
    active = len({utc(s).date() for s in t})
    all_genres = [g for i, *_ in x for g in genres[i]]
    f |= {"active_days": active, "tenure": (end - t[0]) / DAY, "recency": (end - t[-1]) / DAY,
          "span": (t[-1] - t[0]) / DAY, "interactions_per_active_day": n / active,
          "pause_mean": (t[-1] - t[0]) / DAY / (n - 1) if n > 1 else None,
          "pause_longest": max((b - a for a, b in zip(t, t[1:])), default=None),
          "binge_runs": len(runs), "binge_longest": max(runs, default=0), "binge_share": sum(runs) / n,
          "weekend_share": mean(map(weekend, t)), "hour_entropy": entropy(hours),
          "rating_mean": user_mean[u], "rating_sd": sd([r for _, r, _ in x]),
          "rating_bias": mean(r - title_mean[i] for i, r, _ in x),
          "rating_extreme_share": mean(r in (least, most) for _, r, _ in x),
          "rating_entropy": entropy(tenth(r) for _, r, _ in x),
          "popularity_mean": mean(math.log2(1 + len(of_title[i])) for i, *_ in x),
          "novelty": mean(-math.log2(len(of_title[i]) / len(users)) for i, *_ in x),
          "niche_share": mean(len(of_title[i]) <= niche for i, *_ in x),
          "genres": len(set(all_genres)), "genre_entropy": entropy(all_genres),
          "genre_top_share": max(Counter(all_genres).values()) / len(all_genres) if all_genres else None,
          "movie_share": mean(minutes[i] is not None for i, *_ in x),
          "adult_share": mean(age[i] == 4 for i, *_ in x if age[i]),
          "year_mean": mean(year[i] for i, *_ in x), "year_sd": sd([year[i] for i, *_ in x]),
          "pagerank": sum(rank[i] / len(of_title[i]) for i, *_ in x)}
    if f["pause_longest"] is not None:
        f["pause_longest"] /= DAY
    for k, part in enumerate(("night", "morning", "afternoon", "evening")):
        f[part + "_share"] = mean(h // 6 == k for h in hours)
    return f


def title(i):
    x, t = of_title[i], titles[i]
    n = len(x)
    places = [(k, s) for s in sessions.values() for k, e in enumerate(s) if e["movieId"] == i]
    watched = [float(s[k]["completion"]) for k, s in places]
    people = lambda column: len({v for v in t[column].split(", ") if v})
    f = {"interactions": n, "popularity_share": n / len(ratings),
         "popularity_rank": 1 + sum(len(of_title[j]) > n for j in titles),
         "quality": (sum(r for _, r, _ in x) + 10 * all_mean) / (n + 10),
         "age": max(year.values()) - year[i], "days_in_catalogue": max(added.values()) - added[i],
         "minutes": minutes[i], "seasons": seasons[i], "genres": len(genres[i]), "cast": people("cast"),
         "countries": people("country"), "directors": people("director"), "age_group": age[i],
         "description_length": len(t["description"].encode()),
         "session_events": len(places), "session_place_mean": mean(k / (len(s) - 1) for k, s in places),
         "opens_share": mean(k == 0 for k, _ in places), "completion_mean": mean(watched),
         "completed_share": mean(c >= 0.9 for c in watched), "co_watch_degree": len(link[i]),
         "co_watch_weight": strength[i], "pagerank": rank[i], "clustering": clustering(i)}
    if not n:
        return f
    when = [s for *_, s in x]
    return f | {"rating_mean": title_mean[i], "rating_sd": sd([r for _, r, _ in x]),
                "rating_bias": mean(r - user_mean[u] for u, r, _ in x),
                "rating_entropy": entropy(tenth(r) for _, r, _ in x),
                "high_share": mean(r >= most - (most - least) / 5 for _, r, _ in x),
                "days_since_first": (end - min(when)) / DAY, "recency": (end - max(when)) / DAY,
                "span": (max(when) - min(when)) / DAY, "trend": mean(end - s < 30 * DAY for s in when),
                "weekend_share": mean(map(weekend, when)), "night_share": mean(utc(s).hour < 6 for s in when),
                "evening_share": mean(utc(s).hour >= 18 for s in when),
                "hour_entropy": entropy(utc(s).hour for s in when),
                "user_activity_mean": mean(math.log2(1 + len(of_user[u])) for u, *_ in x)}


def compare(file, ids, oracle):
    with open(file, newline="") as f:
        table = list(csv.DictReader(f))
    assert [r["id"] for r in table] == ids, "other ids, or in another order"
    for r in table:
        expected = oracle(r.pop("id"))
        for name, text in r.items():
            want, got = expected.pop(name, None), float(text) if text else None
            same = got is want if None in (got, want) else abs(got - want) <= 1e-6 * max(1, abs(want))
            assert same, (file, name, text, want)
        assert not expected, f"{file}: no column for {sorted(expected)}"


compare(users_file, users, user)
compare(titles_file, sorted(titles, key=int), title)

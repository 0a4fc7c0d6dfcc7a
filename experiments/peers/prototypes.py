"""K-Prototypes on the Netflix catalogue against the package kmodes: type, rating, first country, first genre and year.

Both sides start from the same eight titles and take at most ten iterations; a clustering is judged by its labels, by the cost
around its own means and modes, with the year standardised and gamma .5.
"""

import csv
import re

import numpy as np

import catalogue
import experiments
import rig

K, ITERATIONS, GAMMA = 8, 10, 0.5
LUCK = 0.02  # the two orders of updates end in different optima


def columns():
    """(standardised years, categories [n, 4], years), in the order of the file."""
    if not catalogue.TITLES.exists():
        raise rig.Unavailable(f"{catalogue.TITLES} is missing")
    years, rows = [], []
    with open(catalogue.TITLES, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            rating = "" if re.fullmatch(r"\d+ min", row["rating"].strip()) else row["rating"].strip()
            firsts = [next((part.strip() for part in row[key].split(",") if part.strip()), "")
                      for key in ("country", "listed_in")]
            years.append(float(row["release_year"]))
            rows.append([row["type"].strip(), rating, *firsts])
    years, rows = np.array(years), np.array(rows)
    return (years - years.mean()) / years.std(), rows, years


def cost(x, codes, labels):
    """Sum of the distances to the means and modes of the clusters."""
    total = 0.0
    for cluster in range(K):
        members = labels == cluster
        if members.any():
            total += float(((x[members] - x[members].mean()) ** 2).sum())
            for column in codes[members].T:
                total += GAMMA * (len(column) - np.bincount(column).max())
    return total


def kproto(_quick):
    """Ten iterations from the same prototypes."""
    from kmodes.kprototypes import KPrototypes

    x, rows, years = columns()
    codes = np.column_stack([np.unique(column, return_inverse=True)[1] for column in rows.T])
    items = [i * len(x) // K + 5 for i in range(K)]
    start = rig.WORK / "kproto-start.txt"
    np.savetxt(start, np.column_stack([years[items], codes[items]]), fmt="%d")
    table = np.empty((len(x), 5), dtype=object)
    table[:, 0], table[:, 1:] = x, rows

    def peer():
        model = KPrototypes(K, init=[x[items].reshape(-1, 1), codes[items]], n_init=1, max_iter=ITERATIONS, gamma=GAMMA)
        return rig.timed(lambda: model.fit(table, categorical=[1, 2, 3, 4]).labels_.astype(int))

    for update in ("batch", "one_by_one"):
        def ours(update=update):
            run = rig.reelbench(experiments.prototypes(start, K, ITERATIONS, update))
            return run.fit(), catalogue.in_file_order(run)[1]

        identity = "kproto" if update == "batch" else f"kproto {update}"
        with rig.attempt(identity, "kmodes"):
            measured = rig.turns(ours, peer)
            quality = cost(x, codes, measured[3]), cost(x, codes, measured[1])
            rig.line(identity, "kmodes", measured, quality, quality[1] <= quality[0] * (1 + LUCK), 100)


WORKLOADS = {"kproto": kproto}

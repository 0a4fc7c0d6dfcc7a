#!/usr/bin/env python3
"""Known answers for kmodes and kprototypes, from the package kmodes: tests/golden/prototypes.json.

    generate_prototypes.py netflix_titles.csv > tests/golden/prototypes.json

Titles by ascending id and columns as the program reads them: trimmed, a duration that stands in the rating column moved back, the first country and
the first genre. Both sides start from the same prototypes (`centres`: numbers in their own units, then codes, a code being
the place among the column's distinct values ascending), so that no random number enters. `labels` has one digit a title.
"""
import csv
import json
import re
import sys

import kmodes
import numpy
from kmodes.kmodes import KModes
from kmodes.kprototypes import KPrototypes
from kmodes.util import encode_features
from kmodes.util.dissim import matching_dissim
from kmodes.util.init_methods import init_cao


def read(path):
    """(years, categories as strings [n, 4])"""
    years, rows = [], []
    with open(path, encoding="utf-8", newline="") as file:
        for row in sorted(csv.DictReader(file), key=lambda row: row["show_id"]):
            field = {key: (value or "").strip() for key, value in row.items()}
            rating = "" if re.fullmatch(r"\d+ min", field["rating"]) else field["rating"]
            firsts = [next((part.strip() for part in field[key].split(",") if part.strip()), "")
                      for key in ("country", "listed_in")]
            years.append(float(field["release_year"]))
            rows.append([field["type"], rating, *firsts])
    return numpy.array(years), numpy.array(rows, dtype=object)


def digits(labels):
    return "".join(str(label) for label in labels)


def main():
    years, rows = read(sys.argv[1])
    codes, _ = encode_features(rows)
    known = {"versions": {"python": sys.version.split()[0], "kmodes": kmodes.__version__, "numpy": numpy.__version__},
             "n_categories": [int(column.max()) + 1 for column in codes.T], "modes": [], "prototypes": []}
    for k in (3, 8):
        cao = init_cao(codes, k, matching_dissim).astype(int)
        model = KModes(k, init=cao, n_init=1).fit(rows)
        known["modes"].append({"k": k, "cao": cao.tolist(), "cost": float(model.cost_), "labels": digits(model.labels_)})
    standard = (years - years.mean()) / years.std()
    for k, gamma in ((4, None), (8, 2.0)):
        items = [i * len(years) // k + 5 for i in range(k)]
        table = numpy.empty((len(years), 5), dtype=object)
        table[:, 0], table[:, 1:] = standard, rows
        start = [standard[items].reshape(-1, 1), codes[items]]
        model = KPrototypes(k, init=start, n_init=1, gamma=gamma).fit(table, categorical=[1, 2, 3, 4])
        centres = numpy.column_stack([years[items], codes[items]])
        known["prototypes"].append({"k": k, "gamma": gamma or 0, "gamma_used": float(model.gamma),
                                    "centres": centres.tolist(), "cost": float(model.cost_),
                                    "labels": digits(model.labels_)})
    json.dump(known, sys.stdout, indent=1)
    print()


main()

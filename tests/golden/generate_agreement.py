"""Known agreement of labellings by scikit-learn, for tests/golden/test_catalogue_metrics.c.

    python3 generate_agreement.py netflix_titles.csv > agreement.json

Titles by ascending id. Labellings: `type`; `primary_genre`, the first genre; `parted`, types at random in three parts each,
a seventh of the titles noise; `drawn`, five clusters at random of which neighbours in the file share one, a twentieth of the
titles noise. Noise is left out (drop), one cluster (merge), a cluster each (singletons), or the dropped value is multiplied
by the share of the other titles (scaled). A title that is noise in the reference is always left out.
"""
import csv
import json
import sys

import numpy as np
import sklearn
from sklearn import metrics
from sklearn.metrics.cluster import contingency_matrix

from golden_points import mixed

MEASURES = {
    "ari": metrics.adjusted_rand_score,
    "ami": metrics.adjusted_mutual_info_score,
    "nmi": metrics.normalized_mutual_info_score,
    "homogeneity": metrics.homogeneity_score,
    "completeness": metrics.completeness_score,
    "v_measure": metrics.v_measure_score,
    "purity": lambda reference, labels: contingency_matrix(reference, labels).max(axis=0).sum() / len(labels),
}
PAIRS = (("type", "primary_genre"), ("primary_genre", "type"), ("parted", "primary_genre"), ("parted", "type"),
         ("drawn", "primary_genre"), ("drawn", "parted"))


def labellings(path):
    with open(path, encoding="utf-8", newline="") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: row["show_id"])
    kind = np.unique([row["type"].strip() for row in rows], return_inverse=True)[1]
    genre = np.unique([row["listed_in"].split(",")[0].strip() for row in rows], return_inverse=True)[1]
    i = np.arange(len(rows))
    parted = np.where(mixed(4 * i) < 1 / 7, -1, 3 * kind + (3 * mixed(4 * i + 1)).astype(int))
    drawn = np.where(mixed(4 * i + 2) < 1 / 20, -1, (5 * mixed(4 * (i // 2) + 3)).astype(int))
    return {"type": kind, "primary_genre": genre, "parted": parted, "drawn": drawn}


def treated(labels, noise):
    """Labels with their noise treated, and which points are kept."""
    if noise == "merge":
        return np.where(labels < 0, labels.max() + 1, labels), np.full(len(labels), True)
    if noise == "singletons":
        return np.where(labels < 0, labels.max() + 1 + np.arange(len(labels)), labels), np.full(len(labels), True)
    return labels, labels >= 0


def agreement(labels, reference, noise):
    own, kept = treated(labels, noise)
    kept &= reference >= 0
    scale = (labels >= 0).mean() if noise == "scaled" else 1
    return {name: float(measure(reference[kept], own[kept])) * scale for name, measure in MEASURES.items()}


def main():
    all_labels = labellings(sys.argv[1])
    cases = []
    for name, against in PAIRS:
        labels, reference = all_labels[name], all_labels[against]
        noises = ["drop"] if labels.min() >= 0 else ["drop", "merge", "singletons", "scaled"]
        if reference.min() < 0:
            noises.remove("scaled")
        cases.append({"labels": name, "reference": against, "noise_fraction": float((labels < 0).mean()),
                      "values": {noise: agreement(labels, reference, noise) for noise in noises}})
    json.dump({"versions": {"scikit-learn": sklearn.__version__, "numpy": np.__version__}, "cases": cases}, sys.stdout,
              indent=1)
    print()


main()

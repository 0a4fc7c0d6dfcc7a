"""Predictions and errors of Surprise's neighbourhood models on ml-latest-small, for tests/golden/rating-knn.json.

python tests/golden/generate_rating_knn.py DATA > tests/golden/rating-knn.json

DATA has ml-latest-small/ratings.csv. Fold f of 5: the data rows whose 0-based number is f modulo 5 are test, the rest is
training, in the order of the file. Predictions are clipped to [0.5, 5]. `pairs` are test pairs of fold 0 by external
ids, every 397th in the order of the file; `predictions` has one value each. scikit-surprise is the peer.
"""

import csv
import importlib.metadata
import json
import math
import pathlib
import sys

from surprise import KNNBaseline, KNNBasic, KNNWithMeans, KNNWithZScore, Reader
from surprise.dataset import DatasetAutoFolds

MODELS = {
    "user_knn_rating similarity=msd": (KNNBasic, "msd", True, {}),
    "user_knn_rating similarity=cosine min_support=3": (KNNBasic, "cosine", True, {"min_support": 3}),
    "user_knn_rating similarity=pearson centring=mean min_k=2": (KNNWithMeans, "pearson", True, {"min_k": 2}),
    "user_knn_rating similarity=msd centring=z_score": (KNNWithZScore, "msd", True, {}),
    "user_knn_rating similarity=pearson_baseline centring=baseline": (KNNBaseline, "pearson_baseline", True, {}),
    "item_knn_rating similarity=msd centring=mean k=20": (KNNWithMeans, "msd", False, {"k": 20}),
    "item_knn_rating similarity=pearson_baseline centring=baseline": (KNNBaseline, "pearson_baseline", False, {}),
}


def fitted(name, trainset):
    """The model of an entry, fitted."""
    kind, similarity, user_based, more = MODELS[name]
    options = dict(more)
    sim_options = {"name": similarity, "user_based": user_based, "min_support": options.pop("min_support", 1)}
    return kind(sim_options=sim_options, verbose=False, **options).fit(trainset)


def predictions(model, rows):
    """Clipped predictions of the rows of a test part."""
    return [model.predict(user, item, rating).est for user, item, rating in rows]


def main():
    with open(pathlib.Path(sys.argv[1]) / "ml-latest-small" / "ratings.csv", encoding="utf-8") as file:
        rows = [(r["userId"], r["movieId"], float(r["rating"])) for r in csv.DictReader(file)]
    reader = Reader(rating_scale=(0.5, 5))
    out = {"surprise": importlib.metadata.version("scikit-surprise"), "pairs": [], "models": {n: {} for n in MODELS}}
    for fold in range(5):
        train = [(u, i, r, None) for n, (u, i, r) in enumerate(rows) if n % 5 != fold]
        test = [row for n, row in enumerate(rows) if n % 5 == fold]
        trainset = DatasetAutoFolds.construct_trainset(Holder(reader), train)
        for name, entry in out["models"].items():
            model = fitted(name, trainset)
            values = predictions(model, test)
            square = sum((v - r) ** 2 for v, (_, _, r) in zip(values, test))
            entry.setdefault("rmse", []).append(math.sqrt(square / len(test)))
            if fold == 0:
                entry["predictions"] = values[::397]
        if fold == 0:
            out["pairs"] = [[int(u), int(i)] for u, i, _ in test[::397]]
    json.dump(out, sys.stdout, indent=1)
    print()


class Holder:
    """What construct_trainset reads of a data set."""

    def __init__(self, reader):
        self.reader = reader


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""What experiments/published/surprise-ml-latest-small.yaml expects: Surprise on ml-latest-small, five folds.

    python tests/golden/generate_published.py DATA

DATA holds ml-latest-small/. Surprise's defaults; the folds are KFold(5, shuffled), random_state 0. Prints the versions,
then the items of `expect`, but that of svdpp, which takes Surprise minutes: the mean of its folds in surprise.json
(generate_sgd.py).
"""

import platform
import sys

import numpy as np
import pandas
import surprise
from surprise import NMF, SVD, BaselineOnly, Dataset, KNNBaseline, KNNBasic, KNNWithMeans, Reader
from surprise.model_selection import KFold, cross_validate

ENTRIES = {
    "bias": BaselineOnly(verbose=False),
    "svd": SVD(random_state=0),
    "nmf": NMF(random_state=0),
    "knn": KNNBasic(verbose=False),
    "knn-centred": KNNWithMeans(verbose=False),
    "knn-baseline": KNNBaseline(verbose=False),
}


def main():
    rows = pandas.read_csv(f"{sys.argv[1]}/ml-latest-small/ratings.csv")
    data = Dataset.load_from_df(rows[["userId", "movieId", "rating"]], Reader(rating_scale=(0.5, 5)))
    print(f"# Surprise {surprise.__version__}, NumPy {np.__version__}, Python {platform.python_version()}")
    for entry, algorithm in ENTRIES.items():
        out = cross_validate(algorithm, data, ["rmse"], KFold(5, random_state=0))
        rmse = np.mean(out["test_rmse"])
        print(f"  - {{ entry: {entry}, metric: rmse, value: {rmse:.4f}, tolerance: {0.003 * rmse:.4f} }}", flush=True)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Known answers of Surprise on ml-latest-small for bias, svd, svdpp and nmf: surprise.json.

    python tests/golden/generate_sgd.py DATA > tests/golden/surprise.json

DATA holds ml-latest-small/. Users and items are numbered by ascending id; `test` is every fifth row, the rest is
training, as in ml-latest-small.json. Surprise starts from factors that the program can make too (`init: splitmix`: users
after items), visits the ratings in the order of the file, and computes in double. `predictions` are those of every 40th
test row, not clipped; rmse and mae are over all test rows, clipped to the scale. `folds` are the RMSE of five folds (row
% 5) with Surprise's own random start.
"""

import json
import platform
import sys

import numpy as np
import pandas
import surprise
from surprise import NMF, SVD, BaselineOnly, Dataset, Reader, SVDpp

GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def splitmix(rows, k, first=0):
    """0.2 (z / 2^64 - 0.5) for row first + row, as tests/golden/ml-latest-small.json has it for items."""
    with np.errstate(over="ignore"):
        x = ((first + np.asarray(rows, dtype=np.uint64)[:, None]) * np.uint64(k) + np.arange(k, dtype=np.uint64)) * GOLDEN
        x += GOLDEN
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        x ^= x >> np.uint64(31)
    return 0.2 * (x.astype(np.float64) * 2.0**-64 - 0.5)


class Given(np.random.RandomState):
    """Gives out matrices in turn, whatever is drawn."""

    def __init__(self, matrices):
        super().__init__(0)
        self.matrices = list(matrices)

    def normal(self, *_, **__):
        return self.matrices.pop(0)

    uniform = normal


def trainset_of(rows):
    data = Dataset.load_from_df(rows[["userId", "movieId", "rating"]], Reader(rating_scale=(0.5, 5)))
    return data.build_full_trainset()


def predictions(algorithm, test):
    return np.array([algorithm.predict(u, i, clip=False).est for u, i in zip(test.userId, test.movieId)])


def errors(predicted, test):
    miss = np.clip(predicted, 0.5, 5) - test.rating.to_numpy()
    return {"rmse": float(np.sqrt(np.mean(miss**2))), "mae": float(np.mean(np.abs(miss)))}


def main():
    ratings = pandas.read_csv(f"{sys.argv[1]}/ml-latest-small/ratings.csv")
    user = {u: n for n, u in enumerate(sorted(ratings.userId.unique()))}
    item = {i: n for n, i in enumerate(sorted(ratings.movieId.unique()))}
    row = np.arange(len(ratings))
    train, test = ratings[row % 5 != 0], ratings[row % 5 == 0]
    given = trainset_of(train)
    users = [user[given.to_raw_uid(u)] for u in given.all_users()]
    items = [item[given.to_raw_iid(i)] for i in given.all_items()]
    n = len(item)

    def start(k, positive=False):
        p, q, y = splitmix(users, k, n), splitmix(items, k), splitmix(items, k, n + len(user))
        return Given([5 * (p + 0.1), 5 * (q + 0.1)] if positive else [p, q, y])

    cases = {
        "svd": lambda: SVD(n_factors=20, random_state=start(20)),
        "svd_rates": lambda: SVD(n_factors=9, n_epochs=7, lr_bu=0.01, lr_bi=0.02, lr_pu=0.03, lr_qi=0.004, reg_bu=0.1,
                                 reg_bi=0.2, reg_pu=0.05, reg_qi=0.06, random_state=start(9)),
        "svd_unbiased": lambda: SVD(n_factors=20, biased=False, lr_all=0.02, random_state=start(20)),
        "svdpp": lambda: SVDpp(n_factors=10, n_epochs=5, cache_ratings=True, random_state=start(10)),
        "svdpp_rates": lambda: SVDpp(n_factors=7, n_epochs=4, lr_bu=0.01, lr_bi=0.02, lr_pu=0.03, lr_qi=0.004,
                                     lr_yj=0.008, reg_bu=0.1, reg_bi=0.2, reg_pu=0.05, reg_qi=0.06, reg_yj=0.3,
                                     cache_ratings=True, random_state=start(7)),
        "nmf": lambda: NMF(n_factors=15, n_epochs=20, random_state=start(15, positive=True)),
        "nmf_rates": lambda: NMF(n_factors=6, n_epochs=12, reg_pu=0.02, reg_qi=0.3,
                                 random_state=start(6, positive=True)),
        "nmf_biased": lambda: NMF(n_factors=4, n_epochs=15, biased=True, reg_pu=0.4, reg_qi=0.3, lr_bu=0.01, lr_bi=0.02,
                                  reg_bu=0.1, reg_bi=0.05, random_state=start(4, positive=True)),
        "bias": lambda: BaselineOnly(verbose=False),
    }
    out = {
        "made_by": "tests/golden/generate_sgd.py",
        "versions": {"surprise": surprise.__version__, "numpy": np.__version__, "python": platform.python_version()},
        "n_train": len(train),
    }
    every = test.iloc[::40]
    out["user"] = [user[u] for u in every.userId]
    out["item"] = [item[i] for i in every.movieId]
    for name, make in cases.items():
        algorithm = make().fit(given)
        predicted = predictions(algorithm, test)
        out[name] = errors(predicted, test) | {"predictions": [float(x) for x in predicted[::40]]}
    folds = {"svd": lambda: SVD(random_state=1), "svdpp": lambda: SVDpp(random_state=1, cache_ratings=True),
             "nmf": lambda: NMF(random_state=1), "bias": lambda: BaselineOnly(verbose=False)}
    out["folds"] = {name: [] for name in folds}
    for fold in range(5):
        fitted, held = trainset_of(ratings[row % 5 != fold]), ratings[row % 5 == fold]
        for name, make in folds.items():
            out["folds"][name].append(errors(predictions(make().fit(fitted), held), held)["rmse"])
    json.dump(out, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Ranking metrics of the package implicit on ml-latest-small, five folds and five seeds: implicit.json.

    python tests/golden/generate_implicit.py DATA > tests/golden/implicit.json

DATA holds ml-latest-small/. Ratings under 4 are dropped first: neither trained on nor masked. Fold f of 5: the rows of
ratings.csv whose 0-based number is f modulo 5 are test, the rest is training; the catalogue is all 9,724 items. Metrics
are computed here, by the defaults of the project: all items but the user's training items are ranked, ties by item
number ascending, users without test items are left out.

A value is the mean over the five folds; `mean` is that over the seeds 0 to 4 and `error` its standard error (0 where
nothing is drawn, and then one seed is run). implicit takes c_ui itself where Hu, Koren and Volinsky have 1 + alpha r_ui:
it is given that. Its neighbours of an item include the item, which the project's do not: K is one more. One thread, so
that the same seeds give the same models. `shuffled` is nDCG@10 on five folds of the ratings of at least 4 drawn at random,
seed 0 alone: what experiments/published/implicit-ml-latest-small.yaml expects.
"""

import json
import platform
import sys

import implicit
import numpy as np
import pandas
import scipy
from implicit.cpu.als import AlternatingLeastSquares
from implicit.cpu.bpr import BayesianPersonalizedRanking
from implicit.cpu.lmf import LogisticMatrixFactorization
from implicit.nearest_neighbours import BM25Recommender, CosineRecommender, TFIDFRecommender
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits

ALPHA, SEEDS, TOP = 1.0, 5, 10


def by_factors(model, ratings):
    """Scores of all pairs; implicit keeps biases as columns of its factors."""
    model.fit(ratings, show_progress=False)
    return model.user_factors @ model.item_factors.T


def by_neighbours(model, ratings):
    chosen = (ratings > 0).astype(np.float64)
    model.fit(chosen, show_progress=False)
    return (chosen @ model.similarity).toarray()


def confidence(ratings):
    weights = ratings.copy()
    weights.data = 1 + ALPHA * weights.data
    return weights


def ones(ratings):
    return (ratings > 0).astype(np.float32)


MODELS = {
    "als": lambda train, seed: by_factors(
        AlternatingLeastSquares(factors=32, regularization=10, alpha=1, iterations=15, random_state=seed,
                                num_threads=1), confidence(train)),
    "bpr": lambda train, seed: by_factors(
        BayesianPersonalizedRanking(factors=100, learning_rate=0.01, regularization=0.01, iterations=100,
                                    random_state=seed, num_threads=1), ones(train)),
    "logistic_mf": lambda train, seed: by_factors(
        LogisticMatrixFactorization(factors=30, random_state=seed, num_threads=1), ones(train)),
    "item_knn_cosine": lambda train, _: by_neighbours(CosineRecommender(K=101, num_threads=1), train),
    "item_knn_tf_idf": lambda train, _: by_neighbours(TFIDFRecommender(K=101, num_threads=1), train),
    "item_knn_bm25": lambda train, _: by_neighbours(BM25Recommender(K=101, num_threads=1), train),
}
DRAWN = ("als", "bpr", "logistic_mf")


def metrics(scores, train, test):
    """Means over the users with test items."""
    scores = np.array(scores, dtype=np.float64)
    scores[train.nonzero()] = -np.inf
    discounts = 1 / np.log2(np.arange(TOP) + 2)
    ideal = np.concatenate([[0], np.cumsum(discounts)])
    values = []
    for u in np.flatnonzero(np.diff(test.indptr)):
        relevant = test.indices[test.indptr[u]:test.indptr[u + 1]]
        hits = np.isin(np.argsort(-scores[u], kind="stable")[:TOP], relevant)
        values.append([hits @ discounts / ideal[min(TOP, len(relevant))], hits.sum() / TOP, hits.sum() / len(relevant)])
    return np.mean(values, axis=0)


def main():
    rows = pandas.read_csv(f"{sys.argv[1]}/ml-latest-small/ratings.csv")
    user, item = (np.unique(rows[name], return_inverse=True)[1] for name in ("userId", "movieId"))
    shape, fold, liked = (user.max() + 1, item.max() + 1), np.arange(len(rows)) % 5, (rows.rating >= 4).to_numpy()

    def part(chosen):
        return csr_matrix((rows.rating[chosen].astype(np.float32), (user[chosen], item[chosen])), shape=shape)

    def cut(fold):
        return [(part(liked & (fold != f)), part(liked & (fold == f))) for f in range(5)]

    def means(fit, folds, seed):
        with threadpool_limits(1):
            return np.mean([metrics(fit(train, seed), train, test) for train, test in folds], axis=0)

    folds, drawn = cut(fold), np.full(len(rows), -1)
    drawn[liked] = np.random.default_rng(0).permutation(liked.sum()) % 5
    shuffled = cut(drawn)
    out = {
        "made_by": "tests/golden/generate_implicit.py",
        "versions": {"implicit": implicit.__version__, "numpy": np.__version__, "scipy": scipy.__version__,
                     "python": platform.python_version()},
        "n_train": [int(train.nnz) for train, _ in folds],
        "results": {},
        "shuffled": {},
    }
    for name, fit in MODELS.items():
        seeds = range(SEEDS if name in DRAWN else 1)
        values = np.array([means(fit, folds, seed) for seed in seeds])
        error = values.std(axis=0, ddof=1) / np.sqrt(len(seeds)) if len(seeds) > 1 else np.zeros(3)
        out["results"][name] = {metric: {"mean": float(mean), "error": float(e)} for metric, mean, e in
                                zip(("ndcg@10", "precision@10", "recall@10"), values.mean(axis=0), error)}
        out["shuffled"][name] = float(means(fit, shuffled, 0)[0])
        print(name, out["results"][name], out["shuffled"][name], file=sys.stderr)
    json.dump(out, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()

"""Linear item models and neighbours on implicit feedback: EASE against NumPy, SLIM against scikit-learn's ElasticNet,
item k-NN against implicit, PureSVD against scikit-learn's randomised decomposition.

Both sides fit all pairs as ones, in double, our side read from the file that the peer's matrix was read from. What is
compared is the fitted model itself, which our run keeps: the weights, similarities or singular vectors.
"""

import time

import numpy as np
import scipy.sparse
from implicit.nearest_neighbours import CosineRecommender
from sklearn.decomposition import TruncatedSVD
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import ElasticNet
from sklearn.utils._testing import ignore_warnings
from threadpoolctl import threadpool_limits

import experiments
import ratings
import rig

SIZES = {"3.7k": (6040, 3706, 1_000_000), "10k": (138_493, 10_000, 8_000_000)}
NEIGHBOURS, FACTORS, LAMBDA = 100, 64, 250
ALPHA, L1_RATIO, EVERY = 1e-3, 0.1, 74  # SLIM; the peer fits every 74th column and its seconds are scaled
SLACK = 1e-3


def world(size, quick):
    """(folder, matrix of ones) of a size; quick: an eighth of the users and ratings."""
    users, items, draws = SIZES[size]
    if quick:
        users, draws = users // 8, draws // 8
    folder = ratings.parts(f"linear-{size}-{draws}", users, items, draws)
    x = ratings.matrix(folder / "train.csv", (users, items)).astype(np.float64)
    x.data[:] = 1
    return folder, x


def ours(folder, entry):
    """A call for turns: seconds of the fit, and the arrays of the model."""
    def call():
        done = rig.reelbench(experiments.kept(folder, entry), cache=rig.WORK / "cache")
        return done.fit(), done.model
    return call


def ease(size, quick):
    """The weights' Frobenius norm on both sides."""
    folder, x = world(size, quick)

    def peer():
        begin = time.perf_counter()
        gram = (x.T @ x).toarray()
        gram[np.diag_indices_from(gram)] += LAMBDA
        inverse = np.linalg.inv(gram)
        weights = inverse / -np.diag(inverse)
        weights[np.diag_indices_from(weights)] = 0
        return time.perf_counter() - begin, weights

    measured = rig.turns(ours(folder, f"ease: {{ regularization: {LAMBDA} }}"), peer)
    mine = measured[1]["item_weights"]
    rig.line(f"ease-{size}" + (" (an eighth)" if quick else ""), "numpy", measured,
             (np.linalg.norm(measured[3]), np.linalg.norm(mine)),
             min(np.abs(mine - measured[3]).max(), np.abs(mine.T - measured[3]).max()) < 1e-8, 4)


def slim(quick):
    """The objective, summed over every 74th column."""
    folder, x = world("3.7k", quick)
    columns = np.arange(0, x.shape[1], EVERY)
    matrix = x.tocsc()

    def objective(column, weights):
        error = matrix[:, [column]].toarray().ravel() - matrix @ weights
        return (error @ error) / (2 * x.shape[0]) + ALPHA * (
            L1_RATIO * np.abs(weights).sum() + (1 - L1_RATIO) / 2 * weights @ weights)

    @ignore_warnings(category=ConvergenceWarning)
    def peer():
        begin, total = time.perf_counter(), []
        for column in columns:
            model = ElasticNet(alpha=ALPHA, l1_ratio=L1_RATIO, positive=True, fit_intercept=False, max_iter=100,
                               copy_X=False)
            rest = matrix.copy()
            rest.data[rest.indptr[column]:rest.indptr[column + 1]] = 0
            model.fit(rest, matrix[:, [column]].toarray().ravel())
            total.append(model.coef_)
        return (time.perf_counter() - begin) * x.shape[1] / len(columns), total

    measured = rig.turns(ours(folder, f"slim: {{ alpha: {ALPHA}, l1_ratio: {L1_RATIO} }}"), peer, most=1)
    model = measured[1]
    weights = scipy.sparse.csr_matrix((model["target_similarity"], model["target_item"], model["target_begin"]),
                                      shape=(x.shape[1], x.shape[1])).tocsc()
    mine = sum(objective(c, weights[:, [c]].toarray().ravel()) for c in columns)
    theirs = sum(objective(c, w) for c, w in zip(columns, measured[3]))
    rig.line("slim" + (" (an eighth)" if quick else ""), "scikit-learn", measured, (theirs, mine),
             mine <= theirs * (1 + SLACK), 25)


def itemknn(quick):
    """The sum of the kept similarities; the peer keeps an item as its own neighbour, which is not counted."""
    for size in SIZES:
        folder, x = world(size, quick)

        def peer(x=x):
            model = CosineRecommender(K=NEIGHBOURS + 1, num_threads=rig.THREADS)
            seconds, _ = rig.timed(lambda: model.fit(x, show_progress=False))
            return seconds, float(model.similarity.sum() - model.similarity.diagonal().sum())

        identity = f"itemknn {size}" + (" (an eighth)" if quick else "")
        with rig.attempt(identity, "implicit"):
            measured = rig.turns(ours(folder, f"item_knn: {{ k: {NEIGHBOURS}, similarity: cosine }}"), peer)
            mine = float(measured[1]["target_similarity"].sum())
            rig.line(identity, "implicit", measured, (measured[3], mine), abs(mine / measured[3] - 1) < SLACK, 2)


def puresvd(quick):
    """The share of the squares that the projection on the vectors keeps."""
    folder, x = world("10k", quick)

    def kept(vectors):
        return float(np.square(x @ vectors).sum() / x.nnz)

    def peer():
        model = TruncatedSVD(FACTORS, algorithm="randomized", n_iter=5, random_state=0)
        with threadpool_limits(rig.THREADS, "blas"):
            seconds, _ = rig.timed(lambda: model.fit(x))
        return seconds, kept(model.components_.T)

    measured = rig.turns(ours(folder, f"pure_svd: {{ factors: {FACTORS}, tolerance: 0, iterations: 5 }}"), peer)
    mine = kept(np.asarray(measured[1]["item_factors"], dtype=np.float64)[:, :FACTORS])
    rig.line("puresvd" + (" (an eighth)" if quick else ""), "scikit-learn", measured, (measured[3], mine),
             mine >= measured[3] * (1 - SLACK), 2)


WORKLOADS = {
    "ease-3.7k": lambda quick: ease("3.7k", quick),
    "ease-10k": lambda quick: ease("10k", quick),
    "slim": slim,
    "itemknn": itemknn,
    "puresvd": puresvd,
}

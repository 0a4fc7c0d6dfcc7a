"""Implicit feedback against the package implicit: an iteration of iALS, and a sweep with its evaluation.

`reelbench data synth` writes the ratings; a fifth of them, drawn here, is the test part. Both sides read the same
files. Hu's objective on both: confidence 1 + alpha r of a rating r, 1 elsewhere.
"""

import math
import statistics
import subprocess

import numpy as np
import pandas
from implicit.cpu.als import AlternatingLeastSquares
from implicit.evaluation import ranking_metrics_at_k
from joblib import Parallel, delayed
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits

import rig

SLACK = 1e-3  # relative difference of objectives that other random starts leave after a few iterations


def ratings(name, users, items, draws, *more):
    """Folder with all.csv, train.csv and test.csv; made once."""
    folder = rig.WORK / name
    if not (folder / "test.csv").exists():
        command = [rig.BUILD / "reelbench", "data", "synth", f"users={users}", f"items={items}", f"ratings={draws}",
                   "titles=false", *more, "--seed", "7", "--output", folder, "--threads", str(rig.THREADS)]
        subprocess.run(command, env=rig.environment(), check=True, capture_output=True)
        everything = pandas.read_csv(folder / "ratings.csv")
        is_test = np.random.default_rng(7).random(len(everything)) < 0.2
        everything[~is_test].to_csv(folder / "train.csv", index=False)
        everything[is_test].to_csv(folder / "test.csv", index=False)
    return folder


def matrix(path, shape):
    """Ratings of a file as a sparse matrix; ids begin at 0."""
    table = pandas.read_csv(path, usecols=[0, 1, 2])
    user, item, rating = (table.iloc[:, c].to_numpy() for c in range(3))
    return csr_matrix((rating.astype(np.float32), (user, item)), shape=shape)


def experiment(folder, entry, more=""):
    """An experiment on the files of a folder."""
    return (f"experiment: peer\nseed: 42\ndataset: {{ path: {folder}/ratings.csv }}\n"
            f"split: {{ kind: files, train_file: {folder}/train.csv, test_file: {folder}/test.csv }}\n"
            f'metrics: ["ndcg:bin-min@10"]\n{more}trials:\n  - ials: {{ objective: hu, {entry} }}\n')


def confidence(train, alpha):
    """What implicit takes: 1 + alpha r."""
    out = train.copy()
    out.data = 1 + np.float32(alpha) * out.data
    return out


def hu_objective(weights, model, regularization):
    """Hu's objective of implicit's factors, in double."""
    users, items = (np.asarray(f, dtype=np.float64) for f in (model.user_factors, model.item_factors))
    total = float(((users.T @ users) * (items.T @ items)).sum())
    for begin in range(0, weights.shape[0], 4096):
        part = weights[begin : begin + 4096].tocoo()
        score = np.einsum("ij,ij->i", users[part.row + begin], items[part.col])
        total += float((part.data * (1 - score) ** 2 - score**2).sum())
    return total + regularization * float((users**2).sum() + (items**2).sum())


def ials_20m(quick):
    """An iteration in single precision; the quality is the objective after the last."""
    users, items, draws, iterations = (13849, 26744, 2000000, 3) if quick else (138493, 26744, 20000000, 5)
    alpha, regularization = 2, 10
    folder = ratings(f"ials-{draws}", users, items, draws)
    weights = confidence(matrix(folder / "train.csv", (users, items)), alpha)
    for factors, solver, target in ((64, "cholesky", 4), (64, "cg", 1.5), (128, "cholesky", 3), (128, "cg", 1.5)):
        def ours(factors=factors, solver=solver):
            run = rig.reelbench(experiment(folder, f"factors: {factors}, regularization: {regularization}, alpha: "
                                           f"{alpha}, iterations: {iterations}, solver: {solver}, precision: single"))
            return run.iteration(), run.objective()

        def peer(factors=factors, solver=solver):
            seconds = []
            with threadpool_limits(1, "blas"):
                model = AlternatingLeastSquares(factors=factors, regularization=regularization, alpha=1.0,
                                                random_state=42, use_cg=solver == "cg", iterations=iterations,
                                                num_threads=rig.THREADS)
                model.fit(weights, show_progress=False, callback=lambda _, s, *loss: seconds.append(s))
            return statistics.median(seconds), hu_objective(weights, model, regularization)

        measured = rig.turns(ours, peer)
        rig.line(f"ials-20m k={factors} {solver}" + (" (2M draws)" if quick else ""), "implicit", measured,
                 (measured[3], measured[1]), measured[1] <= measured[3] * (1 + SLACK), target)


def _trial(train, test, factors, regularization, alpha, seed, iterations):
    with threadpool_limits(1, "blas"):
        model = AlternatingLeastSquares(factors=factors, regularization=regularization, alpha=1.0, random_state=seed,
                                        iterations=iterations, num_threads=1)
        model.fit(confidence(train, alpha), show_progress=False)
        return ranking_metrics_at_k(model, train, test, K=10, show_progress=False, num_threads=1)["ndcg"]


def sweep_ials(quick):
    """54 trials with evaluation, from the files to the values, each side by its whole program; the quality is the best
    nDCG@10."""
    shape, regularizations, alphas, seeds = (5000, 2000), (1, 10, 100), (1, 10), 1 if quick else 3
    folder = ratings("sweep-ials", *shape, 110000, "user_exponent=0.4")

    def ours():
        entry = (f"factors: [16, 32, 64], regularization: {list(regularizations)}, alpha: {list(alphas)}, "
                 "iterations: 15, solver: cg")
        run = rig.reelbench(experiment(folder, entry, f"repeats: {seeds}\n"))
        return run.wall, np.nanmax(run.metric("ndcg", "test"))

    def sweep():
        train, test = (matrix(folder / name, shape) for name in ("train.csv", "test.csv"))
        grid = ((f, r, a, s) for f in (16, 32, 64) for r in regularizations for a in alphas for s in range(seeds))
        values = Parallel(n_jobs=rig.THREADS)(delayed(_trial)(train, test, *g, 15) for g in grid)
        return max(v for v in values if not math.isnan(v))

    measured = rig.turns(ours, lambda: rig.timed(sweep))
    rig.line("sweep-ials" + (" (18 trials)" if quick else ""), "implicit", measured, (measured[3], measured[1]),
             measured[1] >= measured[3] * (1 - 0.01), 4)


WORKLOADS = {"sweep-ials": sweep_ials, "ials-20m": ials_20m}

"""Implicit feedback against the package implicit: an iteration of iALS, and a sweep with its evaluation.

Both sides read the same files. Hu's objective on both: confidence 1 + alpha r of a rating r, 1 elsewhere.
"""

import statistics

import numpy as np
from implicit.cpu.als import AlternatingLeastSquares
from implicit.evaluation import ranking_metrics_at_k
from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits

import experiments
import ratings
import rig

SLACK = 1e-3  # relative difference of objectives that other random starts leave after a few iterations


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
    """An iteration in single precision; the quality is the objective after the last.

    Objectives can only be compared at one regularisation: ours is chosen on validation, at 64 factors, and implicit,
    which minimises the same, takes it too.
    """
    users, items, draws, iterations = (13849, 26744, 1800000, 3) if quick else (138493, 26744, 18050000, 5)
    alpha, suffix = 2, " (1.8M ratings)" if quick else ""
    folder = ratings.parts(f"ials-{draws}", users, items, draws)
    cache = rig.WORK / "cache"

    def run(factors, value, solver, choosing=False):
        return rig.reelbench(experiments.ials(folder, factors, value, alpha, iterations, solver, choosing), cache=cache)

    def loss(value):
        return -run(64, value, "cholesky", choosing=True).metric("ndcg", "test")[0]

    regularization = rig.chosen(folder, "ials", [1, 10, 100, 300], loss)
    weights = confidence(ratings.matrix(folder / "train.csv", (users, items)), alpha)
    for factors, solver, target in ((64, "cholesky", 4), (64, "cg", 1.5), (128, "cholesky", 3), (128, "cg", 1.5)):
        def ours(factors=factors, solver=solver):
            done = run(factors, regularization, solver)
            return done.iteration(), done.objective()

        def peer(factors=factors, solver=solver):
            seconds = []
            with threadpool_limits(1, "blas"):
                model = AlternatingLeastSquares(factors=factors, regularization=regularization, alpha=1.0,
                                                random_state=42, use_cg=solver == "cg", iterations=iterations,
                                                num_threads=rig.THREADS)
                model.fit(weights, show_progress=False, callback=lambda _, s, *loss: seconds.append(s))
            return statistics.median(seconds), hu_objective(weights, model, regularization)

        identity = f"ials-20m k={factors} {solver}{suffix}"
        with rig.attempt(identity, "implicit"):
            measured = rig.turns(ours, peer)
            rig.line(identity, "implicit", measured, (measured[3], measured[1]),
                     measured[1] <= measured[3] * (1 + SLACK), target)


def _trial(parts, factors, regularization, alpha, seed, iterations):
    """nDCG@10 on validation and on test, where what was seen includes validation."""
    fit, validation, test = parts
    with threadpool_limits(1, "blas"):
        model = AlternatingLeastSquares(factors=factors, regularization=regularization, alpha=1.0, random_state=seed,
                                        iterations=iterations, num_threads=1)
        model.fit(confidence(fit, alpha), show_progress=False)
        return tuple(ranking_metrics_at_k(model, seen, held, K=10, show_progress=False, num_threads=1)["ndcg"]
                     for seen, held in ((fit, validation), (fit + validation, test)))


def sweep_ials(quick):
    """54 trials, each evaluated on validation and on test, from the files to the values, each side by its whole
    program; the quality is the nDCG@10 on test of the trial that is best on validation."""
    shape, regularizations, alphas, seeds = (5000, 2000), [1, 10, 100], [1, 10], 1 if quick else 3
    folder = ratings.parts("sweep-ials", *shape, 106_000, "user_exponent=0.4")
    text = experiments.sweep_ials(folder, regularizations, alphas, seeds)

    def ours():
        run = rig.reelbench(text)
        return run.wall, run.metric("ndcg", "test")[np.nanargmax(run.metric("ndcg", "validation"))]

    def sweep():
        parts = [ratings.matrix(folder / f"{name}.csv", shape) for name in ("fit", "validation", "test")]
        grid = ((f, r, a, s) for f in (16, 32, 64) for r in regularizations for a in alphas for s in range(seeds))
        values = Parallel(n_jobs=rig.THREADS)(delayed(_trial)(parts, *g, 15) for g in grid)
        return values[np.nanargmax([on_validation for on_validation, _ in values])][1]

    measured = rig.turns(ours, lambda: rig.timed(sweep))
    rig.line("sweep-ials" + (" (18 trials)" if quick else ""), "implicit", measured, (measured[3], measured[1]),
             measured[1] >= measured[3] * (1 - 0.01), 4)


WORKLOADS = {"sweep-ials": sweep_ials, "ials-20m": ials_20m}

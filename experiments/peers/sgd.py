"""Stochastic gradient descent on ratings: an epoch against LIBMF in the shape of als-10m, and whole fits against Surprise.

LIBMF's epochs come from its own two threads, which race; ours have the same bits everywhere. Both have 64 factors in
single precision without biases, the same schedule of learning rates from 0.1, and starts of the same mean and spread.
Each chooses its regularisation on validation. Surprise computes in double on one thread; ours has its parameters, on five folds of ml-latest-small.
"""

import statistics

import numpy as np
import pandas

import experiments
import explicit_als
import rig

EPOCHS = 20
SLACK = 3e-3  # relative difference of RMSE between random starts
SURPRISE = {  # name of the line: the peer's class and options, ours with what is not the same by default, target
    "svd": ("SVD", {"random_state": 1}, "svd: { factors: 100, precision: double }", 10),
    "svdpp": ("SVDpp", {"random_state": 1}, "svdpp: { factors: 20 }", 50),
    "nmf": ("NMF", {"random_state": 1}, "nmf: { factors: 15 }", 10),
    "k-NN basic": ("KNNBasic", {"verbose": False}, "user_knn_rating", 5),
    "k-NN Pearson-baseline": (
        "KNNBaseline", {"verbose": False, "sim_options": {"name": "pearson_baseline"}},
        "user_knn_rating: { similarity: pearson_baseline, centring: baseline }", 5),
}


def sgd_10m(quick):
    """An epoch; the quality is the RMSE on test after 20."""
    world = explicit_als.World(quick)
    fit, validation, train, test = (world.part(name) for name in ("fit", "validation", "train", "test"))
    theirs = rig.chosen(world.folder, "libmf", explicit_als.LIBMF_REGULARIZATIONS, lambda value: explicit_als.rmse(
        explicit_als.libmf_fit(fit, value)[1](*validation[:2]), validation))

    def run(regularization, choosing=False):
        return rig.reelbench(experiments.svd(world.folder, regularization, EPOCHS, choosing=choosing),
                             cache=rig.WORK / "cache")

    regularization = rig.chosen(world.folder, "svd", [0.03, 0.04, 0.05, 0.08],
                                lambda value: run(value, choosing=True).metric("rmse", "test")[0])

    def ours():
        done = run(regularization)
        return done.iteration(), done.metric("rmse", "test")[0]

    def peer():
        seconds, predict = explicit_als.libmf_fit(train, theirs)
        return (seconds - explicit_als.libmf_fit(train, theirs, 1)[0]) / (EPOCHS - 1), explicit_als.rmse(
            predict(*test[:2]), test)

    measured = rig.turns(ours, peer)
    rig.line("sgd-10m" + (" (878k)" if quick else ""), "libmf", measured, (measured[3], measured[1]),
             measured[1] <= measured[3] * (1 + SLACK), 1)


def folds():
    """The folder of ml-latest-small in five folds, row % 5, and its rows."""
    rows = pandas.read_csv(rig.REAL_DATA / "ml-latest-small" / "ratings.csv")
    folder = rig.WORK / "surprise"
    folder.mkdir(exist_ok=True)
    for fold in range(5):
        held = np.arange(len(rows)) % 5 == fold
        rows[~held].to_csv(folder / f"train{fold}.csv", index=False)
        rows[held].to_csv(folder / f"test{fold}.csv", index=False)
    rows.to_csv(folder / "ratings.csv", index=False)
    return folder, rows


def surprise(quick):
    """A fold's fit and predictions; the quality is the mean RMSE of five folds (quick: of one)."""
    import surprise as peer_package

    folder, rows = folds()
    wanted = range(1 if quick else 5)
    reader = peer_package.Reader(rating_scale=(0.5, 5))
    for name, (theirs, options, entry, target) in SURPRISE.items():
        def ours(entry=entry):
            runs = [rig.reelbench(experiments.fold(folder, fold, entry)) for fold in wanted]
            return (statistics.mean(run.fit() + run.evaluate() for run in runs),
                    statistics.mean(run.metric("rmse", "test")[0] for run in runs))

        def peer(theirs=theirs, options=options):
            seconds, values = [], []
            for fold in wanted:
                held = np.arange(len(rows)) % 5 == fold
                columns = ["userId", "movieId", "rating"]
                train = peer_package.Dataset.load_from_df(rows[~held][columns], reader).build_full_trainset()
                test = [tuple(row) for row in rows[held][columns].itertuples(index=False)]
                model = getattr(peer_package, theirs)(**options)
                taken, predictions = rig.timed(lambda model=model, train=train, test=test: model.fit(train).test(test))
                seconds.append(taken)
                values.append(peer_package.accuracy.rmse(predictions, verbose=False))
            return statistics.mean(seconds), statistics.mean(values)

        with rig.attempt(f"surprise {name}", "scikit-surprise"):
            measured = rig.turns(ours, peer)
            rig.line(f"surprise {name}", "scikit-surprise", measured, (measured[3], measured[1]),
                     measured[1] <= measured[3] * (1 + SLACK), target)


WORKLOADS = {"sgd-10m": sgd_10m, "surprise": surprise}

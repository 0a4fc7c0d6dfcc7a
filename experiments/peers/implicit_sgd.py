"""BPR against the package implicit: 20 epochs with 64 factors over the positives of 6,040 users and 3,706 items.

Each side chooses its learning rate and regularisation on validation. Both compute in single precision with 2 threads;
implicit's race, ours give the same bits everywhere.
"""

from implicit.cpu.bpr import BayesianPersonalizedRanking
from implicit.evaluation import ranking_metrics_at_k

import experiments
import ratings
import rig

SHAPE, EPOCHS = (6040, 3706), 20
GRID = [[rate, regularization] for rate in (0.02, 0.05, 0.1) for regularization in (0.002, 0.01, 0.03)]


def bpr(quick):
    """A fit; the quality is the nDCG@10 on test."""
    draws = 200_000 if quick else 1_000_000
    folder = ratings.parts(f"bpr-{draws}", *SHAPE, draws)
    fit, validation, train, test = (ratings.matrix(folder / f"{name}.csv", SHAPE)
                                    for name in ("fit", "validation", "train", "test"))

    def run(rate, regularization, choosing=False):
        return rig.reelbench(experiments.bpr(folder, rate, regularization, EPOCHS, choosing=choosing),
                             cache=rig.WORK / "cache")

    def fitted(part, rate, regularization):
        model = BayesianPersonalizedRanking(factors=64, learning_rate=rate, regularization=regularization,
                                            iterations=EPOCHS, num_threads=rig.THREADS, random_state=42)
        return rig.timed(lambda: model.fit(part, show_progress=False))[0], model

    def ndcg(model, seen, held):
        return ranking_metrics_at_k(model, seen, held, K=10, show_progress=False, num_threads=rig.THREADS)["ndcg"]

    chosen_ours = rig.chosen(folder, "bpr", GRID, lambda v: -run(*v, choosing=True).metric("ndcg", "test")[0])
    chosen_theirs = rig.chosen(folder, "implicit", GRID, lambda v: -ndcg(fitted(fit, *v)[1], fit, validation))

    def ours():
        done = run(*chosen_ours)
        return done.fit(), done.metric("ndcg", "test")[0]

    def peer():
        seconds, model = fitted(train, *chosen_theirs)
        return seconds, ndcg(model, train, test)

    measured = rig.turns(ours, peer)
    rig.line("bpr" + (" (200k)" if quick else ""), "implicit", measured, (measured[3], measured[1]),
             measured[1] >= measured[3] * (1 - 0.01), 1.5)


WORKLOADS = {"bpr": bpr}

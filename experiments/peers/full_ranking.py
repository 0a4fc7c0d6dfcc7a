"""Ranking the whole catalogue for all users from the same factors: implicit's evaluation and FAISS's exact search.

The factors are implicit's own, fitted on ratings of `reelbench data synth`; both sides read them and the pairs from
files without a header. FAISS knows no seen items, so that its line ranks the whole catalogue on both sides.
"""

import numpy as np
from implicit.cpu.als import AlternatingLeastSquares
from implicit.evaluation import ranking_metrics_at_k
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits

import ratings
import rig

FACTORS, TOP = 64, 10
TIES = 1e-4  # share of the lists, difference of nDCG, that rounding and ties explain


def world(quick):
    """(folder, shape): users.f32, items.f32, train.i32, test.i32; made once."""
    users, draws = (13849, 800_000) if quick else (138_493, 8_000_000)
    shape = (users, 10_000)
    folder = ratings.parts(f"eval-{draws}", *shape, draws)
    if not (folder / "items.f32").exists():
        for part in ("train", "test"):
            np.column_stack(ratings.triples(folder / f"{part}.csv")[:2]).astype(np.int32).tofile(folder / f"{part}.i32")
        with threadpool_limits(1, "blas"):
            model = AlternatingLeastSquares(factors=FACTORS, regularization=10, alpha=1.0, random_state=42,
                                            iterations=3, num_threads=rig.THREADS)
            model.fit(ratings.matrix(folder / "train.csv", shape), show_progress=False)
        model.user_factors.astype(np.float32).tofile(folder / "users.f32")
        model.item_factors.astype(np.float32).tofile(folder / "items.f32")
    return folder, shape


def pairs(path, shape):
    """A part as a matrix of ones."""
    user, item = np.fromfile(path, dtype=np.int32).reshape(-1, 2).T
    return csr_matrix((np.ones(len(user), dtype=np.float32), (user, item)), shape=shape)


def eval_138k(quick):
    """Precision, recall and nDCG at 10 of all users; against FAISS the lists alone."""
    folder, shape = world(quick)
    users, items = (np.fromfile(folder / f"{name}.f32", dtype=np.float32).reshape(-1, FACTORS)
                    for name in ("users", "items"))
    train, test = (pairs(folder / f"{name}.i32", shape) for name in ("train", "test"))
    suffix = " (13,849 users)" if quick else ""

    def ours(what):
        row, = rig.bench("bench_eval", folder, *shape, what)
        lists = np.fromfile(folder / "lists.i32", dtype=np.int32).reshape(-1, TOP + 1)
        return float(row["seconds"]), (float(row["ndcg@10"]), lists[:, 0], lists[:, 1:])

    def with_implicit():
        model = AlternatingLeastSquares(factors=FACTORS)
        model.user_factors, model.item_factors = users, items
        with threadpool_limits(1, "blas"):
            seconds, values = rig.timed(lambda: ranking_metrics_at_k(model, train, test, K=TOP, show_progress=False,
                                                                     num_threads=rig.THREADS))
        return seconds, values["ndcg"]

    with rig.attempt("eval-138k" + suffix, "implicit"):
        measured = rig.turns(lambda: ours("seen"), with_implicit)
        quality = measured[3], measured[1][0]
        rig.line("eval-138k" + suffix, "implicit", measured, quality, quality[1] >= quality[0] - TIES, 6)

    with rig.attempt("eval-138k top 10" + suffix, "faiss-cpu"):
        import faiss

        faiss.omp_set_num_threads(rig.THREADS)
        evaluated = np.flatnonzero(np.diff(test.indptr))
        queries = np.ascontiguousarray(users[evaluated])

        def with_faiss():
            index = faiss.IndexFlatIP(FACTORS)
            index.add(items)
            seconds, (_, found) = rig.timed(lambda: index.search(queries, TOP))
            return seconds, found

        measured = rig.turns(lambda: ours("all"), with_faiss)
        _, order, lists = measured[1]
        assert (np.sort(order) == evaluated).all()
        best = np.sort(measured[3], axis=1)
        same = np.sort(lists[np.argsort(order)], axis=1) == best
        shared = same.mean() if same.all() else np.mean([len(np.intersect1d(a, b)) / TOP for a, b in
                                                         zip(lists[np.argsort(order)], best)])
        rig.line("eval-138k top 10" + suffix, "faiss-cpu", measured, (1.0, shared), shared >= 1 - TIES, 1.5)


WORKLOADS = {"eval-138k": eval_138k}

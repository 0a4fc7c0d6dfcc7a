"""K-Means on points of one file: 1,000,000 x 64 around 50 planted centres, and k-means++ on the same.

Both sides start from the first 50 points and take 20 iterations, so that they make the same clustering; its quality is the
inertia of the labels around their own means, computed here for whoever made them.
"""

import functools

import numpy as np
from sklearn.cluster import KMeans, kmeans_plusplus

import rig

CLUSTERS, DIMENSIONS, ITERATIONS = 50, 64, 20
SAME = {"double": 1e-6, "single": 1e-5}  # relative difference of inertia that rounding leaves
DRAWS = 6
LUCK = 0.1  # the same of the mean potential of six draws, which spreads by about a tenth from draw to draw


@functools.cache
def points(quick):
    """(path, array): doubles, row by row; made once."""
    n = 100_000 if quick else 1_000_000
    path = rig.WORK / f"points-{n}.f64"
    if not path.exists():
        rng = np.random.default_rng(11)
        centres = 2 * rng.standard_normal((CLUSTERS, DIMENSIONS))
        (centres[rng.integers(0, CLUSTERS, n)] + rng.standard_normal((n, DIMENSIONS))).tofile(path)
    return path, np.fromfile(path).reshape(n, DIMENSIONS)


def inertia(x, labels):
    """Sum of squared distances to the means of the clusters."""
    total = float(np.einsum("ij,ij->", x, x))
    for cluster in range(CLUSTERS):
        members = x[labels == cluster]
        total -= float((members.sum(0) ** 2).sum()) / max(len(members), 1)
    return total


def potential(x, centres):
    """Sum of squared distances to the nearest centre."""
    total = 0.0
    for begin in range(0, len(x), 50_000):
        part = x[begin : begin + 50_000]
        distances = (part**2).sum(1)[:, None] - 2 * part @ centres.T + (centres**2).sum(1)
        total += float(distances.min(1).sum())
    return total


def scikit(x, algorithm):
    """scikit-learn's fit."""
    model = KMeans(CLUSTERS, init=x[:CLUSTERS], n_init=1, max_iter=ITERATIONS, tol=0, algorithm=algorithm)
    seconds, model = rig.timed(lambda: model.fit(x))
    return seconds * ITERATIONS / model.n_iter_, model.labels_


def intelex(x):
    """scikit-learn-intelex's fit."""
    import daal4py
    from sklearnex.cluster import KMeans as Patched

    daal4py.daalinit(rig.THREADS)
    model = Patched(CLUSTERS, init=x[:CLUSTERS], n_init=1, max_iter=ITERATIONS, tol=0, algorithm="lloyd")
    seconds, model = rig.timed(lambda: model.fit(x))
    return seconds * ITERATIONS / model.n_iter_, model.labels_


def faiss_fit(x):
    """FAISS's fit; labels come from a search that is not timed."""
    import faiss

    faiss.omp_set_num_threads(rig.THREADS)
    model = faiss.Kmeans(DIMENSIONS, CLUSTERS, niter=ITERATIONS, min_points_per_centroid=1,
                         max_points_per_centroid=len(x))
    seconds, _ = rig.timed(lambda: model.train(x, init_centroids=x[:CLUSTERS]))
    return seconds, model.index.search(x, 1)[1].ravel()


def kmeans_1m(quick):
    """Twenty iterations from a given start; a peer that stops earlier is charged for twenty.

    Our side chooses its bounds (auto); with Elkan's and Yinyang's it meets the peer's own bounded variant once more.
    """
    path, x = points(quick)
    labels = rig.WORK / "labels.i32"
    peers = {
        "double": {"scikit-learn": lambda x: scikit(x, "lloyd"), "scikit-learn elkan": lambda x: scikit(x, "elkan"),
                   "scikit-learn-intelex": intelex},
        "single": {"scikit-learn": lambda x: scikit(x, "lloyd"), "scikit-learn elkan": lambda x: scikit(x, "elkan"),
                   "scikit-learn-intelex": intelex, "faiss-cpu": faiss_fit},
    }
    for precision, those in peers.items():
        given = x if precision == "double" else x.astype(np.float32)

        def ours(precision=precision, algorithm="auto"):
            row, = rig.bench("bench_kmeans", "fit", path, *x.shape, precision, algorithm, labels)
            return float(row["seconds"]) * ITERATIONS / int(row["iterations"]), np.fromfile(labels, dtype=np.int32)

        bounded = "scikit-learn elkan"
        for name, algorithm in [(name, "auto") for name in those] + [(bounded, "elkan"), (bounded, "yinyang")]:
            package, *variant = name.split()
            variant += [] if algorithm == "auto" else ["ours", algorithm]
            identity = " ".join(["kmeans-1m", precision, *variant]) + (" (100k)" if quick else "")
            with rig.attempt(identity, package):
                measured = rig.turns(lambda ours=ours, algorithm=algorithm: ours(algorithm=algorithm),
                                     lambda peer=those[name], given=given: peer(given))
                quality = inertia(x, measured[3]), inertia(x, measured[1])
                rig.line(identity, package, measured, quality, quality[1] <= quality[0] * (1 + SAME[precision]),
                         2 if algorithm == "auto" else None)


def kmeans_init(quick):
    """k-means++ in double; the quality is the mean potential of several draws, of which the first are timed.

    Plain draws, one candidate a seed; and (greedy) scikit-learn's default and ours, several of which the best is kept.
    """
    path, x = points(quick)
    seeds = rig.WORK / "seeds.i32"

    def our_seeds(draw, candidates):
        row, = rig.bench("bench_kmeans", "seeds", path, *x.shape, draw, candidates, seeds)
        return float(row["seconds"]), x[np.fromfile(seeds, dtype=np.int32)]

    def scikit_seeds(draw, candidates):
        seconds, (centres, _) = rig.timed(lambda: kmeans_plusplus(x, CLUSTERS, random_state=draw,
                                                                  n_local_trials=candidates))
        return seconds, centres

    def intelex_seeds(draw):
        import daal4py

        daal4py.daalinit(rig.THREADS)
        method = daal4py.kmeans_init(CLUSTERS, method="plusPlusDense", engine=daal4py.engines_mt19937(seed=draw))
        seconds, result = rig.timed(lambda: method.compute(x))
        return seconds, result.centroids

    peers = (("kmeans-init", "scikit-learn", 1, lambda draw: scikit_seeds(draw, 1)),
             ("kmeans-init", "scikit-learn-intelex", 1, intelex_seeds),
             ("kmeans-init greedy", "scikit-learn", 0, lambda draw: scikit_seeds(draw, None)))
    for identity, package, candidates, peer in peers:
        def ours(draw, candidates=candidates):
            return our_seeds(draw, candidates)

        with rig.attempt(identity, package):
            potentials = ([], [])

            def draw(side, call, potentials=potentials):
                seconds, centres = call(len(potentials[side]))
                potentials[side].append(potential(x, centres))
                return seconds, None

            measured = rig.turns(lambda ours=ours: draw(1, ours), lambda peer=peer: draw(0, peer))
            while len(potentials[0]) < DRAWS:
                draw(0, peer)
                draw(1, ours)
            quality = np.mean(potentials[0]), np.mean(potentials[1])
            rig.line(identity + (" (100k)" if quick else ""), package, measured, quality,
                     quality[1] <= quality[0] * (1 + LUCK), 2)


WORKLOADS = {"kmeans-1m": kmeans_1m, "kmeans-init": kmeans_init}

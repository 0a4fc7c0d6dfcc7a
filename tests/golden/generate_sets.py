#!/usr/bin/env python3
"""Known answers on labelled sets: how well scikit-learn and hdbscan find the groups, tests/golden/sets.json.

    generate_sets.py > tests/golden/sets.json

The points are those of rb_test_point_of_set (tests/support/k_family.c), from the same formula and the same bits of splitmix64.
For each set and method: our algorithm and its options, and of the reference the median adjusted Rand index, and of the
K-Means family the median inertia, over the seeds (one where nothing is drawn). `first_points`: labels, one digit a point, and
inertia of K-Means from the first k points, until no label changes.
"""
import importlib.metadata
import json
import math
import statistics
import sys
import warnings

import hdbscan
import numpy
import sklearn
from sklearn.cluster import DBSCAN, AgglomerativeClustering, BisectingKMeans, KMeans, MiniBatchKMeans, SpectralClustering
from sklearn.metrics import adjusted_rand_score
from sklearn.mixture import GaussianMixture

from golden_points import mixed

N, SEEDS = 2000, 10
CENTRES = ((0, 0, 1), (6, 0, 0.5), (0, 7, 1.5), (7, 7, 0.3))
UP_TO = (0.5, 0.75, 0.95, 1)


def uniform(i, j):
    return float(mixed(4 * i + j))


def bell(i, j):
    return 2 * (uniform(i, j) + uniform(i + 1000000, j) + uniform(i + 2000000, j) - 1.5)


def blobs(i, share):
    group = next(g for g in range(4) if share <= UP_TO[g])
    return [CENTRES[group][j] + CENTRES[group][2] * bell(i, j) for j in range(2)], group


def rings(i, share):
    group, angle = int(share > 0.5), 2 * math.pi * uniform(i, 2)
    return [(1.0 if group else 0.4) * turn(angle) + 0.04 * bell(i, j) for j, turn in enumerate((math.cos, math.sin))], group


def moons(i, share):
    group, angle = int(share > 0.5), math.pi * uniform(i, 2)
    if group:
        return [1 - math.cos(angle) + 0.06 * bell(i, 0), 0.5 - math.sin(angle) + 0.06 * bell(i, 1)], group
    return [math.cos(angle) + 0.06 * bell(i, 0), math.sin(angle) + 0.06 * bell(i, 1)], group


def stretched(i, share):
    group = 2 if share > 2 / 3 else int(share > 1 / 3)
    return [12 * uniform(i, 2), 3.0 * group + 0.3 * bell(i, 1)], group


SETS = {"blobs": (blobs, 4), "rings": (rings, 2), "moons": (moons, 2), "stretched": (stretched, 3)}
EPS = {"blobs": 0.5, "rings": 0.12, "moons": 0.12, "stretched": 0.35}


def methods(name, k):
    """Of each method: our algorithm, our options beside k, and the reference of a seed; None: nothing is drawn."""
    yield "kmeans", "kmeans", {"n_init": 10}, lambda seed: KMeans(k, n_init=10, random_state=seed)
    yield ("minibatch_kmeans", "minibatch_kmeans", {"batch_size": 200},
           lambda seed: MiniBatchKMeans(k, n_init=3, batch_size=200, random_state=seed))
    yield ("bisecting_kmeans", "bisecting_kmeans", {"n_init": 5},
           lambda seed: BisectingKMeans(k, n_init=5, init="k-means++", random_state=seed))
    yield "gmm", "gmm", {"n_init": 10}, lambda seed: GaussianMixture(k, n_init=10, random_state=seed)
    yield ("spectral", "spectral", {"n_neighbors": 10},
           lambda seed: SpectralClustering(k, affinity="nearest_neighbors", n_neighbors=10, random_state=seed))
    for linkage in ("single", "ward", "average"):
        yield linkage, "agglomerative", {"linkage": linkage}, AgglomerativeClustering(k, linkage=linkage)
    density = {"eps": EPS[name], "min_samples": 5}
    yield "dbscan", "dbscan", density, DBSCAN(**density)
    lasting = {"min_cluster_size": 40, "min_samples": 5}
    yield "hdbscan", "hdbscan", lasting, hdbscan.HDBSCAN(algorithm="generic", **lasting)  # exact: the tree of "best" is not


def answer(algorithm, options, reference, x, truth):
    """What the reference finds, and how ours is asked for the same."""
    fits = [reference(seed).fit(x) for seed in range(SEEDS)] if callable(reference) else [reference.fit(x)]
    labels = [fit.predict(x) if algorithm == "gmm" else fit.labels_ for fit in fits]
    out = {"algorithm": algorithm, "options": {key: str(value) for key, value in options.items()}, "seeds": len(fits),
           "ari": statistics.median(adjusted_rand_score(truth, label) for label in labels)}
    if algorithm.endswith("kmeans"):
        out["inertia"] = statistics.median(float(fit.inertia_) for fit in fits)
    return out


def main():
    warnings.filterwarnings("ignore")  # of graphs in several parts
    known = {"versions": {"python": sys.version.split()[0], "scikit-learn": sklearn.__version__,
                          "hdbscan": importlib.metadata.version("hdbscan"), "numpy": numpy.__version__}, "n": N}
    for name, (point, k) in SETS.items():
        rows, truth = zip(*(point(i, (i + 0.5) / N) for i in range(N)))
        x = numpy.array(rows)
        known[name] = {"k": k, "sum": float(x.sum()), "methods": {}}
        for method, algorithm, options, reference in methods(name, k):
            counted = options if algorithm in ("dbscan", "hdbscan") else {"k": k, **options}
            known[name]["methods"][method] = answer(algorithm, counted, reference, x, truth)
        first = KMeans(k, init=x[:k], n_init=1, tol=0, max_iter=1000).fit(x)
        known[name]["first_points"] = {"inertia": float(first.inertia_), "labels": "".join(map(str, first.labels_))}
    json.dump(known, sys.stdout, indent=1)
    print()


main()

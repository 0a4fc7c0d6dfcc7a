#!/usr/bin/env python3
"""Known answers on labelled sets: how well scikit-learn's K-Means family finds the groups, tests/golden/sets.json.

    generate_sets.py > tests/golden/sets.json

The points are those of rb_test_point_of_set (tests/support/k_family.c), from the same formula and the same bits of splitmix64.
For each set and algorithm: the median adjusted Rand index and inertia over ten seeds.
"""
import json
import math
import statistics
import sys

import numpy
import sklearn
from sklearn.cluster import BisectingKMeans, KMeans, MiniBatchKMeans
from sklearn.metrics import adjusted_rand_score

N = 2000
MASK = 2**64 - 1
CENTRES = ((0, 0, 1), (6, 0, 0.5), (0, 7, 1.5), (7, 7, 0.3))
UP_TO = (0.5, 0.75, 0.95, 1)


def splitmix(x):
    z = (x + 0x9E3779B97F4A7C15) & MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def uniform(i, j):
    return (splitmix(((4 * i + j) * 0x9E3779B97F4A7C15) & MASK) >> 11) / 2**53


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
ALGORITHMS = {
    "kmeans": lambda k, seed: KMeans(k, n_init=10, random_state=seed),
    "minibatch_kmeans": lambda k, seed: MiniBatchKMeans(k, n_init=3, batch_size=200, random_state=seed),
    "bisecting_kmeans": lambda k, seed: BisectingKMeans(k, n_init=5, init="k-means++", random_state=seed),
}


def main():
    known = {"versions": {"python": sys.version.split()[0], "scikit-learn": sklearn.__version__, "numpy": numpy.__version__},
             "n": N}
    for name, (point, k) in SETS.items():
        rows, truth = zip(*(point(i, (i + 0.5) / N) for i in range(N)))
        x = numpy.array(rows)
        known[name] = {"k": k, "sum": float(x.sum())}
        for algorithm, make in ALGORITHMS.items():
            fits = [make(k, seed).fit(x) for seed in range(10)]
            known[name][algorithm] = {
                "ari": statistics.median(adjusted_rand_score(truth, fit.labels_) for fit in fits),
                "inertia": statistics.median(float(fit.inertia_) for fit in fits),
            }
    json.dump(known, sys.stdout, indent=1)
    print()


main()

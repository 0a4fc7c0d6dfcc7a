"""Known answers of SciPy, for tests/golden/test_agglomerative.c: python3 generate_agglomerative.py > agglomerative.json

Points are those of generate_hdbscan.py, so that none are stored: the cophenetic correlation of each linkage, the heights
of the last ten merges, and the labels of five clusters, numbered by their lowest points.
"""

import json
import sys

import numpy as np
import scipy
from scipy.cluster.hierarchy import cophenet, fcluster, linkage
from scipy.spatial.distance import pdist

N, D, K = 600, 4, 5


def mixed(i):
    """splitmix64 of i as numbers in [0, 1)."""
    with np.errstate(over="ignore"):
        z = (i.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return (z >> np.uint64(11)).astype(np.float64) / 2.0**53


def values(n):
    """Eight boxes of unequal density, and a tenth of the points everywhere."""
    i = np.arange(n)[:, None]
    f = np.arange(D)[None, :]
    box = mixed((i % 8 + 1_000_000) * 64 + f)
    own = mixed(i * 64 + f)
    return np.where(i % 10 == 9, 12 * own, 10 * box + (i % 8 + 1) / 8.0 * own)


def case(name, metric):
    away = pdist(values(N), metric)
    tree = linkage(values(N) if metric == "euclidean" else away, name)
    number = {}
    out = {"linkage": name, "metric": metric, "cophenetic": float(cophenet(tree, away)[0]),
           "last_heights": tree[-10:, 2].tolist()}
    if name not in ("centroid", "median"):  # whose heights fall: SciPy cuts them by the largest height below
        out["labels"] = [number.setdefault(c, len(number)) for c in fcluster(tree, K, "maxclust").tolist()]
    return out


if __name__ == "__main__":
    cases = [case(name, "euclidean") for name in
             ("single", "complete", "average", "weighted", "ward", "centroid", "median")]
    cases += [case(name, "cosine") for name in ("single", "complete", "average", "weighted")]
    json.dump({"versions": {"numpy": np.__version__, "scipy": scipy.__version__}, "points": N, "dimensions": D, "k": K,
               "cases": cases}, sys.stdout, indent=None)
    print()

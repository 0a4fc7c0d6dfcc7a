"""Known answers of SciPy, for tests/golden/test_agglomerative.c: python3 generate_agglomerative.py > agglomerative.json

Points are those of generate_hdbscan.py, so that none are stored: the cophenetic correlation of each linkage, the heights
of the last ten merges, and the labels of five clusters, numbered by their lowest points; and of its first twelve points
whole trees, with their form by Newick.
"""

import json
import sys

import numpy as np
import scipy
from scipy.cluster.hierarchy import cophenet, fcluster, linkage, to_tree
from scipy.spatial.distance import pdist

N, D, K, SMALL = 600, 4, 5, 12


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


def newick(node, above):
    """Newick's form of a SciPy tree, for tests/golden/test_merges.c."""
    inside = f"({newick(node.left, node.dist)},{newick(node.right, node.dist)})" if node.left else f"t{node.id}"
    return inside if above is None else f"{inside}:{float(above - node.dist)!r}"


def small_tree(name):
    tree = linkage(values(SMALL), name)
    return {"linkage": name, "rows": tree.ravel().tolist(), "newick": newick(to_tree(tree), None) + ";"}


if __name__ == "__main__":
    cases = [case(name, "euclidean") for name in
             ("single", "complete", "average", "weighted", "ward", "centroid", "median")]
    cases += [case(name, "cosine") for name in ("single", "complete", "average", "weighted")]
    json.dump({"versions": {"numpy": np.__version__, "scipy": scipy.__version__}, "points": N, "dimensions": D, "k": K,
               "cases": cases, "trees": [small_tree(name) for name in ("average", "single", "centroid")]}, sys.stdout, indent=None)
    print()

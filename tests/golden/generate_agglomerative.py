"""Known answers of SciPy, for tests/golden/test_agglomerative.c: python3 generate_agglomerative.py > agglomerative.json

Points are the boxes of golden_points.py: the cophenetic correlation of each linkage, the heights of all merges to twelve
digits, and the labels of five clusters, numbered by their lowest points; of the first twelve points whole trees, with
their form by Newick; and the gap statistic of Ward's five clusters of all.
"""

import json
import os
import sys

import numpy as np
import scipy
from scipy.cluster.hierarchy import cophenet, fcluster, linkage, to_tree
from scipy.spatial.distance import pdist

from golden_points import D, boxes, partition

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from philox import uniform  # noqa: E402

N, K, SMALL = 600, 5, 12
SEED, SETS = 5, 6


def first_merges(tree):
    """Labels of the K clusters that the first N - K merges of a tree leave."""
    parent = list(range(2 * N - 1))
    for t, row in enumerate(tree[:N - K]):
        parent[int(row[0])] = parent[int(row[1])] = N + t

    def root(i):
        return i if parent[i] == i else root(parent[i])

    return partition(root(i) for i in range(N))


def case(name, metric):
    away = pdist(boxes(0, N), metric)
    tree = linkage(boxes(0, N) if metric == "euclidean" else away, name)
    labels = first_merges(tree)
    if name not in ("centroid", "median"):  # whose heights fall: SciPy cuts them by the largest height below
        assert labels == partition(fcluster(tree, K, "maxclust").tolist())
    return {"linkage": name, "metric": metric, "cophenetic": float(cophenet(tree, away)[0]),
            "heights": [float(f"{h:.12g}") for h in tree[:, 2]], "labels": labels}


def newick(node, above):
    """Newick's form of a SciPy tree, for tests/golden/test_merges.c."""
    inside = f"({newick(node.left, node.dist)},{newick(node.right, node.dist)})" if node.left else f"t{node.id}"
    return inside if above is None else f"{inside}:{float(above - node.dist)!r}"


def small_tree(name):
    tree = linkage(boxes(0, SMALL), name)
    return {"linkage": name, "rows": tree.ravel().tolist(), "newick": newick(to_tree(tree), None) + ";"}


def log_scatter(x):
    labels = fcluster(linkage(x, "ward"), K, "maxclust")
    return np.log(sum(((x[labels == c] - x[labels == c].mean(axis=0)) ** 2).sum() for c in np.unique(labels)))


def reference(b):
    return np.array([[uniform(SEED, "gap", b, i, f) for f in range(D)] for i in range(N)])


def gap():
    """The gap statistic of Ward's K clusters of all points, and its error; reference sets as eval/gap.h says."""
    x = boxes(0, N)
    low, high = x.min(axis=0), x.max(axis=0)
    logs = np.array([log_scatter(low + (high - low) * reference(b)) for b in range(SETS)])
    return {"seed": SEED, "sets": SETS, "gap": float(logs.mean() - log_scatter(x)),
            "error": float(logs.std() * np.sqrt(1 + 1 / SETS))}


if __name__ == "__main__":
    cases = [case(name, "euclidean") for name in
             ("single", "complete", "average", "weighted", "ward", "centroid", "median")]
    cases += [case(name, "cosine") for name in ("single", "complete", "average", "weighted")]
    json.dump({"versions": {"numpy": np.__version__, "scipy": scipy.__version__}, "points": N, "dimensions": D, "k": K,
               "cases": cases, "gap": gap(), "trees": [small_tree(name) for name in ("average", "single", "centroid")]},
              sys.stdout, separators=(",", ":"))
    print()

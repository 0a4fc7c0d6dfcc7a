"""Known answers of SciPy, for tests/golden/test_agglomerative.c: python3 generate_agglomerative.py > agglomerative.json

Points are the boxes of golden_points.py: the cophenetic correlation of each linkage, the heights of all merges to twelve
digits, and the labels of five clusters, numbered by their lowest points; of the first twelve points whole trees, with
their form by Newick; and the gap statistic of Ward's five clusters of all.
"""

import json
import sys

import numpy as np
import scipy
from scipy.cluster.hierarchy import cophenet, fcluster, linkage, to_tree
from scipy.spatial.distance import pdist

from golden_points import D, boxes, partition

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


M64, M32 = (1 << 64) - 1, (1 << 32) - 1


def splitmix(x):
    z = (x + 0x9E3779B97F4A7C15) & M64
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & M64
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & M64
    return z ^ (z >> 31)


def fnv(text, start, prime, mask):
    for c in text.encode():
        start = ((start ^ c) * prime) & mask
    return start


def philox(n, epoch, d, seed):
    """Uniform numbers [n, d]: Philox 4x32-10 of the counter (column, row, epoch, stream), the bits of two words."""
    key = splitmix(splitmix(seed) ^ fnv("gap", 14695981039346656037, 1099511628211, M64))
    i, f = np.meshgrid(np.arange(n, dtype=np.uint64), np.arange(d, dtype=np.uint64), indexing="ij")
    c = [f, i, np.full_like(i, epoch << 16), np.full_like(i, fnv("gap", 2166136261, 16777619, M32))]
    k, low, down = [key & M32, key >> 32], np.uint64(M32), np.uint64(32)
    for _ in range(10):
        a, b = c[0] * np.uint64(0xD2511F53), c[2] * np.uint64(0xCD9E8D57)
        c = [(b >> down) ^ c[1] ^ np.uint64(k[0]), b & low, (a >> down) ^ c[3] ^ np.uint64(k[1]), a & low]
        k = [(k[0] + 0x9E3779B9) & M32, (k[1] + 0xBB67AE85) & M32]
    return (((c[0] << down) | c[1]) >> np.uint64(11)).astype(np.float64) / 2.0**53


def log_scatter(x):
    labels = fcluster(linkage(x, "ward"), K, "maxclust")
    return np.log(sum(((x[labels == c] - x[labels == c].mean(axis=0)) ** 2).sum() for c in np.unique(labels)))


def gap():
    """The gap statistic of Ward's K clusters of all points, and its error; reference sets as eval/gap.h says."""
    x = boxes(0, N)
    low, high = x.min(axis=0), x.max(axis=0)
    logs = np.array([log_scatter(low + (high - low) * philox(N, b, D, SEED)) for b in range(SETS)])
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

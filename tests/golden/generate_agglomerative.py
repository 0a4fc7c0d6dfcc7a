"""Known answers of SciPy, for tests/golden/test_agglomerative.c: python3 generate_agglomerative.py > agglomerative.json

Points are those of generate_hdbscan.py, so that none are stored: the cophenetic correlation of each linkage, the heights
of the last ten merges, and the labels of five clusters, numbered by their lowest points; and of its first twelve points
whole trees, with their form by Newick; and the gap statistic of Ward's five clusters of all.
"""

import json
import sys

import numpy as np
import scipy
from scipy.cluster.hierarchy import cophenet, fcluster, linkage, to_tree
from scipy.spatial.distance import pdist

N, D, K, SMALL = 600, 4, 5, 12
SEED, SETS = 5, 6


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
    x = values(N)
    low, high = x.min(axis=0), x.max(axis=0)
    logs = np.array([log_scatter(low + (high - low) * philox(N, b, D, SEED)) for b in range(SETS)])
    return {"seed": SEED, "sets": SETS, "gap": float(logs.mean() - log_scatter(x)),
            "error": float(logs.std() * np.sqrt(1 + 1 / SETS))}


if __name__ == "__main__":
    cases = [case(name, "euclidean") for name in
             ("single", "complete", "average", "weighted", "ward", "centroid", "median")]
    cases += [case(name, "cosine") for name in ("single", "complete", "average", "weighted")]
    json.dump({"versions": {"numpy": np.__version__, "scipy": scipy.__version__}, "points": N, "dimensions": D, "k": K,
               "cases": cases, "gap": gap(), "trees": [small_tree(name) for name in ("average", "single", "centroid")]}, sys.stdout, indent=None)
    print()

"""HDBSCAN and DBSCAN on points of one file: the catalogue in 50 dimensions, and blobs.

Blobs are 100 centres N(0, 16 I) and points N(centre, I), in random order. Both sides read the same doubles. scikit-learn
counts the point itself among min_samples, so that its HDBSCAN gets one more; genieclust is its spanning tree alone
(quitefastmst), in single precision; fast_hdbscan takes single precision and approximate neighbours.
"""

import functools

import numpy as np
from sklearn.cluster import DBSCAN
from sklearn.cluster import HDBSCAN as Scikit
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import adjusted_rand_score
from sklearn.preprocessing import normalize

import catalogue
import rig

SIZE, SAMPLES = 15, 5
SAME = 0.99  # least adjusted Rand index: equal distances may be taken in another order


@functools.cache
def blobs(n, d):
    """(path, array): doubles, row by row; made once."""
    path = rig.WORK / f"blobs-{n}-{d}.f64"
    if not path.exists():
        rng = np.random.default_rng(7)
        centres = 4 * rng.standard_normal((100, d))
        (centres[rng.integers(0, 100, n)] + rng.standard_normal((n, d))).tofile(path)
    return path, np.fromfile(path).reshape(n, d)


@functools.cache
def titles():
    """(path, array): lsa-50 of description and genres, rows of length 1; made once."""
    path = rig.WORK / "lsa-50.f64"
    if not path.exists():
        words = catalogue.texts(("description", "listed_in"))
        sparse = TfidfVectorizer(stop_words="english", max_features=20000).fit_transform(words)
        normalize(TruncatedSVD(50, algorithm="arpack").fit_transform(sparse)).tofile(path)
    return path, np.fromfile(path).reshape(-1, 50)


def ours(program, points, *parameters):
    """Seconds and labels of one fit, in a process of its own, by one of the programs in tests/bench."""
    path, x = points
    out = rig.WORK / "density-labels.i32"
    row, = rig.bench(program, "fit", path, *x.shape, "euclidean", *parameters, out)
    return float(row["wall_s"]), np.fromfile(out, dtype=np.int32)


def hdbscan_fit(x):
    """hdbscan's labels."""
    import hdbscan

    return hdbscan.HDBSCAN(min_cluster_size=SIZE, min_samples=SAMPLES, core_dist_n_jobs=rig.THREADS).fit(x).labels_


def scikit_fit(x):
    """scikit-learn's labels."""
    return Scikit(min_cluster_size=SIZE, min_samples=SAMPLES + 1, n_jobs=rig.THREADS, copy=True).fit(x).labels_


def genie_tree(x):
    """The spanning tree that genieclust takes."""
    import quitefastmst

    quitefastmst.omp_set_num_threads(rig.THREADS)
    quitefastmst.mst_euclid(np.ascontiguousarray(x, dtype=np.float32), SAMPLES)


def fast_fit(x):
    """fast_hdbscan's labels."""
    import fast_hdbscan
    import numba

    numba.set_num_threads(rig.THREADS)
    return fast_hdbscan.HDBSCAN(min_cluster_size=SIZE, min_samples=SAMPLES).fit(x).labels_


def hierarchies(identity, points, targets):
    """All peers of one space; the quality is the agreement with our labels, 1 for the tree.

    It stands as ours where the peer is exact, too, and as the peer's where that is approximate.
    """
    for package, target in targets.items():
        peer = {"hdbscan": hdbscan_fit, "scikit-learn": scikit_fit, "genieclust": genie_tree,
                "fast_hdbscan": fast_fit}[package]
        with rig.attempt(identity, package):
            if package == "fast_hdbscan":
                fast_fit(points[1])  # compiles
            measured = rig.turns(lambda: ours("bench_hdbscan", points, SIZE, SAMPLES),
                                 lambda peer=peer: rig.timed(lambda: peer(points[1])))
            same = 1 if measured[3] is None else adjusted_rand_score(measured[3], measured[1])
            is_exact = package != "fast_hdbscan"
            rig.line(identity, package, measured, (1, same) if is_exact else (same, 1), same >= SAME or not is_exact,
                     target)


def hdbscan_cat(_quick):
    """The catalogue, 8,807 x 50."""
    hierarchies("hdbscan-cat", titles(), {"hdbscan": 10, "scikit-learn": 10, "genieclust": 3, "fast_hdbscan": None})


def hdbscan_100k(quick):
    """Blobs 100,000 x 10."""
    points = blobs(10_000 if quick else 100_000, 10)
    hierarchies("hdbscan-100k" + (" (10k)" if quick else ""), points, {"hdbscan": None, "genieclust": 1.5, "fast_hdbscan": None})


def hdbscan_20k(quick):
    """Blobs 20,000 x 50."""
    points = blobs(5_000 if quick else 20_000, 50)
    hierarchies("hdbscan-20k" + (" (5k)" if quick else ""), points,
                {"hdbscan": None, "scikit-learn": None, "genieclust": 4, "fast_hdbscan": None})


def dbscan(quick):
    """Blobs and the catalogue; the quality is the agreement with scikit-learn's labels."""
    cases = (("blobs", blobs(10_000 if quick else 100_000, 10), 2, 5), ("lsa-50", titles(), 0.6, 2))
    for name, points, eps, target in cases:
        with rig.attempt(f"dbscan {name}", "scikit-learn"):
            def peer(points=points, eps=eps):
                return rig.timed(lambda: DBSCAN(eps=eps, min_samples=5, n_jobs=rig.THREADS).fit(points[1]).labels_)

            measured = rig.turns(lambda points=points, eps=eps: ours("bench_dbscan", points, eps, 5), peer)
            same = adjusted_rand_score(measured[3], measured[1])
            rig.line(f"dbscan {name}" + (" (10k)" if quick and name == "blobs" else ""), "scikit-learn", measured,
                     (1, same), same == 1, target)


WORKLOADS = {"hdbscan-cat": hdbscan_cat, "hdbscan-100k": hdbscan_100k, "hdbscan-20k": hdbscan_20k, "dbscan": dbscan}

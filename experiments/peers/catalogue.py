"""Workloads on the Netflix catalogue against scikit-learn (and scikit-learn-intelex): text, K-Means, silhouettes.

Both sides read netflix_titles.csv. The spaces are computed by each side from it with the same options (English stop
words, the 20,000 most frequent terms); rows have length 1. Ours is a randomised decomposition, scikit-learn's here an
exact one (ARPACK), so distances agree to about three digits. A clustering is judged by its labels, in scikit-learn's
space, whichever side made it; in sweep-kmeans both sides cluster ours.
"""

import csv
import functools
import statistics

import numpy as np
from joblib import Parallel, delayed
from sklearn.cluster import KMeans
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import davies_bouldin_score, silhouette_score
from sklearn.preprocessing import normalize

import experiments
import rig

TITLES = rig.REAL_DATA / "netflix-titles" / "netflix_titles.csv"
PACKAGES = ("scikit-learn", "scikit-learn-intelex")
SOUP = ("description", "listed_in", "cast", "director", "country")
# Absolute difference of silhouettes. Dense: of an approximate decomposition. Sparse: 2,805 of the 20,000 terms are
# chosen among 7,931 that occur twice, and the sides do not choose the same.
SAME = {"dense": 2e-3, "sparse": 1e-5}
LUCK = 0.005  # relative difference of inertia that other random starts explain


def texts(columns=SOUP):
    """One text per title."""
    if not TITLES.exists():
        raise rig.Unavailable(f"{TITLES} is missing")
    with open(TITLES, newline="", encoding="utf-8") as file:
        return [" ".join(row[c] for c in columns) for row in csv.DictReader(file)]


def in_file_order(run):
    """Labels of a run by trial, in the order of the file."""
    with open(TITLES, newline="", encoding="utf-8") as file:
        place = {row["show_id"]: i for i, row in enumerate(csv.DictReader(file))}
    rows = [place[item.decode()] for item in run.items]
    out = {}
    for trial, labels in run.labels.items():
        out[trial] = np.empty_like(labels)
        out[trial][rows] = labels
    return out


def tfidf_of(words):
    """The sparse space."""
    return TfidfVectorizer(stop_words="english", max_features=20000).fit_transform(words)


@functools.cache
def spaces():
    """The sparse space, and the dense one by the exact decomposition."""
    sparse = tfidf_of(texts())
    return {"sparse": sparse, "dense": normalize(TruncatedSVD(100, algorithm="arpack").fit_transform(sparse))}


def inertia(points, labels):
    """Sum of squared distances to the means of the clusters; rows have length 1."""
    groups = np.zeros((labels.max() + 1, len(labels)))
    groups[labels, np.arange(len(labels))] = 1
    sums = np.asarray(groups @ points)
    return len(labels) - float(((sums**2).sum(1) / np.maximum(groups.sum(1), 1)).sum())


def fitter(package):
    """KMeans of a package."""
    if package == "scikit-learn":
        return KMeans
    import daal4py
    from sklearnex.cluster import KMeans as Patched

    daal4py.daalinit(rig.THREADS)
    return Patched


def kmeans_cat(_quick):
    """Ten restarts of K-Means on soup-100."""
    points = spaces()["dense"]
    for k in (20, 50):
        def ours(k=k):
            run = rig.reelbench(experiments.clusterings("dense", [f"k: {k}, n_init: 10"], "inertia"))
            return run.fit(), in_file_order(run)[1]

        for package in PACKAGES:
            def peer(k=k, package=package):
                model = fitter(package)(k, n_init=10, random_state=0)
                return rig.timed(lambda: model.fit(points).labels_)

            with rig.attempt(f"kmeans-cat k={k}", package):
                measured = rig.turns(ours, peer)
                quality = inertia(points, measured[3]), inertia(points, measured[1])
                rig.line(f"kmeans-cat k={k}", package, measured, quality, quality[1] <= quality[0] * (1 + LUCK), 2)


def kmeans_sparse(_quick):
    """An iteration of Lloyd's algorithm on the sparse space, each side from its own start."""
    points = spaces()["sparse"]

    def ours():
        run = rig.reelbench(experiments.clusterings("sparse", ["k: 20, iterations: 20, tolerance: 0, algorithm: lloyd"], "inertia"))
        return run.iteration(), in_file_order(run)[1]

    for package in PACKAGES:
        def peer(package=package):
            start = points[np.random.default_rng(0).choice(points.shape[0], 20, replace=False)].toarray()
            few, many = (fitter(package)(20, init=start, n_init=1, max_iter=n, tol=0) for n in (1, 20))
            few_s, seconds = (statistics.median(rig.timed(lambda model=model: model.fit(points))[0] for _ in range(5))
                              for model in (few, many))  # short: one fit would be noise
            return (seconds - few_s) / max(many.n_iter_ - 1, 1), many.labels_

        with rig.attempt("kmeans-sparse", package):
            measured = rig.turns(ours, peer)
            quality = inertia(points, measured[3]), inertia(points, measured[1])
            rig.line("kmeans-sparse", package, measured, quality, quality[1] <= quality[0] * (1 + LUCK), 1.5)


def silhouettes(_quick):
    """Silhouette of one labelling, which our side made: dense and sparse, euclidean and cosine."""
    targets = (("dense", "euclidean", 8), ("dense", "cosine", 100), ("sparse", "cosine", 20), ("sparse", "euclidean", 4))
    for space, distance, target in targets:
        labels, points = {}, spaces()[space]

        def ours(space=space, distance=distance, labels=labels):
            run = rig.reelbench(experiments.clusterings(space, ["k: 20, iterations: 5"], f'"silhouette:{distance}"'))
            labels[0] = in_file_order(run)[1]
            return run.evaluate(), run.metric("silhouette", "all")[0]

        def peer(points=points, distance=distance, labels=labels):
            return rig.timed(lambda: silhouette_score(points, labels[0], metric=distance))

        measured = rig.turns(ours, peer)
        rig.line(f"silhouette {space} {distance}", "scikit-learn", measured, (measured[3], measured[1]),
                 abs(measured[1] - measured[3]) <= SAME[space], target)


def silhouette_20(_quick):
    """Twenty labellings of soup-100 at once; the quality is the mean silhouette."""
    labels = {}

    def ours():
        trials = ["iterations: 3, k: { range: [2, 21] }"]
        run = rig.reelbench(experiments.clusterings("dense", trials, '"silhouette:euclidean"'))
        labels.update(in_file_order(run))
        return run.evaluate(), run.metric("silhouette", "all").mean()

    def peer():
        points = spaces()["dense"]
        return rig.timed(lambda: np.mean([silhouette_score(points, one) for one in labels.values()]))

    measured = rig.turns(ours, peer)
    rig.line("silhouette-20", "scikit-learn", measured, (measured[3], measured[1]),
             abs(measured[1] - measured[3]) <= SAME["dense"], 40)


def tfidf(_quick):
    """The sparse space from its texts; the quality is the number of its entries' columns."""
    words = texts()

    def ours():
        row = next(r for r in rig.bench("bench_text", str(rig.THREADS), "1") if "tfidf(max_features" in r["space"])
        return float(row["seconds"]), float(row["dimensions"])

    measured = rig.turns(ours, lambda: rig.timed(lambda: tfidf_of(words).shape[1]))
    rig.line("tfidf", "scikit-learn", measured, (measured[3], measured[1]), measured[1] == measured[3], 5)


def lsa(_quick):
    """The decomposition of the sparse space; the quality is the share of variance that 100 dimensions explain."""
    points = spaces()["sparse"]

    def ours():
        row = next(r for r in rig.bench("bench_text", str(rig.THREADS), "1") if "lsa-100" in r["space"])
        return float(row["decomposition_s"]), float(row["explained_variance"])

    def peer():
        seconds, model = rig.timed(lambda: TruncatedSVD(100, random_state=0).fit(points))
        return seconds, float(model.explained_variance_ratio_.sum())

    measured = rig.turns(ours, peer)
    rig.line("lsa", "scikit-learn", measured, (measured[3], measured[1]), measured[1] >= measured[3] * (1 - 1e-3), 2)


def _cluster(points, k, seed):
    labels = KMeans(k, n_init=1, random_state=seed).fit(points).labels_
    return silhouette_score(points, labels), davies_bouldin_score(points, labels)


def sweep_kmeans(quick):
    """From the file to two metrics of 95 clusterings, each side by its whole program; the quality is the best
    silhouette. The peer makes its space, as that is timed, and then clusters the program's points, so that both sides'
    silhouettes are distances of one space."""
    most = 5 if quick else 20
    points = rig.reelbench(experiments.kept_space(experiments.SPACES["dense"])).model["point_values"]

    def ours():
        trials = [f"k: {{ range: [2, {most}] }}"]
        run = rig.reelbench(experiments.clusterings("dense", trials, "silhouette, davies_bouldin", "repeats: 5\n"))
        return run.wall, run.metric("silhouette", "all").max()

    def sweep():
        normalize(TruncatedSVD(100, random_state=0).fit_transform(tfidf_of(texts())))
        jobs = (delayed(_cluster)(points, k, seed) for k in range(2, most + 1) for seed in range(5))
        return max(value for value, _ in Parallel(n_jobs=rig.THREADS)(jobs))

    measured = rig.turns(ours, lambda: rig.timed(sweep), 1)
    rig.line("sweep-kmeans", "scikit-learn", measured, (measured[3], measured[1]),
             measured[1] >= measured[3] * (1 - 0.02), 15)


WORKLOADS = {
    "kmeans-cat": kmeans_cat, "kmeans-sparse": kmeans_sparse, "silhouette": silhouettes,
    "silhouette-20": silhouette_20, "tfidf": tfidf, "lsa": lsa, "sweep-kmeans": sweep_kmeans,
}

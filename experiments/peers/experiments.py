"""The experiment files of our side, as texts; needs nothing but Python, so that a test can validate them all."""

SOUP = "columns: [description, genres, cast, director, country], max_features: 20000"
SPACES = {"dense": "{ name: lsa-100, " + SOUP + " }", "sparse": "{ name: tfidf, " + SOUP + " }"}
LSA_50 = "lsa-50(columns=description+genres)"
NDCG = '"ndcg:bin-min@10"'  # the discounted gain that implicit computes
KEEP_NOTHING = "store: { per_user: none, models: none, lists: none }\n"
HEAD = "experiment: peer\nseed: 42\n"


def clusterings(space, trials, metrics, more=""):
    """On one space of the catalogue: the parameters of each K-Means entry."""
    entries = "".join(f"  - kmeans: {{ space: {SPACES[space]}, {t} }}\n" for t in trials)
    return f"{HEAD}dataset: {{ name: netflix-titles }}\nmetrics: [{metrics}]\n{more}trials:\n{entries}"


def mixture(k):
    """A Gaussian mixture with full covariances on descriptions and genres."""
    return (f"{HEAD}dataset: {{ name: netflix-titles }}\nmetrics: [n_clusters]\ntrials:\n  - gmm: {{ k: {k}, space: "
            f"\"{LSA_50}\" }}\n")


def spectral(k, n_neighbors):
    """Spectral clustering of descriptions and genres."""
    return (f"{HEAD}dataset: {{ name: netflix-titles }}\nmetrics: [n_clusters]\ntrials:\n  - spectral: {{ k: {k}, "
            f"n_neighbors: {n_neighbors}, space: \"{LSA_50}\" }}\n")


def merge_tree(linkage):
    """A merge tree on descriptions and genres, kept."""
    return (f"{HEAD}dataset: {{ name: netflix-titles }}\nmetrics: [n_clusters]\nstore: {{ models: all }}\ntrials:\n"
            f"  - agglomerative: {{ linkage: {linkage}, k: 20, space: \"{LSA_50}\" }}\n")


def kept_space(space=f'"{LSA_50}"'):
    """HDBSCAN, whose stored model keeps the points; without a space those of descriptions and genres."""
    return (f"{HEAD}dataset: {{ name: netflix-titles }}\nmetrics: [n_clusters]\nstore: {{ models: all }}\ntrials:\n"
            f"  - hdbscan: {{ min_cluster_size: 15, space: {space} }}\n")


def prototypes(start, k, iterations, update):
    """K-Prototypes from given prototypes, on year and four categories."""
    return (f"{HEAD}dataset: {{ name: netflix-titles }}\nmetrics: [cost]\ntrials:\n  - kprototypes: {{ numeric: year, "
            f"gamma: 0.5, k: {k}, iterations: {iterations}, update: {update}, init: given, centres: {start} }}\n")


def topics(n, iterations):
    """Topics of the descriptions by Gibbs sampling, a tenth of the titles held out."""
    return (f"{HEAD}dataset: {{ name: netflix-titles }}\nmetrics: [perplexity]\ntrials:\n  - lda: {{ space: "
            f"\"counts(columns=description,min_df=2)\", topics: {n}, iterations: {iterations}, held_out: 0.1 }}\n")


def on_parts(folder, parts, metrics, entry, more=KEEP_NOTHING):
    """One entry on the files of a folder, {part: file without its ending}."""
    split = ", ".join(f"{part}_file: {folder}/{name}.csv" for part, name in parts.items())
    return (f"{HEAD}dataset: {{ path: {folder}/ratings.csv }}\nsplit: {{ kind: files, {split} }}\n"
            f"metrics: [{metrics}]\n{more}trials:\n  - {entry}\n")


def _parts(choosing):
    """Values on test; or, while something is chosen, without test, the values on validation."""
    return {"train": "fit", "test": "validation"} if choosing else {"train": "train", "test": "test"}


def als(folder, regularization, iterations, solver="cholesky", precision="single", biases="joint", choosing=False):
    """ALS with 64 factors, and its RMSE."""
    entry = (f"als: {{ factors: 64, biases: {biases}, weighted: true, regularization: {regularization}, "
             f"iterations: {iterations}, solver: {solver}, precision: {precision} }}")
    return on_parts(folder, _parts(choosing), "rmse", entry)


def svd(folder, regularization, iterations, choosing=False):
    """64 factors in single precision with LIBMF's schedule and a positive start as short as its own, and the RMSE."""
    entry = (f"svd: {{ factors: 64, biased: false, schedule: adagrad, learning_rate: 0.1, init_mean: 0.0625, "
             f"init_std: 0.036, regularization: {regularization}, iterations: {iterations} }}")
    return on_parts(folder, _parts(choosing), "rmse", entry)


def bpr(folder, rate, regularization, iterations, choosing=False):
    """BPR with 64 factors, and its nDCG."""
    entry = (f"bpr: {{ factors: 64, learning_rate: {rate}, reg_user: {regularization}, reg_item: {regularization}, "
             f"reg_bias: {regularization}, iterations: {iterations} }}")
    return on_parts(folder, _parts(choosing), NDCG, entry)


def kept(folder, entry):
    """One model of implicit feedback, kept whole."""
    return on_parts(folder, _parts(False), "ndcg@10", entry, KEEP_NOTHING.replace("models: none", "models: all"))


def fold(folder, number, entry):
    """A model of ratings on one of the folds that a folder has as files."""
    return on_parts(folder, {"train": f"train{number}", "test": f"test{number}"}, "rmse", entry)


def ials(folder, factors, regularization, alpha, iterations, solver, choosing=False):
    """iALS by Hu's objective in single precision, and its nDCG."""
    entry = (f"ials: {{ objective: hu, factors: {factors}, regularization: {regularization}, alpha: {alpha}, "
             f"iterations: {iterations}, solver: {solver}, precision: single }}")
    return on_parts(folder, _parts(choosing), NDCG, entry)


def sweep_ials(folder, regularizations, alphas, repeats):
    """Three sizes of iALS for every regularisation and weight, on validation and on test."""
    entry = (f"ials: {{ objective: hu, factors: [16, 32, 64], regularization: {list(regularizations)}, "
             f"alpha: {list(alphas)}, iterations: 15, solver: cg }}")
    return on_parts(folder, {"train": "fit", "validation": "validation", "test": "test"}, NDCG, entry,
                    f"repeats: {repeats}\n")


def examples(folder):
    """{name: text}: one of each form that the workloads run, on the files of a folder."""
    return {
        "kmeans-cat": clusterings("dense", ["k: 20, n_init: 10"], "inertia"),
        "kmeans-sparse": clusterings("sparse", ["k: 20, iterations: 20, tolerance: 0, algorithm: lloyd"], "inertia"),
        "silhouette": clusterings("sparse", ["k: 20, iterations: 5"], '"silhouette:cosine"'),
        "sweep-kmeans": clusterings("dense", ["k: { range: [2, 20] }"], "silhouette, davies_bouldin", "repeats: 5\n"),
        "gmm": mixture(20),
        "spectral": spectral(20, 15),
        "spectral points": kept_space(),
        "sweep-kmeans points": kept_space(SPACES["dense"]),
        "agglo": merge_tree("ward"),
        "kproto": prototypes("[[2000, 0, 0, 0, 0], [2010, 1, 1, 1, 1]]", 2, 10, "batch"),
        "lda": topics(20, 60),
        "als-chosen": als(folder, 0.05, 5, choosing=True),
        "als-10m": als(folder, 0.05, [1, 2, 4], "cg", "double"),
        "sgd-10m": svd(folder, 0.04, 20),
        "bpr": bpr(folder, 0.05, 0.01, 20),
        "ials-20m": ials(folder, 64, 10, 2, 5, "cholesky"),
        "ease": kept(folder, "ease"),
        "sweep-ials": sweep_ials(folder, [1, 10, 100], [1, 10], 3),
    }

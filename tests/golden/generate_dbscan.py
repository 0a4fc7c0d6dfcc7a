"""Known answers of scikit-learn's DBSCAN, for tests/golden/test_dbscan.c: python3 generate_dbscan.py > dbscan.json

Points are the boxes of golden_points.py. Labels are stored as scikit-learn gives them: clusters numbered by their lowest
core points, a border point in the first cluster that reaches it. No distance is so near eps that rounding could decide.
`border`: points of a cluster that are not core; `contested`: those within eps of core points of another cluster, too.
"""

import json
import sys

import numpy as np
import sklearn
from sklearn.cluster import DBSCAN
from sklearn.metrics import pairwise_distances

from golden_points import D, boxes

N = 600
SETTINGS = (
    ("euclidean", 0.12, 4),
    ("euclidean", 0.45, 5),
    ("euclidean", 0.45, 20),
    ("euclidean", 2.2, 12),
    ("euclidean", 0.3, 1),
    ("cosine", 2e-4, 6),
    ("cosine", 2e-3, 10),
    ("cosine", 0.02, 40),
)


def contested(away, model, core):
    """How many border points have core points of two clusters in reach."""
    reaches = [set(model.labels_[(away[i] <= model.eps) & core]) for i in np.flatnonzero(~core)]
    return sum(len(clusters) > 1 for clusters in reaches)


def case(metric, eps, min_samples):
    points = boxes(0, N)
    away = pairwise_distances(points, metric=metric)
    assert np.abs(away - eps).min() > 1e-10 * eps, "a distance is too near eps"
    model = DBSCAN(eps=eps, min_samples=min_samples, metric=metric, algorithm="brute").fit(points)
    core = np.zeros(N, bool)
    core[model.core_sample_indices_] = True
    return {"options": {"metric": metric, "eps": str(eps), "min_samples": str(min_samples)},
            "clusters": int(model.labels_.max()) + 1, "noise": int((model.labels_ < 0).sum()),
            "border": int((~core & (model.labels_ >= 0)).sum()), "contested": contested(away, model, core),
            "labels": model.labels_.tolist()}


if __name__ == "__main__":
    cases = [case(*setting) for setting in SETTINGS]
    for c in cases:
        print({k: v for k, v in c.items() if k != "labels"}, file=sys.stderr)
    assert sum(c["contested"] for c in cases) > 0
    json.dump({"versions": {"scikit-learn": sklearn.__version__, "numpy": np.__version__}, "points": N, "dimensions": D,
               "cases": cases}, sys.stdout)
    print()

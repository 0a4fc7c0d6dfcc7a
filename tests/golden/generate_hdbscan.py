"""Known answers of hdbscan, for tests/golden/test_hdbscan.c: python3 generate_hdbscan.py > hdbscan.json

Points are the boxes of golden_points.py. A setting is `exact` where 20 fits
of permuted rows agree on the partition among themselves; the test then asks for the same partition, else for ARI >= .99.
Probabilities and outlier scores are given where no two rows of the condensed tree tie, i.e. where all permutations agree
on them to 1e-12. Predictions are those of approximate_predict for points between the others. DBCV is
hdbscan.validity.validity_index of the labels.
"""

import json
import sys
import warnings

import hdbscan
import numpy as np
import scipy
import sklearn
from hdbscan.validity import validity_index

from golden_points import D, boxes, partition

warnings.filterwarnings("ignore")
N, PERMUTATIONS = 600, 20


def fit(points, setting, prediction=False):
    options = dict(setting)
    return hdbscan.HDBSCAN(algorithm="generic", prediction_data=False, **options).fit(points) if not prediction else \
        hdbscan.HDBSCAN(prediction_data=True, **options).fit(points)


def case(setting):
    points, fresh = boxes(0, N), boxes(N, 100)
    model = fit(points, setting)
    exact, same = True, True
    for seed in range(PERMUTATIONS):
        order = np.random.default_rng(seed).permutation(N)
        other = fit(points[order], setting)
        back = np.empty(N, int)
        back[order] = np.arange(N)
        exact &= partition(other.labels_[back]) == partition(model.labels_)
        same &= np.abs(other.probabilities_[back] - model.probabilities_).max() < 1e-12
        same &= np.abs(other.outlier_scores_[back] - model.outlier_scores_).max() < 1e-12
    predicting = fit(points, setting, True)
    out = {**setting, "exact": bool(exact), "labels": partition(model.labels_), "values": bool(exact and same)}
    if out["values"]:
        out["probabilities"] = model.probabilities_.tolist()
        out["outlier_scores"] = model.outlier_scores_.tolist()
    if exact and partition(predicting.labels_) == partition(model.labels_):
        labels, _ = hdbscan.approximate_predict(predicting, fresh)
        number = dict(zip(predicting.labels_.tolist(), partition(predicting.labels_)))
        out["predicted"] = [number.get(c, -1) for c in labels.tolist()]
    if max(model.labels_) > 0:
        out["dbcv"] = float(validity_index(points, model.labels_, d=D))
    return out


if __name__ == "__main__":
    import importlib.metadata

    settings = [
        {"min_cluster_size": 10, "min_samples": 1},
        {"min_cluster_size": 20, "min_samples": 1, "cluster_selection_epsilon": 0.3},
        {"min_cluster_size": 15, "min_samples": 1, "cluster_selection_method": "leaf"},
        {"min_cluster_size": 10, "min_samples": 5},
        {"min_cluster_size": 25, "min_samples": 3},
        {"min_cluster_size": 8, "min_samples": 4, "cluster_selection_method": "leaf"},
        {"min_cluster_size": 8, "min_samples": 4, "cluster_selection_epsilon": 0.5},
        {"min_cluster_size": 40, "min_samples": 8, "allow_single_cluster": True},
    ]
    json.dump({"versions": {"hdbscan": importlib.metadata.version("hdbscan"), "numpy": np.__version__, "scipy": scipy.__version__, "scikit-learn": sklearn.__version__},
               "points": N, "dimensions": D, "fresh": 100, "cases": [case(s) for s in settings]}, sys.stdout, indent=None)
    print()

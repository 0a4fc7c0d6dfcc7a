#!/usr/bin/env python3
"""Writes mixtures.json: GaussianMixture of scikit-learn from given means, on points drawn here.

Usage: generate_mixtures.py > mixtures.json

The start is that of Reelbench: every point belongs to the nearest mean, and the first maximisation gives weights and
covariances, which scikit-learn gets as its own start.
"""
import json
import sys

import numpy as np
import sklearn
from sklearn.mixture import GaussianMixture

N, D, K, REGULARIZATION = 90, 3, 3, 1e-6


def first_step(points, means, kind):
    """Means, weights and precisions of the nearest means' points."""
    label = ((points[:, None, :] - means[None]) ** 2).sum(axis=2).argmin(axis=1)
    weight, mean, precision = [], [], []
    for c in range(K):
        own = points[label == c]
        apart = own - own.mean(axis=0)
        covariance = apart.T @ apart / len(own) + REGULARIZATION * np.eye(D)
        weight.append(len(own) / N)
        mean.append(own.mean(axis=0))
        precision.append(np.linalg.inv(covariance) if kind == "full" else 1 / np.diag(covariance))
    return np.array(weight), np.array(mean), np.array(precision)


def main():
    rng = np.random.default_rng(11)
    centres = rng.normal(0, 2.5, (K, D))
    scale = np.array([0.6, 1.0, 1.5])
    group = np.arange(N) % K
    points = np.round(centres[group] + rng.normal(0, 1, (N, D)) * scale[group, None], 6)
    means = np.round(points[[0, 1, 2]], 6)
    answers = {}
    for kind, theirs in (("full", "full"), ("diagonal", "diag")):
        weight, mean, precision = first_step(points, means, kind)
        model = GaussianMixture(K, covariance_type=theirs, tol=1e-9, reg_covar=REGULARIZATION, max_iter=2000,
                                weights_init=weight, means_init=mean, precisions_init=precision)
        model.fit(points)
        assert model.converged_
        answers[kind] = {"iterations": model.n_iter_, "log_likelihood": model.lower_bound_,
                         "weights": model.weights_.tolist(), "means": model.means_.ravel().tolist(),
                         "covariances": model.covariances_.ravel().tolist(), "labels": model.predict(points).tolist()}
    json.dump({"scikit-learn": sklearn.__version__, "numpy": np.__version__, "tolerance": 1e-9,
               "points": points.ravel().tolist(), "start": means.ravel().tolist(), "n": N, "d": D, "k": K, **answers},
              sys.stdout, indent=1)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()

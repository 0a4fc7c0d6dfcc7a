"""Mixtures and spectral clustering of the catalogue against scikit-learn: words in 50 dimensions, rows of length 1."""

import warnings

import numpy as np
from sklearn.cluster import SpectralClustering
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import kneighbors_graph

import experiments
import rig

COMPONENTS = 20
NEIGHBOURS = 15
LUCK = 0.01  # relative difference of the log likelihood that other starts explain
OTHER_STARTS = 0.01  # relative difference of the cut, likewise


def points_of_ours():
    """lsa-50 as the program makes it, which both sides cluster."""
    return rig.reelbench(experiments.kept_space()).model["point_values"]


def gmm(_quick):
    """A mixture with full covariances; both sides on the program's points."""
    points = points_of_ours()

    def ours():
        run = rig.reelbench(experiments.mixture(COMPONENTS))
        return run.fit(), -run.objective()

    def peer():
        seconds, model = rig.timed(lambda: GaussianMixture(COMPONENTS, random_state=0).fit(points))
        return seconds, model.lower_bound_

    measured = rig.turns(ours, peer)
    quality = measured[3], measured[1]
    rig.line("gmm", "scikit-learn", measured, quality, quality[1] >= quality[0] - LUCK * abs(quality[0]), 3)


def cut(labels, points):
    """Normalised cut of labels in the graph of neighbours: the mean share of a cluster's edges that leave it."""
    graph = kneighbors_graph(points, NEIGHBOURS, include_self=True)
    graph = (graph + graph.T) / 2
    graph.setdiag(0)
    member = np.eye(labels.max() + 1)[labels]
    volume = member.T @ np.asarray(graph.sum(axis=1)).ravel()
    inside = (member * (graph @ member)).sum(axis=0)
    return float(np.mean(1 - inside / volume))


def spectral(_quick):
    """Eigenvectors of a graph of neighbours, and ten K-Means on them; both sides on the program's points."""
    points = points_of_ours()

    def ours():
        run = rig.reelbench(experiments.spectral(COMPONENTS, NEIGHBOURS))
        return run.fit(), cut(run.labels[1], points)

    def peer():
        model = SpectralClustering(COMPONENTS, affinity="nearest_neighbors", n_neighbors=NEIGHBOURS, random_state=0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a graph of several parts
            seconds, model = rig.timed(lambda: model.fit(points))
        return seconds, cut(model.labels_, points)

    measured = rig.turns(ours, peer)
    quality = measured[3], measured[1]
    rig.line("spectral", "scikit-learn", measured, quality, quality[1] <= quality[0] * (1 + OTHER_STARTS), 3)


WORKLOADS = {"gmm": gmm, "spectral": spectral}

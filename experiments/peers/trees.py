"""Merge trees of the catalogue against fastcluster and scikit-learn: words in 50 dimensions, rows of length 1."""

import numpy as np
from sklearn.cluster import AgglomerativeClustering

import experiments
import rig

TARGET = 3  # times as fast as the fastest
SAME = 1e-9  # relative difference of the heights of the merges


def fastcluster_heights(points, linkage):
    """Heights of the merges, distances included."""
    import fastcluster

    return fastcluster.linkage(points, linkage)[:, 2]


def scikit_heights(points, linkage):
    """The same; scikit-learn makes the whole tree when it is asked for distances."""
    model = AgglomerativeClustering(n_clusters=20, linkage=linkage, compute_distances=True)
    return np.sort(model.fit(points).distances_)


def agglo(_quick):
    """Four linkages; both sides on the program's points; the quality is the sum of all heights."""
    points = rig.reelbench(experiments.kept_space()).model["point_values"]
    for linkage in ("ward", "average", "complete", "single"):
        def ours(linkage=linkage):
            run = rig.reelbench(experiments.merge_tree(linkage))
            return run.fit(), run.model["tree"][:, 2]

        for package, heights in (("fastcluster", fastcluster_heights), ("scikit-learn", scikit_heights)):
            with rig.attempt(f"agglo {linkage}", package):
                measured = rig.turns(ours, lambda heights=heights, linkage=linkage: rig.timed(
                    lambda: heights(points, linkage)))
                same = np.allclose(measured[3], measured[1], rtol=SAME, atol=0)
                rig.line(f"agglo {linkage}", package, measured, (measured[3].sum(), measured[1].sum()), same, TARGET)


WORKLOADS = {"agglo": agglo}

"""Gaussian mixtures on the catalogue against scikit-learn: descriptions and genres in 50 dimensions, rows of length 1."""

import csv
import functools

from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.mixture import GaussianMixture
from sklearn.preprocessing import normalize

import experiments
import rig

TITLES = rig.REAL_DATA / "netflix-titles" / "netflix_titles.csv"
COMPONENTS = 20
LUCK = 0.01  # relative difference of the log likelihood that other starts explain


@functools.cache
def space():
    """lsa-50 as scikit-learn makes it."""
    if not TITLES.exists():
        raise rig.Unavailable(f"{TITLES} is missing")
    with open(TITLES, newline="", encoding="utf-8") as file:
        words = [row["description"] + " " + row["listed_in"] for row in csv.DictReader(file)]
    tfidf = TfidfVectorizer(stop_words="english").fit_transform(words)
    return normalize(TruncatedSVD(50, algorithm="arpack").fit_transform(tfidf))


def gmm(_quick):
    """A mixture with full covariances."""
    points = space()

    def ours():
        run = rig.reelbench(experiments.mixture(COMPONENTS))
        return run.fit(), -float(run.history["objective"].min())  # of the best start

    def peer():
        seconds, model = rig.timed(lambda: GaussianMixture(COMPONENTS, random_state=0).fit(points))
        return seconds, model.lower_bound_

    measured = rig.turns(ours, peer)
    quality = measured[3], measured[1]
    rig.line("gmm", "scikit-learn", measured, quality, quality[1] >= quality[0] - LUCK * abs(quality[0]), 3)


WORKLOADS = {"gmm": gmm}

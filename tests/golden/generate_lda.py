"""Known answers of scikit-learn's latent Dirichlet allocation: python tests/golden/generate_lda.py TITLES > lda.json.

TITLES is the folder of netflix_titles.csv. scikit-learn starts a document from a random gamma while it fits and from 1
when it transforms; here it starts from 1 always, so that both sides do the same from the same first weights.

perplexity: descriptions without English stop words, terms of two titles at least, a tenth of the titles held out; half of
a held-out title's words (every second one) give its topics by gamma_k <- alpha + sum n_w gamma_k phi_kw / sum_j gamma_j
phi_jw, the others are what the perplexity is of. `leaked`: where the words that are scored give topics, too.
"""

import csv
import json
import pathlib
import sys

import numpy as np
import sklearn
from sklearn.decomposition import LatentDirichletAllocation
from sklearn.feature_extraction.text import CountVectorizer

TOPICS, DOCUMENTS, TERMS = 3, 30, 20
ALPHA, BETA = 0.3, 0.2


class FromOne(LatentDirichletAllocation):
    """Documents start from 1."""

    def _e_step(self, X, cal_sstats, random_init, parallel=None):
        return super()._e_step(X, cal_sstats, False, parallel)


def fitted(counts, start, steps, batch, passes):
    """The model after some passes from given weights."""
    model = FromOne(TOPICS, doc_topic_prior=ALPHA, topic_word_prior=BETA, learning_decay=0.6, learning_offset=5.0)
    model._init_latent_vars(counts.shape[1], dtype=np.float64)
    model.components_ = start.copy()
    model.exp_dirichlet_component_ = np.exp(
        sklearn.decomposition._lda._dirichlet_expectation_2d(model.components_)
    )
    for _ in range(passes):
        for first in range(0, len(counts), steps):
            model._em_step(counts[first : first + steps], total_samples=len(counts), batch_update=batch)
    return model


def bound(model, counts):
    """The bound of the weights as they stand, with the documents' topics under them."""
    gamma, _ = model._e_step(counts, cal_sstats=False, random_init=False)
    return float(model._approx_bound(counts, gamma, sub_sampling=False))


def surprise(phi, seen, hidden):
    """-ln p of hidden words by the topics of those seen."""
    gamma = np.ones(20)
    for _ in range(100):
        share = gamma * phi[seen]
        after = 0.1 + (share / share.sum(1, keepdims=True)).sum(0)
        done = np.abs(after - gamma).mean() < 1e-3
        gamma = after
        if done:
            break
    return -np.log(phi[hidden] @ (gamma / gamma.sum()))


def perplexity(titles):
    """Of scikit-learn's batch fit on the catalogue."""
    with open(titles / "netflix_titles.csv", newline="", encoding="utf-8") as file:
        counts = CountVectorizer(stop_words="english", min_df=2).fit_transform(
            row["description"] for row in csv.DictReader(file)
        )
    counts.sort_indices()
    held = np.random.default_rng(0).random(counts.shape[0]) < 0.1
    model = LatentDirichletAllocation(
        20, doc_topic_prior=0.1, topic_word_prior=0.05, max_iter=20, random_state=0
    ).fit(counts[~held])
    phi = (model.components_ / model.components_.sum(1, keepdims=True)).T
    halves = [], []
    for row in np.flatnonzero(held):
        begin, end = counts.indptr[row], counts.indptr[row + 1]
        words = np.repeat(counts.indices[begin:end], counts.data[begin:end])
        halves[0].append(surprise(phi, words[0::2], words[1::2]))
        halves[1].append(surprise(phi, words, words[1::2]))
    n = sum(len(half) for half in halves[0])
    completed, leaked = (float(np.exp(sum(half.sum() for half in part) / n)) for part in halves)
    return {"terms": counts.shape[1], "words": int(counts.sum()), "perplexity": completed, "leaked": leaked}


def main():
    rng = np.random.default_rng(1)
    planted = rng.dirichlet(np.full(TERMS, 0.1), TOPICS)
    counts = np.array([rng.multinomial(rng.integers(5, 15), planted[d % TOPICS]) for d in range(DOCUMENTS)]).astype(float)
    start = rng.gamma(100.0, 0.01, (TOPICS, TERMS))
    batch = fitted(counts, start, DOCUMENTS, True, 4)
    online = fitted(counts, start, 8, False, 2)
    json.dump(
        {
            "versions": {"scikit-learn": sklearn.__version__, "numpy": np.__version__},
            "alpha": ALPHA,
            "beta": BETA,
            "counts": counts.tolist(),
            "start": start.tolist(),
            "batch": {
                "weights": batch.components_.tolist(),
                "proportions": batch.transform(counts).tolist(),
                "bound": bound(batch, counts),
            },
            "online": {"weights": online.components_.tolist(), "proportions": online.transform(counts).tolist()},
            "catalogue": perplexity(pathlib.Path(sys.argv[1])),
        },
        sys.stdout,
    )
    print()


if __name__ == "__main__":
    main()

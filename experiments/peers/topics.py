"""Topics of the Netflix descriptions against scikit-learn and gensim.

Both sides read netflix_titles.csv and hold a tenth of the titles out, each its own. Perplexity is by document completion
on those: every second word of a title gives its topics, by the same fixed point on both sides, the others are predicted.
"""

import csv

import numpy as np
from sklearn.decomposition import LatentDirichletAllocation
from sklearn.feature_extraction.text import CountVectorizer

import experiments
import rig

TITLES = rig.REAL_DATA / "netflix-titles" / "netflix_titles.csv"
TOPICS = 20
SAME = 0.01  # relative difference of perplexity


def split():
    """Counts of the titles that train, and of those held out."""
    if not TITLES.exists():
        raise rig.Unavailable(f"{TITLES} is missing")
    with open(TITLES, newline="", encoding="utf-8") as file:
        words = [row["description"] for row in csv.DictReader(file)]
    counts = CountVectorizer(stop_words="english", min_df=2).fit_transform(words)
    counts.sort_indices()
    held = np.random.default_rng(0).random(counts.shape[0]) < 0.1
    return counts[~held], counts[held]


def perplexity(phi, alpha, held):
    """Of the hidden halves; phi [terms x topics] adds up to 1 in a column."""
    total, n = 0.0, 0
    for row in range(held.shape[0]):
        begin, end = held.indptr[row], held.indptr[row + 1]
        words = np.repeat(held.indices[begin:end], held.data[begin:end])
        seen, hidden = words[0::2], words[1::2]
        gamma = np.ones(len(alpha))
        for _ in range(100):
            share = gamma * phi[seen]
            after = alpha + (share / share.sum(1, keepdims=True)).sum(0)
            done = np.abs(after - gamma).mean() < 1e-3
            gamma = after
            if done:
                break
        total += np.log(phi[hidden] @ (gamma / gamma.sum())).sum()
        n += len(hidden)
    return float(np.exp(-total / n))


def scikit(train, method):
    """scikit-learn's fit: seconds, words by topics, alpha."""
    model = LatentDirichletAllocation(TOPICS, learning_method=method, max_iter=20, random_state=0, n_jobs=rig.THREADS)
    seconds, model = rig.timed(lambda: model.fit(train))
    phi = (model.components_ / model.components_.sum(1, keepdims=True)).T
    return seconds, (phi, np.full(TOPICS, model.doc_topic_prior_))


def gensim(train):
    """gensim's fit with two workers and 20 passes."""
    import gensim.matutils
    import gensim.models

    corpus = gensim.matutils.Sparse2Corpus(train, documents_columns=False)
    words = {i: str(i) for i in range(train.shape[1])}
    seconds, model = rig.timed(lambda: gensim.models.LdaMulticore(
        corpus, TOPICS, id2word=words, workers=rig.THREADS, passes=20, random_state=0))
    return seconds, (model.get_topics().T.astype(float), np.asarray(model.alpha, float))


def lda(_quick):
    """Twenty topics."""
    train, held = split()

    def ours():
        run = rig.reelbench(experiments.topics(TOPICS, 60))
        return run.fit(), float(run.metric("perplexity", "all")[0])

    peers = (("batch", "scikit-learn", lambda: scikit(train, "batch")),
             ("online", "scikit-learn", lambda: scikit(train, "online")),
             ("multicore", "gensim", lambda: gensim(train)))
    for name, package, peer in peers:
        with rig.attempt(f"lda {name}", package):
            measured = rig.turns(ours, peer)
            quality = perplexity(*measured[3], held), measured[1]
            rig.line(f"lda {name}", package, measured, quality, quality[1] <= quality[0] * (1 + SAME), 10)


WORKLOADS = {"lda": lda}

"""Points that both sides make from the same numbers, so that none are stored (tests/support/cluster_points.c)."""

import numpy as np

D = 4


def mixed(i):
    """splitmix64 of i as numbers in [0, 1)."""
    with np.errstate(over="ignore"):
        z = (np.asarray(i).astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return (z >> np.uint64(11)).astype(np.float64) / 2.0**53


def boxes(first, n):
    """Eight boxes of unequal density, and a tenth of the points everywhere: products and sums of exact numbers."""
    i = np.arange(first, first + n)[:, None]
    f = np.arange(D)[None, :]
    own = mixed(i * 64 + f)
    box = mixed((i % 8 + 1_000_000) * 64 + f)
    spread = (i % 8 + 1) / 8.0
    return np.where(i % 10 == 9, 12 * own, 10 * box + spread * own)


def partition(labels):
    """Labels numbered by their first points; noise stays -1."""
    number = {}
    return [-1 if c < 0 else number.setdefault(c, len(number)) for c in labels]

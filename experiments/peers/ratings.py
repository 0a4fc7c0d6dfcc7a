"""Ratings of the rig: drawn by `reelbench data synth`, cut into parts here, read by both sides from the same files.

A folder has all of them in ratings.csv, and train.csv and test.csv; train.csv is cut again into fit.csv and
validation.csv, a tenth, on which each side chooses what it does not measure.
"""

import subprocess

import numpy as np
import pandas
from scipy.sparse import csr_matrix

import rig


def _cut(source, wanted):
    """Lines of a text file into others: {path: mask of the lines behind the heading}."""
    text = np.fromfile(source, dtype=np.uint8)
    ends = np.flatnonzero(text == ord("\n")) + 1
    lengths = np.diff(ends)
    for path, mask in wanted.items():
        with open(path, "wb") as file:
            text[: ends[0]].tofile(file)
            text[ends[0] : ends[-1]][np.repeat(mask, lengths)].tofile(file)


def parts(name, users, items, draws, *more, test=0.2):
    """The folder; made once."""
    folder = rig.WORK / name
    if not (folder / "complete").exists():
        command = [rig.BUILD / "reelbench", "data", "synth", f"users={users}", f"items={items}", f"ratings={draws}",
                   "titles=false", *more, "--seed", "7", "--output", folder, "--threads", str(rig.THREADS)]
        subprocess.run(command, env=rig.environment(), check=True, capture_output=True)
        rng = np.random.default_rng(7)
        is_test = rng.random(draws) < test
        is_validation = ~is_test & (rng.random(draws) < 0.1)
        _cut(folder / "ratings.csv", {
            folder / "test.csv": is_test, folder / "train.csv": ~is_test, folder / "validation.csv": is_validation,
            folder / "fit.csv": ~is_test & ~is_validation,
        })
        (folder / "complete").touch()
    return folder


def triples(path):
    """Users, items and ratings of a file; ids begin at 0."""
    table = pandas.read_csv(path, usecols=[0, 1, 2], dtype={0: np.int32, 1: np.int32, 2: np.float32})
    user, item, rating = (table.iloc[:, c].to_numpy() for c in range(3))
    return user.astype(np.int32), item.astype(np.int32), rating.astype(np.float32)


def matrix(path, shape):
    """Ratings of a file as a sparse matrix."""
    user, item, rating = triples(path)
    return csr_matrix((rating, (user, item)), shape=shape)


#!/usr/bin/env python3
"""Damages one HDF5 file: damage_hdf5.py FILE OPERATION [ARGUMENT...]; tests/cli/malformed_hdf5.sh says what for."""
import hashlib
import os
import struct
import sys

import h5py
import numpy as np


def text(path):
    """A file of another kind."""
    with open(path, "w") as f:
        f.write("user,item,rating\n1,2,3\n")


def png(path):
    """A file of another kind, whose first bytes resemble those of HDF5."""
    with open(path, "wb") as f:
        f.write(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(200))


def half(path):
    """Cut in the middle, as a full disk leaves it."""
    os.truncate(path, os.path.getsize(path) // 2)


def foreign(path):
    """HDF5 of somebody else."""
    with h5py.File(path, "w") as f:
        f["temperature"] = np.arange(5.0)


def replace(path, name, data, kept_attributes=True):
    """Another array in the place of one, with its attributes."""
    with h5py.File(path, "r+") as f:
        attributes = dict(f[name].attrs)
        del f[name]
        f[name] = data
        f[name].attrs.update(attributes if kept_attributes else {})


def read(path, name):
    """An array."""
    with h5py.File(path, "r") as f:
        return f[name][()]


def flip(path, name):
    """One other value in an array."""
    with h5py.File(path, "r+") as f:
        f[name][0] = f[name][0] + 1


def cell(path, name, column, row, value):
    """One other value in a table."""
    rows = read(path, name)
    rows[column][int(row)] = value.encode("latin-1") if rows.dtype[column].kind == "S" else float(value)
    with h5py.File(path, "r+") as f:
        f[name][...] = rows


def without(path, name, column):
    """A table without one of its columns."""
    rows = read(path, name)
    left = [c for c in rows.dtype.names if c != column]
    data = np.zeros(len(rows), [(c, rows.dtype[c]) for c in left])
    for c in left:
        data[c] = rows[c]
    replace(path, name, data)


def retype(path, name, column):
    """A table one of whose columns is of the other kind: text for numbers, numbers for text."""
    rows = read(path, name)
    other = {c: rows.dtype[c] for c in rows.dtype.names}
    other[column] = np.dtype("f8") if rows.dtype[column].kind == "S" else np.dtype("S8")
    data = np.zeros(len(rows), list(other.items()))
    for c in rows.dtype.names:
        if c != column:
            data[c] = rows[c]
    replace(path, name, data)


def attribute(path, name, value):
    """Another value of an attribute: an expression."""
    with h5py.File(path, "r+") as f:
        del f.attrs[name]
        f.attrs[name] = eval(value, {"np": np})


def forget(path, name):
    """An attribute goes."""
    with h5py.File(path, "r+") as f:
        del f.attrs[name]


def remove(path, name):
    """A dataset or group goes."""
    with h5py.File(path, "r+") as f:
        del f[name]


def hollow(path, name):
    """An array whose header speaks of 2^40 rows that were never written."""
    with h5py.File(path, "r+") as f:
        kind = f[name].dtype
        del f[name]
        f.create_dataset(name, shape=(2**40,), chunks=(1024,), dtype=kind)


def seal(path):
    """The cache's seal over the bytes as they are now, so that what lies behind it is read."""
    with open(path, "rb") as f:
        data = f.read()
    digest = hashlib.sha256(data + struct.pack("<q", len(data))).hexdigest()
    with open(path.replace(".h5", ".sha256"), "w") as f:
        f.write(digest)


OPERATIONS = {
    "empty": lambda p: os.truncate(p, 0),
    "half": half,
    "text": text,
    "png": png,
    "foreign": foreign,
    "remove": remove,
    "forget": forget,
    "attribute": attribute,
    "flip": flip,
    "cell": cell,
    "without": without,
    "retype": retype,
    "hollow": hollow,
    "words": lambda p, n: replace(p, n, np.array([b"a", b"b"], dtype="S1")),
    "floats": lambda p, n: replace(p, n, read(p, n).astype("f8")),
    "square": lambda p, n: replace(p, n, np.stack([read(p, n)] * 2)),
    "cube": lambda p, n: replace(p, n, np.zeros((2, 2, 2), read(p, n).dtype)),
    "shorter": lambda p, n: replace(p, n, read(p, n)[:-1]),
    "negative": lambda p, n: replace(p, n, -1 - read(p, n)),
    "nan": lambda p, n: replace(p, n, read(p, n) * np.nan),
    "group": lambda p, n: (remove(p, n), h5py.File(p, "r+").create_group(n)),
    "seal": seal,
}

if __name__ == "__main__":
    file = sys.argv[1]
    operations = " ".join(sys.argv[2:]).split(" + ")
    for operation in operations:
        name, *arguments = operation.split()
        OPERATIONS[name](file, *arguments)

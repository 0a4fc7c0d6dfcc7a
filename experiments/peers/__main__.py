"""Measure workloads against their peers: python experiments/peers [--quick] [ID...]; see scripts/bench-peers.sh."""

import argparse
import importlib
import sys

import rig

FAMILIES = {
    "catalogue": ("kmeans-cat", "kmeans-sparse", "silhouette", "silhouette-20", "tfidf", "lsa", "sweep-kmeans"),
    "topics": ("lda",),
    "density": ("hdbscan-cat", "hdbscan-100k", "hdbscan-20k", "dbscan"),
    "points": ("kmeans-1m", "kmeans-init"),
    "prototypes": ("kproto",),
    "mixtures": ("gmm", "spectral"),
    "trees": ("agglo",),
    "full_ranking": ("eval-138k",),
    "implicit_als": ("sweep-ials", "ials-20m"),
    "explicit_als": ("als-10m",),
    "sgd": ("sgd-10m", "surprise"),
    "implicit_sgd": ("bpr",),
    "linear_models": ("ease-3.7k", "ease-10k", "slim", "itemknn", "puresvd"),
}


def main():
    families = {name: family for family, names in FAMILIES.items() for name in names}
    parser = argparse.ArgumentParser(description="Time the program and its peers in turns.")
    parser.add_argument("--quick", action="store_true", help="smaller data and one turn each")
    parser.add_argument("--table", metavar="FILE", help="write the table there too, with date and machine")
    parser.add_argument("id", nargs="*", help="workloads: " + " ".join(families))
    arguments = parser.parse_args()
    unknown = [i for i in arguments.id if i not in families]
    if unknown:
        parser.error(f"no workload {unknown[0]!r}; there are: {' '.join(families)}")
    rig.WORK.mkdir(parents=True, exist_ok=True)
    rig.Table.begin(arguments.table, arguments.quick)
    for name in arguments.id or families:
        with rig.attempt(name):
            importlib.import_module(families[name]).WORKLOADS[name](arguments.quick)
    return 1 if rig.Table.failed else 0


if __name__ == "__main__":
    sys.exit(main())

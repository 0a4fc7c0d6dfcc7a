"""Measure workloads against their peers: python experiments/peers [--quick] [ID...]; see scripts/bench-peers.sh."""

import argparse
import importlib
import sys

import rig

FAMILIES = ("catalogue", "implicit_als")


def main():
    workloads = {}
    for family in FAMILIES:
        workloads |= importlib.import_module(family).WORKLOADS
    parser = argparse.ArgumentParser(description="Time the program and its peers in turns.")
    parser.add_argument("--quick", action="store_true", help="smaller data and fewer repeats where a line is long")
    parser.add_argument("id", nargs="*", help="workloads: " + " ".join(workloads))
    arguments = parser.parse_args()
    unknown = [i for i in arguments.id if i not in workloads]
    if unknown:
        parser.error(f"no workload {unknown[0]!r}; there are: {' '.join(workloads)}")
    rig.REPEATS = 1 if arguments.quick else rig.REPEATS
    rig.WORK.mkdir(parents=True, exist_ok=True)
    print("\t".join(rig.COLUMNS), flush=True)
    failed = False
    for name in arguments.id or workloads:
        try:
            workloads[name](arguments.quick)
        except rig.Unavailable as reason:
            rig.note(f"{name}: left out: {reason}")
        except RuntimeError as error:
            failed = True
            rig.note(f"{name}: {error}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

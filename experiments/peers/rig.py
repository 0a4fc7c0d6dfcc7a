"""What all workloads share: running the program, taking turns with the peer, and the lines of the table."""

import csv
import importlib.metadata
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import h5py

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("BUILD_DIR", ROOT / "build"))
WORK = pathlib.Path(os.environ["RB_PEERS_DIR"]) / "data"
REAL_DATA = pathlib.Path(os.environ.get("REELBENCH_DATA") or ROOT.parent / "shared" / "data")
THREADS = 2
REPEATS = 3  # main makes it 1 for --quick

COLUMNS = "id peer version quality_peer quality_ours seconds_peer seconds_ours ratio target held".split()


class Unavailable(Exception):
    """The workload cannot be measured here: data or a built program are missing."""


class Run:
    """Tables of one run of the program, and the seconds of the whole process."""

    def __init__(self, file, wall):
        self.wall = wall
        self.trials = file["trials"][()]
        self.timing = file["timing/trials"][()]
        self.history = file["history"][()]
        self.history_timing = file["timing/history"][()]
        self.metrics = file["metrics"][()]
        self.items = list(file["dataset/items"][()]) if "items" in file["dataset"] else []
        self.labels = {int(name): data[()] for name, data in file["labels"].items()} if "labels" in file else {}

    def fit(self):
        """Seconds of all fits."""
        return float(self.timing["fit"].sum())

    def evaluate(self):
        """Seconds of all evaluations."""
        return float(self.timing["evaluate"].sum())

    def iteration(self):
        """Median seconds of an iteration."""
        return float(statistics.median(self.history_timing["wall"]))

    def objective(self):
        """Objective after the last iteration."""
        return float(self.history["objective"][-1])

    def metric(self, name, part):
        """Values of a metric on one part, by trial."""
        rows = self.metrics[(self.metrics["name"] == name.encode()) & (self.metrics["part"] == part.encode())]
        return rows["value"]


def environment():
    """No preset of OpenBLAS's kernels; both sides get the same number of threads."""
    env = {k: v for k, v in os.environ.items() if k not in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")}
    env["OMP_NUM_THREADS"] = str(THREADS)
    return env


def reelbench(experiment, *options):
    """Run an experiment, given as the text of its file, in a fresh folder and without a cache; return its Run."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="run-", dir=WORK))
    try:
        (folder / "peer.yaml").write_text(experiment, encoding="utf-8")
        command = [BUILD / "reelbench", "run", folder / "peer.yaml", "--output", folder / "out", "--data", REAL_DATA,
                   "--cache", "none", "--threads", str(THREADS), *options]
        begin = time.perf_counter()
        done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=False)
        wall = time.perf_counter() - begin
        if done.returncode != 0:
            raise RuntimeError(f"reelbench run ended with {done.returncode}:\n{done.stderr}{done.stdout}")
        with h5py.File(next((folder / "out").glob("*/results.h5"))) as file:
            return Run(file, wall)
    finally:
        shutil.rmtree(folder)


def bench(name, *arguments):
    """Rows of the table that one of the programs in tests/bench prints, as dictionaries."""
    program = BUILD / "tests" / name
    if not program.exists():
        raise Unavailable(f"{program} is not built")
    env = environment() | {"REELBENCH_DATA": str(REAL_DATA)}
    done = subprocess.run([program, *arguments], env=env, capture_output=True, text=True, check=True)
    lines = [line for line in done.stdout.splitlines() if not line.startswith("#")]
    return list(csv.DictReader(lines, delimiter="\t"))


def turns(ours, peer, repeats=None):
    """Call both in turns; each returns (seconds, result). Return the medians and the last results."""
    seconds = ([], [])
    result = [None, None]
    for _ in range(repeats or REPEATS):
        for side, call in enumerate((ours, peer)):
            s, result[side] = call()
            seconds[side].append(s)
    return statistics.median(seconds[0]), result[0], statistics.median(seconds[1]), result[1]


def timed(call):
    """(seconds, result) of a call."""
    begin = time.perf_counter()
    result = call()
    return time.perf_counter() - begin, result


def line(identity, package, measured, quality, is_equal, target):
    """Print a line of the table.

    measured: what turns returned; quality: (peer's, ours); is_equal: ours is equal or better; target: least ratio.
    """
    ours_s, _, peer_s, _ = measured
    ratio = peer_s / ours_s
    held = "yes" if is_equal and ratio >= target else "quality" if not is_equal else "no"
    fields = [identity, package, importlib.metadata.version(package), *(f"{q:.6g}" for q in quality), f"{peer_s:.4g}",
              f"{ours_s:.4g}", f"{ratio:.3g}", f"{target:g}", held]
    print("\t".join(fields), flush=True)


def note(text):
    """A message that is not part of the table."""
    print(f"bench-peers: {text}", file=sys.stderr, flush=True)

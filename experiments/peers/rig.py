"""What all workloads share: running the program, taking turns with the peer, and the lines of the table."""

import contextlib
import csv
import datetime
import importlib.metadata
import json
import os
import pathlib
import platform
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
TURNS = ((20, 3), (60, 2))  # turns where the first took less than so many seconds; else one

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
        self.model = {name: data[()] for name, data in file["models/1"].items()} if "models" in file else {}
        self.labels = {int(name): data[()] for name, data in file["labels"].items()} if "labels" in file else {}

    def fit(self):
        """Seconds of all fits."""
        return float(self.timing["fit"].sum())

    def evaluate(self):
        """Seconds of all evaluations."""
        return float((self.timing["score"] + self.timing["evaluate"]).sum())

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


class Table:
    """Where the lines go: standard output, and a file that says when and where they were measured."""

    turns = TURNS
    failed = False
    _file = None

    @classmethod
    def begin(cls, path, quick):
        """Open the file, where one is wanted, and write the heading."""
        cls.turns = ((float("inf"), 1),) if quick else TURNS
        if path:
            cls._file = open(path, "w", encoding="utf-8")
            print("# " + "\n# ".join(facts(quick)), file=cls._file, flush=True)
        cls.write(COLUMNS)

    @classmethod
    def write(cls, fields):
        """A line."""
        for file in (sys.stdout, cls._file):
            if file:
                print("\t".join(fields), file=file, flush=True)


def facts(quick):
    """When, where and what: the head of a kept table."""
    processor = platform.processor()
    with contextlib.suppress(OSError), open("/proc/cpuinfo", encoding="utf-8") as file:
        lines = [line.split(":", 1)[1].strip() for line in file if line.startswith(("model name", "flags"))]
        processor = lines[0] + (" with AVX-512" if len(lines) > 1 and " avx512f " in lines[1] + " " else "")
    commit = subprocess.run(["git", "-C", ROOT, "describe", "--always", "--dirty"], capture_output=True, text=True,
                            check=False).stdout.strip()
    return (f"{datetime.date.today()}, {processor}, {os.cpu_count()} cores, {THREADS} threads a side, load before "
            f"{os.getloadavg()[0]:.1f}", f"commit {commit or 'unknown'}, Python {platform.python_version()}, "
            + ("--quick: one turn each, the sizes in README.md" if quick else "medians of one to three turns"))


def environment():
    """No preset of OpenBLAS's kernels; both sides get the same number of threads."""
    env = {k: v for k, v in os.environ.items() if k not in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")}
    env["OMP_NUM_THREADS"] = env["RB_THREADS"] = str(THREADS)
    return env


def reelbench(experiment, *options, cache="none"):
    """Run an experiment, given as the text of its file, in a fresh folder; return its Run."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="run-", dir=WORK))
    try:
        (folder / "peer.yaml").write_text(experiment, encoding="utf-8")
        command = [BUILD / "reelbench", "run", folder / "peer.yaml", "--output", folder / "out", "--data", REAL_DATA,
                   "--cache", cache, "--threads", str(THREADS), *options]
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
    done = subprocess.run([program, *(str(a) for a in arguments)], env=env, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{name} ended with {done.returncode}:\n{done.stderr}{done.stdout}")
    lines = [line for line in done.stdout.splitlines() if not line.startswith("#")]
    return list(csv.DictReader(lines, delimiter="\t"))


def turns(ours, peer, most=3):
    """Call both in turns; each returns (seconds, result). Return the medians and the last results."""
    seconds = ([], [])
    result = [None, None]
    begin, wanted = time.perf_counter(), most
    while len(seconds[0]) < wanted:
        for side, call in enumerate((ours, peer)):
            s, result[side] = call()
            seconds[side].append(s)
        if len(seconds[0]) == 1:
            first = time.perf_counter() - begin
            wanted = min(most, next((n for limit, n in Table.turns if first < limit), 1))
    return statistics.median(seconds[0]), result[0], statistics.median(seconds[1]), result[1]


def timed(call):
    """(seconds, result) of a call."""
    begin = time.perf_counter()
    result = call()
    return time.perf_counter() - begin, result


def chosen(folder, name, grid, loss):
    """The value of a grid with the least loss on validation; kept in the folder of the data, so that it is chosen once.

    loss: of one value, on the validation part, by a model that was fitted without it.
    """
    path = folder / "chosen.json"
    known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    if known.get(name, {}).get("grid") != list(grid):
        losses = [float(loss(value)) for value in grid]
        known[name] = {"grid": list(grid), "loss": losses, "chosen": grid[losses.index(min(losses))]}
        path.write_text(json.dumps(known, indent=1), encoding="utf-8")
        note(f"{name}: {known[name]['chosen']} of {list(grid)} is best on validation ({min(losses):.6g})")
    return known[name]["chosen"]


def line(identity, package, measured, quality, is_equal, target=None):
    """Print a line of the table.

    measured: what turns returned; quality: (peer's, ours); is_equal: ours is equal or better; target: least ratio, or
    None where none was agreed.
    """
    ours_s, _, peer_s, _ = measured
    ratio = peer_s / ours_s
    held = "quality" if not is_equal else "-" if target is None else "yes" if ratio >= target else "no"
    Table.write([identity, package, importlib.metadata.version(package), *(f"{q:.6g}" for q in quality),
                 f"{peer_s:.4g}", f"{ours_s:.4g}", f"{ratio:.3g}", "-" if target is None else f"{target:g}", held])


@contextlib.contextmanager
def attempt(identity, package="-"):
    """What fails inside is a line of the table with its reason on standard error; what follows goes on."""
    try:
        yield
    except Unavailable as reason:
        note(f"{identity}: left out: {reason}")
    except Exception as error:  # pylint: disable=broad-except; any failure of a peer is one
        Table.failed = True
        note(f"{identity} {package}: {type(error).__name__}: {error}")
        Table.write([identity, package, *["-"] * (len(COLUMNS) - 3), "failed"])


def note(text):
    """A message that is not part of the table."""
    print(f"bench-peers: {text}", file=sys.stderr, flush=True)

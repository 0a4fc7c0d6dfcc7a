"""The figures of this project in one table: scripts/bench.sh runs this; README.md beside it says what each line means.

Lines: figure, value, unit, reference, ratio (value / reference), target, held. What has no target has "-" there.
"""

import argparse
import contextlib
import datetime
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("BUILD_DIR", ROOT / "build"))
PROGRAM = BUILD / "reelbench"
BENCHES = BUILD / "tests"
COLUMNS = "figure value unit reference ratio target held".split()
UNITS = {"B": 1.0, "kB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12}


def line(figure, value, unit, reference=None, target=None, of_ratio=True):
    """One line of the table; target is ("<=" or ">=", number), of the ratio or of the value."""
    ratio = value / reference if reference else None
    judged = ratio if of_ratio else value
    held = "-"
    if target:
        held = "yes" if (judged <= target[1] if target[0] == "<=" else judged >= target[1]) else "no"
    shown = [f"{x:.4g}" if x is not None else "-" for x in (value, reference, ratio)]
    return "\t".join([figure, shown[0], unit, shown[1], shown[2], f"{target[0]}{target[1]:g}" if target else "-", held])


def run(command, ranks=0):
    """Standard output of a program, under mpirun where ranks are given."""
    if ranks:
        command = ["mpirun", "-n", str(ranks), "--bind-to", "none", "--oversubscribe", *command]
    done = subprocess.run([str(c) for c in command], stdout=subprocess.PIPE, text=True, cwd=ROOT, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(str(c) for c in command)}: exit status {done.returncode}")
    return done.stdout


def table(text):
    """Rows of tab-separated values under their header, as dictionaries."""
    rows = [row.split("\t") for row in text.splitlines() if "\t" in row]
    return [dict(zip(rows[0], row)) for row in rows[1:]]


def in_turns(turns, program, key):
    """Rows of several runs of a program, by the columns of key."""
    rows = {}
    for _ in range(turns):
        for row in table(run([BENCHES / program])):
            rows.setdefault(tuple(row[k] for k in key), []).append(row)
    return rows


def median(rows, column):
    return statistics.median(float(row[column]) for row in rows)


def gram(size):
    """ALS's Gram phase in useful flops against one core's product of the same run."""
    rows = in_turns(size.turns, "bench_gram", ("precision", "k", "kind"))
    for (precision, k, kind), all_turns in rows.items():
        target = (">=", 0.55 if precision == "single" else 0.65)
        yield line(f"gather-SYRK {kind} {precision}, {k} factors", median(all_turns, "useful"), "GFLOP/s, one gemm",
                   median(all_turns, "gemm"), target)


def solver(size):
    """The batched solver against LAPACK."""
    rows = in_turns(size.turns, "bench_spd", ("precision", "k"))
    for (precision, k), all_turns in rows.items():
        if k in ("64", "128"):
            yield line(f"batched Cholesky {precision}, {k} factors", median(all_turns, "ours"),
                       "1/s, sposv L" if precision == "single" else "1/s, dposv L", median(all_turns, "lapack"),
                       (">=", 5.0) if (precision, k) == ("single", "64") else None)


def traffic(size):
    """Elements that a rank receives in an iteration of ALS."""
    for row in table(run([BENCHES / "bench_als", 1, size.divisor * 8], ranks=2)):
        if row["config"] in ("factors=64 biases=fixed", "factors=64 biases=joint"):
            yield line(f"elements received, als {row['config'].replace('=', ' ')}, 2 ranks",
                       float(row["received/formula"]), "of (m+n)k(P-1)/P", 1.0, ("<=", 1.02))


def scaling(size):
    """One core to two, against GEMM and triad."""
    yield from run([BENCHES / "bench_scaling", size.divisor, size.turns], ranks=2).splitlines()


def determinism(size):
    """Against the same kernels with plain reductions."""
    yield from run([BENCHES / "bench_determinism", 2, size.divisor, size.turns]).splitlines()
    yield from run([BENCHES / "bench_determinism", 1, size.divisor, size.turns], ranks=2).splitlines()


def generator(size):
    """Seconds and memory of the Netflix Prize shape."""
    shape = [480189 // size.divisor, 17770 // min(size.divisor, 4), 100_000_000 // size.divisor]
    for ranks, threads in ((1, 2), (2, 1)):
        row = table(run([BENCHES / "bench_synth", *shape, 0, threads], ranks))[0]
        name = f"generator, {shape[2] / 1e6:g} million ratings, {ranks}x{threads}"
        whole = size.divisor == 1
        yield line(name, float(row["seconds"]), "s", target=("<=", 60) if whole else None, of_ratio=False)
        yield line(name + ", memory", float(row["peak_gib_a_rank"]) * ranks, "GiB",
                   target=("<=", 12) if whole else None, of_ratio=False)


def readers(size):
    """Megabytes of ratings text a second and core."""
    for ranks in (1, 2):
        for row in run([BENCHES / "bench_read", 2_000_000 // size.divisor, 1], ranks).splitlines():
            found = re.match(r"(\S+) +[\d.]+ MB +wall +[\d.]+ s +([\d.]+) MB/s a core", row)
            if found:
                yield line(f"reader {found[1]}, {ranks}x1", float(found[2]), "MB/s a core", target=(">=", 150),
                           of_ratio=False)


def status_of(pid):
    """Bytes of a process: highest, private and shared at present; None where it is gone."""
    try:
        text = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    field = dict(re.findall(r"^(\w+):\s+(\d+) kB$", text, re.MULTILINE))
    if "VmHWM" not in field:
        return None
    return [1024 * sum(int(field[f]) for f in fields) for fields in (("VmHWM",), ("RssAnon", "RssFile"), ("RssShmem",))]


def children_of(parent):
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            name, rest = stat.read_text(encoding="utf-8", errors="replace").rsplit(")", 1)
            if int(rest.split()[1]) == parent and name.endswith("(reelbench"):
                yield int(stat.parent.name)


def watched(command):
    """Highest bytes of a rank, of the shared windows, and of the node (shared ones once) while a job runs."""
    job = subprocess.Popen([str(c) for c in command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    rank = shared = node = 0
    pids = []
    while job.poll() is None:
        pids = pids if len(pids) == 2 else list(children_of(job.pid))
        now = [status for status in map(status_of, pids) if status]
        if now:
            rank = max([rank] + [status[0] for status in now])
            shared = max([shared] + [status[2] for status in now])
            node = max(node, sum(status[1] for status in now) + max(status[2] for status in now))
        time.sleep(0.01)
    if job.returncode != 0:
        raise RuntimeError(f"{' '.join(str(c) for c in command)}: {job.stderr.read()}")
    return rank, shared, node


def predicted_bytes(plan, ranks):
    """A node's bytes of the one trial of a plan."""
    found = re.search(r"^ +1 +\S+ +([\d.]+) (\w+) +([\d.]+) (\w+) ", plan, re.MULTILINE)
    return ranks * float(found[1]) * UNITS[found[2]] + float(found[3]) * UNITS[found[4]]


def memory(size):
    """The program itself on 20 million ratings, 64 factors, on 2 ranks."""
    users, items, ratings = 138_493 // size.divisor, 26_744 // min(size.divisor, 4), 20_000_000 // size.divisor
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "memory.yaml"
        path.write_text(f"""experiment: memory
seed: 1
dataset: {{ name: synthetic, users: {users}, items: {items}, ratings: {ratings}, sessions: 0 }}
split: {{ kind: random, test: 0.1, validation: 0.1 }}
metrics: [rmse, ndcg@10]
select: rmse
trials: [als: {{ factors: 64, iterations: 2 }}]
""", encoding="utf-8")
        command = [PROGRAM, "run", path, "--threads", "1", "--cache", "none", "--output", folder]
        fit = predicted_bytes(run([*command, "--dry-run"], ranks=2), 2)
        rank, shared, node = watched(["mpirun", "-n", "2", "--bind-to", "none", "--oversubscribe", *command])
    name = f"memory of als, {ratings / 1e6:g} million ratings, 64 factors, 2 ranks: "
    yield line(name + "node", node / 2**30, "GiB, preflight", fit / 2**30)
    yield line(name + "highest rank, windows counted", rank / 2**30, "GiB")
    yield line(name + "shared windows", shared / 2**30, "GiB")


def catalogue(size):
    """From the generator to clusters of a million titles by their words, with metrics, on 2 ranks."""
    titles = 1_000_000 // size.divisor
    name = f"catalogue of {titles:,} titles: "
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "catalogue.yaml"
        path.write_text(f"""experiment: catalogue
seed: 1
dataset: {{ path: {folder}/titles }}
metrics: ["silhouette:cosine", davies_bouldin, calinski_harabasz, "ari:planted"]
trials: [kmeans: {{ space: "lsa-50(columns=description+genres,max_features=20000)", k: 50 }}]
""", encoding="utf-8")
        start = time.monotonic()
        run([PROGRAM, "data", "synth", f"items={titles}", "ratings=0", "sessions=0", "--threads", "1", "--output",
             f"{folder}/titles"], ranks=2)
        made = time.monotonic()
        command = [PROGRAM, "run", path, "--threads", "1", "--cache", "none", "--output", folder]
        fit = predicted_bytes(run([*command, "--dry-run"], ranks=2), 2)
        begin = time.monotonic()
        _, _, node = watched(["mpirun", "-n", "2", "--bind-to", "none", "--oversubscribe", *command])
        done = time.monotonic()
    yield line(name + "generated and written", made - start, "s")
    yield line(name + "read, LSA 50, K-Means 50, metrics", done - begin, "s")
    yield line(name + "node", node / 2**30, "GiB, preflight", fit / 2**30)


def idle_share(seconds, flops, dealt):
    """Of two groups, one of which ends last: trials, the largest first, to whoever is free, or by flops alone."""
    busy, predicted = [0.0, 0.0], [0.0, 0.0]
    for t in sorted(range(len(flops)), key=lambda t: -flops[t]):
        g = min((0, 1), key=lambda g: (busy if dealt else predicted)[g])
        busy[g] += seconds[t]
        predicted[g] += flops[t]
    return 1 - sum(busy) / (2 * max(busy))


def dealing(size):
    """Idle share of two groups of one rank in a sweep of unequal trials, from the seconds that each took."""
    als = "als: { factors: [8, 16, 32, 48, 64, 96, 128], regularization: [0.05, 0.1, 0.2], iterations: 5 }"
    svd = "svd: { factors: [8, 16, 32, 64, 128], iterations: 5 }"
    ratings = 2_000_000 // size.divisor
    for name, trials in (("als", als), ("als and svd", f"{als}, {svd}")):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "dealing.yaml"
            path.write_text(f"""experiment: dealing
seed: 1
dataset: {{ name: synthetic, users: {20_000 // size.divisor}, items: {5_000}, ratings: {ratings}, sessions: 0 }}
split: {{ kind: random, test: 0.1, validation: 0.1 }}
metrics: [rmse]
trials: [{trials}]
""", encoding="utf-8")
            command = [PROGRAM, "run", path, "--threads", "1", "--group-size", "1", "--output", folder]
            plan = run([*command, "--dry-run"], ranks=2)
            flops = [float(cost) for cost in re.findall(r"^ +\d+ +\w+ .*? (\d\.\d+e[+-]\d+) ", plan, re.MULTILINE)]
            run(command, ranks=2)
            report = json.loads(run([PROGRAM, "report", *pathlib.Path(folder).glob("dealing-*"), "--format", "json"]))
        seconds = [trial["fit s"] + trial["score s"] + trial["evaluate s"] for trial in report["trials"]]
        yield line(f"idle share of 2 groups, sweep of {name}, 8 to 128 factors", idle_share(seconds, flops, True),
                   "share, by predicted flops alone", idle_share(seconds, flops, False))


def growth(size):
    """Seconds and bytes of clusterings at their largest size, and the exponents that fit over the last factor 32."""
    rows = {}
    for row in table(run([BENCHES / "bench_growth_clusters", size.divisor])):
        rows.setdefault((row["workload"], row["d"]), []).append(row)
    for (name, dimensions), sizes in rows.items():
        what = f"growth of {name}, {dimensions} {'words' if name == 'lda' else 'dimensions'}"
        largest, fitted = sizes[0], sizes[-1]
        yield line(f"{what}, {largest['points']} points", float(largest["seconds"]), "s")
        yield line(f"{what}, {largest['points']} points, memory", float(largest["bytes"]) / 1e6, "MB")
        yield line(f"{what}: time as points to the power of", float(fitted["seconds"]), "exponent")
        yield line(f"{what}: memory as points to the power of", float(fitted["bytes"]), "exponent")


def growth_recommenders(size):
    """Of recommenders and of the evaluation along interactions, factors and items: as growth of clusterings."""
    rows = {}
    for row in table(run([BENCHES / "bench_growth_recommenders", size.divisor, 1e8 if size.full else 1e7])):
        rows.setdefault((row["axis"], row["workload"]), []).append(row)
    for (axis, name), sizes in rows.items():
        what = f"growth with {axis} of {name}"
        largest, fitted = sizes[0], sizes[-1]
        seconds = float(largest["seconds"])
        if name == "evaluation":
            yield line(f"{what}, {largest['size']} {axis}", 1 / seconds, "users/s")
        else:
            yield line(f"{what}, {largest['size']} {axis}", seconds, "s")
        yield line(f"{what}, {largest['size']} {axis}, memory", float(largest["bytes"]) / 1e6, "MB")
        yield line(f"{what}: time{' of a user' if name == 'evaluation' else ''} as {axis} to the power of",
                   float(fitted["seconds"]), "exponent")
        yield line(f"{what}: memory as {axis} to the power of", float(fitted["bytes"]), "exponent")


def sharing(size):
    """Processor seconds of the fits of a sweep that prepare once, against fits that each prepare alone."""
    for program in ("bench_sharing", "bench_sharing_clusters"):
        for row in table(run([BENCHES / program, size.divisor])):
            yield line(f"sharing, {row['fits']} fits of {row['sweep']}", float(row["alone"]), "s", float(row["shared"]))


def quickstart(size):
    """Seconds of the experiment that the quickstart runs."""
    walls = []
    for _ in range(min(size.turns, 3)):
        with tempfile.TemporaryDirectory() as folder:
            start = time.monotonic()
            run([PROGRAM, "run", ROOT / "experiments/quickstart.yaml", "--output", folder], ranks=2)
            walls.append(time.monotonic() - start)
    yield line("quickstart, 2 ranks", statistics.median(walls), "s", target=("<=", 60), of_ratio=False)


GROUPS = {f.__name__: f for f in (gram, solver, traffic, scaling, determinism, generator, readers, memory, catalogue,
                                   dealing, growth, growth_recommenders, sharing, quickstart)}


def header():
    facts = {row["fact"]: row["value"] for row in json.loads(run([PROGRAM, "info", "--format", "json"]))}
    yield f"# {datetime.datetime.now(datetime.timezone.utc):%Y-%m-%dT%H:%MZ}, commit {facts['commit']}"
    yield f"# {facts['processor']}; cores: {facts['cores']}; memory: {facts['memory']}"
    yield f"# {facts['build']}; {facts['mpi'].split(',')[0]}; {facts['class of bits']}"
    yield f"# load average at the start {os.getloadavg()[0]:.2f}: over 0.3, something else disturbed what follows"


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench.sh", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="smaller data and fewer turns: a few minutes")
    parser.add_argument("--smallest", action="store_true", help="smallest data, one turn: whether it runs at all")
    parser.add_argument("--full", action="store_true", help="growth_recommenders up to 10^8 interactions")
    parser.add_argument("group", nargs="*", help=" ".join(GROUPS))
    size = parser.parse_args()
    unknown = [group for group in size.group if group not in GROUPS]
    if unknown:
        parser.error(f"no group of figures '{unknown[0]}'; there are: {' '.join(GROUPS)}")
    if size.full and (size.quick or size.smallest):
        parser.error("--full goes with neither --quick nor --smallest")
    size.divisor = 100 if size.smallest else 4 if size.quick else 1
    size.turns = 1 if size.smallest else 3 if size.quick else 7
    if not shutil.which("mpirun"):
        parser.error("no mpirun in PATH")
    print("\n".join(header()), "\t".join(COLUMNS), sep="\n", flush=True)
    for name in size.group or GROUPS:
        start = time.monotonic()
        for text in GROUPS[name](size):
            print(text, flush=True)
        print(f"{name}: {time.monotonic() - start:.0f} s", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()

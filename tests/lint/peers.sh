#!/usr/bin/env bash
# The rig against the peers, without the peers: it compiles, explains itself, refuses what it does not know, and every
# experiment file that it makes is one that the program takes.
set -eu
cd "$RB_SOURCE"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export PYTHONDONTWRITEBYTECODE=1

python3 - experiments/peers/*.py <<'PYTHON'
import pathlib, sys
for name in sys.argv[1:]:
    compile(pathlib.Path(name).read_text(encoding="utf-8"), name, "exec")
PYTHON

scripts/bench-peers.sh --help | grep -q '^usage: '
status=0
scripts/bench-peers.sh --no-such-option >"$scratch/out" 2>"$scratch/err" || status=$?
if [ $status -ne 2 ] || ! grep -q -- "unknown option '--no-such-option'" "$scratch/err"; then
    echo "bench-peers.sh took an unknown option" >&2
    exit 1
fi

"$REELBENCH" data synth users=50 items=20 ratings=300 titles=false --output "$scratch" >/dev/null
for part in fit validation train test; do
    cp "$scratch/ratings.csv" "$scratch/$part.csv"
done
python3 - "$scratch" <<'PYTHON'
import pathlib, sys
sys.path.insert(0, "experiments/peers")
import experiments
for name, text in experiments.examples(sys.argv[1]).items():
    pathlib.Path(sys.argv[1], f"{name}.yaml").write_text(text, encoding="utf-8")
PYTHON
count=0
for file in "$scratch"/*.yaml; do
    "$REELBENCH" validate "$file" >"$scratch/out" 2>&1 || { cat "$scratch/out" >&2; exit 1; }
    count=$((count + 1))
done
[ $count -ge 8 ]

# Every workload that is offered is explained, and its module has it.
python3 - <<'PYTHON'
import ast, pathlib
peers = pathlib.Path("experiments/peers")

def assigned(file, name):
    tree = ast.parse((peers / file).read_text(encoding="utf-8"))
    return next(n.value for n in tree.body
                if isinstance(n, ast.Assign) and isinstance(n.targets[0], ast.Name) and n.targets[0].id == name)

readme = (peers / "README.md").read_text(encoding="utf-8")
for family, names in ast.literal_eval(assigned("__main__.py", "FAMILIES")).items():
    offered = {key.value for key in assigned(f"{family}.py", "WORKLOADS").keys}
    assert offered == set(names), (family, offered, names)
    for name in names:
        assert f"| {name}" in readme or f", {name}" in readme, f"{name} is not in README.md"
PYTHON

#!/usr/bin/env python3
"""Fails where a file of src/ includes what its layer may not see.

A layer may include itself and what stands above it in DESIGN's list; recommend, cluster and eval are siblings that
never include each other; models never include models.
"""
import pathlib
import re
import sys

# What each layer may include besides itself, as in the link list of CMakeLists.txt.
ALLOWED = {"base": set()}
ALLOWED["parallel"] = {"base"}
ALLOWED["linalg"] = ALLOWED["parallel"] | {"parallel"}
ALLOWED["data"] = ALLOWED["linalg"] | {"linalg"}
for sibling in ("recommend", "cluster", "eval"):
    ALLOWED[sibling] = ALLOWED["data"] | {"data"}
ALLOWED["harness"] = ALLOWED["data"] | {"data", "recommend", "cluster", "eval"}
ALLOWED["report"] = ALLOWED["harness"] | {"harness"}
ALLOWED["serve"] = ALLOWED["report"] | {"report"}
ALLOWED["cli"] = ALLOWED["serve"] | {"serve"}

INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"')


def complaints(source: pathlib.Path):
    for path in sorted(source.rglob("*.[ch]")):
        name = path.relative_to(source)
        layer = name.parts[0]
        if layer not in ALLOWED:
            yield f"{path}:1: '{layer}' is no layer"
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            target = pathlib.PurePosixPath(match[1])
            if len(target.parts) < 2 or target.parts[0] not in ALLOWED:
                yield f"{path}:{number}: \"{target}\" does not begin with a layer"
            elif target.parts[0] != layer and target.parts[0] not in ALLOWED[layer]:
                yield f"{path}:{number}: {layer} may not include {target.parts[0]} ({target})"
            elif "models" in target.parts:
                yield f"{path}:{number}: nothing includes a model ({target})"
            elif not (source / target).exists():
                yield f"{path}:{number}: there is no src/{target}"


def main():
    source = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent / "src")
    found = list(complaints(source))
    print("\n".join(found) if found else f"{source}: every include points upward")
    return 1 if found else 0


sys.exit(main())

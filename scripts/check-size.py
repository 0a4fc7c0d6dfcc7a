#!/usr/bin/env python3
"""Fails where a source of src/ is longer than 500 lines or a function longer than 80.

A function begins at a line "{" in the first column and ends at the next "}" there, as .clang-format writes them.
"""
import pathlib
import sys

FILE_LINES = 500
FUNCTION_LINES = 80


def complaints(path: pathlib.Path):
    lines = path.read_text().splitlines()
    if path.suffix == ".c" and len(lines) > FILE_LINES:
        yield f"{path}:1: {len(lines)} lines, at most {FILE_LINES}"
    begin = None
    for number, line in enumerate(lines, 1):
        if line == "{":
            begin = number
        elif line.startswith("}") and begin is not None:
            if number - begin + 1 > FUNCTION_LINES:
                yield f"{path}:{begin}: a function of {number - begin + 1} lines, at most {FUNCTION_LINES}"
            begin = None


def main():
    source = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent / "src")
    found = [text for path in sorted(source.rglob("*.[ch]")) for text in complaints(path)]
    print("\n".join(found) if found else f"{source}: no file or function is too long")
    return 1 if found else 0


sys.exit(main())

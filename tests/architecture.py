"""`python -m tests.architecture`: size of the product code, and imports between its packages.

A room is a package or a module directly below `verification`, or directly below `verification.review`, the largest.
An arrow is one room that imports another.
"""

import ast
import statistics
from collections.abc import Iterator
from pathlib import Path

import grimp

import verification

HOUSE = Path(verification.__file__).parent
LEFT_OUT = {"__init__", "__pycache__", "migrations"}


def main() -> None:
    graph = grimp.build_graph("verification", cache_dir=None)
    for place in ("verification", "verification.review"):
        print(f"{place}: {len(rooms(graph, place))} rooms, {len(arrows(graph, place))} arrows between them")
    for kind, found in (("files", lengths()), ("functions", function_lengths())):
        sizes = sorted(found)
        median = statistics.median(size for size, _ in sizes)
        largest, where = sizes[-1]
        print(f"{kind}: {len(sizes)}, median {median:g} lines, the largest {largest}: {where}")


def rooms(graph: grimp.ImportGraph, place: str) -> set[str]:
    """The dotted names of the rooms of a package."""
    return {child for child in graph.find_children(place) if child.rpartition(".")[2] not in LEFT_OUT}


def arrows(graph: grimp.ImportGraph, place: str) -> set[tuple[str, str]]:
    """Pairs of rooms of which the first imports the second."""
    inside = {
        module: room for room in rooms(graph, place) for module in {room} | graph.find_descendants(room)
    }
    return {
        (inside[module], inside[imported])
        for module in inside
        for imported in graph.find_modules_directly_imported_by(module)
        if imported in inside and inside[imported] != inside[module]
    }


def sources() -> Iterator[Path]:
    return (path for path in HOUSE.rglob("*.py") if not LEFT_OUT & set(path.parts))


def lengths() -> Iterator[tuple[int, str]]:
    for path in sources():
        if size := len(path.read_text(encoding="utf-8").splitlines()):
            yield size, str(path.relative_to(HOUSE.parent))


def function_lengths() -> Iterator[tuple[int, str]]:
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
                yield node.end_lineno - node.lineno + 1, f"{path.relative_to(HOUSE.parent)} {node.name}"


if __name__ == "__main__":
    main()

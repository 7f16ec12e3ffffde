"""No two files import each other, directly or by a way round: each can be read, tested and moved alone.

An import inside a function counts, because a circle that is hidden there is still one. A block under
`TYPE_CHECKING` is not allowed at all: it is where circles hide. That a file runs the `__init__.py` of its own
folder first is not counted, as no statement of the file says so.
"""

import ast
from collections.abc import Iterator, Mapping

from architecture.imports import imported_sources
from architecture.tree import Finding, SourceTree

RULE = "no circle"
TYPES_RULE = "no TYPE_CHECKING"

Arrows = Mapping[str, Mapping[str, int]]
"""For each file the files that it imports, with the line of the import."""


def circles(tree: SourceTree) -> Iterator[Finding]:
    """Find each circle once, at the import that closes it, with the whole way round in its reason."""
    arrows = _arrows(tree)
    found: set[frozenset[str]] = set()
    for start in sorted(arrows):
        way = _way_back(arrows, start)
        if way is not None and frozenset(way) not in found:
            found.add(frozenset(way))
            shown = " -> ".join([*way, start])
            yield Finding(start, arrows[start][way[1] if len(way) > 1 else start], RULE, shown)


def types_only_blocks(tree: SourceTree) -> Iterator[Finding]:
    """Find every mention of `TYPE_CHECKING` below libs, services and tools."""
    for source in tree.sources.values():
        for node in source.nodes if "TYPE_CHECKING" in source.text else ():
            if isinstance(node, ast.Name | ast.Attribute) and ast.unparse(node).endswith("TYPE_CHECKING"):
                reason = "import the name plainly; where that makes a circle, move what both files need"
                yield Finding(source.path, node.lineno, TYPES_RULE, reason)


def _arrows(tree: SourceTree) -> Arrows:
    return {
        path: {target.path: one.line for one, target in imported_sources(tree, source)}
        for path, source in tree.sources.items()
    }


def _way_back(arrows: Arrows, start: str) -> list[str] | None:
    """Return the shortest way from a file back to itself, or None: breadth first, so the reason is short."""
    reached_from: dict[str, str] = {}
    waiting = [start]
    while waiting:
        here = waiting.pop(0)
        for target in arrows[here]:
            if target == start:
                return _retraced(reached_from, start, here)
            if target not in reached_from:
                reached_from[target] = here
                waiting.append(target)
    return None


def _retraced(reached_from: Mapping[str, str], start: str, end: str) -> list[str]:
    way = [end]
    while way[-1] != start:
        way.append(reached_from[way[-1]])
    return way[::-1]

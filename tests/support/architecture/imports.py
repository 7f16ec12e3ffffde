"""What a file imports, and which file of ours that is.

An import counts wherever it stands: at the top, inside a function, or under a test for types. A circle that
an inner import hides is a circle all the same.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from architecture.tree import Source, SourceTree


@dataclass(frozen=True)
class Import:
    """One imported name: its line, the module, and the name taken from it ("" for the module itself)."""

    line: int
    module: str
    name: str

    @property
    def package(self) -> str:
        return self.module.partition(".")[0]

    @property
    def whole(self) -> str:
        return f"{self.module}.{self.name}" if self.name else self.module


@cache
def imports(source: Source) -> tuple[Import, ...]:
    """Return every import of a file, with relative ones (`from . import x`) written out."""
    return tuple(_imports(source))


def _imports(source: Source) -> Iterator[Import]:
    for node in source.nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(node.lineno, alias.name, "")
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield Import(node.lineno, _written_out(source, node), alias.name)


def imported_sources(tree: SourceTree, source: Source) -> Iterator[tuple[Import, Source]]:
    """Yield the imports that lead to a file of the tree, with that file.

    `from events.store import streams` leads to `streams.py`, not to the folder's `__init__.py`.
    """
    for one in imports(source):
        found = tree.by_module.get(one.whole) or tree.by_module.get(one.module)
        if found is not None and found is not source:
            yield one, found


def _written_out(source: Source, node: ast.ImportFrom) -> str:
    if node.level == 0:
        return node.module or ""
    package = source.module.split(".")
    if not source.path.endswith("/__init__.py"):
        package = package[:-1]
    package = package[: len(package) - node.level + 1]
    return ".".join([*package, *([node.module] if node.module else [])])

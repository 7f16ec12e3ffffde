"""A tree of source files in memory, read from disk or planted by a test: what every rule looks at.

A path is always written from the root of the repository (`libs/events/clock.py`). The part of a file is the
folder below `libs`, `services` or `tools`; its module is what an import statement calls it.
"""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parents[3]
LIBRARIES = ("events", "cases", "procedures", "web", "service")
SERVICES = ("intake", "workflow", "deadlines", "notifier")
TOOLS = ("gehoor", "simulation", "chaos", "bench", "soak")
TOPS = ("libs", "services", "tools")


@dataclass(frozen=True)
class Finding:
    """One breach of one rule; `line` is 0 where the whole file is meant."""

    path: str
    line: int
    rule: str
    reason: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.rule}: {self.reason}"


@dataclass(frozen=True, eq=False)
class Source:
    """One source file. It is parsed once, because every rule walks through it; two are never equal."""

    path: str
    text: str

    @cached_property
    def module(self) -> str:
        parts = PurePosixPath(self.path).with_suffix("").parts[1:]
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @property
    def part(self) -> str:
        return PurePosixPath(self.path).parts[1]

    @property
    def top(self) -> str:
        return PurePosixPath(self.path).parts[0]

    @cached_property
    def syntax(self) -> ast.Module:
        return ast.parse(self.text, self.path)

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        return tuple(ast.walk(self.syntax))


@dataclass(frozen=True)
class SourceTree:
    """All source files of a tree by path, its `.md` files as `documents`, the names of the rest."""

    sources: Mapping[str, Source]
    documents: Mapping[str, str]
    others: frozenset[str] = frozenset()

    @cached_property
    def by_module(self) -> Mapping[str, Source]:
        return {source.module: source for source in self.sources.values()}

    def under(self, *folders: str) -> Iterator[Source]:
        """Return the sources below these folders, for example `libs` or `tools/gehoor`."""
        for path, source in self.sources.items():
            if any(path.startswith(f"{folder}/") for folder in folders):
                yield source

    def files(self) -> frozenset[str]:
        return frozenset(self.sources) | frozenset(self.documents) | self.others


def planted(files: Mapping[str, str]) -> SourceTree:
    """Return a tree in memory: its sources are the `.py` files below libs, services and tools."""
    sources = {path: Source(path, text) for path, text in files.items() if _is_source(path)}
    documents = {path: text for path, text in files.items() if path.endswith(".md")}
    return SourceTree(sources, documents, frozenset(files) - sources.keys() - documents.keys())


@cache
def real_tree() -> SourceTree:
    """Return the tree of this repository: its sources, its documents, and the names of its other files."""
    return planted({path: _text(path) for path in _files()})


def _files() -> Iterator[str]:
    folders = [ROOT / name for name in (*TOPS, "deploy", "tests", "docs")]
    for path in sorted([*ROOT.iterdir(), *(path for folder in folders for path in folder.rglob("*"))]):
        if path.is_file() and "__pycache__" not in path.parts:
            yield path.relative_to(ROOT).as_posix()


def _text(path: str) -> str:
    return (ROOT / path).read_text("utf-8") if _is_source(path) or path.endswith(".md") else ""


def _is_source(path: str) -> bool:
    return path.endswith(".py") and path.split("/", 1)[0] in TOPS

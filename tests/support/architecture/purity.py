"""Everything is pure unless it is on the list of shells: what decides is a function of its arguments.

A file is pure when all of this holds:

- it imports nothing from `OUTSIDE`: no database, bus, network, web framework, log, metric, event loop,
  process, clock, environment or source of chance (`random.Random` with a seed may be used: it gives the same
  answer twice);
- it awaits nothing;
- it calls nothing of `FILE_CALLS` (`open`, `read_text`, …), nothing of `CHANCE_CALLS`, and does not print;
- it imports no function from a shell of ours, except the few that `LENT` names. Classes and constants of a
  shell may be imported: a decider may name what a shell will do, and never do it.

So these are shells, although they look harmless: what reads package data (`procedures/library.py`), because
it opens files, and what draws salts, nonces or ids (`record/sealing.py`), because it answers differently each
time. The list cannot rot: a listed file that would pass as pure is a finding, and so is a pattern without a
file.
"""

import ast
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase

from architecture.imports import Import, imported_sources, imports
from architecture.shells import EVERY_FUNCTION, LENT, SHELLS
from architecture.tree import Finding, Source, SourceTree

RULE = "pure unless a shell"
LIST_RULE = "the list of shells"
WHERE = ("libs", "services", "tools/simulation")

OUTSIDE = (
    "aiosmtplib",
    "asyncio",
    "asyncpg",
    "concurrent",
    "ctypes",
    "fastapi",
    "faststream",
    "gc",
    "h11",
    "http.client",
    "http.server",
    "importlib",
    "logging",
    "multiprocessing",
    "nats",
    "os",
    "prometheus_client",
    "pydantic_settings",
    "secrets",
    "shutil",
    "signal",
    "smtplib",
    "socket",
    "ssl",
    "starlette",
    "structlog",
    "subprocess",
    "sys",
    "tempfile",
    "threading",
    "time",
    "traceback",
    "urllib.request",
    "uuid_utils",
    "uvicorn",
)
FILE_CALLS = frozenset(
    {
        "open",
        "read_text",
        "read_bytes",
        "write_text",
        "write_bytes",
        "iterdir",
        "glob",
        "rglob",
        "exists",
        "is_file",
        "is_dir",
        "mkdir",
        "unlink",
    }
)
CHANCE_CALLS = ("uuid.uuid1", "uuid.uuid4", "random.")
OUTPUT_CALLS = ("open", "print", "input")


def impurities(
    tree: SourceTree,
    shells: Mapping[str, str] = SHELLS,
    lent: Mapping[str, tuple[tuple[str, ...], str]] = LENT,
) -> Iterator[Finding]:
    """Find everything that touches the outside in a file that is not on the list."""
    for source in tree.under(*WHERE):
        if not _matching(shells, source.path):
            for reason, line in _each_once(_touches(tree, source, shells, lent)).items():
                what = f"{reason}; decide here, and let a file of SHELLS do it"
                yield Finding(source.path, line, RULE, what)


def rotten_lines(
    tree: SourceTree,
    shells: Mapping[str, str] = SHELLS,
    lent: Mapping[str, tuple[tuple[str, ...], str]] = LENT,
) -> Iterator[Finding]:
    """Find listed files that are pure, patterns without a file, and lending lines for what is no shell."""
    sources = list(tree.under(*WHERE))
    for pattern in shells:
        matched = [source for source in sources if fits(pattern, source.path)]
        if not matched:
            yield Finding(pattern, 0, LIST_RULE, "no file fits this pattern; remove or correct it")
        for source in matched:
            if _says_something(source) and not any(_touches(tree, source, shells, lent)):
                yield Finding(
                    source.path, 0, LIST_RULE, f"it is pure; take it out of SHELLS (pattern {pattern})"
                )
    for path, (names, _) in lent.items():
        if path not in tree.sources or not _matching(shells, path):
            yield Finding(path, 0, LIST_RULE, "it is no shell, so it lends nothing; remove it from LENT")
            continue
        for name in sorted(set(names) - {EVERY_FUNCTION} - _defined(tree.sources[path])):
            yield Finding(path, 0, LIST_RULE, f"LENT names {name}, which this file does not define")


def fits(pattern: str, path: str) -> bool:
    """Return whether a path fits a pattern, in which `*` does not reach over a slash."""
    return pattern.count("/") == path.count("/") and all(
        fnmatchcase(part, wanted) for part, wanted in zip(path.split("/"), pattern.split("/"), strict=True)
    )


def is_shell(path: str) -> bool:
    return _matching(SHELLS, path)


def _matching(patterns: Iterable[str], path: str) -> bool:
    return any(fits(pattern, path) for pattern in patterns)


def _touches(
    tree: SourceTree,
    source: Source,
    shells: Mapping[str, str],
    lent: Mapping[str, tuple[tuple[str, ...], str]],
) -> Iterator[tuple[int, str]]:
    for one in imports(source):
        if _is_outside(one):
            yield one.line, f"imports {one.module}"
    for one, target in imported_sources(tree, source):
        if _matching(shells, target.path) and not _may_be_taken(one, target, lent):
            yield one.line, f"imports {one.whole}, a function of a shell"
    for node in source.nodes:
        if isinstance(node, ast.Await | ast.AsyncFor | ast.AsyncWith):
            yield node.lineno, "awaits"
        elif isinstance(node, ast.Call) and _is_outside_call(ast.unparse(node.func)):
            yield node.lineno, f"calls {ast.unparse(node.func)}()"


def _each_once(touches: Iterator[tuple[int, str]]) -> Mapping[str, int]:
    """Return each reason with its first line: ten awaits of one file are one thing to mend."""
    first: dict[str, int] = {}
    for line, reason in touches:
        first[reason] = min(line, first.get(reason, line))
    return first


def _is_outside(one: Import) -> bool:
    return any(
        module == outside or module.startswith(f"{outside}.") for outside in OUTSIDE for module in _names(one)
    )


def _names(one: Import) -> tuple[str, str]:
    return one.module, one.whole


def _may_be_taken(one: Import, target: Source, lent: Mapping[str, tuple[tuple[str, ...], str]]) -> bool:
    names, _ = lent.get(target.path, ((), ""))
    # A name with a capital is a class, a type or a constant: naming it does nothing outside.
    return EVERY_FUNCTION in names or one.name in names or one.name.lstrip("_")[:1].isupper()


def _is_outside_call(called: str) -> bool:
    # `keys.open(...)` decrypts and opens no file, but nothing tells the two apart here: such a file is a
    # shell.
    method = called.rpartition(".")
    if called in OUTPUT_CALLS or (method[0] and method[2] in FILE_CALLS):
        return True
    return any(called.startswith(chance) for chance in CHANCE_CALLS) and called != "random.Random"


def _defined(source: Source) -> set[str]:
    return {node.name for node in source.syntax.body if isinstance(node, ast.FunctionDef)}


def _says_something(source: Source) -> bool:
    return any(not isinstance(node, ast.Expr) for node in source.syntax.body)

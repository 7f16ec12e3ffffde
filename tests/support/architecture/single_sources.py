"""What may be asked in one place only: the time, a pinned procedure, and the data of a time zone."""

import ast
from collections.abc import Iterator, Mapping

from architecture.imports import imports
from architecture.tree import Finding, Source, SourceTree

CLOCK_RULE = "nobody calls now()"
PINNED_RULE = "a pinned procedure comes with its digest"
ZONES_RULE = "zones come from the pinned data"
WHERE = ("libs", "services", "tools/gehoor", "tools/simulation")

CLOCK_CALLS = frozenset(
    {
        "datetime.now",
        "datetime.utcnow",
        "datetime.today",
        "date.today",
        "time.time",
        "time.time_ns",
        "time.localtime",
    }
)
MAY_READ_THE_REAL_CLOCK: Mapping[str, str] = {
    "tools/gehoor/mailbox/sink.py": "the mailbox shows when a mail really came; no case depends on it",
}
MAY_ASK_FOR_A_VERSION_BY_NUMBER: Mapping[str, str] = {
    "libs/procedures/pinning.py": "it compares the digest",
    "services/workflow/commands/versioning.py": "it looks at a version that no case is pinned to yet",
}
MAY_MAKE_A_ZONE: Mapping[str, str] = {
    "libs/procedures/counting/zones.py": "it reads the pinned tzdata package",
}


def clock_calls(tree: SourceTree) -> Iterator[Finding]:
    """Find calls that ask the machine for the time; `time.monotonic` measures durations and is allowed."""
    for source, node in _calls(tree, MAY_READ_THE_REAL_CLOCK):
        called = ".".join(ast.unparse(node.func).split(".")[-2:])
        if called in CLOCK_CALLS:
            yield Finding(
                source.path,
                node.lineno,
                CLOCK_RULE,
                f"calls {called}(): take `now` or a clock as an argument",
            )


def unpinned_procedures(tree: SourceTree) -> Iterator[Finding]:
    """Find imports of `procedures.library.procedure`, which compares no digest."""
    for source in tree.under(*WHERE):
        for one in imports(source) if source.path not in MAY_ASK_FOR_A_VERSION_BY_NUMBER else ():
            if one.whole == "procedures.library.procedure":
                reason = "ask procedures.pinning.pinned, which compares the digest"
                yield Finding(source.path, one.line, PINNED_RULE, reason)


def zones_of_the_machine(tree: SourceTree) -> Iterator[Finding]:
    """Find a `ZoneInfo` made outside `procedures.counting.zones`: it would read the machine's files."""
    for source, node in _calls(tree, MAY_MAKE_A_ZONE):
        if "ZoneInfo" in source.text and "ZoneInfo" in ast.unparse(node.func):
            yield Finding(
                source.path, node.lineno, ZONES_RULE, "makes a ZoneInfo: ask procedures.counting.zones"
            )


def exceptions_without_a_file(tree: SourceTree) -> Iterator[Finding]:
    """Find an exception for a file that is gone: a later file of that name would have it."""
    for path in (*MAY_READ_THE_REAL_CLOCK, *MAY_ASK_FOR_A_VERSION_BY_NUMBER, *MAY_MAKE_A_ZONE):
        if path not in tree.sources:
            yield Finding(path, 0, "exceptions", "no such file; correct the list in single_sources.py")


def _calls(tree: SourceTree, allowed: Mapping[str, str]) -> Iterator[tuple[Source, ast.Call]]:
    for source in tree.under(*WHERE):
        if source.path not in allowed:
            for node in source.nodes:
                if isinstance(node, ast.Call):
                    yield source, node

"""Imports run one way: events < cases < procedures < web < service < services < tools.

So do the rooms of `libs/events`. The tables below say for each part what it may import. What is not in a
table is not allowed: a new library, tool or room of `libs/events` gets its line here, with the place it
takes.
"""

import ast
from collections.abc import Iterator, Mapping

from architecture.imports import Import, imported_sources
from architecture.tree import LIBRARIES, SERVICES, TOOLS, Finding, Source, SourceTree

RULE = "imports run one way"

LIBRARY_MAY_IMPORT: Mapping[str, frozenset[str]] = {
    "events": frozenset(),
    "cases": frozenset({"events"}),
    "procedures": frozenset({"events", "cases"}),
    "web": frozenset({"events", "procedures"}),
    "service": frozenset({"events", "web"}),
}

SERVICES_A_TOOL_MAY_IMPORT: Mapping[str, frozenset[str]] = {
    "gehoor": frozenset(),
    "simulation": frozenset(SERVICES),
    "chaos": frozenset(SERVICES),
    "bench": frozenset({"deadlines"}),
    "soak": frozenset(),
}
"""The simulation lives a year through the services' own deciders, chaos patches the services by name, and
bench measures how deadlines finds due cases. `gehoor` starts services by their names and imports none."""

TOOLS_A_TOOL_MAY_IMPORT: Mapping[str, frozenset[str]] = {
    "gehoor": frozenset({"simulation"}),
    "simulation": frozenset(),
    "chaos": frozenset({"gehoor"}),
    "bench": frozenset({"gehoor"}),
    "soak": frozenset({"chaos", "bench"}),
}

EVENTS_ROOMS: tuple[frozenset[str], ...] = (
    frozenset(
        {
            "",
            "access_tokens",
            "addresses",
            "canonical",
            "clock",
            "doorbell",
            "errors",
            "failpoints",
            "identity",
            "logs",
            "refusals",
            "secrets",
            "settings",
            "transient",
            "version",
        }
    ),
    frozenset({"catalogue"}),
    frozenset({"record"}),
    frozenset({"store"}),
    frozenset({"partitions"}),
    frozenset({"platform", "transact", "erasure"}),
    frozenset({"bus"}),
    frozenset({"consumer"}),
    frozenset({"provision"}),
    frozenset({"testing"}),
)
"""The rooms of `libs/events` from the ground up. A file imports from its own room and from lower ones; bus
and consumer stand side by side (`BESIDE`) and know nothing of each other. There is no exception."""

BESIDE = (frozenset({"bus", "consumer"}),)


def directions(tree: SourceTree) -> Iterator[Finding]:
    """Find every import against the direction, and every import that is hidden behind a name at run time."""
    for source in tree.under("libs", "services", "tools"):
        for one, target in imported_sources(tree, source):
            if (reason := _against(source, target)) is not None:
                yield Finding(source.path, one.line, RULE, f"imports {one.module}: {reason}")
    for source in tree.under("libs/events"):
        yield from _rooms(tree, source)
    for source in tree.under("libs", "services"):
        yield from _hidden(source)


def _against(source: Source, target: Source) -> str | None:
    if source.part == target.part:
        return None
    if source.top == "libs":
        return _library(source.part, target.part)
    if source.top == "services":
        return _service(target.part)
    return _tool(source.part, target.part)


def _library(library: str, target: str) -> str | None:
    allowed = LIBRARY_MAY_IMPORT.get(library, frozenset())
    if target in allowed:
        return None
    return f"libs/{library} may import only {_listed(allowed)}"


def _service(target: str) -> str | None:
    if target in SERVICES:
        return "services talk through events, never by import"
    return None if target in LIBRARIES else "a service runs in a container that holds no tool"


def _tool(tool: str, target: str) -> str | None:
    services = SERVICES_A_TOOL_MAY_IMPORT.get(tool, frozenset())
    tools = TOOLS_A_TOOL_MAY_IMPORT.get(tool, frozenset())
    if target in LIBRARIES or target in services or target in tools:
        return None
    return f"of services and tools, tools/{tool} may import only {_listed(services | tools)}"


def _rooms(tree: SourceTree, source: Source) -> Iterator[Finding]:
    room = room_of(source)
    level = _level(room)
    if level is None:
        yield Finding(source.path, 0, RULE, f"the room {room!r} has no place in EVENTS_ROOMS; give it one")
        return
    for one, target in imported_sources(tree, source):
        other = room_of(target)
        other_level = _level(other)
        if target.part != "events" or other_level is None:
            continue
        if other_level > level or any({room, other} <= pair and room != other for pair in BESIDE):
            yield _room_finding(source, one, room, other)


def _room_finding(source: Source, one: Import, room: str, other: str) -> Finding:
    return Finding(
        source.path,
        one.line,
        RULE,
        f"imports {one.module}: in libs/events {room or '__init__'} stands below or beside {other}",
    )


def room_of(source: Source) -> str:
    """Return the room of a file of `libs/events`: its folder there, or its own name at the top."""
    parts = source.module.split(".")
    return parts[1] if len(parts) > 1 else ""


def _level(room: str) -> int | None:
    return next((level for level, rooms in enumerate(EVENTS_ROOMS) if room in rooms), None)


def places_without_a_file(tree: SourceTree) -> Iterator[Finding]:
    """Find rooms of `EVENTS_ROOMS` that are gone."""
    there = {room_of(source) for source in tree.under("libs/events")}
    for room in sorted(frozenset().union(*EVENTS_ROOMS) - there):
        yield Finding(
            f"libs/events/{room}", 0, RULE, "EVENTS_ROOMS names it, and it is gone; correct the list"
        )


def _hidden(source: Source) -> Iterator[Finding]:
    for node in source.nodes:
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in (
            "import_module",
            "__import__",
        ):
            yield Finding(
                source.path, node.lineno, RULE, "imports by a name at run time, which no rule can follow"
            )


def _listed(parts: frozenset[str]) -> str:
    return ", ".join(sorted(parts)) or "no other part of ours"


def parts_without_a_place(tree: SourceTree) -> Iterator[Finding]:
    """Find a library, service or tool that the tables do not know: no rule would look at it."""
    known = {"libs": LIBRARIES, "services": SERVICES, "tools": TOOLS}
    unknown = {
        (source.top, source.part)
        for source in tree.sources.values()
        if source.part not in known[source.top] and "/" in source.path.partition("/")[2]
    }
    for top, part in sorted(unknown):
        yield Finding(f"{top}/{part}", 0, RULE, "this part has no place in the tables; give it one")

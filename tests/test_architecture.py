"""Who may import whom, what is pure, and that nobody calls now(): the house's walls, kept by a machine.

Every failure names file, line, rule and reason. A new pure file is added to `PURE`; an exception needs its
reason here, where the next reader sees it.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SERVICES = ("intake", "workflow", "deadlines", "notifier")
LIBRARIES = ("events", "cases", "procedures", "web", "service")
TOOLS = ("gehoor", "simulation", "chaos", "bench", "soak")

LIBRARY_MAY_IMPORT = {
    "events": frozenset[str](),
    "cases": frozenset({"events"}),
    "procedures": frozenset({"events", "cases"}),
    "web": frozenset({"events", "procedures"}),
    "service": frozenset({"events", "web"}),
}
ASKS_THE_DECIDERS = "simulation"
"""Of the tools the one that imports of services only what is pure: a year is lived through their own
deciders, not through copies of them."""

PURE = (
    "libs/events/addresses.py",
    "libs/events/canonical.py",
    "libs/events/catalogue/*.py",
    "libs/events/record/chain.py",
    "libs/events/clock.py",
    "libs/events/record/envelope.py",
    "libs/events/errors.py",
    "libs/events/identity.py",
    "libs/events/record/encryption.py",
    "libs/events/refusals.py",
    "libs/web/idempotency_keys.py",
    "libs/events/catalogue/upcasters.py",
    "libs/procedures/**/*.py",
    "services/deadlines/look.py",
    "services/deadlines/clocks/*.py",
    "services/intake/message.py",
    "services/intake/complaint_form.py",
    "services/intake/moments.py",
    "services/intake/receipts.py",
    "services/intake/sender.py",
    "services/intake/submission.py",
    "services/intake/status/promises.py",
    "services/intake/status/progress.py",
    "services/notifier/letter_history.py",
    "libs/web/text.py",
    "libs/web/moments.py",
    "services/notifier/smtp/header.py",
    "services/notifier/writing/letter.py",
    "services/notifier/owed_letters.py",
    "services/notifier/sending/retry.py",
    "services/notifier/writing/phrases.py",
    "libs/cases/**/*.py",
    "services/workflow/classification.py",
    "services/workflow/commands/registry.py",
    "services/workflow/entity_tags.py",
    "services/workflow/obligations.py",
    "services/workflow/persons.py",
    "services/workflow/commands/*.py",
    "services/workflow/commands/context.py",
    "services/workflow/commands/registry.py",
    "services/workflow/rota.py",
)
IMPURE_PACKAGES = frozenset(
    {"asyncpg", "asyncio", "nats", "faststream", "fastapi", "structlog", "aiosmtplib", "socket"}
)

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
MAY_READ_THE_REAL_CLOCK = {
    "tools/gehoor/mailbox/sink.py": "the mailbox shows when a mail really came; no case depends on it",
}


@dataclass(frozen=True)
class Import:
    """One import: the file, its line, and the first part and the whole of the name."""

    line: int
    package: str
    name: str
    for_types_only: bool


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), str(path))


def sources(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def imports(path: Path) -> Iterator[Import]:
    """Every import of a file, also inside functions; those under TYPE_CHECKING are marked."""
    tree = tree_of(path)
    typing_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names = [node.module]
        else:
            continue
        for name in names:
            yield Import(node.lineno, name.partition(".")[0], name, id(node) in typing_only)


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def told(findings: list[str]) -> None:
    if findings:
        pytest.fail("\n".join(findings), pytrace=False)


def test_services_never_import_each_other() -> None:
    """Each service can be run, changed and replaced alone."""
    told(
        [
            f"{relative(path)}:{one.line}: imports {one.name}: services talk through events, never by import"
            for service in SERVICES
            for path in sources(f"services/{service}")
            for one in imports(path)
            if one.package in SERVICES and one.package != service
        ]
    )


def test_nothing_that_runs_imports_a_tool() -> None:
    """A service runs in a container that holds no tool."""
    told(
        [
            f"{relative(path)}:{one.line}: imports {one.name}: tools start services, never the reverse"
            for path in sources("libs", "services")
            for one in imports(path)
            if one.package in TOOLS
        ]
    )


def test_libraries_never_import_services_and_point_one_way() -> None:
    """What everything stands on knows nothing of what stands on it."""
    told(
        [
            f"{relative(path)}:{one.line}: imports {one.name}: libs/{library} may import only "
            f"{', '.join(sorted(LIBRARY_MAY_IMPORT[library])) or 'no other part of ours'}"
            for library in LIBRARIES
            for path in sources(f"libs/{library}")
            for one in imports(path)
            if one.package in (*SERVICES, *LIBRARIES)
            and one.package != library
            and one.package not in LIBRARY_MAY_IMPORT[library]
        ]
    )


def test_the_simulation_asks_nothing_of_services_but_their_decisions() -> None:
    """A simulated year starts no server: it imports only files that keep the rule of pure ones."""
    told(
        [
            f"{relative(path)}:{one.line}: imports {one.name}: of a service only a file of PURE"
            for path in sources(f"tools/{ASKS_THE_DECIDERS}")
            for one in imports(path)
            if one.package in SERVICES and f"services/{one.name.replace('.', '/')}.py" not in PURE
        ]
    )


def test_the_list_of_pure_files_names_files_that_exist() -> None:
    """A rule about a file that was moved would silently stop holding."""
    told([f"{pattern}: no such file; correct PURE" for pattern in PURE if not list(ROOT.glob(pattern))])


def test_decisions_are_pure() -> None:
    """What decides is a function of its arguments: no database, no bus, no log, no waiting."""
    findings = []
    for path in (path for pattern in PURE for path in sorted(ROOT.glob(pattern))):
        findings += [
            f"{relative(path)}:{one.line}: imports {one.name}: this file decides, it must not reach outside"
            for one in imports(path)
            if one.package in IMPURE_PACKAGES and not one.for_types_only
        ]
        findings += [
            f"{relative(path)}:{node.lineno}: waits: this file decides, the shell around it waits"
            for node in ast.walk(tree_of(path))
            if isinstance(node, ast.Await | ast.AsyncFor | ast.AsyncWith)
        ]
    told(findings)


KNOWS_NO_HTTP = (
    "libs/web/problems.py",
    "libs/web/idempotency.py",
    "libs/web/idempotency_keys.py",
    "services/intake/desk.py",
    "services/intake/group_commit.py",
    "services/intake/message_recorder.py",
    "services/intake/recorder.py",
    "services/intake/sender.py",
)
SPEAKS_HTTP = frozenset({"fastapi", "starlette", "uvicorn", "h11"})


@pytest.mark.parametrize("file", KNOWS_NO_HTTP)
def test_complaints_can_come_in_without_http(file: str) -> None:
    """Mail, the portal and connectors use the same desk, so neither it nor what it stands on knows HTTP."""
    told(
        [
            f"{file}:{one.line}: imports {one.name}: a channel reads requests and makes a Sender of them"
            for one in imports(ROOT / file)
            if one.package in SPEAKS_HTTP
        ]
    )


def test_nobody_asks_the_machine_for_the_time() -> None:
    """The clock is handed in, so that any moment can be tested and an accelerated one works."""
    told(
        [
            f"{relative(path)}:{node.lineno}: calls {called}(): take `now` or a clock as an argument "
            "(time.monotonic is for durations)"
            for path in sources("libs", "services", "tools/gehoor", "tools/simulation")
            if relative(path) not in MAY_READ_THE_REAL_CLOCK
            for node in ast.walk(tree_of(path))
            if isinstance(node, ast.Call) and (called := _clock_call(node)) is not None
        ]
    )


ASKS_FOR_A_VERSION_BY_NUMBER = {
    "libs/procedures/pinning.py": "it compares the digest",
    "services/workflow/commands/versioning.py": "it looks at a version that no case is pinned to yet",
}


def test_a_pinned_procedure_is_never_read_without_its_digest() -> None:
    """A case runs under the text it was opened under: an edited file is noticed wherever it is read."""
    told(
        [
            f"{relative(path)}:{line}: imports procedures.library.procedure: ask procedures.pinning.pinned, "
            "which compares the digest"
            for path in sources("libs", "services", "tools/gehoor", "tools/simulation")
            if relative(path) not in ASKS_FOR_A_VERSION_BY_NUMBER
            for line, name in imported_names(path)
            if name == "procedures.library.procedure"
        ]
    )


def test_zones_come_from_the_pinned_time_zone_data() -> None:
    """A letter's date does not depend on the time zone files of the machine that writes it."""
    told(
        [
            f"{relative(path)}:{node.lineno}: makes a ZoneInfo: ask procedures.counting.zones, which reads "
            "the pinned tzdata package and never the machine"
            for path in sources("libs", "services", "tools/gehoor", "tools/simulation")
            if relative(path) != "libs/procedures/counting/zones.py"
            for node in ast.walk(tree_of(path))
            if isinstance(node, ast.Call) and "ZoneInfo" in ast.unparse(node.func)
        ]
    )


def imported_names(path: Path) -> Iterator[tuple[int, str]]:
    """Every name that a file imports from a module, with its line."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            for alias in node.names:
                yield node.lineno, f"{node.module}.{alias.name}"


def _clock_call(node: ast.Call) -> str | None:
    parts = ast.unparse(node.func).split(".")[-2:]
    name = ".".join(parts)
    return name if name in CLOCK_CALLS else None

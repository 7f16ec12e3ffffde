"""What decides is a function of its arguments: no database, bus, file or log, no waiting and no chance."""

import pytest

from architecture.failing import fail_on
from architecture.imports import imported_sources
from architecture.purity import LIST_RULE, RULE, fits, impurities, is_shell, rotten_lines
from architecture.tree import SERVICES, Finding, planted, real_tree

SHELLS = {"libs/events/store/*.py": "the only SQL"}
LENT = {"libs/events/store/feed.py": (("computed",), "computed from its arguments")}


def test_everything_is_pure_unless_it_is_on_the_list_of_shells() -> None:
    """A decision can be tested without any server, and gives the same answer whenever it is asked again."""
    fail_on(impurities(real_tree()))


def test_the_list_of_shells_holds_no_pure_file_and_no_dead_pattern() -> None:
    """The list stays as short as it can be, and nobody gets a permission that nothing needs."""
    fail_on(rotten_lines(real_tree()))


def test_the_simulation_asks_nothing_of_services_but_their_decisions() -> None:
    """A simulated year starts no server: it imports only pure files of the services."""
    tree = real_tree()
    fail_on(
        Finding(source.path, one.line, RULE, f"imports {one.module}, a shell of a service")
        for source in tree.under("tools/simulation")
        for one, target in imported_sources(tree, source)
        if target.part in SERVICES and is_shell(target.path)
    )


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("import asyncpg", "imports asyncpg"),
        ("from asyncio import sleep", "imports asyncio"),
        ("import nats.js.errors", "imports nats.js.errors"),
        ("import structlog", "imports structlog"),
        ("from logging import getLogger", "imports logging"),
        ("from urllib import request", "imports urllib"),
        ("import os", "imports os"),
        ("import time", "imports time"),
        ("import secrets", "imports secrets"),
        ("async def wait(one): return await one", "awaits"),
        ("async def each(many):\n    async for one in many: pass", "awaits"),
        ("async def within(one):\n    async with one: pass", "awaits"),
        ("LINES = open('lines')", "calls open()"),
        ("def text(path): return path.read_text()", "calls path.read_text()"),
        ("def files(folder): return list(folder.glob('*'))", "calls folder.glob()"),
        ("def spread(): return random.uniform(0, 1)", "calls random.uniform()"),
        ("def new_id(): return uuid.uuid4()", "calls uuid.uuid4()"),
        ("print('done')", "calls print()"),
        ("from events.store.feed import read", "imports events.store.feed.read, a function of a shell"),
        ("from events.store import feed", "imports events.store.feed, a function of a shell"),
    ],
)
def test_touching_the_outside_is_found(line: str, reason: str) -> None:
    """Each way out of a decision is seen, with its line."""
    tree = planted(
        {"services/workflow/deciding.py": f"\n{line}\n", "libs/events/store/feed.py": "import asyncpg\n"}
    )

    (finding,) = impurities(tree, SHELLS, LENT)

    assert ("services/workflow/deciding.py", RULE) == (finding.path, finding.rule)
    assert line.count("\n") + 2 == finding.line
    assert finding.reason.startswith(f"{reason}; ")


@pytest.mark.parametrize(
    "line",
    [
        "from urllib.parse import urlsplit",
        "from http import HTTPStatus",
        "def script(seed): return random.Random(seed)",
        "from events.store.feed import EventRef",
        "from events.store.feed import BATCH",
        "from events.store.feed import computed",
    ],
)
def test_what_gives_the_same_answer_twice_is_pure(line: str) -> None:
    """A name, a seed, a computed value: none of these reaches out."""
    tree = planted(
        {"services/workflow/deciding.py": f"{line}\n", "libs/events/store/feed.py": "import asyncpg\n"}
    )

    assert [] == list(impurities(tree, SHELLS, LENT))


def test_a_pure_file_on_the_list_is_found() -> None:
    """Who made a file pure takes it out of the list, and it cannot fall back unseen."""
    tree = planted(
        {"libs/events/store/feed.py": "import asyncpg\n", "libs/events/store/order.py": "FIRST = 1\n"}
    )

    (finding,) = rotten_lines(tree, SHELLS, {})

    assert ("libs/events/store/order.py", LIST_RULE) == (finding.path, finding.rule)


def test_a_pattern_without_a_file_is_found() -> None:
    """A rule about a file that was moved would silently stop holding."""
    (finding,) = rotten_lines(planted({"libs/events/clock.py": "ZERO = 0\n"}), SHELLS, {})

    assert ("libs/events/store/*.py", LIST_RULE) == (finding.path, finding.rule)


def test_lending_of_what_is_no_shell_is_found() -> None:
    """A permission to import from a file that needs none is removed."""
    tree = planted({"libs/events/store/order.py": "import asyncpg\n"})

    (finding,) = rotten_lines(tree, SHELLS, LENT)

    assert "libs/events/store/feed.py" == finding.path


def test_lending_of_a_function_that_is_gone_is_found() -> None:
    """A permission does not pass on to a later function of that name."""
    tree = planted({"libs/events/store/feed.py": "import asyncpg\n"})

    (finding,) = rotten_lines(tree, SHELLS, LENT)

    assert "LENT names computed, which this file does not define" == finding.reason


def test_an_empty_file_of_a_folder_of_shells_is_no_finding() -> None:
    """A folder's own file holds a sentence and touches nothing."""
    tree = planted(
        {
            "libs/events/store/__init__.py": '"""The store."""\n',
            "libs/events/store/feed.py": "import asyncpg\n",
        }
    )

    assert [] == list(rotten_lines(tree, SHELLS, {}))


def test_a_star_does_not_reach_into_a_folder() -> None:
    """A permission for a folder is none for the folders in it."""
    assert fits("services/*/consumer.py", "services/intake/consumer.py")
    assert not fits("libs/events/*.py", "libs/events/store/feed.py")

"""Imports run one way, so that each part can be understood, changed and run without what stands above it."""

import pytest

from architecture.directions import (
    EVENTS_ROOMS,
    RULE,
    directions,
    parts_without_a_place,
    places_without_a_file,
)
from architecture.failing import fail_on
from architecture.tree import planted, real_tree


def test_imports_run_one_way() -> None:
    """What everything stands on knows nothing of what stands on it; services talk through events only."""
    fail_on(directions(real_tree()))


def test_every_part_has_its_place() -> None:
    """A new library, service or tool cannot slip past the rules because nobody wrote it down."""
    fail_on(parts_without_a_place(real_tree()))
    fail_on(places_without_a_file(real_tree()))


@pytest.mark.parametrize(
    ("path", "imported", "reason"),
    [
        ("libs/events/clock.py", "cases.state", "libs/events may import only no other part of ours"),
        ("libs/cases/state.py", "procedures.words", "libs/cases may import only events"),
        ("libs/procedures/words.py", "workflow.rota", "libs/procedures may import only cases, events"),
        ("libs/web/text.py", "service.host", "libs/web may import only events, procedures"),
        ("services/intake/api.py", "workflow.rota", "services talk through events, never by import"),
        ("services/intake/api.py", "gehoor.cli", "a service runs in a container that holds no tool"),
        (
            "tools/gehoor/cli.py",
            "workflow.rota",
            "of services and tools, tools/gehoor may import only simulation",
        ),
        ("tools/simulation/year.py", "gehoor.cli", "of services and tools, tools/simulation may import only"),
        (
            "tools/bench/run.py",
            "soak.load",
            "of services and tools, tools/bench may import only deadlines, gehoor",
        ),
    ],
)
def test_an_import_against_the_direction_is_found(path: str, imported: str, reason: str) -> None:
    """Whoever reaches up learns in which line, and what that part may use instead."""
    tree = planted(
        {
            path: f'"""A file."""\n\nfrom {imported} import something\n',
            "libs/events/__init__.py": "",
            "libs/cases/state.py" if path != "libs/cases/state.py" else "libs/cases/letters.py": "",
            "libs/procedures/words.py"
            if path != "libs/procedures/words.py"
            else "libs/procedures/zones.py": "",
            "libs/service/host.py": "",
            "services/workflow/rota.py": "",
            "tools/soak/load.py": "",
            "tools/gehoor/cli.py" if path != "tools/gehoor/cli.py" else "tools/gehoor/doctor.py": "",
        }
    )

    (finding,) = directions(tree)

    assert (path, 3, RULE) == (finding.path, finding.line, finding.rule)
    assert f"imports {imported}: {reason}" in finding.reason


@pytest.mark.parametrize(
    ("path", "imported"),
    [
        ("libs/events/errors.py", "events.catalogue"),
        ("libs/events/catalogue/event.py", "events.record.chain"),
        ("libs/events/record/chain.py", "events.store.streams"),
        ("libs/events/store/feed.py", "events.partitions.partition"),
        ("libs/events/partitions/partition.py", "events.platform"),
        ("libs/events/transact.py", "events.bus.broker"),
        ("libs/events/bus/pull.py", "events.consumer.loop"),
        ("libs/events/consumer/loop.py", "events.bus.pull"),
        ("libs/events/consumer/loop.py", "events.provision.migrate"),
        ("libs/events/provision/migrate.py", "events.testing"),
    ],
)
def test_a_room_of_events_that_reaches_up_is_found(path: str, imported: str) -> None:
    """Inside the library of events the same holds: from the catalogue up to provisioning."""
    target = (
        f"libs/{imported.replace('.', '/')}.py"
        if imported != "events.catalogue"
        else "libs/events/catalogue/__init__.py"
    )

    (finding,) = directions(planted({path: f"from {imported} import something\n", target: ""}))

    assert (path, 1, RULE) == (finding.path, finding.line, finding.rule)
    assert "stands below or beside" in finding.reason


def test_a_room_without_a_place_is_found() -> None:
    """A new folder of events gets its place in the order before it is used."""
    (finding,) = directions(planted({"libs/events/attic/trunk.py": ""}))

    assert "the room 'attic' has no place in EVENTS_ROOMS; give it one" == finding.reason


def test_an_import_by_a_name_at_run_time_is_found() -> None:
    """A service cannot get hold of another one by writing its name in a text."""
    breach = 'from importlib import import_module\n\nROTA = import_module("workflow.rota")\n'

    (finding,) = directions(planted({"services/intake/api.py": breach}))

    assert ("services/intake/api.py", 3) == (finding.path, finding.line)


def test_a_part_that_nobody_wrote_down_is_found() -> None:
    """A fifth service is seen on its first day."""
    (finding,) = parts_without_a_place(planted({"services/console/api.py": ""}))

    assert "services/console" == finding.path


def test_a_place_for_a_room_that_is_gone_is_found() -> None:
    """The order names what exists, so that nobody looks for a room that was moved."""
    rooms = frozenset().union(*EVENTS_ROOMS) - {"", "bus"}

    findings = list(places_without_a_file(planted({f"libs/events/{room}.py": "" for room in rooms})))

    assert ["libs/events/", "libs/events/bus"] == [finding.path for finding in findings]

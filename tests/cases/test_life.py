"""A case's life is cut in one way: catalogue, fold and commands share their file names."""

from types import ModuleType

import msgspec
import pytest

from cases.life import answering, closing, handling, linking, objecting, opening, receiving, versioning
from cases.life.fold import TELLING
from cases.life.shown import PLACES, as_shown
from cases.life.state import UNBORN, Life
from cases.state import as_plain, fold
from events.catalogue import CATALOGUE
from golden_histories import FOLDER, from_lines

PARTS = (receiving, opening, handling, answering, objecting, closing, linking, versioning)


def part_names(part: ModuleType) -> str:
    """Give the name of a part, as its file has it."""
    return part.__name__.rpartition(".")[2]


@pytest.mark.parametrize("part", PARTS, ids=part_names)
def test_the_fold_and_the_catalogue_cut_a_life_in_the_same_parts(part: ModuleType) -> None:
    """Whoever knows where an event is defined knows the file that says what it changes."""
    defined_in = {event.__module__.rpartition(".")[2] for event in part.STEPS}

    assert {part_names(part)} == defined_in


def test_no_event_changes_a_life_in_two_parts() -> None:
    """Each event has one step, so that its effect can be read in one place."""
    steps = [event for part in PARTS for event in part.STEPS]

    assert len(steps) == len(set(steps)) == len(TELLING)
    assert set(CATALOGUE) >= TELLING


def test_every_field_of_every_part_is_shown() -> None:
    """Nothing that is known of a case's life is missing from what a person is shown."""
    parts = {name: value for name, value in life_fields().items() if isinstance(value, msgspec.Struct)}
    plain = life_fields().keys() - parts.keys()
    within = {f"{name}.{field}" for name, part in parts.items() for field in part.__struct_fields__}

    assert plain | within == PLACES
    assert len(PLACES) == len(as_shown(UNBORN))


def test_a_life_is_shown_flat() -> None:
    """What `gehoor history --state` shows has the names that people know, without the parts of the code."""
    case = fold(from_lines((FOLDER / "histories" / "destiny.jsonl").read_text(encoding="utf-8")))
    assert case is not None

    shown = as_plain(case)["life"]

    assert list(as_shown(case.life)) == list(shown)
    assert case.life.persons.handler == shown["handler"]
    assert case.life.closing.because == shown["closed_because"]


def life_fields() -> dict[str, object]:
    """Give the fields of a life, by name."""
    return {name: getattr(UNBORN, name) for name in Life.__struct_fields__}

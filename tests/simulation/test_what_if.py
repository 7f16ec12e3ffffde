"""A stored case told again: the very same under its own rules, and what would have been under others."""

from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from deadlines.look import EMITS
from events.catalogue import encode
from events.record.envelope import History, Recorded
from procedures.library import files
from procedures.purposes import PurposeRefused, require_purpose
from procedures.toml_files import BrokenProcedure
from simulation.arrivals import whole_year
from simulation.case_run import run_case
from simulation.generator import plans
from simulation.replay import changed_clocks, deadline_events, differences, stored_clocks
from simulation.what_if import NoSuchChange, WhatIf, change_of, compare
from simulation.year import Year

YEAR = Year(8, 2026, 42)


def stored(organisation: str, count: int = 6) -> list[History]:
    """Cases as the store would hold them: every event with its bytes, every look with its own command."""
    drawn = plans(YEAR.seed, whole_year(YEAR.year), range(count), [organisation])
    return [_with_bytes(run_case(each, YEAR.until).stream.history) for each in drawn]


def _with_bytes(history: History) -> History:
    rows: list[Recorded] = []
    for recorded in history.events:
        is_same_look = bool(rows) and rows[-1].type in EMITS and recorded.type in EMITS
        is_same_look = is_same_look and rows[-1].recorded_at == recorded.recorded_at
        command = rows[-1].command_id if is_same_look else UUID(int=len(rows) + 1)
        rows.append(replace(recorded, data=encode(recorded.event), command_id=command))
    return History(history.case_id, tuple(rows))


@pytest.mark.parametrize(
    "organisation", ["destiny", "bc", "supportoplus", "preact", "ingressus", "awb", "fca-disp"]
)
def test_under_its_own_rules_a_case_is_told_again_byte_for_byte(organisation: str) -> None:
    """What deadlines told follows from everything else: types, bytes, moments and order."""
    found = [line for history in stored(organisation) for line in differences(history)]

    assert [] == found
    assert sum(map(deadline_events, stored(organisation))) > 30


def test_a_forged_moment_is_noticed() -> None:
    """Whoever lets a promise end a day later in the record does not get away with it."""
    history = stored("destiny", 1)[0]
    place = next(at for at, each in enumerate(history.events) if each.type == "DeadlineSet")
    forged = history.events[place].data.replace(b"2026-", b"2025-", 1)
    rows = list(history.events)
    rows[place] = replace(rows[place], data=forged)

    assert list(differences(History(history.case_id, tuple(rows)))) != []


def test_a_promise_that_was_left_out_is_noticed() -> None:
    """A breach that is not in the record would be told by the next look."""
    history = next(
        history
        for history in stored("ingressus", 40)
        if any(each.type == "DeadlineBreached" for each in history.events[:-1])
    )
    rows = [each for each in history.events if each.type != "DeadlineBreached"]
    numbered = tuple(replace(each, version=number) for number, each in enumerate(rows, 1))

    assert list(differences(History(history.case_id, numbered))) != []


@pytest.mark.parametrize(
    ("organisation", "term"), [("destiny", "DES-1=1 working day"), ("bc", "BNC-2=1 day")]
)
def test_under_a_shorter_term_more_are_late_and_nobody_less(organisation: str, term: str) -> None:
    """People are as quick as they were; only the promise is another."""
    clock = term.partition("=")[0]
    change = change_of(WhatIf(organisation, terms=(term,)))("service")
    found = [
        one
        for history in stored(organisation, 12)
        for one in compare(stored_clocks(history), changed_clocks(history, change, YEAR.until))
    ]

    assert {clock} == {one.clock for one in found if one.is_newly_late}
    assert not any(one.is_no_longer_late for one in found)


def test_nothing_changes_where_nothing_is_changed() -> None:
    """Looking at once and whenever something falls due gives the ends that were stored."""
    change = change_of(WhatIf("ingressus"))("service")
    found = [
        one
        for history in stored("ingressus", 12)
        for one in compare(stored_clocks(history), changed_clocks(history, change, YEAR.until))
    ]

    assert found
    assert all(one.was == one.would_be for one in found)


def test_the_same_file_gives_the_same_ends(tmp_path: Path) -> None:
    """A procedure file that says what the old one said changes nobody's case."""
    path = next(path for path in files() if path.stem == "preact")
    change = change_of(WhatIf("preact", procedure=path))("service")
    found = [
        one
        for history in stored("preact", 8)
        for one in compare(stored_clocks(history), changed_clocks(history, change, YEAR.until))
    ]

    assert found
    assert all(one.was == one.would_be for one in found)


def test_what_cannot_be_changed_like_this_is_said(tmp_path: Path) -> None:
    """Unknown clocks, terms that are none, foreign calendars, broken files and others' files are refused."""
    rules = stored("destiny", 1)[0].events[2].event.clocks  # type: ignore[attr-defined]
    broken = tmp_path / "destiny.toml"
    broken.write_text('id = "destiny"\nversion = "one"\n')
    others = next(path for path in files() if path.stem == "bc")

    with pytest.raises(NoSuchChange, match="DES-1, DES-2"):
        change_of(WhatIf("destiny", terms=("DES-9=3 days",)))("service")(rules)
    with pytest.raises(NoSuchChange, match="believable"):
        change_of(WhatIf("destiny", terms=("DES-1=100000 days",)))
    with pytest.raises(NoSuchChange, match="CLOCK="):
        change_of(WhatIf("destiny", terms=("DES-1",)))
    with pytest.raises(NoSuchChange, match="no counted term"):
        change_of(WhatIf("destiny", terms=("DES-ack=3 days",)))("service")(rules)
    with pytest.raises(NoSuchChange, match="another country"):
        change_of(WhatIf("destiny", calendar="gb-eng"))("service")(rules)
    with pytest.raises(BrokenProcedure, match="version"):
        change_of(WhatIf("destiny", procedure=broken))
    with pytest.raises(NoSuchChange, match="is of bc"):
        change_of(WhatIf("destiny", procedure=others))


def test_a_purpose_outside_the_register_is_refused() -> None:
    """Stored complaints are looked at for what the procedure names, and for nothing else."""
    require_purpose("supportoplus", "account")

    with pytest.raises(PurposeRefused, match="account, handling"):
        require_purpose("supportoplus", "marketing")
    with pytest.raises(PurposeRefused, match="no register"):
        require_purpose("nobody", "account")

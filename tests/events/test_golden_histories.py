"""Whole cases as an earlier version of the software stored them: read, proven and folded by today's."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from cases.state import as_plain, fold
from deadlines.look import settle
from events.catalogue import encode
from events.record.chain_checker import problems
from events.record.envelope import History
from golden_histories import FOLDER, from_lines, to_lines
from notifier.owed_letters import fold as fold_letters
from notifier.owed_letters import owed
from procedures.library import procedure
from procedures.organisations import organisations
from workflow.classification import open_case

ORGANISATIONS = ("destiny", "bc", "supportoplus", "preact", "ingressus")


def golden(organisation: str) -> History:
    """Give the golden case of an organisation."""
    return from_lines((FOLDER / "histories" / f"{organisation}.jsonl").read_text(encoding="utf-8"))


def broken(history: History) -> list[str]:
    """List what does not fit the chain."""
    before = (None, *history.events)
    pairs = zip(before, history.events, strict=False)
    return [problem for earlier, event in pairs for problem in problems(earlier, event)]


@pytest.mark.parametrize("organisation", ORGANISATIONS)
def test_every_event_of_a_golden_case_is_read_to_the_byte(organisation: str) -> None:
    """Nothing that was stored is lost or changed by reading it."""
    for event in golden(organisation).events:
        assert event.data == encode(event.event), event.id


@pytest.mark.parametrize("organisation", ORGANISATIONS)
def test_the_chain_of_a_golden_case_holds(organisation: str) -> None:
    """The proof that was made then is still a proof, and a changed letter is still found."""
    history = golden(organisation)
    changed = replace(history.events[1], actor=history.events[1].actor + "x")

    assert [] == broken(history)
    assert broken(History(history.case_id, (history.events[0], changed, *history.events[2:])))


@pytest.mark.parametrize("organisation", ORGANISATIONS)
def test_a_golden_case_folds_to_the_state_of_then(organisation: str) -> None:
    """The same facts give the same case, whatever version of the software looks at them."""
    expected = json.loads((FOLDER / "histories" / f"{organisation}.state.json").read_text(encoding="utf-8"))

    case = fold(golden(organisation))

    assert case is not None
    assert expected == json.loads(json.dumps(as_plain(case)))


@pytest.mark.parametrize("organisation", ORGANISATIONS)
def test_nobody_owes_a_golden_case_anything_more(organisation: str) -> None:
    """New software does not open, warn, breach or write again what was done long ago."""
    history = golden(organisation)
    case = fold(history)
    assert case is not None
    assert case.opened is not None
    pinned = procedure(case.opened.procedure, case.opened.procedure_version)
    last = history.events[-1].recorded_at

    assert () == settle(history, last)
    assert () == settle(history, last + timedelta(days=365))
    assert () == owed(fold_letters(history))
    assert [] == open_case(case, pinned, organisations()[organisation], last)


@pytest.mark.parametrize("organisation", ORGANISATIONS)
def test_a_golden_file_comes_back_as_it_is(organisation: str) -> None:
    """What the file shows is the whole record, no column is left out in reading."""
    text = (FOLDER / "histories" / f"{organisation}.jsonl").read_text(encoding="utf-8")

    assert text == to_lines(from_lines(text))

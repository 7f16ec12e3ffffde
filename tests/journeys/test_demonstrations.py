"""Complaints to the two organisations that only demonstrate a statute: admitted where nothing is real."""

from typing import Any

import pytest

from events.catalogue import CaseOpened, DeadlineSet, LetterSent
from whole_system import WholeSystem

pytestmark = pytest.mark.journey


@pytest.mark.parametrize("organisation", ["awb", "fca-disp"])
async def test_a_complaint_under_a_statute_runs_from_end_to_end(
    running: WholeSystem, organisation: str
) -> None:
    """Filed, opened under its procedure, its clocks set, acknowledged by a letter: as for any other."""
    complaint: dict[str, Any] = {
        "organisation": organisation,
        "channel": "email",
        "description": "The letter was never answered.",
        "complainant": {"name": "Noor Jansen", "email": "noor.jansen@example.org"},
    }
    answer = await running.file(complaint, key=f"demonstration-{organisation}")
    assert answer.status_code == 201, answer.text
    reference = answer.json()["reference"]

    await running.until_told(reference, "ComplaintReceived", "CaseOpened", "DeadlineSet", "LetterSent")

    history = await running.history(reference)
    opened = next(row.event for row in history.events if isinstance(row.event, CaseOpened))
    clocks = {row.event.clock for row in history.events if isinstance(row.event, DeadlineSet)}
    letters = [row.event.letter for row in history.events if isinstance(row.event, LetterSent)]
    assert organisation == opened.procedure
    assert {rule.clock for rule in opened.clocks if rule.starts == "complaint received"} >= clocks
    assert clocks
    assert ["acknowledgement"] == letters

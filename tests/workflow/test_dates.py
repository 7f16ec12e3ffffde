"""Dates and moments as they are typed: none that no calendar covers, and each stored in one way."""

import pytest
from pydantic import ValidationError

from events.canonical import to_json
from workflow.commands.registry import COMMANDS


@pytest.mark.parametrize("until", ["6846-02-28", "9999-12-31", "2090-01-01", "1999-12-31", "0001-01-01"])
def test_a_date_beyond_every_calendar_is_refused(until: str) -> None:
    """A slip of the pen in a year is told to whoever made it, and parks no case."""
    with pytest.raises(ValidationError, match="must be a date"):
        COMMANDS["make-plan"].body.model_validate({"plan": "Wij bellen.", "until": until})


@pytest.mark.parametrize(
    "typed",
    [
        "2026-04-16T10:00:00+02:00",
        "2026-04-16T08:00:00Z",
        "2026-04-16T08:00Z",
        "2026-04-15T22:00:00-10:00",
    ],
)
def test_the_same_moment_is_stored_as_the_same_bytes_however_it_was_typed(typed: str) -> None:
    """The proof of a case does not depend on the time zone of the screen at which somebody typed a moment."""
    body = COMMANDS["agree-hearing"].body.model_validate({"hearing_at": typed})

    assert b'{"hearing_at":"2026-04-16T08:00:00Z"}' == to_json(dict(body))

"""Dates that no calendar covers are refused at the desk, before a clock is counted from them."""

import pytest
from pydantic import ValidationError

from workflow.commands import COMMANDS


@pytest.mark.parametrize("until", ["6846-02-28", "9999-12-31", "2090-01-01", "1999-12-31", "0001-01-01"])
def test_a_date_beyond_every_calendar_is_refused(until: str) -> None:
    """A slip of the pen in a year is told to whoever made it, and parks no case."""
    with pytest.raises(ValidationError, match="must be a date"):
        COMMANDS["make-plan"].body.model_validate({"plan": "Wij bellen.", "until": until})

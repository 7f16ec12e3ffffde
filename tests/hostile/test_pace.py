"""When an answer of `make fuzz` was too slow, and when the machine was."""

import pytest

from hostile.pace import Pace

LATER_S = 1e9
"""Long before the next bare request is due."""


@pytest.fixture
def pace() -> Pace:
    """Bare requests waited for a moment at 100 s, and for two seconds from 200 s on."""
    pace = Pace(port=0)
    pace._due_s = LATER_S
    pace.waits.extend([(100.0, 100.01), (200.0, 202.0)])
    return pace


def test_an_answer_within_a_second_is_in_time(pace: Pace) -> None:
    """Nobody asks why."""
    assert [] == list(pace.judge(1.0, ended_s=101.0))


def test_an_answer_that_hangs_on_a_calm_machine_is_told(pace: Pace) -> None:
    """A bare request at the same time was quick: it was not the machine."""
    (told,) = pace.judge(1.5, ended_s=101.0)

    assert told.startswith("took 1.5 s")


def test_an_answer_that_waited_with_all_others_is_not_told(pace: Pace) -> None:
    """Of two and a half seconds the machine kept everybody waiting for two."""
    assert [] == list(pace.judge(2.5, ended_s=202.3))


def test_an_answer_that_hung_longer_than_the_machine_is_told(pace: Pace) -> None:
    """Of four seconds two are left without an excuse."""
    assert [] != list(pace.judge(4.0, ended_s=204.0))


def test_an_answer_waits_for_a_bare_request_that_still_waits(pace: Pace) -> None:
    """One that is due and has not come back counts up to now."""
    pace._due_s = 300.0

    assert [] == list(pace.judge(1.8, ended_s=301.5))


def test_no_machine_excuses_five_seconds(pace: Pace) -> None:
    """Whatever the reason: that is a hang."""
    pace._due_s = 300.0

    assert [] != list(pace.judge(5.1, ended_s=305.1))

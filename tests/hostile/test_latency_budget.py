"""When an answer of `make fuzz` was too slow, and when the machine was."""

import pytest

from hostile.latency_budget import LatencyBudget

LATER_S = 1e9
"""Long before the next bare request is due."""


@pytest.fixture
def latency_budget() -> LatencyBudget:
    """Bare requests waited for a moment at 100 s, and for two seconds from 200 s on."""
    latency_budget = LatencyBudget(port=0)
    latency_budget._due_s = LATER_S
    latency_budget.waits.extend([(100.0, 100.01), (200.0, 202.0)])
    return latency_budget


def test_an_answer_within_a_second_is_in_time(latency_budget: LatencyBudget) -> None:
    """Nobody asks why."""
    assert [] == list(latency_budget.judge(1.0, ended_s=101.0))


def test_an_answer_that_hangs_on_a_calm_machine_is_told(latency_budget: LatencyBudget) -> None:
    """A bare request at the same time was quick: it was not the machine."""
    (told,) = latency_budget.judge(1.5, ended_s=101.0)

    assert told.startswith("took 1.5 s")


def test_an_answer_that_waited_with_all_others_is_not_told(latency_budget: LatencyBudget) -> None:
    """Of two and a half seconds the machine kept everybody waiting for two."""
    assert [] == list(latency_budget.judge(2.5, ended_s=202.3))


def test_an_answer_that_hung_longer_than_the_machine_is_told(latency_budget: LatencyBudget) -> None:
    """Of four seconds two are left without an excuse."""
    assert [] != list(latency_budget.judge(4.0, ended_s=204.0))


def test_an_answer_waits_for_a_bare_request_that_still_waits(latency_budget: LatencyBudget) -> None:
    """One that is due and has not come back counts up to now."""
    latency_budget._due_s = 300.0

    assert [] == list(latency_budget.judge(1.8, ended_s=301.5))


def test_no_machine_excuses_five_seconds(latency_budget: LatencyBudget) -> None:
    """Whatever the reason: that is a hang."""
    latency_budget._due_s = 300.0

    assert [] != list(latency_budget.judge(5.1, ended_s=305.1))

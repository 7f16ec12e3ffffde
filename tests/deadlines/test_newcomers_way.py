"""Whoever follows one case through deadlines has few functions to read."""

from functions_entered import LONGEST, follow

MOST = 30
"""Half of the 60 that were entered before 2026-11-30; a new hop has to be worth its place."""


def test_following_one_case_through_deadlines_enters_few_functions() -> None:
    """A newcomer who follows the golden history with the most clocks reads at most 30 functions."""
    entered = follow(LONGEST)

    different = len(entered.times)

    assert MOST >= different, sorted(entered.times)

"""Finds what a procedure leaves open, from its file alone, and shows each finding by a short story.

A finding has an identifier, `rule` or `rule:subject`. The file accepts findings by identifier, with how the
product handles them; what it does not accept, and what it accepts without need, is a problem. The rules are
in `checks`, a file for each idea. Pure.
"""

from collections.abc import Callable
from dataclasses import dataclass

from procedures.checks import counting, ends, gaps, letters, linking, orders, owners, starts, ways, windows
from procedures.checks.asking import Stories
from procedures.schema.model import ProcedureFile


@dataclass(frozen=True, slots=True)
class ProcedureFinding:
    """Something a procedure leaves open; `story` is the shortest one that shows it."""

    id: str
    story: str
    accepted: str | None = None


def check(file: ProcedureFile) -> tuple[ProcedureFinding, ...]:
    """Return all findings, accepted or not, in the order of `RULES`."""
    accepted = {each.finding: each.because for each in file.accepts}
    found = [
        ProcedureFinding(name, story, accepted.get(name)) for rule in RULES for name, story in rule(file)
    ]
    # What is accepted and not found is a finding too: it would cover the same gap when somebody opens it
    # later.
    needless = [
        ProcedureFinding(
            f"needless:{name.replace(':', ' ')}", f"The file accepts {name}, which is not found."
        )
        for name in accepted
        if all(each.id != name for each in found)
    ]
    return (*found, *needless)


def problems(findings: tuple[ProcedureFinding, ...]) -> tuple[ProcedureFinding, ...]:
    """Return the findings that the file does not accept."""
    return tuple(each for each in findings if each.accepted is None)


RULES: tuple[Callable[[ProcedureFile], Stories], ...] = (
    ways.stages_without_an_end,
    ways.closing_that_does_not_fit,
    owners.duties_without_an_owner,
    owners.duties_of_the_other_side,
    owners.commands_of_nobody,
    owners.commands_without_an_answer,
    starts.starts_that_may_never_come,
    orders.orders_that_are_not_kept,
    orders.orders_that_nobody_judges,
    windows.windows_that_overlap,
    windows.windows_that_begin_with_nothing,
    windows.windows_that_are_none,
    windows.windows_that_are_cut_short,
    windows.objections_that_are_bounced,
    ends.duties_without_a_term,
    ends.no_rule_for_delay,
    ends.extensions_without_end,
    ends.extensions_that_move_nothing,
    ends.periods_that_bind_nobody,
    ends.clocks_that_take_a_strange_day,
    ends.terms_a_person_sets,
    counting.calendars_of_elsewhere,
    counting.calendars_that_differ,
    letters.letters_that_are_missing,
    letters.letters_that_nobody_owes,
    letters.letters_owed_too_early,
    letters.letters_that_no_clock_awaits,
    letters.letters_without_contents,
    letters.letters_that_lack_what_they_are_for,
    letters.routes_that_no_letter_tells,
    owners.customers_who_are_not_told,
    gaps.roads_that_end,
    gaps.proposals_that_are_refused,
    gaps.channels_that_are_not_named,
    gaps.complaints_that_are_incomplete,
    gaps.reports_taken_for_something_else,
    owners.duties_of_many,
    gaps.withdrawals,
    linking.sentences_left_over,
    linking.sentences_told_twice,
)

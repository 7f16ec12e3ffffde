"""The version of the procedure, and of the calendars, that a running case is counted by.

Events: CaseMovedToVersion, as the newer version declares; CalendarsRenewed, when a calendar has changed.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from pydantic import Field

from cases.clocks.clock import ClockStatus
from cases.state import Case
from events.catalogue import (
    CalendarsRenewed,
    CaseMovedToVersion,
    ClockRule,
)
from events.errors import CommandRefused
from events.record.envelope import NewEvent
from procedures.counting.calendars import calendar
from procedures.counting.derivation import Derivation, derive
from procedures.counting.facts import COMPLAINT_RECEIVED
from procedures.counting.schedule import ClockPlan, OpenEnd, Timed
from procedures.counting.terms import Terms
from procedures.counting.zones import civil_date
from procedures.library import UnknownProcedure, procedure
from procedures.procedure import Procedure
from workflow.classification import has_complaint_terms
from workflow.commands.command import CommandSpec, event_with_words
from workflow.commands.context import CommandContext
from workflow.commands.fields import Body, Words


class MoveToVersion(Body):
    """Let the case run under a newer version of its procedure, as that version declares."""

    version: int = Field(ge=1)


def _move(case: Case, body: MoveToVersion, context: CommandContext) -> Sequence[NewEvent]:
    """A running case keeps its version unless the newer one declares otherwise."""
    old = context.procedure
    if body.version <= old.version:
        raise CommandRefused("not-newer", f"the case runs under version {old.version}")
    try:
        new = procedure(old.id, body.version)
    except UnknownProcedure as unknown:
        raise CommandRefused("no-such-version", str(unknown)) from unknown
    if context.today < new.in_force_from:
        raise CommandRefused(
            "not-in-force-yet", f"version {new.version} comes into force on {new.in_force_from}"
        )
    transition = new.conduct.running_cases
    match transition:
        case "keep":
            raise CommandRefused(
                "running-cases-keep", f"version {new.version} declares that running cases keep theirs"
            )
        case "at next stage":
            since = case.life.stage_since
            if since is None or civil_date(since, new.zone) < new.in_force_from:
                raise CommandRefused(
                    "not-at-this-stage",
                    f"version {new.version} takes over at the next stage: the case is in {case.life.stage} "
                    f"since before {new.in_force_from}",
                )
        case "most favourable":
            pass
        case _:
            assert_never(transition)
    event = CaseMovedToVersion(
        procedure_version=new.version,
        procedure_digest=new.digest,
        from_version=old.version,
        transition=transition,
        clocks=brought(case, new, context, only_better=transition == "most favourable"),
    )
    return [event_with_words(event, context.now)]


def brought(
    case: Case, new: Procedure, context: CommandContext, *, only_better: bool
) -> tuple[ClockRule, ...]:
    """Give the rules that a new version brings a running case; all others stay as they are.

    What is met or past is judged by the rule it ran under, and no rule comes whose term would be over
    already: a new version breaks no promise that was kept so far.
    """
    terms = context.terms
    applies = new.clocks_for(case.received.nature)
    if not has_complaint_terms(case.kind):
        applies = tuple(rule for rule in applies if rule.clock in terms.rules)
    before = terms.plans()
    after = terms.plans({**terms.rules, **{rule.clock: rule for rule in applies}})
    found: list[ClockRule] = []
    for rule in applies:
        was, leads = terms.rules.get(rule.clock), after[rule.clock]
        if rule == was or context.knows_any(rule.satisfied_by) or _is_past(leads, context.now):
            continue
        if was is not None and (
            context.knows_any(was.satisfied_by) or _is_past(before[rule.clock], context.now)
        ):
            continue
        old = None if was is None else (was, before[rule.clock])
        if only_better and not serves_better((rule, leads), old, terms):
            continue
        found.append(rule)
    return tuple(found)


def _is_past(plan: ClockPlan, now: datetime) -> bool:
    return isinstance(plan, Timed) and plan.derivation.due.at <= now


Leads = tuple[ClockRule, ClockPlan]
"""A rule, and where it leads in this case."""


def serves_better(new: Leads, old: Leads | None, terms: Terms) -> bool:
    """Decide whether a rule serves the complainant no worse: the company sooner, the customer longer.

    Terms that run are compared by their ends, those that wait by where they would lead from the day of
    receipt. A rule that cannot be compared stays as it was, because nobody can say that it serves better.
    """
    rule, leads = new
    if old is None:
        return rule.binds == "company" or rule.kind in ("window", "right")
    was, led = old
    if rule.binds != was.binds or (rule.kind, was.kind) not in _NO_WORSE:
        return False
    if isinstance(leads, Timed) and isinstance(led, Timed):
        return _ends_better(rule, leads.derivation, led.derivation)
    if isinstance(leads, Timed) or isinstance(led, Timed):
        return isinstance(leads, Timed) and isinstance(led, OpenEnd) and rule.binds == "company"
    if (rule.term, rule.starts) != (was.term, was.starts) or rule.term != "counted":
        return False
    received_on = terms.known.days[COMPLAINT_RECEIVED]
    return _ends_better(rule, derive(rule, received_on, terms.zone), derive(was, received_on, terms.zone))


_NO_WORSE = {
    ("duty", "duty"),
    ("duty", "target"),
    ("target", "target"),
    ("window", "window"),
    ("right", "right"),
}
"""Kinds of clocks, new and old: a promise in the place of a target serves better, the other way round not."""


def _ends_better(rule: ClockRule, new: Derivation, old: Derivation) -> bool:
    if rule.binds == "company":
        return new.strict.on <= old.strict.on and new.lenient.on <= old.lenient.on
    return new.strict.on >= old.strict.on and new.lenient.on >= old.lenient.on


_RUNNING = (ClockStatus.RUNNING, ClockStatus.WARNED, ClockStatus.DISPUTED)


class RenewCalendars(Body):
    """Count the running clocks of this case on the calendars as they are now."""

    reason: Words


def _is_on_older_calendars(case: Case, context: CommandContext) -> str | None:
    return None if _newer(case, context) else "the clocks are counted on the calendars of today already"


def _renew_calendars(case: Case, body: RenewCalendars, context: CommandContext) -> Sequence[NewEvent]:
    return [
        event_with_words(CalendarsRenewed(calendars=_newer(case, context)), context.now, reason=body.reason)
    ]


def _newer(case: Case, context: CommandContext) -> tuple[str, ...]:
    """Name the versions of the calendars on which a running clock is not counted yet."""
    rules, counted = context.terms.rules, context.terms.calendars
    found = {
        version
        for clock in case.clocks
        if clock.status in _RUNNING and clock.clock in rules and clock.clock in counted
        for version in {calendar(name).version for name in rules[clock.clock].calendars}
        - counted[clock.clock]
    }
    return tuple(sorted(found - context.terms.renewed))


COMMANDS: tuple[CommandSpec, ...] = (
    CommandSpec(
        "move-to-version", "Move the case to a newer version of its procedure.", MoveToVersion, _move
    ),
    CommandSpec(
        "renew-calendars",
        "Count the running clocks on the calendars as they are now.",
        RenewCalendars,
        _renew_calendars,
        _is_on_older_calendars,
    ),
)

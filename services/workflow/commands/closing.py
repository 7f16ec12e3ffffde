"""Ending a case and going on after all: withdrawing, closing, reopening.

Events: ComplaintWithdrawn, CaseClosed, CaseReopened.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, assert_never, get_args

from msgspec import structs

from cases.clocks.clock import ClockStatus
from cases.life.state import Stage
from cases.state import Case
from events.catalogue import CaseClosed, CaseReopened, ClockRule, ComplaintWithdrawn
from events.catalogue.words import Channel
from events.errors import CommandRefused
from events.record.envelope import NewEvent
from procedures.counting.facts import CERTAIN, REOPENED, WITHDRAWN
from procedures.counting.schedule import Timed
from procedures.words import Need
from workflow.classification import has_complaint_terms
from workflow.commands.command import CommandSpec, event_with_words
from workflow.commands.context import CommandContext
from workflow.commands.fields import AStatedMoment, Body, Words
from workflow.commands.objecting import window

WayToClose = Literal["handled", "no response", "inadmissible"]
"""The reasons that somebody may give; the others of a `ClosingReason` come with another command."""

WAYS: tuple[WayToClose, ...] = get_args(WayToClose)


class Withdraw(Body):
    """The complainant takes the complaint back."""

    channel: Channel
    reason: Words | None = None
    at: AStatedMoment = None


class Close(Body):
    """Close the case; it can be reopened."""

    because: WayToClose


class Reopen(Body):
    """Go on with a closed case."""

    reason: Words


def _withdraw(case: Case, body: Withdraw, context: CommandContext) -> Sequence[NewEvent]:
    at = context.at(body.at, case)
    return [
        event_with_words(ComplaintWithdrawn(channel=body.channel), at, reason=body.reason),
        event_with_words(CaseClosed(because="withdrawn"), max(at, context.now)),
    ]


def obstacle_to_closing(because: WayToClose, case: Case, context: CommandContext) -> str | None:
    """Say why a case cannot be closed for this reason now; None when it can."""
    life = case.life
    match because:
        case "handled":
            if life.stage not in (Stage.ANSWERED, Stage.HEARD, Stage.DECIDED):
                return "the complaint is not answered yet"
            if owed := _still_owed(case, context):
                return owed
            obstacles = (_unmet(need, case, context) for need in sorted(context.conduct.closes_when))
            return next((obstacle for obstacle in obstacles if obstacle is not None), None)
        case "no response":
            if life.waiting.since is None:
                return "the next move is not the complainant's"
            if life.waiting.reminders < context.conduct.reminders:
                return f"they were reminded {life.waiting.reminders} of {context.conduct.reminders} times"
            open_from = life.waiting.since + context.conduct.answer_within
            if context.now < open_from:
                return f"they may answer until {open_from.isoformat(timespec='minutes')}"
            return _still_owed(case, context)
        case "inadmissible":
            if life.answering.outcome == "inadmissible" or life.opening.refused_with_route:
                return None
            return "nobody decided that it is inadmissible"
        case _:
            assert_never(because)


def _still_owed(case: Case, context: CommandContext) -> str | None:
    """Name a promise of the organisation that still runs: a case is not closed to get out of one."""
    if not has_complaint_terms(case.kind):
        return None
    plans = context.terms.plans()
    for clock, rule in context.terms.rules.items():
        plan = plans[clock]
        is_promise = (rule.kind, rule.binds, rule.only_if_unmet) == ("duty", "company", None)
        if not is_promise or not isinstance(plan, Timed) or _is_over(rule, context):
            continue
        lenient = plan.derivation.lenient
        if context.now < lenient.at:
            kept_by = " or ".join(repr(fact) for fact in rule.satisfied_by)
            return f"{clock} is promised until {lenient.on} and kept by {kept_by}"
    return None


def _unmet(need: Need, case: Case, context: CommandContext) -> str | None:
    life = case.life
    match need:
        case "measures settled":
            return "measures are open: carry them out or drop them" if life.handling.open_measures else None
        case "reported back":
            return (
                "the solution is not reported back"
                if life.answering.solved and not life.answering.reported_back
                else None
            )
        case "window over":
            return _window_open(case, context)
        case "hearing recorded":
            held = life.objecting.objection is not None and life.objecting.objection.hearing == "held"
            recorded = life.objecting.objection is not None and life.objecting.objection.is_recorded
            return "the talk is not recorded in writing" if held and not recorded else None
        case "objection settled":
            return _objection_open(case, context)
        case _:
            assert_never(need)


def _window_open(case: Case, context: CommandContext) -> str | None:
    """A complainant who is satisfied, or has objected, needs no window any more."""
    life = case.life
    if (
        life.answering.satisfaction == "satisfied"
        or life.objecting.objection is not None
        or life.answering.outcome is None
    ):
        return None
    clock = window(case, context)
    if clock is None:
        return "the response has not arrived yet, so the window of the objection has not begun"
    ended = clock.status in (ClockStatus.MET, ClockStatus.LAPSED, ClockStatus.DROPPED)
    if ended or context.now >= clock.lenient.at:
        return None
    return f"the complainant may object until {clock.lenient.on}"


def _objection_open(case: Case, context: CommandContext) -> str | None:
    objection = case.life.objecting.objection
    if objection is None or objection.satisfied or case.life.objecting.outer_route is not None:
        return None
    if objection.outcome is None:
        return "the objection is not settled"
    if context.conduct.outer_route is not None and objection.outcome != "founded":
        return "the outer route is not named yet"
    return None


def _can_be_closed(case: Case, context: CommandContext) -> str | None:
    obstacles: Mapping[str, str | None] = {
        because: obstacle_to_closing(because, case, context) for because in WAYS
    }
    if None in obstacles.values():
        return None
    return "; ".join(f"not as {because!r}: {obstacle}" for because, obstacle in obstacles.items())


def _close(case: Case, body: Close, context: CommandContext) -> Sequence[NewEvent]:
    obstacle = obstacle_to_closing(body.because, case, context)
    if obstacle is not None:
        raise CommandRefused("not-to-be-closed", obstacle)
    return [event_with_words(CaseClosed(because=body.because), context.now)]


def _reopen(case: Case, body: Reopen, context: CommandContext) -> Sequence[NewEvent]:
    """No term begins anew: the texts promise none for a second time, and what was promised stays judged.

    Only of a complaint that was withdrawn and is taken up again the terms go on that nobody broke: those
    whose end is still to come as they were, those that ran out while nothing was owed from the reopening on.
    """
    return [event_with_words(CaseReopened(clocks=ran_out(context)), context.now, reason=body.reason)]


def ran_out(context: CommandContext) -> tuple[ClockRule, ...]:
    """Give the company's terms that ran out while the complaint was withdrawn, counted from its reopening."""
    withdrawn = context.terms.facts.first(WITHDRAWN)
    if withdrawn is None:
        return ()
    plans = context.terms.plans()
    return tuple(
        structs.replace(rule, starts=REOPENED, starts_also=(), guard=None, alternatives=())
        for clock, rule in context.terms.rules.items()
        if rule.binds == "company"
        and rule.term == "counted"
        and rule.starts in (*CERTAIN, REOPENED)
        and WITHDRAWN in rule.dropped_by
        and not context.knows_any(rule.satisfied_by)
        and isinstance(plan := plans[clock], Timed)
        and withdrawn.happened_at < plan.derivation.due.at <= context.now
    )


def _is_over(rule: ClockRule, context: CommandContext) -> bool:
    return context.knows_any(rule.satisfied_by) or context.knows_any(rule.dropped_by)


COMMANDS: tuple[CommandSpec, ...] = (
    CommandSpec("withdraw", "Record that the complainant takes the complaint back.", Withdraw, _withdraw),
    CommandSpec("close", "Close the case.", Close, _close, _can_be_closed),
    CommandSpec("reopen", "Go on with a closed case.", Reopen, _reopen),
)

"""Cases as the notifier sees them, for its tests: one per organisation, opened, with its clocks set."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from cases.letters import owed_by
from events.catalogue import (
    CaseClosed,
    CaseOpened,
    CaseReopened,
    ClockRule,
    ComplainantReminded,
    ComplaintReceived,
    ComplaintWithdrawn,
    DeadlineSet,
    Event,
    HandedOverAsIncident,
    HearingInvited,
    HearingRecorded,
    InformationAsked,
    Moment,
    ObjectionDecided,
    ObjectionLodged,
    OutcomeDecided,
    PlanMade,
    ReactionGiven,
    RefusedWithRoute,
    SolutionProposed,
    TalkHeld,
    TalkInvited,
    TermExtended,
)
from events.record.envelope import History, NewEvent
from events.testing import history_of, received
from notifier.letter_history import letter_id_of
from notifier.owed_letters import LetterHistory, fold
from notifier.writing.context import WritingContext
from procedures.counting.derivation import Derivation, derive
from procedures.counting.schedule import KnownDays, Timed, schedule
from procedures.counting.zones import end_of
from procedures.library import in_force, procedure
from procedures.organisations import with_demonstrations
from procedures.procedure import Procedure

RECEIVED_ON = date(2026, 11, 20)
WRITTEN_AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
CASE = UUID("01930000-0000-7000-8000-000000000001")
DUE_ON = date(2027, 1, 29)
"""A day behind the end of every clock from receipt: of a plan, of more time."""

WORDS: Mapping[str, str] = {
    "question": "Welke monteur kwam er?\n\nEn hoe laat?",
    "reaction": "De centrale is nagekeken en wordt vervangen.",
    "plan": "Een monteur vervangt de kabel.",
    "note": "De monteur kwam twee keer niet.",
    "reason": "Het onderdeel is niet op voorraad.",
    "proposal": "U krijgt een nieuwe centrale.",
    "grounds": "De afspraak stond in onze agenda en is niet nagekomen.",
    "solution": "U krijgt de kosten terug.",
    "changes": "Wij bellen voortaan een dag van tevoren.",
    "record": "Beide kanten vertelden hun verhaal.",
    "measure": "De kabel vervangen.",
    "description": "De monteur is twee keer niet gekomen.",
}
"""What people wrote, by field; the same in every event."""


def complaint(**changes: object) -> ComplaintReceived:
    """Return the canonical complaint."""
    return received(**{"received_on": RECEIVED_ON, **changes})


def procedure_of(organisation: str) -> Procedure:
    """Return an organisation's procedure, also of one that exists only to demonstrate."""
    return in_force(organisation, RECEIVED_ON)


def opened(organisation: str, language: str = "nl", **changes: object) -> CaseOpened:
    """Open a case under the organisation's procedure, as workflow does."""
    procedure = procedure_of(organisation)
    people = with_demonstrations()[organisation]
    values: dict[str, object] = {
        "reference": f"{people.code}-7K3M9-QXW2R-C",
        "procedure": procedure.id,
        "procedure_version": procedure.version,
        "procedure_digest": procedure.digest,
        "zone": procedure.zone,
        "language": language,
        "handler": people.rota[0],
        "team": people.team,
        "received_on": RECEIVED_ON,
        "clocks": procedure.clocks,
        "letters": procedure.opening,
    }
    return CaseOpened(**{**values, **changes})  # type: ignore[arg-type]


def deadline(rule: ClockRule, starts_on: date = RECEIVED_ON, zone: str = "Europe/Amsterdam") -> DeadlineSet:
    """Set one clock that counts from a day, as deadlines does."""
    return _set(rule, derive(rule, starts_on, zone), zone)


def clock_ending_on(rule: ClockRule, on: date, zone: str = "Europe/Amsterdam") -> DeadlineSet:
    """Set one clock that ends on the day that was told."""
    moment = Moment(on=on, at=end_of(on, zone))
    return DeadlineSet(
        clock=rule.clock, kind=rule.kind, binds=rule.binds, zone=zone, timezone_data="test", strict=moment,
        lenient=moment, working="strict", warn_at=None, readings=(), rule=rule,
    )  # fmt: skip


def _set(rule: ClockRule, derived: Derivation, zone: str) -> DeadlineSet:
    return DeadlineSet(
        clock=rule.clock,
        kind=rule.kind,
        binds=rule.binds,
        zone=zone,
        timezone_data="test",
        strict=derived.strict,
        lenient=derived.lenient,
        working=derived.working,
        warn_at=derived.warn_at,
        readings=derived.readings,
        rule=rule,
    )


def deadlines(opening: CaseOpened) -> list[DeadlineSet]:
    """Set every clock that has an end from receipt on, as deadlines does."""
    plans = schedule(opening.clocks, KnownDays({"complaint received": opening.received_on}), opening.zone)
    return [
        _set(rule, plan.derivation, opening.zone)
        for rule in opening.clocks
        if isinstance(plan := plans[rule.clock], Timed)
    ]


def history(organisation: str, language: str = "nl", *further: Event, **changes: object) -> History:
    """Return the history of a case that is received, opened and has all its clocks, and what followed."""
    opening = opened(organisation, language, **changes)
    events = (complaint(), opening, *deadlines(opening), *further)
    return history_of(
        *(NewEvent(event, WRITTEN_AT) for event in events), organisation=organisation, case_id=CASE
    )


def case(organisation: str, language: str = "nl", *further: Event, **changes: object) -> LetterHistory:
    """Return the same case, folded."""
    return fold(history(organisation, language, *further, **changes))


def owing(organisation: str, letter: str) -> tuple[Event, ...]:
    """Return the events by which an organisation comes to owe a letter, with those that it needs before."""
    runs = [rule.clock for rule in procedure_of(organisation).clocks if rule.term == "counted"]
    extends = (*procedure_of(organisation).conduct.extends, *runs)
    plans = [rule for rule in procedure_of(organisation).clocks if "plan term" in rule.told_by]
    ways: Mapping[str, tuple[Event, ...]] = {
        "request for information": (InformationAsked(by="x", fields=("phone", "address")),),
        "substantive reaction": (ReactionGiven(by="x"),),
        "plan": (PlanMade(until=DUE_ON, by="x"), *(clock_ending_on(rule, DUE_ON) for rule in plans)),
        "invitation": (TalkInvited(by="x", how="letter"),),
        "talk confirmation": (TalkHeld(by="x", how="phone"),),
        "delay notice": (TermExtended(clock=extends[0], until=DUE_ON, occurrence=1),),
        "proposal": (SolutionProposed(proposal=1, by="x"),),
        "response": (OutcomeDecided(by="x", outcome="partly founded"),),
        "objection receipt": (ObjectionLodged(channel="email", late=False),),
        "objection too late": (ObjectionLodged(channel="email", late=True),),
        "hearing invitation": (HearingInvited(by="x", how="letter"),),
        "hearing record": (HearingRecorded(by="x"),),
        "board decision": (ObjectionDecided(by="x", outcome="founded"),),
        "reminder": (
            SolutionProposed(proposal=1, by="x"),
            ComplainantReminded(reminder=1, of="proposal"),
        ),
        "refusal with route": (RefusedWithRoute(by="x", route="complaint form"),),
        "handed over as incident": (HandedOverAsIncident(by="x"),),
        "withdrawal confirmation": (ComplaintWithdrawn(channel="phone"), CaseClosed(because="withdrawn")),
        "reopening notice": (CaseClosed(because="no response"), CaseReopened()),
        "closing notice": (
            OutcomeDecided(by="x", outcome="unfounded"),
            CaseClosed(because="handled"),
        ),
    }
    return ways.get(letter, ())


def context_of(
    found: LetterHistory,
    letter: str,
    words: Mapping[str, Any] = WORDS,
    at: datetime = WRITTEN_AT,
    **changes: Any,
) -> WritingContext:
    """Return what the newest letter of a name is written from; everybody wrote `words`."""
    assert found.opened is not None
    newest = [each for each in found.owing if each.letter == letter][-1]
    values: dict[str, Any] = {
        "case": found,
        "owing": newest,
        "organisation": with_demonstrations()[found.organisation],
        "procedure": procedure(found.opened.procedure, found.life.versioning.version or 1),
        "opened": lambda version: words,
        "written_at": at,
        "name": "Sanne de Wit",
    }
    return WritingContext(**{**values, **changes})


def letter_of(event: Event) -> UUID | None:
    """Name the first letter that an event of the canonical case owes."""
    letter = owed_by(event)
    return None if letter is None else letter_id_of(CASE, letter, 1)

"""What a case still owes and to whom, and what whoever works on it should know: for people, from the fold.

Pure. Nothing is decided here: the clocks decide what is late, and `commands.permissions` what may be done.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from cases.life.state import Objection, Stage
from cases.state import Case, CaseLetter
from events.catalogue import CaseEscalated, ObjectionLodged
from events.catalogue.words import FORM_COPY
from events.errors import CommandRefused
from events.record.envelope import NewEvent
from procedures.conduct import Conduct
from procedures.counting.zones import civil_date
from procedures.organisations import organisations
from procedures.pinning import pinned_procedure


@dataclass(frozen=True, slots=True)
class Obligation:
    """Something that has to be done: what, by whom, and until when, where a day is set."""

    what: str
    by: str
    until: date | None = None


def owed(case: Case) -> tuple[Obligation, ...]:
    """List what is owed: promises, letters, measures, answers; nothing of a case that goes on elsewhere."""
    life = case.life
    if life.stage is Stage.MERGED:
        return (Obligation(f"everything, in case {life.linking.merged_into}", "handler"),)
    handler = life.persons.handler or "handler"
    found = [Obligation(clock.clock, "company", clock.due.on) for clock in case.clocks if clock.is_owed]
    found += [
        Obligation(duty.clock, "company")
        for duty in case.open_ended
        if duty.kind == "duty" and duty.binds == "company" and duty.status == "running"
    ]
    found += [
        Obligation(
            f"letter: {letter.letter}", "somebody who posts it" if _goes_by_post(letter) else "company"
        )
        for letter in case.letters
        if letter.status in ("owed", "prepared", "refused", "returned")
    ]
    found += [
        Obligation(f"measure {measure.measure}", measure.owner, measure.due_on)
        for measure in life.handling.open_measures
    ]
    found += [
        Obligation(f"answer to consultation {number}", "consulted") for number in life.handling.consultations
    ]
    if life.waiting.since is not None:
        found.append(Obligation("an answer", "complainant"))
    found += [
        Obligation(f"update {external.system} {external.number}", handler)
        for external in life.opening.externals
        if not external.is_current
    ]
    return (*found, *_owed_by_norm(case))


def _owed_by_norm(case: Case) -> tuple[Obligation, ...]:
    """Say by when the complainant should hear how it goes, while the next move is the organisation's."""
    life = case.life
    is_at_work = life.stage not in (Stage.RECEIVED, Stage.CLOSED) and life.waiting.since is None
    try:
        procedure = pinned_procedure(case) if is_at_work else None
    except CommandRefused:
        return ()
    if procedure is None or procedure.conduct.informs_within is None:
        return ()
    told = [letter.dated_on for letter in case.letters if letter.status == "sent" and letter.dated_on]
    if life.handling.contacted_at is not None:
        told.append(civil_date(life.handling.contacted_at, procedure.zone))
    heard_on = max(told, default=case.received.received_on)
    until = heard_on + procedure.conduct.informs_within
    return (
        Obligation("keep the complainant informed (our own norm)", life.persons.handler or "handler", until),
    )


def _goes_by_post(letter: CaseLetter) -> bool:
    """What was refused or came back is posted; the copy of the form never is."""
    return letter.status != "owed" and letter.letter != FORM_COPY


def warnings(case: Case) -> list[str]:
    """List what whoever works on the case should know and no clock says."""
    if case.opened is None:
        return []
    try:
        conduct = pinned_procedure(case).conduct
    except CommandRefused:
        return []
    life, said = case.life, []
    if _has_no_matrix(case, conduct):
        said.append(NO_MATRIX)
    if life.objecting.objection is not None and not life.objecting.objection.channel_named:
        said.append(_by_another_way(life.objecting.objection, conduct))
    missing = set(conduct.external_systems) - {external.system for external in life.opening.externals}
    if missing:
        said.append(f"not registered yet in: {', '.join(sorted(missing))}")
    if life.handling.extensions > 1:
        said.append(f"the term was extended {life.handling.extensions} times")
    return said


def notices(case: Case, decided: Iterable[NewEvent]) -> list[str]:
    """List what whoever gave a command should know and would not ask; `case` is the state after it."""
    conduct, objection = pinned_procedure(case).conduct, case.life.objecting.objection
    found = []
    for new in decided:
        match new.event:
            case CaseEscalated() if _has_no_matrix(case, conduct):
                found.append(NO_MATRIX)
            case ObjectionLodged(channel_named=False) if objection is not None:
                found.append(_by_another_way(objection, conduct))
            case _:
                pass  # it says itself what it did
    return found


NO_MATRIX = "the procedure speaks of an escalation matrix, and the organisation's file has none"


def _has_no_matrix(case: Case, conduct: Conduct) -> bool:
    return conduct.escalates == "matrix" and not organisations()[case.organisation].escalation


def _by_another_way(objection: Objection, conduct: Conduct) -> str:
    named = ", ".join(conduct.objection_channels)
    return (
        f"the objection came by {objection.channel}, which the procedure does not name for one ({named}); "
        "it counts until the board says otherwise"
    )

"""What each letter tells of the event that owes it, as variables of its text. Pure.

`must_hold` are the words that somebody wrote for the complainant in the event: whatever a text looks like,
they are in the letter or it does not leave.
"""

from collections.abc import Callable, Mapping
from datetime import date

from events.catalogue import (
    CaseClosed,
    ComplainantReminded,
    HandedOverAsIncident,
    InformationAsked,
    ObjectionDecided,
    OutcomeDecided,
    PlanMade,
    RefusedWithRoute,
    SolutionProposed,
    TalkHeld,
    TermExtended,
)
from events.catalogue.words import FORM_COPY
from notifier.writing.context import WritingContext
from notifier.writing.periods import LetterCannotBeMade, Period
from notifier.writing.phrases import (
    ON_THE_FORM,
    field_in_words,
    fields_in_words,
    in_words,
    no_agreements,
    nothing_noted,
    outcome_in_words,
    reason_of_refusal,
    route_in_words,
)
from notifier.writing.templates import as_words, on_one_line
from notifier.writing.values import Agreement, FilledIn, Values, common_values


def values_of(writing: WritingContext, period: Period | None, explanation: str) -> Values:
    """Give all variables of a letter; raises `LetterCannotBeMade` when nothing was written that it tells."""
    own = _OWN.get(writing.owing.letter, _nothing)(writing)
    return Values({**common_values(writing, period, explanation), **own.told}, own.must_hold)


def _nothing(writing: WritingContext) -> Values:
    return Values({})


def _wrote(writing: WritingContext, field: str) -> str:
    """Give the words that the letter is about; raises `LetterCannotBeMade` when nobody wrote any."""
    words = as_words(writing.said(field))
    if not words:
        raise LetterCannotBeMade(
            f"{writing.owing.letter}: the event holds no {field}, so nothing can be told"
        )
    return words


def _question(writing: WritingContext) -> Values:
    question = _wrote(writing, "question")
    fields = writing.owing.event.fields if isinstance(writing.owing.event, InformationAsked) else ()
    return Values(
        {"question": question, "fields": fields_in_words(fields, writing.language)}, must_hold=(question,)
    )


def _reaction(writing: WritingContext) -> Values:
    reaction = _wrote(writing, "reaction")
    return Values({"reaction": reaction}, must_hold=(reaction,))


def _plan(writing: WritingContext) -> Values:
    plan = _wrote(writing, "plan")
    assert isinstance(writing.owing.event, PlanMade)  # noqa: S101 - no other event owes a plan
    until = in_words(writing.owing.event.until, writing.language)
    return Values({"plan": plan, "until": until}, must_hold=(plan, until))


def _talk(writing: WritingContext) -> Values:
    """The complaint as it was discussed is the note of the talk, else as the complainant wrote it.

    Who described nothing has complained all the same, and gets the letter: it says that nothing was noted.
    """
    event, told = writing.owing.event, agreements(writing)
    described = (writing.opened(version).get("description") for version in writing.case.told_by_complainant)
    noted = as_words(writing.said("note") or next(filter(None, described), ""))
    complaint = noted or nothing_noted(writing.manner)
    return Values(
        {
            "talk_on": _day(writing),
            "by_phone": isinstance(event, TalkHeld) and event.how == "phone",
            "complaint": complaint,
            "agreements": told,
            "no_agreements": "" if told else no_agreements(writing.manner),
        }
    )


def _delay(writing: WritingContext) -> Values:
    event = writing.owing.event
    assert isinstance(event, TermExtended)  # noqa: S101 - no other event owes a delay notice
    deadline, reason = writing.case.deadlines.get(event.clock), as_words(writing.said("reason"))
    return Values(
        {
            "reason": reason,
            "period_before": in_words(deadline.due.on, writing.language) if deadline else "",
            "is_target": deadline is not None and deadline.kind == "target",
            "again": event.occurrence > 1,
        },
        must_hold=(reason, in_words(event.until, writing.language)),
    )


def _proposal(writing: WritingContext) -> Values:
    solution = _wrote(writing, "proposal")
    return Values({"solution": solution}, must_hold=(solution,))


def _outcome(writing: WritingContext) -> Values:
    event = writing.owing.event
    assert isinstance(event, OutcomeDecided | ObjectionDecided)  # noqa: S101 - no other event owes these
    told_too = ("solution", "changes") if isinstance(event, OutcomeDecided) else ("solution",)
    words = {field: as_words(writing.said(field)) for field in told_too}
    grounds = _wrote(writing, "grounds")
    told = agreements(writing)
    return Values(
        {
            "outcome": event.outcome,
            "outcome_in_words": outcome_in_words(event.outcome, writing.language),
            "grounds": grounds,
            **words,
            "agreements": told,
        },
        must_hold=(grounds, *words.values(), *(agreement.what for agreement in told)),
    )


def _lodged(writing: WritingContext) -> Values:
    name = writing.procedure.conduct.objection_window
    window = writing.case.deadlines.get(name or "")
    until = in_words(window.lenient.on, writing.language) if window else ""
    return Values({"lodged_on": _day(writing), "window_until": until})


def _hearing(writing: WritingContext) -> Values:
    return Values({"objection": writing.case.life.objecting.objection is not None})


def _record(writing: WritingContext) -> Values:
    heard_at, objection = writing.case.heard_at, writing.case.life.objecting.objection
    record = _wrote(writing, "record")
    return Values(
        {
            "record": record,
            "heard_on": in_words(writing.civil_day(heard_at), writing.language) if heard_at else "",
            "satisfied": objection is not None and objection.satisfied is True,
        },
        must_hold=(record,),
    )


def _reminder(writing: WritingContext) -> Values:
    """Repeat what was asked or proposed: nobody should have to search for the earlier letter."""
    event = writing.owing.event
    assert isinstance(event, ComplainantReminded)  # noqa: S101 - no other event owes a reminder
    question = _earlier(writing, InformationAsked, "question") if event.of == "information" else ""
    solution = _earlier(writing, SolutionProposed, "proposal") if event.of == "proposal" else ""
    return Values(
        {
            "of": event.of,
            "is_last": event.reminder >= writing.procedure.conduct.reminders,
            "question": question,
            "solution": solution,
        },
        must_hold=(question, solution),
    )


def _refusal(writing: WritingContext) -> Values:
    event = writing.owing.event
    assert isinstance(event, RefusedWithRoute)  # noqa: S101 - no other event owes a refusal with route
    return Values(
        {
            "route": route_in_words(event.route, writing.language),
            "route_address": writing.form_address,
            "reason": reason_of_refusal(writing.case.channel, event.route, writing.language),
        }
    )


def _handed_over(writing: WritingContext) -> Values:
    assert isinstance(writing.owing.event, HandedOverAsIncident)  # noqa: S101 - no other event owes it
    return Values({"goes_on": writing.case.kind == "both"})


def _withdrawn(writing: WritingContext) -> Values:
    return Values({"withdrawn_on": _day(writing)})


def _closing(writing: WritingContext) -> Values:
    event, life = writing.owing.event, writing.case.life
    # The board wrote itself what it decided; the judgement before it is no longer the last word.
    is_overtaken = life.objecting.objection is not None and life.objecting.objection.outcome is not None
    outcome = "" if is_overtaken else life.answering.outcome or ""
    assert isinstance(event, CaseClosed)  # noqa: S101 - no other event owes a closing notice
    return Values(
        {
            "because": event.because,
            "outcome": outcome,
            "outcome_in_words": outcome_in_words(outcome, writing.language) if outcome else "",
            "outer_route": _route_at_the_end(writing),
        }
    )


def _route_at_the_end(writing: WritingContext) -> str:
    """Give the way out if it is open: where an objection comes first, after a talk that did not satisfy.

    It is also told once somebody named it, unless the complainant has accepted a solution since.
    """
    conduct, life = writing.procedure.conduct, writing.case.life
    if conduct.objection_window is not None:
        satisfied = None if life.objecting.objection is None else life.objecting.objection.satisfied
        if satisfied or (satisfied is None and life.objecting.outer_route is None):
            return ""
    return route_in_words(conduct.outer_route or "", writing.language)


def _form(writing: WritingContext) -> Values:
    """Give every field as it was filled in, in the order of the vocabulary; all of them are in the copy."""
    said = writing.opened(writing.case.told_by_complainant[0])
    if reported_on := said.get("reported_on"):
        said = {**said, "reported_on": in_words(date.fromisoformat(reported_on), writing.language)}
    fields = [
        FilledIn(what=field_in_words(name, writing.language), said=words)
        for name in ON_THE_FORM
        if (words := as_words(said.get(name)))
    ]
    return Values({"fields": fields}, must_hold=tuple(field.said for field in fields))


_OWN: Mapping[str, Callable[[WritingContext], Values]] = {
    "request for information": _question,
    "substantive reaction": _reaction,
    "plan": _plan,
    "talk confirmation": _talk,
    "delay notice": _delay,
    "proposal": _proposal,
    "response": _outcome,
    "objection receipt": _lodged,
    "objection too late": _lodged,
    "hearing invitation": _hearing,
    "hearing record": _record,
    "board decision": _outcome,
    "reminder": _reminder,
    "refusal with route": _refusal,
    "handed over as incident": _handed_over,
    "withdrawal confirmation": _withdrawn,
    "closing notice": _closing,
    FORM_COPY: _form,
}
"""Letters that tell more than the common variables."""


def agreements(writing: WritingContext) -> list[Agreement]:
    """List what was agreed by the same command as the event that owes the letter."""
    staff = writing.organisation.staff
    told = []
    for agreed in writing.case.agreed:
        if agreed.command_id != writing.owing.command_id:
            continue
        what = on_one_line(writing.opened(agreed.version).get("measure"))
        owner = staff.get(agreed.measure.owner)
        told.append(
            Agreement(
                what=what,
                owner=owner.name if owner else writing.organisation.name,
                on=in_words(agreed.measure.due_on, writing.language),
            )
        )
    return told


def _day(writing: WritingContext) -> str:
    return in_words(writing.civil_day(writing.owing.happened_at), writing.language)


def _earlier(writing: WritingContext, kind: type, field: str) -> str:
    """Give the newest words of an earlier event that owed a letter itself."""
    earlier = [
        owing
        for owing in writing.case.owing
        if isinstance(owing.event, kind) and owing.version < writing.owing.version
    ]
    return as_words(writing.opened(earlier[-1].version).get(field)) if earlier else ""

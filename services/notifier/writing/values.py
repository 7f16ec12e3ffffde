"""What every letter tells, as the variables of its text: case, people, promises and ways on. Pure.

`letters/README.md` is the table of all variables; `telling.py` has those of each letter.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from notifier.smtp.header import safe_header
from notifier.writing.context import WritingContext
from notifier.writing.periods import LetterCannotBeMade, Period
from notifier.writing.phrases import LINK, amount_in_words, fields_in_words, in_words, route_in_words

LONGEST_NAME = 100
"""Characters of a complainant's name in a salutation."""

_PROMISED = (
    "substantive reaction sent",
    "response arrived",
    "response sent",
    "contact made",
    "solved",
    "complaint handled",
    "plan made",
)
"""The facts whose clocks a letter tells, because they are what the complainant waits for.

What it is merely free to do, such as solving a complaint so soon that no answer is due, is none.
"""


@dataclass(frozen=True, slots=True)
class PromiseToShow:
    """A clock as the complainant reads it: what will have happened, and the last day in words."""

    fact: str
    on: str
    is_target: bool


@dataclass(frozen=True, slots=True)
class Handler:
    """Who handles the case, in the words of the letter's language."""

    name: str
    function: str
    email: str
    phone: str
    reachable: str


@dataclass(frozen=True, slots=True)
class Agreement:
    """Something that was agreed: what, who answers for it, and by when."""

    what: str
    owner: str
    on: str


@dataclass(frozen=True, slots=True)
class FilledIn:
    """A field of the form, named in words, and what was written into it."""

    what: str
    said: str


@dataclass(frozen=True, slots=True)
class Values:
    """The variables of one letter; `must_hold` are words that the finished letter must hold."""

    told: Mapping[str, Any]
    must_hold: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> Any:
        return self.told.get(name, "")


def salutation_name(typed: str) -> str:
    """Give a name fit for a salutation: one line, not too long, and no link.

    A letter goes to whatever address was typed in: without this, a stranger could make us mail their links to
    somebody else.
    """
    name = safe_header(typed, LONGEST_NAME)
    return "" if LINK.search(name) else name


def common_values(writing: WritingContext, period: Period | None, explanation: str) -> dict[str, Any]:
    """Give the variables that every text may use; raises `LetterCannotBeMade` for a case that is not open."""
    case, language, organisation = writing.case, writing.language, writing.organisation
    if case.opened is None or case.received_on is None:
        raise LetterCannotBeMade(f"{writing.owing.letter}: the case is not open yet")
    conduct = writing.procedure.conduct
    window = conduct.objection_window and writing.procedure.clock(conduct.objection_window)
    return {
        "dated_on": in_words(writing.dated_on, language),
        "received_on": in_words(case.received_on, language),
        "reference": case.opened.reference,
        "name": salutation_name(writing.name),
        "handler": handler_of(writing, case.life.persons.handler or case.opened.handler),
        "organisation": organisation.name,
        "signature": organisation.signature,
        "address_line": organisation.address_line,
        "postal_address": organisation.postal_address,
        "by_post": writing.by_post,
        "explanation": explanation,
        "missing": fields_in_words(case.missing, language),
        "promised": promises(writing),
        "period": in_words(period.on, language) if period else "",
        "outer_route": route_in_words(conduct.outer_route or "", language),
        "objection_within": amount_in_words(window.amount, window.unit, language) if window else "",
    }


def handler_of(writing: WritingContext, staff_id: str) -> Handler | None:
    """Give a member of the staff as a complainant is told about them; None when they have left."""
    member = writing.organisation.staff.get(staff_id)
    if member is None:
        return None
    return Handler(
        name=member.name,
        function=member.function_in(writing.language),
        email=member.email,
        phone=member.phone,
        reachable=member.reachable_in(writing.language),
    )


def promises(writing: WritingContext) -> list[PromiseToShow]:
    """List what was promised, soonest first; of two on one day about the end only the firm one.

    A day that is over when the letter is written is told as a promise no more.
    """
    told: dict[tuple[date, bool], tuple[date, PromiseToShow]] = {}
    for deadline in writing.case.deadlines.values():
        fact = next((fact for fact in _PROMISED if fact in deadline.rule.satisfied_by), None)
        is_promised = deadline.binds == "company" and deadline.kind != "right"
        if fact is None or not is_promised or deadline.clock in writing.case.dropped:
            continue
        on = deadline.due.on
        if on < writing.dated_on:
            continue
        promise = PromiseToShow(fact, in_words(on, writing.language), deadline.kind == "target")
        key = (on, fact == "contact made")
        if key not in told or not promise.is_target:
            told[key] = (on, promise)
    return [promise for _, promise in sorted(told.values(), key=lambda entry: entry[0])]

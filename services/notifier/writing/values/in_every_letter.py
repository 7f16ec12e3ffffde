"""The variables that every letter has: case, persons, promises, and the way to another authority. Pure."""

from datetime import date
from typing import Any

from notifier.smtp.header import safe_header
from notifier.writing.context import WritingContext
from notifier.writing.periods import LetterCannotBeMade, Period
from notifier.writing.phrases import LINK, amount_in_words, fields_in_words, in_words, route_in_words
from notifier.writing.values.variables import Handler, PromiseToShow

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
"""The facts whose clocks a letter shows as promises, because the complainant waits for them.

A clock for what the organisation is merely free to do is none: solving so soon that no response is due.
"""


def common_values(context: WritingContext, period: Period | None, explanation: str) -> dict[str, Any]:
    """Return the variables that every text may use.

    Raises `LetterCannotBeMade` for a case that is not open; the caller holds the letter back.
    """
    case, language, organisation = context.case, context.language, context.organisation
    if case.opened is None or case.received_on is None:
        raise LetterCannotBeMade(f"{context.owing.letter}: the case is not open yet")
    conduct = context.procedure.conduct
    window = conduct.objection_window and context.procedure.clock(conduct.objection_window)
    return {
        "dated_on": in_words(context.dated_on, language),
        "received_on": in_words(case.received_on, language),
        "reference": case.opened.reference,
        "name": salutation_name(context.name),
        "handler": handler_of(context, case.life.persons.handler or case.opened.handler),
        "organisation": organisation.name,
        "signature": organisation.signature,
        "address_line": organisation.address_line,
        "postal_address": organisation.postal_address,
        "by_post": context.by_post,
        "explanation": explanation,
        "missing": fields_in_words(case.missing, language),
        "promised": promises(context),
        "period": in_words(period.on, language) if period else "",
        "outer_route": route_in_words(conduct.outer_route or "", language),
        "objection_within": amount_in_words(window.amount, window.unit, language) if window else "",
    }


def salutation_name(typed: str) -> str:
    """Return a name fit for a salutation: one line, not too long; empty when it holds a link."""
    # A letter goes to whatever address was typed in. Without this, a stranger could have us mail their link
    # to anybody.
    name = safe_header(typed, LONGEST_NAME)
    return "" if LINK.search(name) else name


def handler_of(context: WritingContext, staff_id: str) -> Handler | None:
    """Return a member of the staff as a letter names them; None when they have left."""
    member = context.organisation.staff.get(staff_id)
    if member is None:
        return None
    return Handler(
        name=member.name,
        function=member.function_in(context.language),
        email=member.email,
        phone=member.phone,
        reachable=member.reachable_in(context.language),
    )


def promises(context: WritingContext) -> list[PromiseToShow]:
    """List the promises that are still open, soonest first.

    Of two about the end of the case on one day only the firm one is listed. A day that is over when the
    letter is written is not listed.
    """
    found: dict[tuple[date, bool], tuple[date, PromiseToShow]] = {}
    for deadline in context.case.deadlines.values():
        fact = next((fact for fact in _PROMISED if fact in deadline.rule.satisfied_by), None)
        is_promised = deadline.binds == "company" and deadline.kind != "right"
        if fact is None or not is_promised or deadline.clock in context.case.dropped:
            continue
        on = deadline.due.on
        if on < context.dated_on:
            continue
        promise = PromiseToShow(fact, in_words(on, context.language), deadline.kind == "target")
        key = (on, fact == "contact made")
        if key not in found or not promise.is_target:
            found[key] = (on, promise)
    return [promise for _, promise in sorted(found.values(), key=lambda entry: entry[0])]

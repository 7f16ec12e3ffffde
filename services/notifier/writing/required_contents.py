"""Proves that a finished letter holds what its procedure demands and what people wrote. Pure.

Each mandatory part of `procedures.words.CONTENTS` has here the words that prove it in the finished text. A
part without a proof here holds the letter back, and so does one whose words are missing.
"""

import re
from collections.abc import Mapping, Sequence

from notifier.writing.context import WritingContext
from notifier.writing.periods import LetterCannotBeMade
from notifier.writing.phrases import outcomes_in_words
from notifier.writing.templates import parts_of
from notifier.writing.values.variables import Values

NOT_THIS_TIME: tuple[str, ...] = ()
"""The proof of a part that this letter may lack: no solution for what is unfounded, no change."""

_MUST_NAME_THE_OUTCOME = frozenset({"response", "board decision"})


def proven(context: WritingContext, values: Values, text: str) -> tuple[str, ...]:
    """Return the mandatory parts that a finished text holds.

    Raises `LetterCannotBeMade` when a part, what somebody wrote, or the period is missing, or when the text
    names another outcome than the one decided; the caller holds the letter back.
    """
    letter, organisation = context.owing.letter, context.organisation.id
    rule = context.procedure.letter(letter)
    demanded = rule.contents if rule else ()
    proofs = _proofs(context, values)
    found = []
    for content in demanded:
        if content not in proofs:
            raise LetterCannotBeMade(f"{letter}: nobody taught the notifier to prove {content!r}")
        words = proofs[content]
        if words is None or not _holds(text, words):
            raise LetterCannotBeMade(f"{letter} of {organisation}: the mandatory part {content!r} is missing")
        if words != NOT_THIS_TIME:
            found.append(content)
    if not _holds(text, values.required_words):
        raise LetterCannotBeMade(f"{letter} of {organisation}: the text leaves out what was written for it")
    if values["period"] and "period" not in demanded and not _holds(text, (values["period"],)):
        raise LetterCannotBeMade(f"{letter} of {organisation}: the text does not tell its period")
    _check_outcome(context, values, text)
    return tuple(found)


def _proofs(context: WritingContext, values: Values) -> Mapping[str, tuple[str, ...] | None]:
    """Return the words that prove each part; None where the letter cannot hold the part."""
    handler, outcome = values["handler"], values["outcome"]
    is_founded = outcome in ("founded", "partly founded")
    agreed = tuple(word for agreed in values["agreements"] for word in (agreed.what, agreed.owner, agreed.on))
    return {
        "date": (values["dated_on"],),
        "procedure": _some(values["explanation"]),
        "handler": (handler.name,) if handler else None,
        "handler contact": (handler.email, handler.phone, handler.reachable) if handler else None,
        "period": _some(values["period"]),
        "timetable": tuple(promise.on for promise in values["promised"]) or None,
        "reason": _some(values["reason"]),
        "plan": _all(values["plan"], values["until"]),
        "complaint": _some(values["complaint"]),
        "agreements": agreed or _some(values["no_agreements"]),
        "outcome": _all(values["outcome_in_words"], values["grounds"]),
        "solution": _some(values["solution"]) or (None if is_founded or not outcome else NOT_THIS_TIME),
        "changes": _some(values["changes"]) or NOT_THIS_TIME,
        "decision": _all(values["outcome_in_words"], values["grounds"]),
        "outer route": _some(values["outer_route"]),
    }


def _some(words: str) -> tuple[str, ...] | None:
    return (words,) if words else None


def _all(*words: str) -> tuple[str, ...] | None:
    return words if all(words) else None


def _holds(text: str, words: Sequence[str]) -> bool:
    """Return whether a text holds all these words, paragraph by paragraph; any text holds empty words."""
    return all(part in text for word in words for part in parts_of(word))


def _check_outcome(context: WritingContext, values: Values, text: str) -> None:
    """Raise `LetterCannotBeMade` when our text names another outcome than the one decided."""
    decided = values["outcome_in_words"]
    if not decided:
        return
    # What people wrote is left out: it may speak of another outcome, of an earlier complaint for example.
    paragraphs = (part for words in values.required_words for part in parts_of(words))
    written = {line for part in paragraphs for line in part.splitlines()}
    ours = "\n".join(line for line in text.splitlines() if line not in written)
    # Whole words, and the longest first: "gegrond" stands in "ongegrond" and in "deels gegrond" too.
    known = sorted(outcomes_in_words(context.language), key=len, reverse=True)
    named = set(re.findall(rf"(?<!\w)(?:{'|'.join(map(re.escape, known))})(?!\w)", ours))
    is_missing = decided not in named and context.owing.letter in _MUST_NAME_THE_OUTCOME
    if named - {decided} or is_missing:
        raise LetterCannotBeMade(
            f"{context.owing.letter} of {context.organisation.id}: it tells another outcome than decided"
        )

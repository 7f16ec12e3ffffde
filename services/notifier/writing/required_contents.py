"""The proof, before a letter may leave, that it says what its procedure demands and what people wrote. Pure.

Each mandatory part of `procedures.words.CONTENTS` has the words here that show it in the finished text. A
part that nobody taught the notifier to prove holds the letter back; so does one whose words are not there.
"""

import re
from collections.abc import Mapping, Sequence

from notifier.writing.context import WritingContext
from notifier.writing.periods import LetterCannotBeMade
from notifier.writing.phrases import outcomes_in_words
from notifier.writing.templates import parts_of
from notifier.writing.values import Values

NOT_THIS_TIME: tuple[str, ...] = ()
"""A part that this letter needs not hold: no solution for what is unfounded, no change where none follows."""

_TELLS_THE_OUTCOME = frozenset({"response", "board decision"})


def proven(writing: WritingContext, values: Values, text: str) -> tuple[str, ...]:
    """Name the mandatory parts that a finished text holds; raises `LetterCannotBeMade` for one it lacks."""
    letter, organisation = writing.owing.letter, writing.organisation.id
    rule = writing.procedure.letter(letter)
    demanded = rule.contents if rule else ()
    proofs = _proofs(writing, values)
    found = []
    for content in demanded:
        if content not in proofs:
            raise LetterCannotBeMade(f"{letter}: nobody taught the notifier to prove {content!r}")
        words = proofs[content]
        if words is None or not _holds(text, words):
            raise LetterCannotBeMade(f"{letter} of {organisation}: the mandatory part {content!r} is missing")
        if words != NOT_THIS_TIME:
            found.append(content)
    if not _holds(text, values.must_hold):
        raise LetterCannotBeMade(f"{letter} of {organisation}: the text leaves out what was written for it")
    if values["period"] and "period" not in demanded and not _holds(text, (values["period"],)):
        raise LetterCannotBeMade(f"{letter} of {organisation}: the text does not tell its period")
    _tells_one_outcome(writing, values, text)
    return tuple(found)


def _proofs(writing: WritingContext, values: Values) -> Mapping[str, tuple[str, ...] | None]:
    """Say per part which words prove it; None means that the part cannot be there."""
    handler, outcome = values["handler"], values["outcome"]
    is_founded = outcome in ("founded", "partly founded")
    agreed = tuple(word for each in values["agreements"] for word in (each.what, each.owner, each.on))
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
    """Tell whether a text holds all these words, paragraph by paragraph; empty words are held by any."""
    return all(part in text for word in words for part in parts_of(word))


def _tells_one_outcome(writing: WritingContext, values: Values, text: str) -> None:
    """Let no text of ours say another outcome than the one decided: "gegrond" stands in "ongegrond" too.

    What people wrote is left out: they may speak of another outcome.
    """
    decided = values["outcome_in_words"]
    if not decided:
        return
    written = {line for word in values.must_hold for part in parts_of(word) for line in part.splitlines()}
    ours = "\n".join(line for line in text.splitlines() if line not in written)
    known = sorted(outcomes_in_words(writing.language), key=len, reverse=True)
    told = set(re.findall(rf"(?<!\w)(?:{'|'.join(map(re.escape, known))})(?!\w)", ours))
    is_told = decided in told or writing.owing.letter not in _TELLS_THE_OUTCOME
    if told - {decided} or not is_told:
        raise LetterCannotBeMade(
            f"{writing.owing.letter} of {writing.organisation.id}: it tells another outcome than decided"
        )

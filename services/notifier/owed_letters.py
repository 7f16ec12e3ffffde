"""Which letters a case still owes, and which are not to be written any more. Pure.

Always holds: an opening letter is owed once every clock that can run from the start has its `DeadlineSet`,
any other letter once its event stands in the case, the pinned procedure names the letter, and the clock that
the event sets has the day that the letter will tell. So `DeadlineSet` comes before `LetterSent`, and a letter
can name its period. Sent or prepared ends it; an uncertain attempt does not. Where the mail was refused for
good or came back, the same letter is owed on paper, so that whoever must act has something to post.

Overtaken, and not written any more: everything before a withdrawal; a letter that says how things stand when
a newer one of its name says otherwise; what asks the complainant for something when the case was closed, or
they have moved; everything of a merged case, for which the other one speaks, until the merge is undone.
"""

from dataclasses import dataclass, replace
from uuid import UUID

from cases.clocks.fold import CHANGES_AN_END
from cases.letters import ASKS_FOR_SOMETHING, OWING
from cases.life.state import Stage
from events.catalogue import CaseOpened, ComplainantReminded, PlanMade, TermExtended
from events.catalogue.words import FORM_COPY
from notifier.letter_history import (
    LetterHistory,
    OwingEvent,
    evolve,
    fold,
    is_explained,
    is_settled,
    letter_id_of,
)
from procedures.library import UnknownProcedure
from procedures.pinning import ProcedureChanged, pinned
from procedures.procedure import LetterRule, Procedure

__all__ = [
    "REACTS_TO",
    "LetterHistory",
    "OwedLetter",
    "evolve",
    "fold",
    "is_explained",
    "is_settled",
    "owed",
    "waits_for",
    "why_not",
]

REACTS_TO = OWING | CHANGES_AN_END | {"CaseOpened", "CaseUnmerged", "LetterRefused", "LetterBounced"}
"""The events after which a letter can have become owed."""

_KNOWN_AT_OPENING = frozenset({"complaint received", "case opened"})
"""Facts that have happened when a case is open; a clock that starts at another fact cannot run yet."""

_TELLS_HOW_THINGS_STAND = frozenset(
    {
        "plan",
        "delay notice",
        "proposal",
        "response",
        "board decision",
        "invitation",
        "hearing invitation",
        "reminder",
    }
)
"""Letters of which only the newest is true; a question, a reaction or a record stays true."""


@dataclass(frozen=True, slots=True)
class OwedLetter:
    """One letter to be written; `occurrence` counts letters of the same name in one case, from 1."""

    case_id: UUID
    letter: str
    occurrence: int = 1
    on_paper: bool = False

    @property
    def letter_id(self) -> UUID:
        return letter_id_of(self.case_id, self.letter, self.occurrence, self.on_paper)


def owed(case: LetterHistory) -> tuple[OwedLetter, ...]:
    """Tell which letters are to be written now, in the order in which they became owed."""
    if not case.owing or case.erased or waits_for(case):
        return ()  # nothing owed yet, or any more
    letters = (_next(case, owing) for owing in case.owing if why_not(case, owing) is None)
    return tuple(letter for letter in letters if letter.letter_id not in case.settled)


def _next(case: LetterHistory, owing: OwingEvent) -> OwedLetter:
    """Give the letter as it is to go: on paper after its mail was refused or came back.

    The copy of the form is not printed: whoever would post it to themselves reads the form in the case.
    """
    letter = OwedLetter(case.case_id, owing.letter, owing.occurrence)
    if owing.letter == FORM_COPY:
        return letter
    return replace(letter, on_paper=True) if letter.letter_id in case.came_back else letter


def why_not(case: LetterHistory, owing: OwingEvent) -> str | None:
    """Tell why a letter is not to be written, now or any more; None when it is. Its outcome is no reason."""
    event, letter = owing.event, owing.letter
    if case.opened is None:
        return "the case is not open yet"
    if owing.version < case.withdrawn:
        return "the complaint was withdrawn"
    if case.life.stage is Stage.MERGED:
        return "the case was merged into another one"
    if letter in ASKS_FOR_SOMETHING and owing.version < case.closed:
        return "the case was closed"
    newest = max(other.occurrence for other in case.owing if other.letter == letter)
    if letter in _TELLS_HOW_THINGS_STAND and owing.occurrence < newest:
        return "a newer letter says how things stand"
    if isinstance(event, ComplainantReminded) and not (
        case.life.waiting.since and case.life.waiting.reminders
    ):
        return "the complainant has moved"
    procedure = _pinned(case)
    if procedure is not None and letter not in procedure.letters and not isinstance(event, CaseOpened):
        return "the procedure does not name this letter"
    waiting = _waits_for_its_clock(case, owing, procedure.letters.get(letter) if procedure else None)
    return f"the clock {waiting} has not got the day of this letter yet" if waiting else None


def waits_for(case: LetterHistory) -> tuple[str, ...]:
    """Name the clocks that can run from the start and are not set yet."""
    if case.opened is None:
        return ()
    return tuple(
        rule.clock
        for rule in case.opened.clocks
        if rule.starts in _KNOWN_AT_OPENING and rule.term != "none" and rule.clock not in case.deadlines
    )


def _waits_for_its_clock(case: LetterHistory, owing: OwingEvent, rule: LetterRule | None) -> str | None:
    """Name the clock that the event sets and that does not say so yet.

    A plan sets the clock of its own term; one that was over when a new plan came stays over, so that the new
    day belongs to no clock. More time moves a clock only by the letter's arrival: that one must be set, and
    have its old end again where the letter came back. A clock that was dropped, as by a merge, has no end to
    tell until it is set again.
    """
    match owing.event:
        case PlanMade(until=until):
            for term in case.rules.values():
                if "plan term" not in term.told_by or term.clock in case.dropped:
                    continue
                deadline = case.deadlines.get(term.clock)
                if deadline is None:
                    return term.clock
                is_over = deadline.lenient.at <= owing.happened_at
                if deadline.due.on != until and not is_over:
                    return term.clock
            return None
        case TermExtended(clock=clock, until=until):
            deadline = case.deadlines.get(clock)
            if deadline is None:
                return clock if clock in case.rules else None
            came_back = letter_id_of(case.case_id, owing.letter, owing.occurrence) in case.came_back
            return clock if came_back and deadline.due.on == until else None
        case _:
            told = rule.period_of if rule else None
            return told if told in case.dropped else None


def _pinned(case: LetterHistory) -> Procedure | None:
    """Give the version that the case is pinned to now; a missing or edited one holds a letter later."""
    if case.opened is None:
        return None
    try:
        return pinned(case.opened, case.life.versioning.version, case.life.versioning.digest)
    except (UnknownProcedure, ProcedureChanged):
        return None

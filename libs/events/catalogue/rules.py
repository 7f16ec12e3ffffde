"""The rule of a clock, as a case keeps it from the version it was opened under."""

from events.catalogue.event import Value
from events.catalogue.words import ClockKind, Party, StartChoice, TermMethod, Unit


class Guard(Value, frozen=True, kw_only=True, omit_defaults=True):
    """What starts a term when its own start does not come: `amount` after `fact`.

    With `holds`, a start that comes later no longer moves the term; without, a start that comes replaces the
    guard. A fact of `unless` says that the start will come: the guard then counts from the day it names.
    """

    fact: str
    amount: int
    unit: Unit
    holds: bool
    unless: tuple[str, ...] = ()


class Alternative(Value, frozen=True, kw_only=True, omit_defaults=True):
    """Another defensible way to read a clock's term: what differs from the first reading."""

    name: str
    amount: int
    unit: Unit
    starts: str
    guard: Guard | None = None


class ClockRule(Value, frozen=True, kw_only=True, omit_defaults=True):
    """One clock of the pinned procedure, complete enough that `deadlines` reads no procedure.

    `amount` with `unit` counts from the fact `starts`; the first of the facts `satisfied_by` meets it.
    Each of `calendars` is one reading, so that a clock is an interval; `alternatives` are further readings of
    the term, each on every calendar. Facts are the closed set of `procedures.counting.facts`. `source` names
    the sentences of the organisation's own text.

    `term` says how the end is found. "counted": forward from the start. "counted back": from the end of the
    clock `end_of`, and it follows that end. "told": on the day that a fact of `told_by` carries, and on no
    other. "none": there is no term, and `norm_working_days` is an internal norm, never a promise.
    A counted term with `told_by` ends on the day told, once one is told before it ends: that is the promise.

    With `starts_also` the term starts at the earliest, or latest, of several facts. `rolls`: an end on a free
    day moves to the next working day (a customer's always does). `only_if_unmet` names a clock: this duty is
    pending until that one ends, and dropped if that one is met in time. `precedes` names a clock that may not
    be met before this one, unless a fact of `released_by` came first. A fact of `dropped_by` ends the clock
    without judging it. A field at its default is not written, so a default here never changes.
    """

    clock: str
    kind: ClockKind
    binds: Party
    amount: int
    unit: Unit
    starts: str
    satisfied_by: tuple[str, ...]
    calendars: tuple[str, ...]
    warn_before_working_days: int
    source: str
    term: TermMethod = "counted"
    reading: str = ""
    starts_also: tuple[str, ...] = ()
    starts_at: StartChoice = "earliest"
    guard: Guard | None = None
    alternatives: tuple[Alternative, ...] = ()
    end_of: str | None = None
    told_by: tuple[str, ...] = ()
    rolls: bool = False
    only_if_unmet: str | None = None
    precedes: str | None = None
    released_by: tuple[str, ...] = ()
    dropped_by: tuple[str, ...] = ()
    norm_working_days: int = 0

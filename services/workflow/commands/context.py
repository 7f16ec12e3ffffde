"""Everything that a decider of a command may ask beside the case and the body: who asks, when, which rules.

Pure: the moment is handed in, and whom the complaint is about was found in its decrypted text before.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time

from cases.state import Case
from events.access_tokens import Role
from events.errors import CommandRefused
from procedures.conduct import Conduct
from procedures.counting.facts import Fact
from procedures.counting.terms import Terms
from procedures.counting.zones import civil_date, instant, zone_named
from procedures.organisations import Organisation
from procedures.procedure import Procedure
from web.moments import AHEAD


@dataclass(frozen=True, slots=True)
class Answered:
    """What a command answers, in words, and when that happened; a day where only its day is known."""

    what: str
    at: datetime | date


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandContext:
    """Who asks, when, and under which rules.

    `subjects` are staff members whom the complaint is about, as far as its decrypted text tells; `masks` are
    the words that name the persons of the case. `other` is the second case of a command about two. `terms`
    are by what its clocks are counted.
    """

    person: str
    roles: frozenset[Role]
    now: datetime
    procedure: Procedure
    organisation: Organisation
    subjects: frozenset[str] = frozenset()
    masks: tuple[str, ...] = ()
    other: Case | None = None
    terms: Terms = field(default_factory=Terms)

    @property
    def conduct(self) -> Conduct:
        return self.procedure.conduct

    @property
    def today(self) -> date:
        return civil_date(self.now, self.procedure.zone)

    def at(self, stated: datetime | None, case: Case, answered: Answered | None = None) -> datetime:
        """Give the moment at which something happened: as stated, else now.

        Raises `CommandRefused` for a moment that is still to come, before the complaint was received, or
        before what it answers.
        """
        if stated is None:
            return self.now
        if stated > self.now + AHEAD:
            raise CommandRefused("in-the-future", "what is recorded has happened: this moment is to come")
        if civil_date(stated, self.procedure.zone) < case.received.received_on:
            raise CommandRefused(
                "before-receipt",
                f"the complaint was received on {case.received.received_on}: nothing about it came before",
            )
        if answered is not None:
            self._after(answered, stated)
        return min(stated, self.now)

    def _after(self, answered: Answered, stated: datetime) -> None:
        """Raise `CommandRefused` for a moment before what it answers; people state minutes, not seconds."""
        zone, at = self.procedure.zone, answered.at
        if isinstance(at, datetime):
            earliest = at.replace(second=0, microsecond=0)
            when = f"at {at.astimezone(zone_named(zone)).isoformat(timespec='minutes')}"
        else:
            earliest, when = instant(at, time(0), zone), f"on {at}"
        if stated < earliest:
            raise CommandRefused(
                "before-what-it-answers", f"{answered.what} {when}: nothing that answers it came before"
            )

    def knows_any(self, facts: Iterable[str]) -> bool:
        """Report whether one of these facts has happened and stands."""
        return any(self.terms.facts.first(fact) is not None for fact in facts)

    def last(self, fact: str) -> Fact | None:
        """Give the fact of this name that was recorded last and stands."""
        return max(self.terms.facts.by_name.get(fact, ()), key=lambda one: one.version, default=None)

    def answered(self, fact: str, what: str) -> Answered | None:
        """Say when the fact that a command answers happened last; None when nobody recorded it."""
        last = self.last(fact)
        return None if last is None else Answered(what, last.happened_at)

    def member(self, staff: str, what: str) -> str:
        """Give a staff identifier that may act in this case; raises `CommandRefused` for any other."""
        if staff not in self.organisation.staff:
            known = ", ".join(sorted(self.organisation.staff))
            raise CommandRefused("not-on-the-staff", f"{what} must be one of: {known}")
        if staff in self.subjects:
            raise CommandRefused(
                "conflict-of-interest", f"the complaint is about {staff}, so {what} must be somebody else"
            )
        return staff

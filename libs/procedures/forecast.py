"""What a procedure promises for a day of receipt: every clock of it, dated or waiting, without any case.

For the command line and for tests: the same rules and the same schedule as the services, fed with days that
somebody names instead of a history. Event names are short words for facts; this is their only list. Pure.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

import msgspec

from events.catalogue import ClockRule
from events.errors import GehoorError
from procedures.counting.calendars import calendar
from procedures.counting.facts import COMPLAINT_RECEIVED
from procedures.counting.schedule import ClockPlan, KnownDays, Timed, ToldEnd, Waiting, schedule
from procedures.counting.zones import civil_date, instant, zone_named
from procedures.library import UnknownOrganisation, in_force_alone
from procedures.organisation_names import organisation_names
from procedures.procedure import Procedure
from procedures.words import unknown

EVENTS: Mapping[str, tuple[str, ...]] = {
    "ack_dated": ("acknowledgement dated",),
    "plan_term": ("plan term", "plan made"),
    "promised_until": ("acknowledgement period",),
    "notice_arrived": ("delay notice arrived", "delay notice sent"),
    "response_arrived": ("response arrived",),
    "objection_arrived": ("objection arrived",),
    "invited": ("hearing invited",),
    "talk_ended": ("hearing held", "talk held", "outer route open"),
    "hearing_waived": ("hearing waived",),
    "extended_until": ("delay notice period",),
}
"""What somebody may say of a case that is only thought of: the short name, and the facts it stands for."""

_TELLS = {"plan_term": "plan term", "promised_until": "acknowledgement period"}
_NAME_OF = {fact: name for name, facts in EVENTS.items() for fact in facts}
_MOMENT = re.compile(
    r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}([.,]\d{1,9})?)?\s?(Z|z|[+-]\d{2}(:?\d{2})?)?)?"
)


class NotADay(GehoorError):
    """This is no date, local time or time with offset, as 2026-04-02, 2026-04-02T10:15 or …T10:15+02:00."""


class WrongQuestion(GehoorError):
    """The question names something that this procedure or this program does not know."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """The plans of all clocks of one procedure for one day of receipt."""

    procedure: Procedure
    received_on: date
    rules: tuple[ClockRule, ...]
    plans: Mapping[str, ClockPlan]

    def clocks(self) -> list[dict[str, Any]]:
        """Return every clock as plain values, in the order of the procedure."""
        return [_told(rule, self.plans[rule.clock]) for rule in self.rules]


def forecast(
    procedure_id: str, received_on: date, events: Mapping[str, date] | None = None, pinned: str | None = None
) -> Forecast:
    """Return what is due when, under the version in force on the day of receipt.

    `events` are civil days by the names of `EVENTS`; `pinned` reads every clock on this one calendar. Raises
    `WrongQuestion`, and `OutsideCalendar` for a day beyond the calendars.
    """
    procedure = _procedure(procedure_id, received_on)
    rules = procedure.clocks if pinned is None else pinned_to(procedure, pinned)
    known = assumed_days(received_on, events or {}, procedure.zone)
    return Forecast(procedure, received_on, rules, schedule(rules, known, procedure.zone))


def assumed_days(received_on: date, events: Mapping[str, date], zone: str) -> KnownDays:
    """Turn days with short names (`EVENTS`) into facts; a notice without a day counts as one in time.

    Raises `WrongQuestion` for a name that does not exist and for a day before the receipt.
    """
    strangers = [name for name in events if name not in EVENTS]
    if strangers:
        raise WrongQuestion(unknown("event", strangers[0], tuple(EVENTS)).message())
    early = [name for name, on in events.items() if on < received_on]
    if early:
        raise WrongQuestion(
            f"event {early[0]} on {events[early[0]]}: the complaint was received on {received_on}, "
            "and nothing about it comes before"
        )
    days = {COMPLAINT_RECEIVED: received_on}
    days.update((fact, on) for name, on in events.items() for fact in EVENTS[name])
    tellings = [ToldEnd(fact, events[name]) for name, fact in _TELLS.items() if name in events]
    if "extended_until" in events:
        notice_on = events.get("notice_arrived")
        told_at = None if notice_on is None else instant(notice_on, time(0), zone)
        tellings.append(ToldEnd("delay notice period", events["extended_until"], told_at))
    return KnownDays(days, tuple(tellings))


def pinned_to(procedure: Procedure, identifier: str) -> tuple[ClockRule, ...]:
    """Read every clock on one calendar only; raises `WrongQuestion` for one of another country."""
    country = calendar(identifier).country
    own = {calendar(name).country for rule in procedure.clocks for name in rule.calendars}
    if country not in own:
        raise WrongQuestion(
            f"calendar {identifier} is of {country}, but {procedure.id} counts in {', '.join(sorted(own))}: "
            "pin one of its own country"
        )
    return tuple(msgspec.structs.replace(rule, calendars=(identifier,)) for rule in procedure.clocks)


def day_of(text: str, zone: str) -> date:
    """Read a date, a local time or a time with offset as the civil day in `zone`; raises `NotADay`."""
    try:
        plain = text if _MOMENT.fullmatch(text) else "no moment"
        if len(plain) == len("2026-04-02"):
            return date.fromisoformat(plain)
        moment = datetime.fromisoformat(plain.upper().replace(",", ".").replace(" Z", "Z"))
        return civil_date(moment.replace(tzinfo=moment.tzinfo or zone_named(zone)), zone)
    except (ValueError, OverflowError) as error:
        raise NotADay(
            f"{text[:60]!r} is no moment: write 2026-04-02, 2026-04-02T10:15 or 2026-04-02T10:15+02:00"
        ) from error


def zone_of(procedure_id: str) -> str:
    """Return the zone a procedure counts in; raises `WrongQuestion` when there is no such procedure."""
    return _procedure(procedure_id, date.max).zone


def _procedure(identifier: str, on: date) -> Procedure:
    try:
        return in_force_alone(identifier, on)
    except UnknownOrganisation as error:
        raise WrongQuestion(unknown("procedure", identifier, organisation_names()).message()) from error


def _told(rule: ClockRule, plan: ClockPlan) -> dict[str, Any]:
    told: dict[str, Any] = {"id": rule.clock, "binds": rule.binds, "kind": rule.kind}
    if isinstance(plan, Timed):
        found = plan.first_promise
        told["strict"] = {"on": found.strict.on, "at": found.strict.at}
        told["lenient"] = {"on": found.lenient.on, "at": found.lenient.at}
        told["because"] = [
            {"reading": reading.name, "date": step.on, "counted": step.counted, "why": step.why}
            for reading in found.readings
            for step in reading.because
        ]
        return told
    waits_for = plan.facts if isinstance(plan, Waiting) else ()
    told |= {"strict": None, "lenient": None}
    told["waits_for"] = list(dict.fromkeys(_NAME_OF.get(fact, fact) for fact in waits_for))
    told["because"] = []
    if rule.term == "none":
        told["no_term"] = True
    return told


def event_of(text: str, zone: str) -> tuple[str, date]:
    """Read `NAME=T`; raises `WrongQuestion` or `NotADay`."""
    name, sign, moment = text.partition("=")
    if not sign:
        raise WrongQuestion(f"{text[:60]!r} is no event: write NAME=T, as in response_arrived=2026-04-20")
    if name not in EVENTS:
        raise WrongQuestion(unknown("event", name, tuple(EVENTS)).message())
    return name, day_of(moment, zone)


def events_of(texts: Sequence[str], zone: str) -> dict[str, date]:
    """Read all of `texts`, each `NAME=T`, into days by name.

    Raises `WrongQuestion` for a name that is given twice, and what `event_of` raises.
    """
    found: dict[str, date] = {}
    for text in texts:
        name, on = event_of(text, zone)
        if name in found:
            raise WrongQuestion(f"event {name} is given twice: {found[name]} and {on}")
        found[name] = on
    return found

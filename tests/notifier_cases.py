"""Cases as the notifier sees them, for its tests: one per organisation, opened, with its clocks set."""

from datetime import UTC, date, datetime
from uuid import UUID

from events.catalogue import CaseOpened, ClockRule, ComplaintReceived, DeadlineSet
from events.envelope import History, NewEvent
from events.testing import history_of, received
from notifier.owed import Case, fold
from procedures.derivation import Derivation, derive
from procedures.library import in_force
from procedures.organisations import organisations
from procedures.schedule import Known, Timed, schedule

RECEIVED_ON = date(2026, 11, 20)
WRITTEN_AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
CASE = UUID("01930000-0000-7000-8000-000000000001")


def complaint(**changes: object) -> ComplaintReceived:
    """Give the canonical complaint."""
    return received(**{"received_on": RECEIVED_ON, **changes})


def opened(organisation: str, language: str = "nl", **changes: object) -> CaseOpened:
    """Open a case under the organisation's procedure, as workflow does."""
    procedure = in_force(organisation, RECEIVED_ON)
    people = organisations()[organisation]
    values: dict[str, object] = {
        "reference": f"{people.code}-7K3M9-QXW2R-C",
        "procedure": procedure.id,
        "procedure_version": procedure.version,
        "procedure_digest": procedure.digest,
        "zone": procedure.zone,
        "language": language,
        "handler": people.rota[0],
        "team": people.team,
        "received_on": RECEIVED_ON,
        "clocks": procedure.clocks,
        "letters": procedure.opening,
    }
    return CaseOpened(**{**values, **changes})  # type: ignore[arg-type]


def deadline(rule: ClockRule, starts_on: date = RECEIVED_ON, zone: str = "Europe/Amsterdam") -> DeadlineSet:
    """Set one clock that counts from a day, as deadlines does."""
    return _set(rule, derive(rule, starts_on, zone), zone)


def _set(rule: ClockRule, derived: Derivation, zone: str) -> DeadlineSet:
    return DeadlineSet(
        clock=rule.clock,
        kind=rule.kind,
        binds=rule.binds,
        zone=zone,
        timezone_data="test",
        strict=derived.strict,
        lenient=derived.lenient,
        working=derived.working,
        warn_at=derived.warn_at,
        readings=derived.readings,
        rule=rule,
    )


def deadlines(opening: CaseOpened) -> list[DeadlineSet]:
    """Set every clock that has an end from receipt on, as deadlines does."""
    plans = schedule(opening.clocks, Known({"complaint received": opening.received_on}), opening.zone)
    return [
        _set(rule, plan.derivation, opening.zone)
        for rule in opening.clocks
        if isinstance(plan := plans[rule.clock], Timed)
    ]


def history(organisation: str, language: str = "nl", **changes: object) -> History:
    """Give the history of a case that is received, opened and has all its clocks."""
    opening = opened(organisation, language, **changes)
    events = (complaint(), opening, *deadlines(opening))
    return history_of(
        *(NewEvent(event, WRITTEN_AT) for event in events), organisation=organisation, case_id=CASE
    )


def case(organisation: str, language: str = "nl", **changes: object) -> Case:
    """Give the same case, folded."""
    return fold(history(organisation, language, **changes))

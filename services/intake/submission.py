"""From what somebody sent to the fact `ComplaintReceived`: pure, so that each rule can be tested alone.

Nothing is lost and nothing personal stays in clear: what was stated goes into the encrypted part as stated;
the clear part holds closed words only (channel, language, nature, names of fields). What the procedure asks
for and was not given is named, never demanded.
"""

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from events.canonical import to_json
from events.catalogue import ABOUT, COMPLAINANT, ComplaintReceived
from events.catalogue.words import Nature
from events.record.envelope import NewEvent
from intake.complaint_form import Submission
from intake.moments import received, reported
from procedures.counting.zones import zone_named
from procedures.library import in_force
from procedures.organisations import Organisation
from web.moments import ImpossibleMoment
from web.problems import FieldError, Problem, invalid

StatedT = TypeVar("StatedT")

_NATURE_OF: Mapping[str, Nature] = {
    "technical": "technical", "technisch": "technical", "techniek": "technical",
    "support": "support", "ondersteuning": "support",
    "incident": "incident", "storing": "incident",
    "service": "service", "dienstverlening": "service",
    "communication": "communication", "communicatie": "communication",
    "billing": "billing", "facturatie": "billing", "factuur": "billing",
    "other": "other", "overig": "other", "anders": "other",
}  # fmt: skip
"""The natures by the words that people use for them, English and Dutch."""

_SAYS_NOTHING = frozenset({"organisation", "channel", "language", "received_at", "reported_on"})
"""Fields that tell how and when, and nothing about a complaint."""


@dataclass(frozen=True, slots=True)
class Filing:
    """A submission that fits: what is appended, and for which organisation."""

    organisation: Organisation
    new: NewEvent

    @property
    def event(self) -> ComplaintReceived:
        assert isinstance(self.new.event, ComplaintReceived)  # noqa: S101 - `file` makes no other
        return self.new.event


def file(submission: Submission, organisation: Organisation, reference: str, now: datetime) -> Filing:
    """Turn a submission into the event that is stored under `reference`; raises `Problem` naming the fields.

    The procedure is the one in force on the civil date of receipt in its zone.
    """
    stated = content(submission)
    if not stated.keys() - _SAYS_NOTHING:
        raise Problem(
            422,
            "nothing-in-it",
            "There is nothing in this complaint",
            "Send at least one thing that was said, for example a description. Nothing was stored.",
            errors=[FieldError("description", "is empty, and so is everything else")],
        )
    zone = zone_named(organisation.zone)
    received_at = _checked("received_at", lambda: received(submission.received_at, now, zone))
    reported_on = _checked("reported_on", lambda: reported(submission.reported_on, now, zone))
    received_on = received_at.astimezone(zone).date()
    procedure = in_force(organisation.id, received_on)
    given = given_in(stated)
    nature = _NATURE_OF.get(stated.get("nature", "").casefold(), "other")
    language = _language(stated.get("language"), organisation)
    event = ComplaintReceived(
        reference=reference,
        channel=submission.channel,
        channel_named=submission.channel in procedure.channels,
        language=language or organisation.default_language,
        nature=nature,
        received_on=received_on,
        reported_on=reported_on,
        given=given,
        missing=procedure.missing(given),
        reachable_by=tuple(way for way in ("email", "phone", "address") if way in given),
    )
    complainant = dict(stated.get("complainant", {}))
    complainant |= {
        name: stated[name] for name in ("description", "references", "remedy_sought") if name in stated
    }
    if nature == "other" and "nature" in stated:
        complainant["nature_stated"] = stated["nature"]
    if language is None and "language" in stated:
        complainant["language_stated"] = stated["language"]
    personal = {COMPLAINANT: complainant, ABOUT: stated.get("about", {})}
    return Filing(
        organisation,
        NewEvent(event, received_at, {slot: fields for slot, fields in personal.items() if fields}),
    )


def content(submission: Submission) -> dict[str, Any]:
    """Give what was said: the fields that hold something, because absent, empty and null mean the same."""
    said: dict[str, Any] = filled(submission.model_dump())
    return said


def fingerprint(submission: Submission, key: bytes) -> bytes:
    """Tell whether two submissions say the same, without keeping what they say."""
    return hmac.digest(key, b"submission\x00" + to_json(content(submission)), "sha256")


def filled(value: Any) -> Any:
    """Leave out what holds nothing: absent, empty and null mean the same."""
    if isinstance(value, dict):
        return {
            name: kept for name, part in value.items() if (kept := filled(part)) not in (None, "", [], {})
        }
    if isinstance(value, list):
        return [part for part in value if part]
    return value


def given_in(stated: Mapping[str, Any]) -> tuple[str, ...]:
    """Name what was given in the procedures' own words, in their order."""
    complainant, about = stated.get("complainant", {}), stated.get("about", {})
    places: Mapping[str, tuple[Mapping[str, Any], str]] = {
        "description": (stated, "description"),
        "name": (complainant, "name"),
        "company": (complainant, "company"),
        "role": (complainant, "role"),
        "email": (complainant, "email"),
        "phone": (complainant, "phone"),
        "address": (complainant, "address"),
        "reachability": (complainant, "reachability"),
        "reported_on": (stated, "reported_on"),
        "references": (stated, "references"),
        "about_name": (about, "name"),
        "about_function": (about, "function"),
    }
    return tuple(name for name, (where, field) in places.items() if field in where)


def _language(stated: str | None, organisation: Organisation) -> str | None:
    """Give the organisation's language that was asked for (`nl-BE` is `nl`), or None for any other."""
    wanted = (stated or "").replace("_", "-").partition("-")[0].casefold()
    return next((language for language in organisation.languages if language == wanted), None)


def _checked(field: str, check: Callable[[], StatedT]) -> StatedT:
    try:
        return check()
    except ImpossibleMoment as impossible:
        raise invalid([FieldError(field, str(impossible))]) from None

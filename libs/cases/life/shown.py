"""The life of a case as a person or a program is shown it: flat, in an order that does not change.

`gehoor history --state` and the golden states compare these names. How the parts are cut may change; a name
here may not, because whoever reads the output has learnt it.
"""

from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any

from cases.life.state import Life

_SHOWN: Mapping[str, str] = {
    "stage": "stage",
    "stage_since": "stage_since",
    "before_merge": "linking.before_merge",
    "version": "versioning.version",
    "digest": "versioning.digest",
    "handler": "persons.handler",
    "handlers": "persons.handlers",
    "deciders": "persons.deciders",
    "given": "receiving.given",
    "missing": "receiving.missing",
    "asked": "opening.asked",
    "messages": "receiving.messages",
    "was_informal": "opening.was_informal",
    "contacts": "handling.contacts",
    "contacted_at": "handling.contacted_at",
    "attempts": "handling.attempts",
    "talks": "handling.talks",
    "consultations": "handling.consultations",
    "consulted": "handling.consulted",
    "level": "opening.level",
    "plan_until": "handling.plan_until",
    "extensions": "handling.extensions",
    "reactions": "handling.reactions",
    "proposals": "answering.proposals",
    "accepted": "answering.accepted",
    "outcome": "answering.outcome",
    "solved": "answering.solved",
    "reported_back": "answering.reported_back",
    "handled": "answering.handled",
    "refused_with_route": "opening.refused_with_route",
    "handed_over": "opening.handed_over",
    "reminders": "waiting.reminders",
    "waiting_since": "waiting.since",
    "satisfaction": "answering.satisfaction",
    "measures": "handling.measures",
    "externals": "opening.externals",
    "objection": "objecting.objection",
    "hearing": "objecting.hearing",
    "outer_route": "objecting.outer_route",
    "outer_route_taken": "objecting.outer_route_taken",
    "withdrawn": "closing.withdrawn",
    "closed_because": "closing.because",
    "reopened": "closing.reopened",
    "merged_into": "linking.merged_into",
    "absorbed": "linking.absorbed",
    "links": "linking.links",
}
"""Each shown name, and where its value lies in the parts."""

_GET: Mapping[str, Callable[[Life], Any]] = {name: attrgetter(place) for name, place in _SHOWN.items()}

PLACES: frozenset[str] = frozenset(_SHOWN.values())
"""Every value that is shown; a test compares them with the fields of the parts, so that none is forgotten."""


def as_shown(life: Life) -> dict[str, Any]:
    """Give the flat form of a life, with the values as they are; the caller makes them plain."""
    return {name: get(life) for name, get in _GET.items()}

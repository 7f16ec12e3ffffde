"""An event on the bus: subject, CloudEvents 1.0 binary headers, payload without anything personal.

`Gehoor-Position` is the event's place in the feed, `Gehoor-After` the place of the event before it in the
same lane: from the two a reader sees whether it missed something. The payload is the stored `data`, byte
for byte.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

from nats.aio.msg import Msg

from events.errors import MalformedEvent
from events.identity import partition_of
from events.record.envelope import FeedPosition, Recorded
from events.store.feed import EventRef

POSITION = "Gehoor-Position"
AFTER = "Gehoor-After"


def subject_of(event: Recorded) -> str:
    """`gehoor.event.<partition>.<organisation>.<type>.<case_id>`; every token is one of ours."""
    subject = f"gehoor.event.{partition_of(event.case_id)}.{event.organisation}.{event.type}.{event.case_id}"
    if not subject.isprintable() or " " in subject:
        raise MalformedEvent(f"{event.id} has an organisation or a type that is no word")
    return subject


def headers_of(event: Recorded, after: FeedPosition, generation: UUID) -> dict[str, str]:
    """Write the envelope as headers; absent values are left out."""
    headers = {
        "Nats-Msg-Id": f"{generation}.{event.case_id}.{event.version}",
        "Nats-Expected-Stream": "GEHOOR_EVENT",
        POSITION: str(event.place),
        AFTER: str(after),
        "content-type": "application/json",
        "ce-specversion": "1.0",
        "ce-id": event.id,
        "ce-source": f"/gehoor/{event.organisation}",
        "ce-type": f"gehoor.{event.type}.v{event.schema_version}",
        "ce-subject": str(event.case_id),
        "ce-time": _moment(event.happened_at),
        "ce-recordedtime": _moment(event.recorded_at),
        "ce-sequence": str(event.version),
        "ce-partitionkey": str(event.case_id),
        "ce-organisation": event.organisation,
        "ce-actor": event.actor,
        "ce-commandid": str(event.command_id),
        "ce-correlationid": str(event.correlation),
        "ce-hash": event.hash.hex(),
    }
    if event.causation is not None:
        headers["ce-causationid"] = event.causation
    if event.traceparent is not None:
        headers["traceparent"] = event.traceparent
    return headers


def header_block(headers: Mapping[str, str]) -> bytes:
    """Write headers as they go over the wire; a line break in a value becomes a space."""
    lines = [f"{name}: {value}" for name, value in headers.items()]
    if any(not line.isprintable() for line in lines):
        lines = [line.replace("\r", " ").replace("\n", " ") for line in lines]
    return "\r\n".join(("NATS/1.0", *lines, "", "")).encode()


def read(message: Msg) -> tuple[EventRef, FeedPosition]:
    """Read what a message announces and what came before it; the payload is not needed.

    Raises `MalformedEvent` for a message that no relay of ours wrote: log it and take it off the bus.
    """
    headers = message.headers or {}
    try:
        _, _, partition, _, type_, case = message.subject.split(".")
        case_id, lane = UUID(case), int(partition)
        notice = EventRef(case_id, int(headers["ce-sequence"]), type_, FeedPosition.parse(headers[POSITION]))
        after = FeedPosition.parse(headers[AFTER])
    except (KeyError, ValueError) as error:
        raise MalformedEvent("a message without subject or headers of an event") from error
    if lane != partition_of(case_id) or after >= notice.place or max(*notice.place, *after) >= 2**63:
        raise MalformedEvent("a message whose lane or position contradicts itself")
    return notice, after


def _moment(moment: datetime) -> str:
    utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return utc.isoformat(timespec="microseconds")[:-6] + "Z"

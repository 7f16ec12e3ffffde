"""An event on the bus: subject, CloudEvents 1.0 binary headers, payload without anything personal.

`Gehoor-Position` is the event's place in the feed, `Gehoor-After` the place of the event before it in the
same partition: from the two a reader sees whether it missed something. The payload is the stored `data`, byte
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
    """Return `gehoor.event.<partition>.<organisation>.<type>.<case_id>`; every token is one of ours.

    Raises `MalformedEvent` for an organisation or type that is no word: nobody could publish it.
    """
    subject = f"gehoor.event.{partition_of(event.case_id)}.{event.organisation}.{event.type}.{event.case_id}"
    if not subject.isprintable() or " " in subject:
        raise MalformedEvent(f"{event.id} has an organisation or a type that is no word")
    return subject


def headers_of(event: Recorded, after: FeedPosition, generation: UUID) -> dict[str, str]:
    """Write the envelope as headers; absent values are left out."""
    headers = {
        # After the store lost events, the same case and version may be another event. The generation has
        # changed then, so the stream does not drop it as a duplicate.
        "Nats-Msg-Id": f"{generation}.{event.case_id}.{event.version}",
        # Another stream that captures our subjects refuses it, instead of acknowledging what ours never got.
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
    """Return headers as they go over the wire; a line break in a value becomes a space."""
    # A line break that went out as it is would begin a header of the sender's choosing. Most values hold
    # none, and the check costs less than replacing in every value.
    lines = [f"{name}: {value}" for name, value in headers.items()]
    if any(not line.isprintable() for line in lines):
        lines = [line.replace("\r", " ").replace("\n", " ") for line in lines]
    return "\r\n".join(("NATS/1.0", *lines, "", "")).encode()


def read(message: Msg) -> tuple[EventRef, FeedPosition]:
    """Read the event that a message announces and the place of the one before it; no payload is needed.

    Raises `MalformedEvent` for a message that no relay of ours wrote: log it and leave it out.
    """
    headers = message.headers or {}
    try:
        _, _, number, _, type_, case = message.subject.split(".")
        case_id, partition = UUID(case), int(number)
        ref = EventRef(case_id, int(headers["ce-sequence"]), type_, FeedPosition.parse(headers[POSITION]))
        after = FeedPosition.parse(headers[AFTER])
    except (KeyError, ValueError) as error:
        raise MalformedEvent("a message without subject or headers of an event") from error
    # A number larger than Postgres takes would fail the statement that checks the whole batch.
    if partition != partition_of(case_id) or after >= ref.place or max(*ref.place, *after) >= 2**63:
        raise MalformedEvent("a message whose partition or position contradicts itself")
    return ref, after


def _moment(moment: datetime) -> str:
    """Write a moment as RFC 3339 in UTC; always with microseconds, so that all have one length."""
    utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return utc.isoformat(timespec="microseconds")[:-6] + "Z"

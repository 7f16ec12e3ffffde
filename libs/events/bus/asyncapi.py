"""The event catalogue as an AsyncAPI 3.0 document, made from the code and checked in beside it.

`python -m events.bus.asyncapi` prints it; a test compares it with `asyncapi.json`, so that the document an
integrator reads is what the services send.
"""

import inspect
import json
import sys
from functools import cache
from typing import Any

import msgspec

from events.bus.topology import STREAM, SUBJECTS
from events.catalogue import CATALOGUE, Event

HEADERS: dict[str, tuple[str, str]] = {
    "Nats-Msg-Id": ("string", "Generation of the stream, case and version: the same event has the same id."),
    "Gehoor-Position": ("string", "Place in the feed, epoch.xid.position; compare as three numbers."),
    "Gehoor-After": ("string", "Place of the event before this one in the same lane: a gap shows."),
    "ce-specversion": ("string", "1.0"),
    "ce-id": ("string", "case_id/version: the identity of the event."),
    "ce-source": ("string", "/gehoor/<organisation>"),
    "ce-type": ("string", "gehoor.<Type>.v<schema version>"),
    "ce-subject": ("string", "case_id"),
    "ce-time": ("string", "When it happened, as stated; RFC 3339, UTC."),
    "ce-recordedtime": ("string", "When it was recorded; RFC 3339, UTC."),
    "ce-sequence": ("string", "Version of the case, 1, 2, 3 … without gap."),
    "ce-organisation": ("string", "Whose case it is."),
    "ce-actor": ("string", "Who did it, pseudonymous."),
    "ce-commandid": ("string", "The command it came of."),
    "ce-correlationid": ("string", "What belongs together: the case."),
    "ce-causationid": ("string", "The event that led to it, if one did."),
    "ce-hash": ("string", "SHA-256 of the event in its chain, hexadecimal."),
    "traceparent": ("string", "W3C trace context, if there was one."),
}


def document() -> dict[str, Any]:
    """Return the document: the channel, every message and every payload.

    The parameter is called `lane`, because integrators have this name; in the code it is the partition.
    """
    schemas, components = msgspec.json.schema_components(
        CATALOGUE.values(), ref_template="#/components/schemas/{name}"
    )
    assert len(schemas) == len(CATALOGUE)  # noqa: S101 - each event has its schema
    for name, event in CATALOGUE.items():
        components[name]["description"] = _first_paragraph(event)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Gehoor events",
            "version": "1.0.0",
            "description": (
                "Everything that happens to a case, in feed order per lane, without anything personal. "
                "At least once: drop what you have seen by ce-id. Stream "
                f"{STREAM}; subject gehoor.event.<lane>.<organisation>.<type>.<case_id>."
            ),
        },
        "channels": {
            "events": {
                "address": "gehoor.event.{lane}.{organisation}.{type}.{case_id}",
                "description": f"Captured by the JetStream stream {STREAM} ({SUBJECTS}).",
                "parameters": {
                    "lane": {"description": "0 to 15: the low four bits of the case's identifier."},
                    "organisation": {"description": "For example supportoplus."},
                    "type": {"description": "The name of the event."},
                    "case_id": {"description": "A UUIDv7."},
                },
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in CATALOGUE},
            }
        },
        "operations": {
            "readEvents": {
                "action": "receive",
                "channel": {"$ref": "#/channels/events"},
                "summary": "Read with a durable of your own and a user that may do nothing else.",
            }
        },
        "components": {
            "messages": {name: _message(name, event) for name, event in CATALOGUE.items()},
            "messageTraits": {
                "envelope": {
                    "headers": {
                        "type": "object",
                        "properties": {
                            header: {"type": kind, "description": text}
                            for header, (kind, text) in HEADERS.items()
                        },
                    }
                }
            },
            "schemas": components,
        },
    }


def _message(name: str, event: type[Event]) -> dict[str, Any]:
    return {
        "name": name,
        "title": f"{name} (emitted by {event.emitted_by}, schema version {event.schema_version})",
        "summary": _first_paragraph(event),
        "contentType": "application/json",
        "traits": [{"$ref": "#/components/messageTraits/envelope"}],
        "payload": {"$ref": f"#/components/schemas/{name}"},
    }


def _first_paragraph(event: type[Event]) -> str:
    return " ".join(inspect.getdoc(event).split("\n\n")[0].split())  # type: ignore[union-attr]


@cache
def text() -> str:
    """Return the document as it is checked in."""
    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


async def endpoint(scope: Any, receive: Any, send: Any) -> None:
    """Answer an ASGI request with the document; a page would load its scripts from somebody else."""
    body = text().encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"x-content-type-options", b"nosniff"),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


if __name__ == "__main__":
    sys.stdout.write(text())

"""Golden histories as files: one line per stored event, every column, so that a chain can be checked again.

Texts stay texts (`data` and `pii` are canonical JSON in UTF-8, kept to the byte), hashes are hexadecimal,
moments are ISO 8601 to the microsecond. The keys of the persons in them no longer exist.
"""

import json
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from events.record.envelope import FeedPosition, History, Recorded

FOLDER = Path(__file__).parents[1] / "events" / "golden"


def to_lines(history: History) -> str:
    """Write a history, one event per line."""
    return "".join(json.dumps(_row(event), ensure_ascii=False) + "\n" for event in history.events)


def from_lines(text: str) -> History:
    """Read a history as it was stored."""
    events = tuple(_recorded(json.loads(line)) for line in text.splitlines())
    return History(events[0].case_id, events)


def _row(event: Recorded) -> dict[str, Any]:
    return {
        "case_id": str(event.case_id),
        "version": event.version,
        "organisation": event.organisation,
        "type": event.type,
        "schema_version": event.schema_version,
        "happened_at": event.happened_at.isoformat(timespec="microseconds"),
        "recorded_at": event.recorded_at.isoformat(timespec="microseconds"),
        "actor": event.actor,
        "command_id": str(event.command_id),
        "causation": event.causation,
        "correlation": str(event.correlation),
        "traceparent": event.traceparent,
        "data": event.data.decode(),
        "pii": event.pii.decode() if event.pii is not None else None,
        "salt": event.salt.hex(),
        "fields_root": event.fields_root.hex(),
        "hash": event.hash.hex(),
        "place": str(event.place),
    }


def _recorded(row: dict[str, Any]) -> Recorded:
    return Recorded(
        case_id=UUID(row["case_id"]),
        version=row["version"],
        organisation=row["organisation"],
        type=row["type"],
        schema_version=row["schema_version"],
        happened_at=datetime.fromisoformat(row["happened_at"]),
        recorded_at=datetime.fromisoformat(row["recorded_at"]),
        actor=row["actor"],
        command_id=UUID(row["command_id"]),
        causation=row["causation"],
        correlation=UUID(row["correlation"]),
        traceparent=row["traceparent"],
        data=row["data"].encode(),
        pii=row["pii"].encode() if row["pii"] is not None else None,
        salt=bytes.fromhex(row["salt"]),
        fields_root=bytes.fromhex(row["fields_root"]),
        hash=bytes.fromhex(row["hash"]),
        place=FeedPosition.parse(row["place"]),
    )

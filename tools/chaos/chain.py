"""The hash chain, computed a second time by code that shares nothing with the store's."""

import hashlib
from datetime import UTC, datetime

from events.record.envelope import Recorded

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def fits(row: Recorded, previous: bytes) -> bool:
    """Return whether a row's hash covers every column that a client sent, and the hash before it."""
    return hash_of(row, previous) == row.hash


def hash_of(row: Recorded, previous: bytes) -> bytes:
    """Compute the hash that a row must carry after `previous`."""
    columns: tuple[bytes | None, ...] = (
        b"gehoor event 1",
        previous,
        row.case_id.bytes,
        row.version.to_bytes(4, "big"),
        row.organisation.encode(),
        row.type.encode(),
        row.schema_version.to_bytes(2, "big"),
        _microseconds(row.happened_at),
        _microseconds(row.recorded_at),
        row.actor.encode(),
        row.command_id.bytes,
        None if row.causation is None else row.causation.encode(),
        row.correlation.bytes,
        None if row.traceparent is None else row.traceparent.encode(),
        hashlib.sha256(b"\x03" + row.salt + row.data).digest(),
        None if row.pii is None else hashlib.sha256(b"\x04" + row.pii).digest(),
        row.fields_root,
    )
    return hashlib.sha256(b"".join(map(_prefixed, columns))).digest()


def _microseconds(moment: datetime) -> bytes:
    passed = moment - _EPOCH
    number = (passed.days * 86_400 + passed.seconds) * 1_000_000 + passed.microseconds
    return number.to_bytes(8, "big", signed=True)


def _prefixed(part: bytes | None) -> bytes:
    return b"\xff\xff\xff\xff" if part is None else len(part).to_bytes(4, "big") + part

"""One way to write a value as bytes, because what is hashed must never depend on who wrote it.

Canonical JSON here: keys sorted, no white space, UTF-8, no floating point numbers, dates as ISO 8601, moments
as RFC 3339 in UTC (whoever reads a moment from outside converts it). Length-prefixed encoding: four bytes of
length, then the bytes. A field that is absent is the length 0xFFFFFFFF alone, so that absent and empty differ
and no two lists of fields share an encoding.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from struct import Struct

import msgspec

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_ABSENT = b"\xff\xff\xff\xff"
_length = Struct(">I").pack
_encoder = msgspec.json.Encoder(order="sorted")


def to_json(value: object) -> bytes:
    """Write a value (event, dict, list, str, int, bool, date, UUID, None) as canonical JSON."""
    return _encoder.encode(value)


def microseconds(moment: datetime) -> int:
    """Return whole microseconds since 1970 in UTC: the resolution of Postgres."""
    # In whole numbers: `timestamp()` is a float, and rounds the last digit of some moments.
    return (moment - _EPOCH) // _MICROSECOND


def prefixed(fields: Iterable[bytes | None]) -> bytes:
    """Join fields so that their borders cannot be moved."""
    return b"".join([_ABSENT if field is None else _length(len(field)) + field for field in fields])

"""Pure functions that read an older event as a newer one; the bytes on disk never change.

One entry per (name, version) leads to version + 1, on plain JSON values. A golden history per version in
`tests/events/golden/` keeps each of them honest.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from events.canonical import to_json
from events.errors import MalformedEvent

Upcaster = Callable[[dict[str, Any]], dict[str, Any]]

UPCASTERS: Mapping[tuple[str, int], Upcaster] = {}
"""Empty as long as every event is at its first version."""


def upcast(
    name: str, schema_version: int, data: bytes, upcasters: Mapping[tuple[str, int], Upcaster] = UPCASTERS
) -> bytes:
    """Lift the bytes of an older version, step by step, to the newest one.

    Raises `MalformedEvent` when a step is missing at the start; the caller parks the event.
    """
    if (name, schema_version) not in upcasters:
        raise MalformedEvent(f"no upcaster leads from {name} version {schema_version}")
    value = msgspec.json.decode(data)
    while (step := upcasters.get((name, schema_version))) is not None:
        value, schema_version = step(value), schema_version + 1
    return to_json(value)

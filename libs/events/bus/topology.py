"""What exists on the bus: one stream, one durable per consumer and partition, one per integrator.

This is the only description of it. `reconcile.py` makes what is missing and corrects what has drifted;
`grants.py` says which user may do what. `generation` names one incarnation of the stream, in its metadata and
in Postgres: another one, or none, means that the bus was wiped.
"""

from typing import Any
from uuid import UUID

STREAM = "GEHOOR_EVENT"
SUBJECTS = "gehoor.event.>"
GENERATION = "gehoor_generation"

STREAM_SIZES_MIB = (4096, 1024, 256, 64)
"""The largest that the server's disk allows is taken: it reserves the room. The store has what falls out."""

_SECOND_NS = 1_000_000_000


def stream_config(generation: UUID, replicas: int = 1, size_mib: int = STREAM_SIZES_MIB[0]) -> dict[str, Any]:
    """Describe the stream: a cache of the feed's tail; what is not in it stands in Postgres."""
    return {
        "name": STREAM,
        "subjects": [SUBJECTS],
        "retention": "limits",
        "storage": "file",
        "discard": "old",  # "new" would refuse every publish once the stream is full
        "num_replicas": replicas,
        "max_age": 14 * 86_400 * _SECOND_NS,
        "max_bytes": size_mib * 1024**2,
        # For so long the server knows a message id again. A relay that comes back later than this after a
        # crash leaves up to a window of events twice in the stream; readers drop them by `ce-id`.
        "duplicate_window": 600 * _SECOND_NS,
        "allow_direct": True,
        "deny_delete": True,
        "deny_purge": True,
        "metadata": {GENERATION: str(generation)},
    }


def durable_name(consumer: str, partition: int) -> str:
    """Return the name of a consumer's durable for one partition."""
    return f"{consumer}-{partition}"


def durable_config(consumer: str, partition: int) -> dict[str, Any]:
    """Describe a durable of one partition: no filter by type, because that would hide what was missed.

    It brings announcements of events, each once, without payload. Nothing is acknowledged and nothing kept on
    disk: where a service stands is its checkpoint in Postgres, and what does not arrive it reads from the
    store.
    """
    name = durable_name(consumer, partition)
    return {
        "name": name,
        "durable_name": name,
        "filter_subject": f"gehoor.event.{partition}.>",
        "deliver_policy": "new",  # what happened before stands in the store, behind the checkpoint
        "ack_policy": "none",
        "replay_policy": "instant",
        "headers_only": True,
        "mem_storage": True,
    }


def reader_config(name: str, organisation: str | None = None) -> dict[str, Any]:
    """Describe an integrator's own durable: over all events, or those of one organisation.

    The server keeps where they stand. Their user can neither change the durable nor read by another one, so
    the filter is the limit of what they see.
    """
    return {
        "name": name,
        "durable_name": name,
        "filter_subject": SUBJECTS if organisation is None else f"gehoor.event.*.{organisation}.>",
        "deliver_policy": "all",
        "ack_policy": "explicit",
        "ack_wait": 30 * _SECOND_NS,
        "max_deliver": -1,  # for ever: a message that is given up would be a gap that nobody reports
        "max_ack_pending": 2000,
        "replay_policy": "instant",
    }

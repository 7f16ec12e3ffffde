"""Makes what is missing on the bus, and corrects what differs from `topology.py`.

It is run by `gehoor provision` and, after a wipe, by the leading relay, whose user may do exactly this;
services only bind. It speaks the raw JetStream API, because the client's dataclasses drop settings that they
do not know.
"""

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import structlog
from nats.aio.client import Client

from events.bus.topology import (
    GENERATION,
    STREAM,
    STREAM_SIZES_MIB,
    durable_config,
    reader_config,
    stream_config,
)
from events.errors import GehoorError
from events.identity import PARTITIONS
from events.secrets import CONSUMERS

log = structlog.get_logger()

_GENERATION = "SELECT generation FROM gehoor.stream_generation"
_NEW_GENERATION = """
INSERT INTO gehoor.stream_generation (generation) VALUES ($1)
ON CONFLICT (one) DO UPDATE SET generation = excluded.generation, made_at = clock_timestamp()
"""

_API_TIMEOUT_S = 5.0

# Error codes of JetStream. 404 is older servers' word for no such stream and for no such consumer.
_NO_ROOM = 10047
_CANNOT_BE_UPDATED = 10012
_NO_STREAM = (10059, 404)
_NOTHING_THERE = (10059, 10014, 404)


class BusRefused(GehoorError):
    """The NATS server answered a JetStream request with an error; `code` is the server's."""

    def __init__(self, request: str, code: int, description: str) -> None:
        super().__init__(f"{request}: {description} ({code})")
        self.code = code


def drift(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> list[str]:
    """Return what differs from the description, a line each, ignoring what the server adds by itself."""
    differences = []
    for key, value in wanted.items():
        there = found.get(key)
        if isinstance(value, Mapping):
            differences += [f"{key}.{line}" for line in drift(value, there or {})]
        elif there != value:
            differences.append(f"{key} is {there!r}, should be {value!r}")
    return differences


async def api(client: Client, request: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Ask the JetStream API and return the answer.

    Raises `BusRefused` with the server's code and words, and the client's errors when no answer comes.
    """
    reply = await client.request(
        f"$JS.API.{request}", json.dumps(body).encode() if body is not None else b"", timeout=_API_TIMEOUT_S
    )
    answer: dict[str, Any] = json.loads(reply.data)
    if error := answer.get("error"):
        raise BusRefused(request, error.get("err_code", error.get("code", 0)), error.get("description", "?"))
    return answer


async def generation_there(client: Client) -> str | None:
    """Return which generation the stream in the server is; None when there is no stream."""
    try:
        info = await api(client, f"STREAM.INFO.{STREAM}")
    except BusRefused as refused:
        if refused.code in _NO_STREAM:
            return None
        raise
    metadata: dict[str, str] = info["config"].get("metadata") or {}
    return metadata.get(GENERATION, "")


async def ensure_generation(client: Client, connection: asyncpg.Connection) -> UUID:
    """Return the generation of the stream; a new one when the stream is gone or is another one.

    It only records the new generation; `reconcile` then makes the stream that carries it.
    """
    known: UUID | None = await connection.fetchval(_GENERATION)
    there = await generation_there(client)
    if known is not None and there == str(known):
        return known
    generation = uuid4()
    await connection.execute(_NEW_GENERATION, generation)
    log_it = log.info if known is None and there is None else log.warning  # a first start is no loss
    log_it("stream.new_generation", generation=str(generation), was_there=there is not None)
    return generation


async def reconcile(
    client: Client,
    generation: UUID,
    replicas: int = 1,
    readers: Mapping[str, str | None] = MappingProxyType({}),
    largest_mib: int = STREAM_SIZES_MIB[0],
) -> list[str]:
    """Make stream (of `largest_mib` at most) and durables as described, one for each reader with its scope.

    Returns a line for each thing made or corrected. Raises `BusRefused` when the server refuses one; run it
    again after mending the cause, it goes on where it stopped.
    """
    done = await _reconcile_stream(client, generation, replicas, largest_mib)
    for consumer in CONSUMERS:
        for partition in range(PARTITIONS):
            done += await _reconcile_durable(client, durable_config(consumer, partition))
    for reader, organisation in readers.items():
        done += await _reconcile_durable(client, reader_config(reader, organisation))
    return done


async def _reconcile_stream(client: Client, generation: UUID, replicas: int, largest_mib: int) -> list[str]:
    """Make the stream as large as fits; raises `BusRefused` when not even the smallest does."""
    sizes = (largest_mib, *(size for size in STREAM_SIZES_MIB if size < largest_mib))
    for size_mib in sizes:
        try:
            done = await _reconcile_one(
                client, f"stream {STREAM}", f"STREAM.INFO.{STREAM}", f"STREAM.CREATE.{STREAM}",
                f"STREAM.UPDATE.{STREAM}", stream_config(generation, replicas, size_mib),
            )  # fmt: skip
        except BusRefused as refused:
            # A file stream reserves its whole size, so a small disk refuses a large one. The stream is only a
            # cache: a smaller one works, and integrators that stay away long lose events sooner.
            if refused.code != _NO_ROOM or size_mib == sizes[-1]:
                raise
            continue
        if done and size_mib < largest_mib:
            log.warning("stream.is_small", mib=size_mib, remedy="give the bus a larger disk")
        return done
    raise AssertionError("there is a smallest size")


async def _reconcile_durable(client: Client, config: Mapping[str, Any]) -> list[str]:
    """Make or correct a durable; one of ours that cannot be updated is deleted and made anew."""
    name, subject = config["durable_name"], config["filter_subject"]
    create, body = f"CONSUMER.CREATE.{STREAM}.{name}.{subject}", {"stream_name": STREAM, "config": config}
    try:
        return await _reconcile_one(
            client, f"durable {name}", f"CONSUMER.INFO.{STREAM}.{name}", create, create, body
        )
    except BusRefused as refused:
        # Only ours: they keep no place, so nothing is lost. An integrator's durable would forget where it is.
        if refused.code != _CANNOT_BE_UPDATED or config["ack_policy"] != "none":
            raise
    await api(client, f"CONSUMER.DELETE.{STREAM}.{name}")
    await api(client, create, body)
    return [f"durable {name}: made anew, it was of another kind"]


async def _reconcile_one(
    client: Client, what: str, info: str, create: str, update: str, body: Mapping[str, Any]
) -> list[str]:
    wanted: Mapping[str, Any] = body.get("config", body)
    try:
        found = await api(client, info)
    except BusRefused as refused:
        if refused.code not in _NOTHING_THERE:
            raise
        await api(client, create, body)
        return [f"{what}: made"]
    if differences := drift(wanted, found["config"]):
        await api(client, update, body)
        return [f"{what}: corrected, {'; '.join(differences)}"]
    return []

"""What exists on the bus: one stream, one durable per consumer and lane, one user per service.

This is the only description of it. `reconcile` makes what is missing and corrects what has drifted, through
the raw API (the client's dataclasses drop settings they do not know). It is run by `gehoor provision` and,
after a wipe, by the leading relay, whose user may do exactly this; services only bind. `generation` names
one incarnation of the stream, in its metadata and in Postgres: another one, or none, means it was wiped.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import structlog
from nats.aio.client import Client

from events.errors import GehoorError
from events.identity import PARTITIONS
from events.secrets import CONSUMERS, NATS_USERS

log = structlog.get_logger()

_GENERATION = "SELECT generation FROM gehoor.stream_generation"
_NEW_GENERATION = """
INSERT INTO gehoor.stream_generation (generation) VALUES ($1)
ON CONFLICT (one) DO UPDATE SET generation = excluded.generation, made_at = clock_timestamp()
"""

STREAM = "GEHOOR_EVENT"
SUBJECTS = "gehoor.event.>"
GENERATION = "gehoor_generation"

STREAM_SIZES_MIB = (4096, 1024, 256, 64)
"""The largest that the server's disk allows is taken: it reserves the room. The store has what falls out."""

_NO_ROOM = 10047
_SECOND_NS = 1_000_000_000
_API_TIMEOUT_S = 5.0
_CANNOT_BE_UPDATED = 10012


class BusRefused(GehoorError):
    """The NATS server answered a JetStream request with an error."""

    def __init__(self, request: str, code: int, description: str) -> None:
        super().__init__(f"{request}: {description} ({code})")
        self.code = code


def stream_config(generation: UUID, replicas: int = 1, size_mib: int = STREAM_SIZES_MIB[0]) -> dict[str, Any]:
    """Describe the stream: a cache of the feed's tail, which Postgres can refill."""
    return {
        "name": STREAM,
        "subjects": [SUBJECTS],
        "retention": "limits",
        "storage": "file",
        "discard": "old",
        "num_replicas": replicas,
        "max_age": 14 * 86_400 * _SECOND_NS,
        "max_bytes": size_mib * 1024**2,
        "duplicate_window": 600 * _SECOND_NS,
        "allow_direct": True,
        "deny_delete": True,
        "deny_purge": True,
        "metadata": {GENERATION: str(generation)},
    }


def durable_name(consumer: str, partition: int) -> str:
    return f"{consumer}-{partition}"


def durable_config(consumer: str, partition: int) -> dict[str, Any]:
    """Describe a durable of one lane: no filter by type, because that would hide what was missed.

    It brings notices, each once, without payload. Nothing is acknowledged and nothing kept on disk: where a
    service stands is its checkpoint in Postgres, and what does not arrive it reads from the store.
    """
    name = durable_name(consumer, partition)
    return {
        "name": name,
        "durable_name": name,
        "filter_subject": f"gehoor.event.{partition}.>",
        "deliver_policy": "new",
        "ack_policy": "none",
        "replay_policy": "instant",
        "headers_only": True,
        "mem_storage": True,
    }


def reader_config(name: str, organisation: str | None = None) -> dict[str, Any]:
    """Describe an integrator's own durable: over all events, or those of one organisation.

    The server keeps where they stand. Its user can neither change the durable nor read by another one, so the
    filter is the limit of what it sees.
    """
    return {
        "name": name,
        "durable_name": name,
        "filter_subject": SUBJECTS if organisation is None else f"gehoor.event.*.{organisation}.>",
        "deliver_policy": "all",
        "ack_policy": "explicit",
        "ack_wait": 30 * _SECOND_NS,
        "max_deliver": -1,
        "max_ack_pending": 2000,
        "replay_policy": "instant",
    }


def drift(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> list[str]:
    """List what differs from the description, ignoring what the server adds of itself."""
    differences = []
    for key, value in wanted.items():
        there = found.get(key)
        if isinstance(value, Mapping):
            differences += [f"{key}.{line}" for line in drift(value, there or {})]
        elif there != value:
            differences.append(f"{key} is {there!r}, should be {value!r}")
    return differences


async def api(client: Client, request: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Ask the JetStream API; raises `BusRefused` with the server's code and words."""
    reply = await client.request(
        f"$JS.API.{request}", json.dumps(body).encode() if body is not None else b"", timeout=_API_TIMEOUT_S
    )
    answer: dict[str, Any] = json.loads(reply.data)
    if error := answer.get("error"):
        raise BusRefused(request, error.get("err_code", error.get("code", 0)), error.get("description", "?"))
    return answer


async def generation_there(client: Client) -> str | None:
    """Tell which incarnation the stream says it is; None when there is no stream."""
    try:
        info = await api(client, f"STREAM.INFO.{STREAM}")
    except BusRefused as refused:
        if refused.code in (10059, 404):
            return None
        raise
    metadata: dict[str, str] = info["config"].get("metadata") or {}
    return metadata.get(GENERATION, "")


async def ensure_generation(client: Client, connection: asyncpg.Connection) -> UUID:
    """Give the generation of the stream; a new one when the stream is gone or says another."""
    known: UUID | None = await connection.fetchval(_GENERATION)
    there = await generation_there(client)
    if known is not None and there == str(known):
        return known
    generation = uuid4()
    await connection.execute(_NEW_GENERATION, generation)
    tell = log.info if known is None and there is None else log.warning  # a first start is no loss
    tell("stream.new_generation", generation=str(generation), was_there=there is not None)
    return generation


async def reconcile(
    client: Client,
    generation: UUID,
    replicas: int = 1,
    readers: Mapping[str, str | None] = MappingProxyType({}),
    largest_mib: int = STREAM_SIZES_MIB[0],
) -> list[str]:
    """Make stream (of `largest_mib` at most) and durables as described, one for each reader with its scope.

    Gives a line for each thing made or corrected.
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
            if refused.code != _NO_ROOM or size_mib == sizes[-1]:
                raise
            continue
        if done and size_mib < largest_mib:
            log.warning("stream.is_small", mib=size_mib, remedy="give the bus a larger disk")
        return done
    raise AssertionError("there is a smallest size")


async def _reconcile_durable(client: Client, config: Mapping[str, Any]) -> list[str]:
    name, subject = config["durable_name"], config["filter_subject"]
    create, body = f"CONSUMER.CREATE.{STREAM}.{name}.{subject}", {"stream_name": STREAM, "config": config}
    try:
        return await _reconcile_one(
            client, f"durable {name}", f"CONSUMER.INFO.{STREAM}.{name}", create, create, body
        )
    except BusRefused as refused:
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
        if refused.code not in (10059, 10014, 404):
            raise
        await api(client, create, body)
        return [f"{what}: made"]
    if differences := drift(wanted, found["config"]):
        await api(client, update, body)
        return [f"{what}: corrected, {'; '.join(differences)}"]
    return []


def server_config(
    secrets: Path,
    *,
    port: int,
    store_dir: Path,
    monitor_port: int | None = None,
    host: str = "127.0.0.1",
    readers: Sequence[str] = ("reader",),
) -> str:
    """Write the configuration of an embedded server: users with exact grants, fsync on every write.

    Grants are lists of what is allowed; a service may pull from its own durables and nothing else.
    """
    users = "\n".join(
        _user(name, (secrets / f"nats-{name}").read_text().strip()) for name in (*NATS_USERS, *readers)
    )
    monitor = f'http: "127.0.0.1:{monitor_port}"\n' if monitor_port is not None else ""
    return (
        f'listen: "{host}:{port}"\n{monitor}max_payload: 1MB\nwrite_deadline: "10s"\n'
        f"jetstream {{ store_dir: {json.dumps(str(store_dir))}, sync_interval: always }}\n"
        f"authorization {{\n  users = [\n{users}\n  ]\n}}\n"
    )


def grants(user: str) -> tuple[list[str], list[str]]:
    """List what a user may publish to and subscribe to; who is none of ours is an integrator who reads."""
    inbox = [f"_INBOX_{user}.>"]
    create_own = [
        f"$JS.API.CONSUMER.CREATE.{STREAM}.>",
        f"$JS.API.CONSUMER.INFO.{STREAM}.*",
        *(f"$JS.API.STREAM.{verb}.{STREAM}" for verb in ("INFO", "CREATE", "UPDATE")),
        *(
            f"$JS.API.CONSUMER.DELETE.{STREAM}.{durable_name(consumer, partition)}"
            for consumer in CONSUMERS
            for partition in range(PARTITIONS)
        ),
    ]
    match user:
        case "relay":
            return [SUBJECTS, "gehoor.doorbell", *create_own], [*inbox, "gehoor.doorbell"]
        case "provisioner":
            return [*create_own, f"$JS.API.CONSUMER.LIST.{STREAM}", "$JS.API.INFO"], inbox
        case _ if user in CONSUMERS:
            durables = [durable_name(user, partition) for partition in range(PARTITIONS)]
            return [*_pull(durables), "gehoor.doorbell"], inbox
        case _ if user in NATS_USERS:
            return ["gehoor.doorbell"], inbox
        case _:
            return [*_pull([user]), f"$JS.ACK.{STREAM}.{user}.>"], inbox


def _pull(durables: list[str]) -> list[str]:
    return [
        subject
        for name in durables
        for subject in (
            f"$JS.API.CONSUMER.MSG.NEXT.{STREAM}.{name}",
            f"$JS.API.CONSUMER.INFO.{STREAM}.{name}",
        )
    ]


def _user(name: str, password: str) -> str:
    publish, subscribe = grants(name)
    return (
        f"    {{ user: {json.dumps(name)}, password: {json.dumps(password)}, permissions: {{ "
        f"publish: {{ allow: {json.dumps(publish)} }}, subscribe: {{ allow: {json.dumps(subscribe)} }} }} }}"
    )

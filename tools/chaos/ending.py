"""The last phase: everything is healed, the system comes to rest, and all it holds is written down.

Waiting is bounded: what has not come to rest by then is named, and the checker calls it a violation.
"""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import UUID

import asyncpg

from chaos.chain import fits
from chaos.load import CANARY, digest
from chaos.reading import TROUBLE, admin
from chaos.record import (
    Canary,
    Checkpoint,
    Due,
    Durable,
    Ended,
    Event,
    Grant,
    History,
    Letter,
    Move,
    Parked,
    Row,
    Usage,
)  # fmt: skip
from chaos.run import CONSUMERS, LANES
from chaos.run import ERASED as FORGOTTEN
from chaos.system import System
from events.catalogue import COMPLAINANT, ERASED
from events.errors import KeyMissing
from events.record.envelope import History as Stream
from events.record.envelope import Recorded
from events.store.database import close_pool, open_pool
from events.store.keys import KeyStore
from events.store.streams import COLUMNS, recorded
from gehoor.embedded import http_probe
from workflow.worklist import project

LOOKS_EVERY_S = 0.5

_HASTEN = """
UPDATE notifier.letter SET next_attempt_at = clock_timestamp() WHERE state = 'due' AND next_attempt_at >
clock_timestamp() + interval '2 seconds'
"""
"""A letter may wait half an hour for its next try; the campaign lets that time pass at once."""

_WAITS = """
SELECT 'letters', count(*) FROM notifier.letter WHERE state IN ('due', 'sending')
    AND case_id <> ALL($1::uuid[])
UNION ALL SELECT 'due clocks', count(*) FROM deadlines.due WHERE fire_at <= gehoor.clock_now()
    AND blocked IS NULL
UNION ALL SELECT 'relay', count(*) FROM gehoor.event e, gehoor.relay_checkpoint r
    WHERE (e.epoch, e.xid, e.position) > (r.epoch, r.xid, r.position) AND $2
"""
_WAITING_LANES = """
SELECT count(*) FROM {consumer}.checkpoint c WHERE EXISTS (
    SELECT FROM gehoor.event e WHERE gehoor.partition_of(e.case_id) = c.partition
    AND (e.epoch, e.xid, e.position) > (c.epoch, c.xid, c.position))
"""
_EVENTS = f"SELECT {COLUMNS}, epoch, xid, position FROM gehoor.event ORDER BY case_id, version"
_CHECKPOINTS = "SELECT partition, epoch, xid, position FROM {consumer}.checkpoint"
_MOVES = """
SELECT consumer, partition, old_epoch, old_xid, old_position, epoch, xid, position, by_xid FROM chaos.move
ORDER BY n
"""
_GRANTS = """
SELECT grantee, privilege_type FROM information_schema.role_table_grants
WHERE table_schema = 'gehoor' AND table_name LIKE 'event%' AND grantee LIKE 'gehoor_%'
    AND grantee <> 'gehoor_owner'
"""


async def come_to_rest(
    system: System, poisoned: list[UUID], within_s: float, *, bus_is_absent: bool
) -> Ended:
    """Wait until nothing is left to do, or until the bound; says what it still waits for."""
    since_s = monotonic()
    waits_for: dict[str, int] = {"an answer of the databases": 1}
    while waits_for and monotonic() - since_s < within_s:
        try:
            waits_for = await _left_to_do(system, poisoned, bus_is_absent=bus_is_absent)
        except (*TROUBLE, KeyError) as trouble:
            waits_for = {type(trouble).__name__: 1}
        if waits_for:
            await asyncio.sleep(LOOKS_EVERY_S)
    return Ended(
        is_quiet=not waits_for,
        quiet_after_s=round(monotonic() - since_s, 3),
        waits_for=", ".join(f"{count} {what}" for what, count in waits_for.items()),
    )


async def _left_to_do(system: System, poisoned: list[UUID], *, bus_is_absent: bool) -> dict[str, int]:
    async with admin(system) as connection:
        await connection.execute(_HASTEN)
        waits = {row[0]: row[1] for row in await connection.fetch(_WAITS, poisoned, not bus_is_absent)}
        for consumer in CONSUMERS:
            waits[f"lanes of {consumer}"] = await connection.fetchval(
                _WAITING_LANES.format(consumer=consumer)
            )
    if not bus_is_absent:
        durables = await durables_of(system)
        waits["messages"] = sum(
            one.ack_pending + one.pending for one in durables if one.name.rpartition("-")[0] in CONSUMERS
        )
        waits["durables"] = max(0, LANES * len(CONSUMERS) - len(durables))
    return {what: count for what, count in waits.items() if count}


async def write_down(system: System, history: History) -> None:
    """Write everything that the databases, the bus and the disk hold into the history."""
    async with admin(system) as connection:
        rows = [recorded(row) for row in await connection.fetch(_EVENTS)]
        history.extend(await _events(system, rows))
        history.extend(await _rows(connection, rows))
        for consumer in CONSUMERS:
            for row in await connection.fetch(_CHECKPOINTS.format(consumer=consumer)):
                history.write(Checkpoint(consumer=consumer, partition=row[0], place=tuple(row)[1:]))
            for row in await connection.fetch(f"SELECT case_id, version FROM {consumer}.parked"):
                history.write(Parked(consumer=consumer, case=str(row[0]), version=row[1]))
        for row in await connection.fetch("SELECT epoch, xid, position FROM gehoor.relay_checkpoint"):
            history.write(Checkpoint(consumer="relay", partition=-1, place=tuple(row)))
        for row in await connection.fetch(_MOVES):
            values = tuple(row)
            history.write(
                Move(consumer=values[0], partition=values[1], old=values[2:5], new=values[5:8], xid=values[8])
            )
        for row in await connection.fetch("SELECT case_id, letter_id, state FROM notifier.letter"):
            history.write(Letter(case=str(row[0]), letter_id=str(row[1]), state=row[2]))
        due = "SELECT case_id, extract(epoch FROM fire_at)::float8, coalesce(blocked, '') FROM deadlines.due"
        for row in await connection.fetch(due):
            history.write(Due(case=str(row[0]), fire_s=row[1], blocked=row[2]))
        for row in await connection.fetch(_GRANTS):
            history.write(Grant(role=row[0], privilege=row[1]))
    history.extend(await durables_of(system))
    history.extend(Canary(file=str(path.relative_to(system.home))) for path in with_canary(system.home))


async def durables_of(system: System) -> list[Durable]:
    """Ask the bus's monitor for every durable; none while it is away."""
    return await durables_at(system.record.ports["nats-monitor"])


async def durables_at(port: int) -> list[Durable]:
    """Ask the monitor at this port."""
    answer = await _whole_answer(port, "/jsz?streams=1&consumers=1&accounts=1")
    return [
        Durable(name=one["name"], ack_pending=one["num_ack_pending"], pending=one["num_pending"])
        for account in answer.get("account_details") or []
        for stream in account.get("stream_detail") or []
        for one in stream.get("consumer_detail") or []
    ]


def usage(system: System, at: Any) -> list[Usage]:
    """Look at memory and open files of every service."""
    found = []
    for name, one in system.processes().items():
        if name in ("postgres", "keys", "nats"):
            continue
        try:
            pages = int(Path(f"/proc/{one.pid}/statm").read_text().split()[1])
            descriptors = len(list(Path(f"/proc/{one.pid}/fd").iterdir()))
        except OSError:
            continue
        found.append(
            Usage(
                name=name, at=at, rss_mb=round(pages * 4096 / 1e6, 1), descriptors=descriptors, pid=one.pid
            )
        )  # fmt: skip
    return found


async def _events(system: System, rows: list[Recorded]) -> list[Event]:
    settings = system.settings
    pool = await open_pool(_keys_url(system), "gehoor", 1)
    try:
        keys = KeyStore(pool, settings.master_key())
        await keys.load({row.case_id for row in rows})
        previous: dict[UUID, bytes] = {}
        events = []
        for row in rows:
            hash_fits = fits(row, previous.get(row.case_id, b""))
            previous[row.case_id] = row.hash
            content = ""
            if row.type == "ComplaintReceived":
                content = _content_of(keys, row)
            events.append(
                Event(
                    case=str(row.case_id), version=row.version, type=row.type, actor=row.actor,
                    command=str(row.command_id), causation=row.causation or "", place=row.place[:3],
                    happened_s=row.happened_at.timestamp(), recorded_s=row.recorded_at.timestamp(),
                    data=json.loads(row.data), content=content, hash_fits=hash_fits,
                )
            )  # fmt: skip
        return events
    finally:
        await close_pool(pool)


def _content_of(keys: KeyStore, row: Recorded) -> str:
    """Give the digest of what somebody wrote, or the word for why it cannot be read."""
    try:
        text = str(keys.open(row).get(COMPLAINANT, {}).get("description", ""))
    except KeyMissing:
        return "key lost"
    return FORGOTTEN if text == ERASED else digest(text)


async def _rows(connection: asyncpg.Connection, rows: list[Recorded]) -> list[Row]:
    streams: dict[UUID, list[Recorded]] = {}
    for row in rows:
        streams.setdefault(row.case_id, []).append(row)
    stored = {
        row["case_id"]: _plain(row) for row in await connection.fetch("SELECT * FROM workflow.case_state")
    }
    found = []
    for case_id, stream in streams.items():
        try:
            fold = _plain_row(project(Stream(case_id, tuple(stream))))
        except Exception:  # noqa: BLE001 - a poisoned case cannot be folded; the checker knows which
            fold = None
        found.append(Row(case=str(case_id), stored=stored.get(case_id), folded=fold))
    return found


def _plain_row(row: Any) -> dict[str, Any]:
    return _plain({name: getattr(row, name) for name in row.__dataclass_fields__})


def _plain(row: Any) -> dict[str, Any]:
    """Make a row comparable: text for every value, JSON read."""
    plain: dict[str, Any] = {}
    for name, value in dict(row).items():
        if name in ("clocks", "letters"):
            plain[name] = json.loads(value)
        elif hasattr(value, "astimezone"):
            plain[name] = value.timestamp()
        else:
            plain[name] = value if isinstance(value, int | float | None) else str(value)
    return plain


def _keys_url(system: System) -> str:
    password = (system.home / "secrets" / "postgres-admin").read_text().strip()
    return f"postgresql://postgres:{password}@127.0.0.1:{system.record.ports['keys']}/gehoor_keys"


def with_canary(home: Path) -> Iterator[Path]:
    """Find files with something personal in clear: logs, both databases, the bus, whatever is there."""
    needle = CANARY.encode()
    for path in sorted(home.rglob("*")):
        if not path.is_file() or "mailbox" in path.parts:
            continue
        try:
            with path.open("rb") as file:
                tail = b""
                while chunk := file.read(1 << 20):
                    if needle in (tail + chunk).lower():
                        yield path
                        break
                    tail = chunk[-len(needle) :]
        except OSError:
            continue


async def _whole_answer(port: int, path: str) -> dict[str, Any]:
    try:
        async with asyncio.timeout(http_probe.ANSWERS_WITHIN_S):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                writer.write(f"GET {path} HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n".encode())
                answer = await reader.read()
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return {}
    found: dict[str, Any] = json.loads(answer.partition(b"\r\n\r\n")[2] or b"{}")
    return found

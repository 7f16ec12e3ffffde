"""An event that no service can read, put into a case by the rules: right version and chain, foreign type."""

from dataclasses import replace
from uuid import UUID, uuid4

from chaos.chain import hash_of
from chaos.database import admin, admin_url
from chaos.system import System
from events.record.envelope import START, Recorded
from events.store.database import close_pool, open_pool
from events.store.store_clock import StoreClock
from events.store.streams import Store, StreamAppend, lock_cases

TYPE = "NotYetInvented"


async def poison(system: System, reference: str) -> tuple[UUID | None, int]:
    """Append the event to a case, as a newer version of a service would; return case and version."""
    pool = await open_pool(admin_url(system), "gehoor", 1)
    try:
        clock = StoreClock()
        await clock.measure(pool)
        store = Store(pool, clock)
        case_id = await store.find(reference)
        if case_id is None:
            return None, 0
        async with admin(system) as connection, connection.transaction():
            await lock_cases(connection, [case_id])
            history = await store.history(case_id, connection)
            now, command = clock.now(), uuid4()
            values = {
                "case_id": case_id, "version": history.version + 1, "organisation": history.organisation,
                "type": TYPE, "schema_version": 1, "happened_at": now, "recorded_at": now,
                "actor": "service:future", "command_id": command, "causation": None, "correlation": case_id,
                "traceparent": None, "data": b"{}", "pii": None, "salt": bytes(16), "fields_root": bytes(32),
            }  # fmt: skip
            row = Recorded(**values, hash=b"", place=START)  # type: ignore[arg-type]
            row = replace(row, hash=hash_of(row, history.last_hash))
            await store.append(connection, [StreamAppend([row], history.last_hash)])
        return case_id, history.version + 1
    finally:
        await close_pool(pool)

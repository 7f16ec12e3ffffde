"""Keys of requests are remembered for ninety days, and no longer."""

import asyncpg
import pytest

from events.platform import Platform
from events.store.new_cases import REQUEST_KEYS
from events.testing import TestSystem
from service.idempotency_expiry import IdempotencyExpiryLoop

KEYS = "SELECT key FROM gehoor.idempotency WHERE scope = 'client:aged' ORDER BY key"


async def remember(system: TestSystem, **days: int) -> asyncpg.Pool:
    """Write down keys that came so many days ago."""
    admin = await system.pool_of("admin")
    await admin.executemany(
        "INSERT INTO gehoor.idempotency (scope, key, fingerprint, case_id, response, recorded_at)"
        " VALUES ('client:aged', $1, '', gen_random_uuid(), '',"
        " gehoor.clock_now() - make_interval(days => $2))",
        list(days.items()),
    )
    return admin


async def test_only_keys_older_than_ninety_days_are_forgotten(
    system: TestSystem, intake_platform: Platform
) -> None:
    """A key of last month still prevents a second complaint; one of last year is gone."""
    admin = await remember(system, yesterday=1, month=30, almost=89, old=91, older=400)
    loop = IdempotencyExpiryLoop(intake_platform, REQUEST_KEYS)

    forgotten = await loop.run_once()
    again = await loop.run_once()

    assert (2, 0) == (forgotten, again)
    assert ["almost", "month", "yesterday"] == [row["key"] for row in await admin.fetch(KEYS)]


async def test_intake_cannot_forget_a_young_key(system: TestSystem, intake_platform: Platform) -> None:
    """Not even intake itself can take back a key that may still be repeated."""
    admin = await remember(system, young=5)

    await intake_platform.pool.execute("DELETE FROM gehoor.idempotency WHERE scope = 'client:aged'")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await intake_platform.pool.execute("UPDATE gehoor.idempotency SET recorded_at = '2000-01-01'")

    assert "young" in [row["key"] for row in await admin.fetch(KEYS)]

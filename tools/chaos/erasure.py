"""Erases a complainant with a break in the middle, and repeats the erasure until it is complete."""

import asyncio
import sys
from pathlib import Path

from chaos.database import DATABASE_ERRORS
from chaos.system import System
from events import failpoints
from events.erasure import erase, persons_of
from events.platform import Platform
from events.store.database import close_pool, open_pool
from events.store.keys import KeyStore
from events.store.store_clock import StoreClock
from events.store.streams import Store

TRIES = 60


async def erase_person(system: System, reference: str, step: str) -> None:
    """Erase the persons of a case, breaking off once at `step`; raises what the last try raised."""
    for left in reversed(range(TRIES)):
        try:
            if step:
                failpoints.arm_here(f"{step}=raise")
                step = ""
            await _erase_person(system, reference)
        except (*DATABASE_ERRORS, KeyError):
            if not left:
                raise
            await asyncio.sleep(0.5)
        else:
            return


async def _erase_person(system: System, reference: str) -> None:
    settings = system.settings
    pool = await open_pool(settings.database_for("keeper"), "keeper", 1)
    try:
        keys_pool = await open_pool(settings.keys_for("keeper"), "keeper", 1)
        try:
            clock = StoreClock()
            await clock.measure(pool)
            store = Store(pool, clock)
            keys = KeyStore(keys_pool, settings.master_key())
            case_id = await store.find(reference)
            if case_id is None:
                return  # a promise that does not stand: the checker says so
            persons = persons_of(await store.history(case_id))
            platform = Platform("keeper", settings, pool, clock, store, keys)
            await erase(platform, case_id, sorted(persons), "request", "staff:chaos")
        finally:
            await close_pool(keys_pool)
    finally:
        await close_pool(pool)


def main() -> None:
    """Erase somebody in a process of its own, which may be broken on the way like any other."""
    home, reference = Path(sys.argv[1]), sys.argv[2]
    failpoints.arm_here(f"@{home}/failpoints/forgetting")
    nowhere = System(home, home / "log" / "forgetting.log", "", "", 1.0)
    asyncio.run(_erase_person(nowhere, reference))


if __name__ == "__main__":
    main()

"""Verifying every chain of the store, as `gehoor verify` does it: each event hashed again, in two processes.

The verifier's processes and Postgres share the machine's cores. 100,000 events by default, a million with
GROWTH; the time is given as it would be for a million.
"""

from collections.abc import Sequence
from time import perf_counter

from bench import filling
from bench.figures import Figure, Target, of_repeats
from bench.run import Run
from events.store.verify import verify

CELL = "verify"
MILLION = 1_000_000


async def run(run: Run) -> Sequence[Figure]:
    """Fill a store, verify it, and see that one changed byte is found."""
    system = await run.servers.system()
    events = run.size(104_000, MILLION)
    await filling.fill(system.database_url, events)
    await run.servers.quiet(system.database_url)
    url = system.settings.database_for("auditor")
    taken_s = []
    for _ in range(1 if run.full else 2):
        began_s = perf_counter()
        report = await verify(url, workers=2)
        taken_s.append(perf_counter() - began_s)
        if (report.events, report.bad) != (events, 0):
            raise RuntimeError(f"verified {report.events} of {events} events, {report.bad} bad")
    admin = await system.admin()
    try:
        await admin.execute("SET session_replication_role = replica")
        await admin.execute("ALTER TABLE gehoor.event DISABLE TRIGGER USER")
        await admin.execute(
            "UPDATE gehoor.event SET actor = 'client:other' WHERE case_id = $1 AND version = 3",
            filling.case_number(events // filling.PER_CASE // 2),
        )
    finally:
        await admin.close()
    found = (await verify(url, workers=2)).bad
    if found != 1:
        raise RuntimeError(f"one event was changed, {found} were found")
    return [
        of_repeats(CELL, f"{events:,} events", taken_s, "s"),
        of_repeats(
            CELL, "a million events on 2 cores", [taken * MILLION / events for taken in taken_s], "s",
            Target(60, 30, at_least=False), note="" if events == MILLION else "scaled",
        ),
    ]  # fmt: skip

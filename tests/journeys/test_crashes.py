"""Parts are killed while complaints come in: everything still happens, and everything happens once."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from whole_system import HAPPENS_WITHIN_S, WholeSystem, until

BURST = 30
AT_ONCE = 6
ORGANISATIONS = ("destiny", "bc", "supportoplus", "preact", "ingressus")
WARM_WITHIN_S = 60.0
"""Far above what is promised (10 s): how long it took is recorded with the test."""
SETTLED_WITHIN_S = 90.0

pytestmark = pytest.mark.journey


@dataclass(frozen=True)
class Fate:
    """What the record says of one complaint."""

    types: Counter[str]
    versions: list[int]


def complaint(number: int) -> dict[str, Any]:
    return {
        "organisation": ORGANISATIONS[number % len(ORGANISATIONS)],
        "channel": "portal",
        "description": f"Melding {number} van een drukke ochtend.",
        "complainant": {"name": "Anneke Postma", "email": f"anneke.{number}@example.org"},
    }


async def burst(system: WholeSystem, disturb: Callable[[], Awaitable[None]]) -> list[str]:
    """File thirty complaints, six at a time, and disturb the system when a third of them is answered."""
    run, references = uuid4().hex, []
    a_third_is_in = asyncio.Event()
    places = asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> None:
        async with places:
            references.append(await system.file_until_answered(complaint(number), f"burst-{run}-{number}"))
        if len(references) >= BURST // 3:
            a_third_is_in.set()

    async def disturbing() -> None:
        await a_third_is_in.wait()
        await disturb()

    await asyncio.gather(disturbing(), *(one(number) for number in range(BURST)))
    return references


async def fates(system: WholeSystem, references: list[str]) -> dict[str, Fate]:
    """Read from the store what became of complaints."""
    async with system.database() as connection:
        rows = await connection.fetch(
            "SELECT r.reference, array_agg(e.type ORDER BY e.version) AS types,"
            " array_agg(e.version ORDER BY e.version) AS versions"
            " FROM gehoor.case_reference r JOIN gehoor.event e USING (case_id)"
            " WHERE r.reference = ANY($1) GROUP BY r.reference",
            references,
        )
    return {row["reference"]: Fate(Counter(row["types"]), row["versions"]) for row in rows}


def letters_of(reference: str) -> int:
    """Supporto+'s form is copied to its quality inbox, beside the letter that every complaint gets."""
    return 2 if reference.startswith("SUP-") else 1


async def settled(system: WholeSystem, references: list[str]) -> dict[str, Fate]:
    """Wait until every complaint has its letters, and give what became of each."""

    async def all_settled() -> dict[str, Fate] | None:
        found = await fates(system, references)
        done = [one for one, fate in found.items() if fate.types["LetterSent"] >= letters_of(one)]
        return found if len(done) == len(references) else None

    return await until(all_settled, "every complaint has its letter", within_s=SETTLED_WITHIN_S) or {}


async def mails_about(system: WholeSystem, references: list[str]) -> Counter[str]:
    """Count the mails that came in about each complaint."""
    async with httpx2.AsyncClient(base_url=system.mailbox, timeout=HAPPENS_WITHIN_S) as client:
        listed = (await client.get("/api/v1/messages", params={"limit": 1000})).json()["messages"]
    return Counter(reference for mail in listed for reference in references if reference in mail["Subject"])


async def assert_everything_happened_once(system: WholeSystem, references: list[str]) -> None:
    """One case, one set of clocks and its letters once, no gap; another mail only where that is explained."""
    found = await settled(system, references)
    mails = await mails_about(system, references)
    assert len(set(references)) == len(references)
    for reference, fate in found.items():
        assert list(range(1, len(fate.versions) + 1)) == fate.versions, reference
        for once in ("ComplaintReceived", "ReportClassified", "CaseOpened"):
            assert 1 == fate.types[once], (reference, fate.types)
        letters = letters_of(reference)
        assert letters == fate.types["LetterSent"], (reference, fate.types)
        assert letters <= mails[reference] <= letters + fate.types["LetterUncertain"], (
            reference,
            fate,
            mails,
        )
    async with system.database() as connection:
        twice = await connection.fetch(
            "SELECT case_id, type, data FROM gehoor.event WHERE type <> 'LetterUncertain'"
            " GROUP BY case_id, type, data HAVING count(*) > 1"
        )
        filed = await connection.fetchval(
            "SELECT count(*) FROM gehoor.event e JOIN gehoor.case_reference r USING (case_id)"
            " WHERE e.type = 'ComplaintReceived' AND r.reference = ANY($1)",
            references,
        )
    assert [] == twice
    assert len(references) == filed
    parked = await system.gehoor("parked", "list")
    assert (0, "nothing is parked\n") == (parked.code, parked.out)


@pytest.mark.parametrize("names", [("intake", "relay"), ("workflow", "deadlines", "notifier")], ids="+".join)
async def test_killed_services_lose_nothing_and_repeat_nothing(
    running: WholeSystem, names: tuple[str, ...]
) -> None:
    """Services are killed in the middle of thirty complaints: each is answered and handled once."""

    async def kill() -> None:
        killed = {name: running.kill(name) for name in names}
        await asyncio.gather(*(running.until_back(name, pid) for name, pid in killed.items()))

    references = await burst(running, kill)

    await assert_everything_happened_once(running, references)


async def test_a_bus_that_loses_everything_loses_nothing(running: WholeSystem) -> None:
    """The message bus is killed under load and its memory deleted: record and letters are complete."""
    store = running.home / "nats"

    async def wipe() -> None:
        store.rename(running.home / f"nats-{uuid4().hex}")  # before the kill, so that no restart can see it
        killed = running.kill("nats")
        await running.until_back("nats", killed)

    references = await burst(running, wipe)

    await assert_everything_happened_once(running, references)
    assert store.exists()


async def test_after_a_stop_the_next_start_goes_on_where_it_was(
    running: WholeSystem, record_property: Callable[[str, object], None]
) -> None:
    """All is stopped right after thirty complaints: the next start finishes them and repeats nothing."""
    await running.until_at_rest()
    before = await running.events_stored()

    async def nothing() -> None: ...

    references = await burst(running, nothing)
    stopped_in_s = await running.stop()
    warm_in_s = await running.start()

    record_property("stopped_in_s", round(stopped_in_s, 2))
    record_property("warm_start_in_s", round(warm_in_s, 2))
    await assert_everything_happened_once(running, references)
    assert warm_in_s < WARM_WITHIN_S
    await running.until_at_rest()
    assert before + sum(len(fate.versions) for fate in (await fates(running, references)).values()) == (
        await running.events_stored()
    )
    verified = await running.gehoor("verify", "--json")
    assert (0, 0) == (verified.code, verified.lines[0]["bad"])

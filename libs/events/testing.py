"""What tests of services need: a fresh, provisioned pair of databases, and platforms to work with.

Nothing here is used by a running service. The databases are real; only their names are made up.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

import asyncpg

from events.catalogue import CATALOGUE, COMPLAINANT, ComplaintReceived, Personal
from events.clock import SystemClock
from events.identity import new_case_id, new_reference
from events.platform import Platform
from events.provision.provision import provision
from events.record.envelope import Cause, History, NewEvent, Recorded
from events.record.sealing import next_rows
from events.settings import Settings
from events.store.database import close_pool, open_pool, transaction
from events.store.keys import KeyStore, NewPerson
from events.store.store_clock import StoreClock
from events.store.streams import Store, StreamAppend


def received(**changes: Any) -> ComplaintReceived:
    """Return the canonical complaint's event; a test changes only the field that matters."""
    values: dict[str, Any] = {
        "reference": "SUP-00000-00000-C",
        "channel": "portal",
        "channel_named": True,
        "language": "nl",
        "nature": "service",
        "received_on": date(2026, 4, 2),
        "reported_on": None,
        "given": ("description", "name", "email"),
        "missing": (),
        "reachable_by": ("email",),
    }
    return ComplaintReceived(**values | changes)


A_COMPLAINANT: Personal = {
    COMPLAINANT: {
        "name": "Sanne de Wit",
        "email": "sanne.dewit@klant.example",
        "description": "De monteur is twee keer niet gekomen.",
    }
}


def history_of(*events: NewEvent, organisation: str = "supportoplus", case_id: UUID | None = None) -> History:
    """Make the history of a case from events, without any database; nothing personal is kept."""
    case_id = case_id or new_case_id()
    rows: list[Recorded] = []
    for event in events:
        rows += next_rows(
            case_id=case_id,
            organisation=organisation,
            after=rows[-1] if rows else None,
            events=[NewEvent(event.event, event.happened_at)],
            cause=Cause("service:test", new_case_id(), case_id),
            recorded_at=event.happened_at,
            keys=None,
        )
    return History(case_id, tuple(rows))


@dataclass(slots=True)
class TestSystem:
    """A provisioned event store and key store of their own, under a home of their own."""

    __test__ = False

    home: Path
    database_url: str
    keys_url: str
    settings: Settings
    _pools: list[asyncpg.Pool] = field(default_factory=list)
    _by_role: dict[str, asyncpg.Pool] = field(default_factory=dict)

    async def platform(
        self, name: str, *, clock: SystemClock | None = None, keys: bool = False, size: int = 4
    ) -> Platform:
        """Log in as a service; with `clock` the test decides what Python thinks the time is."""
        pool = await self._pool(self.settings.database_for(name), name, size)
        if clock is None:
            clock = StoreClock()
            await clock.measure(pool)
        key_store = None
        if keys:
            key_store = KeyStore(
                await self._pool(self.settings.keys_for(name), name, 2), self.settings.master_key()
            )
        store = Store(pool, clock)
        return Platform(name, self.settings, pool, clock, store, key_store)

    async def admin(self) -> asyncpg.Connection:
        """Connect to the event store as its superuser; the caller closes."""
        return await asyncpg.connect(self.database_url)

    async def receive(
        self,
        platform: Platform,
        organisation: str = "supportoplus",
        *,
        personal: Personal = A_COMPLAINANT,
        happened_at: datetime | None = None,
        **changes: Any,
    ) -> UUID:
        """Append a complaint as intake would, by `platform`'s clock and keys; returns its case."""
        case_id = new_case_id()
        now = platform.clock.now()
        keys = None
        if personal and platform.keys is not None:
            await platform.keys.mint([NewPerson(case_id, person) for person in personal])
            keys = platform.keys.of_case(case_id)
        reference = changes.pop("reference", None) or new_reference("TST")
        event = received(reference=reference, **changes)
        rows = next_rows(
            case_id=case_id,
            organisation=organisation,
            after=None,
            events=[NewEvent(event, happened_at or now, personal if keys else {})],
            cause=Cause("client:test", new_case_id(), case_id),
            recorded_at=now,
            keys=keys,
        )
        async with transaction(await self.pool_of("intake")) as connection:
            await platform.store.append(connection, [StreamAppend(rows, b"")])
            await connection.execute(
                "INSERT INTO gehoor.case_reference (reference, case_id) VALUES ($1, $2)", reference, case_id
            )
        return case_id

    async def append(self, case_id: UUID, *events: NewEvent, store: Store) -> None:
        """Append events as the services that emit them would, one after the other.

        An event that is not in the catalogue is one of a newer version: no role of ours may append it.
        """
        for new in events:
            history = await store.history(case_id)
            rows = next_rows(
                case_id=case_id,
                organisation=history.organisation,
                after=history.last,
                events=[new],
                cause=Cause(f"service:{new.event.emitted_by}", new_case_id(), case_id),
                recorded_at=store.clock.now(),
                keys=None,
            )
            role = new.event.emitted_by if new.event.type in CATALOGUE else "admin"
            async with transaction(await self.pool_of(role)) as connection:
                await store.append(connection, [StreamAppend(rows, history.last_hash)])

    async def pool_of(self, role: str) -> asyncpg.Pool:
        """Return the pool of a role, for what a test does in its name."""
        if role not in self._by_role:
            url = self.database_url if role == "admin" else self.settings.database_for(role)
            self._by_role[role] = await self._pool(url, role, 2)
        return self._by_role[role]

    async def close(self) -> None:
        for pool in self._pools:
            await close_pool(pool)

    async def _pool(self, url: str, name: str, size: int) -> asyncpg.Pool:
        pool = await open_pool(url, name, size)
        self._pools.append(pool)
        return pool


async def make_system(home: Path, admin_url: str, admin_keys_url: str, **settings: Any) -> TestSystem:
    """Provision fresh databases on these servers; their names are random, their roles shared per home.

    `home` keeps the secrets: systems on the same servers must share it, because a role has one password.
    """
    name = f"gehoor_{secrets.token_hex(6)}"
    database_url, keys_url = _with_database(admin_url, name), _with_database(admin_keys_url, f"{name}_keys")
    values: Mapping[str, Any] = {"home": home, "database_url": database_url, "keys_url": keys_url, **settings}
    made = Settings(**values)
    await provision(made, database_url, keys_url)
    return TestSystem(home, database_url, keys_url, made)


def _with_database(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))

"""What reading commands share: the caller's token, a connection as the auditor, keys where the caller may.

Until the console exists the command line reads the store itself. It does so as the role that may only select,
and it decrypts nothing unless the token's roles may see personal fields.
"""

import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any
from uuid import UUID

from events import access_tokens
from events.access_tokens import Access
from events.clock import SystemClock
from events.errors import Misconfigured, NoSuchCase
from events.identity import NotAReference, parse_reference
from events.record.envelope import History, Recorded
from events.settings import Settings
from events.store.database import close_pool, open_pool
from events.store.keys import KeyStore
from events.store.store_clock import StoreClock
from events.store.streams import Store
from gehoor.connection import connected
from procedures.counting.zones import zone_named

HERE = zone_named("Europe/Amsterdam")
"""The zone of a moment that was typed without an offset."""


@dataclass(frozen=True, slots=True)
class Reader:
    """A caller with what they may read."""

    settings: Settings
    access: Access
    clock: SystemClock
    store: Store
    keys: KeyStore | None

    async def history(self, reference: str) -> History:
        """Read a case by its reference, or by its identifier; raises `NoSuchCase`, also for others' cases."""
        case_id = await self._case_of(reference)
        history = await self.store.history(case_id) if case_id else None
        if history is None or not history.events or not self.access.reaches(history.organisation):
            raise NoSuchCase(f"there is no case {reference!r} that this token reaches")
        if self.keys is not None:
            await self.keys.load([history.case_id])
        return history

    def personal(self, recorded: Recorded) -> dict[str, dict[str, Any]] | None:
        """Decrypt an event's personal fields; None where the caller may not, or there are none."""
        return self.keys.open(recorded) if self.keys is not None and recorded.pii else None

    async def _case_of(self, reference: str) -> UUID | None:
        named = named_case(reference)
        return named if isinstance(named, UUID) else await self.store.find(named)


def named_case(text: str) -> UUID | str:
    """Read what names a case, its identifier or its reference; raises `NoSuchCase` when it is neither."""
    try:
        return UUID(text)
    except ValueError:
        pass
    try:
        return parse_reference(text)
    except NotAReference as wrong:
        raise NoSuchCase(str(wrong)) from wrong


@asynccontextmanager
async def reader(token: Path | None, *, personal: bool = True) -> AsyncIterator[Reader]:
    """Open the store for a caller; the embedded administrator's token is taken unless another is given.

    Without `personal` nothing will be decrypted, and the key store need not be there.
    """
    settings = connected()
    async with AsyncExitStack() as stack:
        pool = await open_pool(settings.database_for("auditor"), "auditor", 2)
        stack.push_async_callback(close_pool, pool)
        clock = StoreClock()
        await clock.measure(pool)
        caller = access_tokens.read(
            settings.secret("token.key"), f"Bearer {_token(settings, token)}", clock.now()
        )
        keys = None
        if personal and caller.sees_personal_fields and settings.keys_url is not None:
            keys_pool = await open_pool(settings.keys_for("keeper"), "keeper", 1)
            stack.push_async_callback(close_pool, keys_pool)
            keys = KeyStore(keys_pool, settings.master_key())
        yield Reader(settings, caller, clock, Store(pool, clock), keys)


def moment(text: str) -> datetime:
    """Read a moment: RFC 3339, or a local date and time in Amsterdam, or a date (its end).

    Raises `Misconfigured` for anything else, naming what is understood.
    """
    try:
        if len(text) == len("2026-04-02"):
            return datetime.combine(date.fromisoformat(text), time.max, HERE).astimezone(UTC)
        parsed = datetime.fromisoformat(text)
    except ValueError as wrong:
        raise Misconfigured(
            f"{text!r} is no moment: write 2026-04-02, 2026-04-02T11:30 or 2026-04-02T11:30:00+02:00"
        ) from wrong
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=HERE)).astimezone(UTC)


def _token(settings: Settings, path: Path | None) -> str:
    if path is None and (given := os.environ.get("GEHOOR_TOKEN")):
        return given.strip()
    path = path or settings.home / "tokens" / "admin"
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"{path} holds no token: give one with --token or GEHOOR_TOKEN") from error

"""What a process works with: connections, clock and store, made once at start and handed down."""

from dataclasses import dataclass, field
from typing import Protocol

import asyncpg

from events.clock import SystemClock
from events.doorbell import Doorbell, SilentDoorbell
from events.partitions.ownership import Ownership
from events.settings import Settings
from events.store.keys import KeyStore
from events.store.streams import Store


class BusConnection(Protocol):
    """FastStream's broker as far as the relay needs it: the client, or None before it is connected.

    A protocol, because importing FastStream here would load it into every command that only reads the store.
    """

    @property
    def _connection(self) -> object: ...


@dataclass(frozen=True, slots=True)
class Platform:
    """One service's connections, clock and store; `keys` only where personal fields may be handled."""

    name: str
    settings: Settings
    pool: asyncpg.Pool
    clock: SystemClock
    store: Store
    keys: KeyStore | None = None
    doorbell: Doorbell = field(default_factory=SilentDoorbell)
    ownership: Ownership = field(default_factory=Ownership)
    broker: BusConnection | None = None

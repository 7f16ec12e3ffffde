"""What a process is given to work with, made once at start and handed down."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Optional

import asyncpg

from events.clock import Clock
from events.doorbell import Doorbell, SilentDoorbell
from events.partitions.ownership import Ownership
from events.settings import Settings
from events.store.keys import KeyStore
from events.store.streams import Store

if TYPE_CHECKING:
    from faststream.nats import NatsBroker


@dataclass(frozen=True, slots=True)
class Platform:
    """One service's connections, clock and store; `keys` only where personal fields may be handled."""

    name: str
    settings: Settings
    pool: asyncpg.Pool
    clock: Clock
    store: Store
    keys: KeyStore | None = None
    doorbell: Doorbell = field(default_factory=SilentDoorbell)
    ownership: Ownership = field(default_factory=Ownership)
    broker: Optional["NatsBroker"] = None

"""What the keys tell: a person was forgotten."""

from typing import ClassVar
from uuid import UUID

from events.catalogue.event import Event
from events.catalogue.words import ErasureBasis


class ErasureRequested(Event, frozen=True, kw_only=True):
    """Somebody decided that these persons of the case are to be forgotten; the keys die next."""

    emitted_by: ClassVar[str] = "keys"

    persons: tuple[str, ...]
    basis: ErasureBasis


class SubjectErased(Event, frozen=True, kw_only=True):
    """The keys of these persons are destroyed: their fields are unreadable for ever, the chain holds."""

    emitted_by: ClassVar[str] = "keys"

    persons: tuple[str, ...]
    key_ids: tuple[UUID, ...]

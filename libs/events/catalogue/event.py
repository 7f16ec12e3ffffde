"""What an event is, and how what is personal in it is told apart."""

from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec

COMPLAINANT = "complainant"
ABOUT = "about"


class Erased(str):
    """The place of a person's field whose key was destroyed; never equal in type to what somebody wrote."""

    __slots__ = ()


ERASED = Erased("[erased]")
"""What a reader shows there. Test with `isinstance(value, Erased)`: a text may say the same."""

Personal = Mapping[str, Mapping[str, Any]]
"""Personal fields by person slot: `{"complainant": {"name": …}, "about": {…}}`."""

REASON: Mapping[str, tuple[str, ...]] = {COMPLAINANT: ("reason",)}
"""Why somebody did something, in their own words: it may name the complainant."""

ADDED: Mapping[str, tuple[str, ...]] = {
    COMPLAINANT: (
        "message", "name", "company", "role", "email", "phone", "address", "reachability", "description",
        "references",
    ),
    ABOUT: ("name", "function"),
}  # fmt: skip
"""What a complainant may add to a complaint: what was missing from it, and anything else they say."""


class Value(msgspec.Struct, frozen=True, kw_only=True):
    """A part of an event."""


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """A fact about a case. `emitted_by` is the one service that may append it."""

    emitted_by: ClassVar[str]
    schema_version: ClassVar[int] = 1
    personal: ClassVar[Mapping[str, tuple[str, ...]]] = {}

    @property
    def type(self) -> str:
        return type(self).__name__

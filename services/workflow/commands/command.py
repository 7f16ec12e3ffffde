"""What a command is: its name, its body, when it can be given, and how it is decided.

Deciders are pure: they get the case as it stands, the body, and the `CommandContext`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cases.state import Case
from events.catalogue import COMPLAINANT, Event
from events.record.envelope import NewEvent
from workflow.commands.context import CommandContext
from workflow.commands.fields import Body

CommandDecider = Callable[[Case, Any, CommandContext], Sequence[NewEvent]]
Obstacle = Callable[[Case, CommandContext], str | None]
"""Why a command cannot be given now whatever its body says; None when it can."""


@dataclass(frozen=True, slots=True)
class CommandSpec:
    """A command: its name in the address, its body, when it can be given and how it is decided.

    `mirror` decides what the second case of a command about two cases is told. `apart` keeps out whoever
    handled or decided the case before. `about` tells that its body may name the person complained about, who
    may have no key in the case yet.
    """

    name: str
    sentence: str
    body: type[Body]
    decide: CommandDecider
    ready: Obstacle | None = None
    mirror: CommandDecider | None = None
    apart: bool = False
    about: bool = False


def event_with_words(event: Event, at: datetime, **words: str | None) -> NewEvent:
    """Make an event whose words lie in the complainant's encrypted part."""
    personal: Mapping[str, Any] = {name: text for name, text in words.items() if text}
    return NewEvent(event, at, {COMPLAINANT: personal} if personal else {})

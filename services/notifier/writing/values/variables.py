"""The variables of a letter's text as data. `letters/README.md` is the table of all of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class PromiseToShow:
    """A clock as the complainant reads it: what will have happened, and its last day in words."""

    fact: str
    on: str
    is_target: bool


@dataclass(frozen=True, slots=True)
class Handler:
    """Who handles the case, in the words of the letter's language."""

    name: str
    function: str
    email: str
    phone: str
    reachable: str


@dataclass(frozen=True, slots=True)
class Agreement:
    """Something that was agreed: what, who is responsible for it, and by when, in words."""

    what: str
    owner: str
    on: str


@dataclass(frozen=True, slots=True)
class FilledIn:
    """A field of the form: its heading, and what was written into it."""

    what: str
    said: str


@dataclass(frozen=True, slots=True)
class Values:
    """The variables of one letter by name.

    `required_words` are what somebody wrote for the complainant in the event that owes the letter. Whatever
    the text looks like, the finished letter holds them or does not leave.
    """

    variables: Mapping[str, Any]
    required_words: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> Any:
        """Return a variable; one that this letter does not have is empty."""
        return self.variables.get(name, "")

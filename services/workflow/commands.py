"""The commands a person can give about a case: who may, what the body holds, and what is decided.

A new command is one model and one entry in `COMMANDS`; everything around it (rights, `If-Match`, repeats,
appending, answers) is the same for all and stands in `desk.py`. Deciding stays in `case.py`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from cases.state import Case, Kind
from events.access import Role
from events.envelope import NewEvent
from events.problems import refuse
from workflow import case as cases
from workflow.pinned import pinned_procedure

MOST_CHARACTERS = 4_000
"""Of a reason: two pages; a longer one belongs into a document."""


class Body(BaseModel):
    """What comes with a command: exactly the fields it names."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


def _not_blank(text: str) -> str:
    if not text.strip():
        raise refuse("must say something")
    return text


class Reclassify(Body):
    """Say what the report is after all."""

    kind: Kind = Field(description="What the report is; which kinds there are depends on the procedure.")
    because: Annotated[str, AfterValidator(_not_blank)] = Field(
        max_length=MOST_CHARACTERS, description="Why, in your own words; stored encrypted."
    )


@dataclass(frozen=True, slots=True)
class Known:
    """A command: its name in the address, who may give it, its body, and how it is decided."""

    name: str
    sentence: str
    roles: tuple[Role, ...]
    body: type[Body]
    decide: Callable[[Case, Any, datetime], Sequence[NewEvent]]


def _reclassify(case: Case, body: Reclassify, now: datetime) -> Sequence[NewEvent]:
    return cases.reclassify(case, body.kind, body.because, pinned_procedure(case), now)


COMMANDS: Mapping[str, Known] = {
    known.name: known
    for known in (
        Known(
            name="reclassify",
            sentence="Say what the report is after all: a complaint, an incident, both or neither.",
            roles=("handler", "quality_manager", "admin"),
            body=Reclassify,
            decide=_reclassify,
        ),
    )
}

"""Who calls: the bearer token of a request, and the cases it reaches.

A case of another organisation, a reference that does not exist and text that is no reference get one and the
same answer, so that nobody can find out which references exist elsewhere.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request

from cases.state import Case
from events.access_tokens import Access, NotAllowed, read
from events.identity import NotAReference, parse_reference
from events.platform import Platform
from events.record.envelope import History
from procedures.counting.terms import terms_of
from procedures.organisations import organisations
from procedures.pinning import pinned_procedure
from web.problems import Problem
from workflow.commands.context import CommandContext
from workflow.persons import masks_of, subjects_of

NAMING = frozenset({"ComplaintReceived", "ComplainantWrote", "InformationReceived"})
"""The types of the events that may name the persons of a case."""

STAFF = "staff:"
"""What an actor's name begins with when the rest is a staff identifier."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: their access, and the platform that the answer needs."""

    platform: Platform
    access: Access

    async def history_of(self, reference: str) -> History:
        """Return the history of a case that the caller may see; raises the one `Problem` (404) for others."""
        try:
            case_id = await self.platform.store.find(parse_reference(reference))
        except NotAReference:
            case_id = None
        if case_id is not None:
            history = await self.platform.store.history(case_id)
            if history.events and self.access.reaches(history.organisation):
                return history
        raise Problem(
            404,
            "no-such-case",
            "There is no such case",
            "Check each character of the reference, and that your token names its organisation.",
        )


async def caller_of(request: Request) -> Caller:
    """Read the bearer token of a request; raises `Problem` (401) when it is missing or not accepted."""
    state = request.app.state
    try:
        access = read(state.token_key, request.headers.get("authorization"), state.platform.clock.now())
    except NotAllowed as refused:
        raise not_allowed(refused) from refused
    return Caller(state.platform, access)


def context_of(
    platform: Platform, access: Access, history: History, case: Case, now: datetime, other: Case | None = None
) -> CommandContext:
    """Return what a command is decided with: who calls, and whom the complaint is about.

    The caller has loaded the keys of the case. A person whose key was destroyed is left out. Raises
    `CommandRefused` when the case is not open yet.
    """
    organisation = organisations()[case.organisation]
    keys = platform.keys
    opened = [keys.open(event) for event in history.events if event.type in NAMING] if keys else []
    return CommandContext(
        person=access.actor.removeprefix(STAFF),
        roles=access.roles,
        now=now,
        procedure=pinned_procedure(case),
        organisation=organisation,
        subjects=subjects_of(opened, organisation),
        masks=masks_of(opened),
        other=other,
        terms=terms_of(history.events),
    )


ACaller = Annotated[Caller, Depends(caller_of)]


def not_allowed(refused: NotAllowed) -> Problem:
    """Return the `Problem` for a token that is missing, wrong or not enough."""
    return Problem(refused.status, refused.code, "Not allowed", refused.detail, headers=refused.headers)

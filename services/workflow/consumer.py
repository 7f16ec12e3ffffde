"""What workflow does about an event: open the case when a complaint comes in, keep the worklist current."""

from collections.abc import Sequence
from datetime import datetime

import asyncpg

from events.batch import Reaction
from events.catalogue import CATALOGUE
from events.envelope import History, Recorded
from events.errors import MalformedEvent
from procedures.library import in_force
from procedures.organisations import organisations
from workflow.case import fold, open_case
from workflow.worklist import project, write

_CURRENT = (None,)
"""The one effect there is: bring this case's row up to date."""


class WorkflowConsumer:
    """Reacts to every event, because every event may change what the worklist shows."""

    name = "workflow"
    reacts_to = frozenset(CATALOGUE)

    def react(self, history: History, event: Recorded, now: datetime) -> Reaction:
        """Open the case under the procedure in force on the day of receipt, unless it is open already."""
        case = fold(history)
        if case is None:
            raise MalformedEvent(f"case {history.case_id} has no events, yet {event.id} was announced")
        if case.opened is not None:
            return Reaction(effects=_CURRENT)
        procedure = in_force(case.organisation, case.received.received_on)
        opening = open_case(case, procedure, organisations()[case.organisation], now)
        return Reaction(events=tuple(opening), effects=_CURRENT)

    async def apply(self, connection: asyncpg.Connection, effects: Sequence[tuple[History, None]]) -> None:
        """Write the rows of all these cases in one statement, each from its history as it now stands."""
        histories = {history.case_id: history for history, _ in effects}
        await write(connection, [project(history) for history in histories.values()])

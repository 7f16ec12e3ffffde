"""The consumer of workflow: it opens a case for each complaint and keeps the worklist up to date."""

from collections.abc import Sequence
from datetime import datetime

import asyncpg

from cases.state import fold, with_decided
from events.catalogue import CATALOGUE, CaseOpened
from events.consumer.batch import Reaction
from events.errors import MalformedEvent
from events.record.envelope import History, Recorded
from procedures.library import in_force
from procedures.organisations import organisations
from workflow.classification import open_case
from workflow.worklist import WorklistRow, row_of, write


class WorkflowConsumer:
    """Reacts to every event, because every event may change what the worklist shows."""

    name = "workflow"
    reconciles = True
    reacts_to = frozenset(CATALOGUE)

    def react(self, history: History, event: Recorded, now: datetime) -> Reaction:
        """Open the case under the procedure in force on the day of receipt, unless it is open already.

        Raises `MalformedEvent` when the case has no events or one that cannot be read; the loop parks the
        case.
        """
        is_open = any(recorded.type == CaseOpened.__name__ for recorded in history.events)
        if is_open and event.version < history.version:
            # A newer event is in the same history and its own turn comes: it makes the row for all of them.
            # Without this, a batch with n events of one case would fold that case n times.
            return Reaction()
        case = fold(history)
        if case is None:
            raise MalformedEvent(f"case {history.case_id} has no events, yet {event.id} was announced")
        if is_open:
            return Reaction(effects=(row_of(case),))
        procedure = in_force(case.organisation, case.received.received_on)
        opening = open_case(case, procedure, organisations()[case.organisation], now)
        # The row shows the case as it is after the events of this very transaction; the fold has not seen
        # them.
        return Reaction(events=tuple(opening), effects=(row_of(with_decided(case, opening)),))

    async def apply(
        self, connection: asyncpg.Connection, effects: Sequence[tuple[History, WorklistRow]]
    ) -> None:
        """Write the newest row of each of these cases, in one statement."""
        await write(connection, {row.case_id: row for _, row in effects}.values())

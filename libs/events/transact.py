"""`transact`: the one way a command writes. Lock the case, read it, decide, append, commit.

A repeated command is recognised in the stream itself. Consumers use `consumer/batch.py`, which shares
`rows_after`.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

import asyncpg
import structlog

from events.errors import ClockDisagrees, CommandRefused, PersonErased, StreamConflict
from events.logs import describe
from events.platform import Platform
from events.record.envelope import Cause, History, NewEvent, Recorded
from events.record.sealing import next_rows
from events.store.database import transaction
from events.store.streams import StreamAppend, lock_cases

log = structlog.get_logger()

ATTEMPTS = 5
"""A conflict under the case's lock is rare; after more attempts than this something is wrong."""

Decide = Callable[[History, datetime], Sequence[NewEvent]]
"""Pure: from the history and the moment to the events that follow. [] means that it is already so. It raises
`CommandRefused` when the command is not allowed now."""


@dataclass(frozen=True, slots=True)
class Command:
    """Something to decide about one case; a `command_id` is carried out once, however often it comes."""

    case_id: UUID
    command_id: UUID
    actor: str
    decide: Decide
    correlation: UUID | None = None
    causation: str | None = None
    traceparent: str | None = None

    def cause(self) -> Cause:
        """Return the cause that its events carry."""
        return Cause(
            self.actor, self.command_id, self.correlation or self.case_id, self.causation, self.traceparent
        )


@dataclass(frozen=True, slots=True)
class CommandOutcome:
    """How a command fared. `events` are the ones that stand because of it (none when it was already so).

    failed: deciding raised `failure`; nothing stands, and the other commands are not affected.
    """

    status: Literal["ok", "duplicate", "conflict", "refused", "failed"]
    events: tuple[Recorded, ...] = ()
    refused: CommandRefused | None = None
    failure: Exception | None = None


Apply = Callable[[asyncpg.Connection, Sequence[tuple[Command, CommandOutcome]]], Awaitable[None]]
"""Writes the service's own tables in the same transaction; it gets the commands that are ok or duplicate."""


async def transact(platform: Platform, command: Command, apply: Apply | None = None) -> CommandOutcome:
    """Carry out one command and return how it fared.

    Raises its `CommandRefused` (an answer to the sender), `StreamConflict` after the last attempt (the sender
    may repeat it), what deciding raised, and the errors of `transact_many`.
    """
    (outcome,) = await transact_many(platform, [command], apply)
    if outcome.refused is not None:
        raise outcome.refused
    if outcome.failure is not None:
        raise outcome.failure
    if outcome.status == "conflict":
        raise StreamConflict(f"case {command.case_id}: somebody else kept appending; try again later")
    return outcome


async def transact_many(
    platform: Platform, commands: Sequence[Command], apply: Apply | None = None
) -> list[CommandOutcome]:
    """Carry out commands in one transaction; those that fare well stand even when others do not.

    At most one command per case. A conflict is tried again in a new transaction, without the others. Raises
    `ClockDisagrees` and asyncpg's errors (transient ones may be repeated): nothing of the last attempt
    stands.
    """
    # Before the transaction: the keys are in another cluster, and waiting for it inside would keep cases
    # locked. From here on they are read from the cache only, which keeps them long enough
    # (`keys.IN_USE_FOR_S`).
    if platform.keys is not None:
        await platform.keys.load([command.case_id for command in commands])
    outcomes: dict[UUID, CommandOutcome] = {}
    waiting = list(commands)
    for attempt in range(ATTEMPTS):
        try:
            outcomes |= await _once(platform, waiting, apply)
        except (ClockDisagrees, asyncpg.DeadlockDetectedError, asyncpg.SerializationError) as error:
            if attempt == ATTEMPTS - 1:
                raise
            if isinstance(error, ClockDisagrees):
                await platform.store.measure_clock()  # or each attempt stamps the same wrong moment
            continue
        # Only the losers again: what was committed with them stands, and is not carried out a second time.
        waiting = [command for command in waiting if outcomes[command.case_id].status == "conflict"]
        if not waiting:
            break
    # After the commit: before it the relay would look and find nothing.
    if any(outcome.events for outcome in outcomes.values()):
        platform.doorbell.ring()
    return [outcomes[command.case_id] for command in commands]


async def _once(
    platform: Platform, commands: Sequence[Command], apply: Apply | None
) -> dict[UUID, CommandOutcome]:
    """Carry out commands in one transaction; those with a conflict are in the outcomes, to be tried again."""
    async with transaction(platform.pool) as connection:
        # Lock before reading: the decision must be about the last row, or the append is a conflict.
        await lock_cases(connection, (command.case_id for command in commands))
        histories = await platform.store.histories((command.case_id for command in commands), connection)
        # Everything is decided before anything is written: until its first write a transaction has no number
        # and holds back no reader of the feed.
        now = platform.clock.now()
        decisions = [(command, _decide(histories[command.case_id], command, now)) for command in commands]
        outcomes = {
            command.case_id: _sealed(platform, histories[command.case_id], command, decision)
            for command, decision in decisions
        }
        entries = [
            StreamAppend(outcome.events, histories[case_id].last_hash)
            for case_id, outcome in outcomes.items()
            if outcome.status == "ok" and outcome.events
        ]
        for case_id, status in (await platform.store.append(connection, entries)).items():
            if status != "ok":  # a "duplicate" too: the next attempt finds it in the history
                outcomes[case_id] = CommandOutcome("conflict")
        if apply is not None:
            fared_well = [
                (command, outcomes[command.case_id])
                for command in commands
                if outcomes[command.case_id].status in ("ok", "duplicate")
            ]
            await apply(connection, fared_well)
        return outcomes


def _decide(history: History, command: Command, now: datetime) -> CommandOutcome | Sequence[NewEvent]:
    """Decide one command; returns events, or the outcome of a command that appends none."""
    # First: a repeated command is answered as the first time, also when it would be refused by now.
    if history.has_command(command.command_id):
        done = tuple(event for event in history.events if event.command_id == command.command_id)
        return CommandOutcome("duplicate", done)
    if not history.events:
        return CommandOutcome("refused", refused=CommandRefused("no-such-case", "there is no such case"))
    try:
        return command.decide(history, now)
    except CommandRefused as refused:
        return CommandOutcome("refused", refused=refused)
    except Exception as failure:  # noqa: BLE001 - one case that cannot be decided must not stop the others
        return _failed(history, failure)


def _sealed(
    platform: Platform, history: History, command: Command, decision: CommandOutcome | Sequence[NewEvent]
) -> CommandOutcome:
    """Chain what was decided, stamped with the moment just before it is appended."""
    if isinstance(decision, CommandOutcome):
        return decision
    try:
        # The clock is asked again, because deciding many commands takes time and the store compares
        # `recorded_at` with its own clock.
        rows = rows_after(platform, history, decision, command.cause(), platform.clock.now())
    except PersonErased as erased:
        return CommandOutcome("refused", refused=CommandRefused("person-erased", str(erased)))
    except Exception as failure:  # noqa: BLE001 - as above
        return _failed(history, failure)
    return CommandOutcome("ok", tuple(rows))


def _failed(history: History, failure: Exception) -> CommandOutcome:
    log.warning("command.failed", case=str(history.case_id), **describe(failure))
    return CommandOutcome("failed", failure=failure)


def rows_after(
    platform: Platform, history: History, events: Sequence[NewEvent], cause: Cause, now: datetime
) -> list[Recorded]:
    """Chain decided events onto a case's stream; personal fields are sealed with the loaded keys.

    Raises LookupError when the keys of the case were not loaded, `PersonErased` and `KeyMissing`.
    """
    personal = any(event.personal for event in events)
    keys = platform.keys.of_case(history.case_id) if personal and platform.keys is not None else None
    return next_rows(
        case_id=history.case_id,
        organisation=history.organisation,
        after=history.last,
        events=events,
        cause=cause,
        recorded_at=now,
        keys=keys,
    )

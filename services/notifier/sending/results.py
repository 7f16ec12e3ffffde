"""Recording how attempts ended: event and outbox row in one transaction, many letters in one commit.

Always holds: a result is kept until it stands in its case; one that cannot be recorded is tried again by
itself, later, and stops no other; a letter that left is never taken for one that did not.
"""

from collections.abc import Collection, Iterator, Sequence
from time import monotonic
from uuid import UUID

import structlog

from events.failpoints import failpoint
from events.logs import describe
from events.platform import Platform
from events.transact import Command, CommandOutcome, transact_many
from events.transient import POISON, RETRYABLE, TRANSIENT_ERRORS
from notifier.sending import outbox
from notifier.sending.outbox import ClaimedLetter
from notifier.sending.outcome import AttemptOutcome, command_of, postponement_of, report

log = structlog.get_logger()

RECORDED_TOGETHER = 100
TRIED_AGAIN_AFTER_S = 30.0
"""A result that its case does not take, because it cannot be read for example."""


class ResultRecorder:
    """The attempts this process has in hand, and how those ended that are not recorded yet."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._in_hand: dict[UUID, ClaimedLetter] = {}
        self._done: list[AttemptOutcome] = []
        self._stuck_until_s: dict[UUID, float] = {}

    @property
    def letters(self) -> Collection[UUID]:
        """Give the letters in hand; nobody else need look after them."""
        return self._in_hand.keys()

    @property
    def moving(self) -> int:
        """Count the letters in hand without those that cannot be recorded: these must not fill the hand."""
        return len(self._in_hand) - len(self._stuck_until_s)

    @property
    def waiting(self) -> int:
        """Count what can be recorded now."""
        return sum(1 for _ in self._ready())

    def take(self, attempt: ClaimedLetter) -> None:
        """Take an attempt in hand."""
        self._in_hand[attempt.letter_id] = attempt

    def add(self, done: AttemptOutcome) -> None:
        """Keep how an attempt ended until it is recorded."""
        self._done.append(done)

    async def record(self) -> int:
        """Record what is there, one letter per case; gives how many were tried.

        Raises what would befall any letter (a database that is away); nothing is lost then.
        """
        batch = list(_one_per_case(self._ready()))
        if not batch:
            return 0
        try:
            await self._together(batch)
        except POISON:
            await self._apart(batch)
        except (*TRANSIENT_ERRORS, *RETRYABLE):
            raise
        except Exception:  # noqa: BLE001 - one of them is at fault, and told below
            await self._apart(batch)
        return len(batch)

    async def _apart(self, batch: Sequence[AttemptOutcome]) -> None:
        """Record one at a time what does not go together, and set aside whatever is at fault."""
        for done in batch:
            if done not in self._done:
                continue  # recorded before the others failed
            try:
                await self._together([done])
            except POISON as error:
                self._set_aside(done, error)
            except (*TRANSIENT_ERRORS, *RETRYABLE):
                raise
            except Exception as error:  # noqa: BLE001 - told, and tried again
                self._set_aside(done, error)

    async def _together(self, batch: Sequence[AttemptOutcome]) -> None:
        told = {done.attempt.letter_id: command_of(done) for done in batch}
        commands = [command for command in told.values() if command is not None]
        by_command = {
            done.attempt.case_id: done for done in batch if told[done.attempt.letter_id] is not None
        }

        async def apply(
            connection: outbox.Connection, fared: Sequence[tuple[Command, CommandOutcome]]
        ) -> None:
            recorded = [by_command[command.case_id] for command, _ in fared]
            await _write_down(connection, recorded)
            await failpoint("letters.before_commit")

        silent = [done for done in batch if told[done.attempt.letter_id] is None]
        if silent:
            await _write_down(self._platform.pool, silent)
            self._forget(silent)
        if commands:
            outcomes = await transact_many(self._platform, commands, apply)
            await failpoint("letters.recorded")
            for command, outcome in zip(commands, outcomes, strict=True):
                self._learn(by_command[command.case_id], outcome)

    def _learn(self, done: AttemptOutcome, outcome: CommandOutcome) -> None:
        if outcome.refused is not None:
            self._refused(done, outcome.refused.code)
        elif outcome.failure is not None:
            self._set_aside(done, outcome.failure)
        elif outcome.status in ("ok", "duplicate"):
            self._forget([done])

    def _refused(self, done: AttemptOutcome, code: str) -> None:
        """Erased between sending and recording: the fact is recorded without the letter's text."""
        self._done.remove(done)
        if code == "person-erased" and done.has_text:
            self._done.append(done.without_text())
        else:
            self._drop(done.attempt.letter_id)
            log.error(
                "letter.not_recorded", case=str(done.attempt.case_id), letter=done.attempt.letter, code=code
            )

    def _set_aside(self, done: AttemptOutcome, error: Exception) -> None:
        """Keep a result that cannot be recorded: whether the letter left, this process alone knows."""
        self._stuck_until_s[done.attempt.letter_id] = monotonic() + TRIED_AGAIN_AFTER_S
        log.error(
            "letter.not_recorded",
            case=str(done.attempt.case_id), letter=done.attempt.letter, **describe(error),
        )  # fmt: skip

    def _forget(self, recorded: Sequence[AttemptOutcome]) -> None:
        for done in recorded:
            self._done.remove(done)
            self._drop(done.attempt.letter_id)
            report(done)

    def _drop(self, letter_id: UUID) -> None:
        self._in_hand.pop(letter_id, None)
        self._stuck_until_s.pop(letter_id, None)

    def _ready(self) -> Iterator[AttemptOutcome]:
        now_s = monotonic()
        return (
            done for done in self._done if self._stuck_until_s.get(done.attempt.letter_id, now_s) <= now_s
        )


async def _write_down(connection: outbox.Connection, recorded: Sequence[AttemptOutcome]) -> None:
    await outbox.settle(connection, [done.attempt.letter_id for done in recorded if done.is_settled])
    await outbox.postpone(connection, [postponement_of(done) for done in recorded if not done.is_settled])


def _one_per_case(finished: Iterator[AttemptOutcome]) -> Iterator[AttemptOutcome]:
    cases = set[UUID]()
    for done in finished:
        if done.attempt.case_id not in cases and len(cases) < RECORDED_TOGETHER:
            cases.add(done.attempt.case_id)
            yield done

"""Records how attempts ended: the event and the outbox row in one transaction, many letters in one commit.

Always holds: an outcome is kept until it is recorded in its case. One that cannot be recorded is tried again
later by itself, and stops no other. A letter that left is never recorded as one that did not.
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
from notifier.sending.outcome import AttemptOutcome
from notifier.sending.outcome_command import command_of
from notifier.sending.postponement import postponement_of
from notifier.sending.report import report

log = structlog.get_logger()

RECORDED_TOGETHER = 100
"""Outcomes in one transaction at most."""

TRIED_AGAIN_AFTER_S = 30.0
"""How long an outcome waits that its case did not take, for example because the case cannot be read."""


class ResultRecorder:
    """Holds the letters that this process has in hand, and the outcomes that are not recorded yet."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._in_hand: dict[UUID, ClaimedLetter] = {}
        self._outcomes: list[AttemptOutcome] = []
        self._stuck_until_s: dict[UUID, float] = {}

    @property
    def letters(self) -> Collection[UUID]:
        """Return the letters in hand, which no process needs to explain."""
        return self._in_hand.keys()

    @property
    def moving(self) -> int:
        """Count the letters in hand that are not stuck: stuck ones must not take the place of others."""
        return len(self._in_hand) - len(self._stuck_until_s)

    @property
    def waiting(self) -> int:
        """Count the outcomes that can be recorded now."""
        return sum(1 for _ in self._ready())

    def take(self, claimed: ClaimedLetter) -> None:
        """Take a claimed letter in hand."""
        self._in_hand[claimed.letter_id] = claimed

    def add(self, outcome: AttemptOutcome) -> None:
        """Keep an outcome until it is recorded."""
        self._outcomes.append(outcome)

    async def record(self) -> int:
        """Record what is ready, one letter per case; return how many were tried.

        Raises what would hit any letter, such as a database that is away. Every outcome is kept then, and the
        caller calls again.
        """
        batch = list(_one_per_case(self._ready()))
        if not batch:
            return 0
        try:
            await self._record_together(batch)
        except POISON:  # before the transient ones: some errors are both, and then one outcome is at fault
            await self._record_one_by_one(batch)
        except (*TRANSIENT_ERRORS, *RETRYABLE):
            raise
        except Exception:  # noqa: BLE001 - one of them is at fault; it is found and logged below
            await self._record_one_by_one(batch)
        return len(batch)

    async def _record_one_by_one(self, batch: Sequence[AttemptOutcome]) -> None:
        """Record each outcome by itself, and set aside those at fault."""
        for outcome in batch:
            if outcome not in self._outcomes:
                continue  # recorded before the batch failed
            try:
                await self._record_together([outcome])
            except POISON as error:
                self._set_aside(outcome, error)
            except (*TRANSIENT_ERRORS, *RETRYABLE):
                raise
            except Exception as error:  # noqa: BLE001 - logged, and tried again later
                self._set_aside(outcome, error)

    async def _record_together(self, batch: Sequence[AttemptOutcome]) -> None:
        """Record outcomes in one transaction with their rows; those of no event change only their rows."""
        commands: list[Command] = []
        by_case: dict[UUID, AttemptOutcome] = {}
        without_event: list[AttemptOutcome] = []
        for outcome in batch:
            command = command_of(outcome)
            if command is None:
                without_event.append(outcome)
            else:
                commands.append(command)
                by_case[command.case_id] = outcome

        async def apply(
            connection: outbox.Connection, decided: Sequence[tuple[Command, CommandOutcome]]
        ) -> None:
            # In the transaction of the events: a crash between the two would send a letter again whose case
            # says "sent", or forget one whose case says nothing.
            await _update_rows(connection, [by_case[command.case_id] for command, _ in decided])
            await failpoint("letters.before_commit")

        if without_event:
            await _update_rows(self._platform.pool, without_event)
            self._forget(without_event)
        if commands:
            decided = await transact_many(self._platform, commands, apply)
            await failpoint("letters.recorded")
            for command, command_outcome in zip(commands, decided, strict=True):
                self._settle(by_case[command.case_id], command_outcome)

    def _settle(self, outcome: AttemptOutcome, command_outcome: CommandOutcome) -> None:
        """Forget an outcome that is recorded; keep or drop one that its case did not take."""
        if command_outcome.refused is not None:
            self._drop_text_or_letter(outcome, command_outcome.refused.code)
        elif command_outcome.failure is not None:
            self._set_aside(outcome, command_outcome.failure)
        elif command_outcome.status in ("ok", "duplicate"):
            self._forget([outcome])

    def _drop_text_or_letter(self, outcome: AttemptOutcome, code: str) -> None:
        """Keep the outcome without text if the person was erased meanwhile; else drop the letter."""
        self._outcomes.remove(outcome)
        if code == "person-erased" and outcome.has_text:
            self._outcomes.append(outcome.without_text())
        else:
            self._drop(outcome.claimed.letter_id)
            log.error(
                "letter.not_recorded",
                case=str(outcome.claimed.case_id), letter=outcome.claimed.letter, code=code,
            )  # fmt: skip

    def _set_aside(self, outcome: AttemptOutcome, error: Exception) -> None:
        """Keep an outcome for a later try; only this process knows whether the letter left."""
        self._stuck_until_s[outcome.claimed.letter_id] = monotonic() + TRIED_AGAIN_AFTER_S
        log.error(
            "letter.not_recorded",
            case=str(outcome.claimed.case_id), letter=outcome.claimed.letter, **describe(error),
        )  # fmt: skip

    def _forget(self, recorded: Sequence[AttemptOutcome]) -> None:
        for outcome in recorded:
            self._outcomes.remove(outcome)
            self._drop(outcome.claimed.letter_id)
            report(outcome)

    def _drop(self, letter_id: UUID) -> None:
        self._in_hand.pop(letter_id, None)
        self._stuck_until_s.pop(letter_id, None)

    def _ready(self) -> Iterator[AttemptOutcome]:
        now_s = monotonic()
        return (
            outcome
            for outcome in self._outcomes
            if self._stuck_until_s.get(outcome.claimed.letter_id, now_s) <= now_s
        )


async def _update_rows(connection: outbox.Connection, recorded: Sequence[AttemptOutcome]) -> None:
    settled = [outcome.claimed.letter_id for outcome in recorded if outcome.is_settled]
    await outbox.remove_settled(connection, settled)
    unsettled = [postponement_of(outcome) for outcome in recorded if not outcome.is_settled]
    await outbox.postpone(connection, unsettled)


def _one_per_case(outcomes: Iterator[AttemptOutcome]) -> Iterator[AttemptOutcome]:
    """Choose the outcomes of one batch: two of one case would need two appends to one stream."""
    cases = set[UUID]()
    for outcome in outcomes:
        if outcome.claimed.case_id not in cases and len(cases) < RECORDED_TOGETHER:
            cases.add(outcome.claimed.case_id)
            yield outcome

"""Carries out commands: the same questions in the same order for every one of them.

Did this request come before (then the same answer)? Does the caller know the case as it stands (`If-Match`)?
Does the case allow it? Then the events, the worklist's row and the answer are written in one transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec
import structlog

from cases.state import Case, fold, with_decided
from events.access_tokens import Access
from events.canonical import to_json
from events.catalogue import ABOUT
from events.errors import CommandRefused, NoSuchCase
from events.identity import command_id_of
from events.platform import Platform
from events.record.envelope import History, NewEvent
from events.store.idempotency_rows import IdempotencyTable
from events.transact import Command, CommandOutcome, transact_many
from web.idempotency import recall, remember
from web.idempotency_keys import RequestKey, fingerprint_of, request_key
from web.problems import Problem
from workflow.api.auth import context_of
from workflow.commands.command import CommandSpec
from workflow.commands.fields import Body
from workflow.commands.registry import decide
from workflow.entity_tags import etag, versions_in
from workflow.obligations import notices
from workflow.worklist import project, write

log = structlog.get_logger()

REQUEST_KEYS = IdempotencyTable("workflow", "repeat")
"""The keys of commands, under the name that the table has had since before there was one for all services."""


class Stale(CommandRefused):
    """The case has changed since the caller read it; `version` is where it stands now."""

    def __init__(self, version: int) -> None:
        super().__init__("stale", f"the case stands at version {version}")
        self.version = version


@dataclass(frozen=True, slots=True)
class CommandRequest:
    """A command as it was handed in; `key` is the Idempotency-Key as it was sent."""

    access: Access
    case_id: UUID
    reference: str
    spec: CommandSpec
    body: Body
    if_match: str | None
    key: str | None
    other_id: UUID | None = None
    """The second case of a command about two."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a command; the same bytes when it is sent again."""

    body: bytes
    again: bool

    @property
    def version(self) -> int:
        """Return the version of the case after the command."""
        version: int = msgspec.json.decode(self.body)["version"]
        return version


async def carry_out(platform: Platform, secret: bytes, request: CommandRequest) -> Answer:
    """Carry out a command, or find that it was carried out before.

    Raises `Problem` when it is refused, stale (412) or its key is not usable, and whatever keeps the store
    from answering; the application turns that into a 503.
    """
    key = _key_of(secret, request)
    # Before If-Match is looked at: a repeat brings the old version, and must get its old answer all the same.
    if (before := await recall(platform.pool, REQUEST_KEYS, key)) is not None:
        return Answer(before, again=True)
    decision = _Decision(platform, request, versions_in(request.if_match))
    if request.spec.about and platform.keys is not None:
        # Before the transaction, and committed in the other cluster: an unused key is harmless.
        await platform.keys.ensure(request.case_id, [ABOUT])
    outcome = await _transact(platform, request, key, decision)
    if outcome.failure is not None:
        raise outcome.failure
    match outcome.refused:
        case Stale() as stale:
            raise _stale(stale) from stale
        case CommandRefused() as refused:
            raise Problem(409, refused.code, "Not allowed now", refused.detail) from refused
    if outcome.status == "conflict":
        raise _busy()
    if outcome.status == "duplicate":
        earlier = await recall(platform.pool, REQUEST_KEYS, key)
        return Answer(earlier or await _answer_from_stream(platform, request, outcome), again=True)
    version = outcome.events[-1].version  # a command that is done has recorded something
    log.info(
        "command.done",
        case=str(request.case_id),
        command=request.spec.name,
        actor=request.access.actor,
        version=version,
    )
    return Answer(_answer(request.reference, version, outcome, decision.notices), again=False)


def _key_of(secret: bytes, request: CommandRequest) -> RequestKey:
    """Make the key of a command: it belongs to its actor, and stands for this case and this body."""
    body = to_json(request.body.model_dump(mode="json"))
    said = fingerprint_of(secret, request.reference.encode(), request.spec.name.encode(), body)
    return request_key("workflow", secret, f"workflow/{request.access.actor}", request.key, said)


async def _transact(
    platform: Platform, request: CommandRequest, key: RequestKey, decision: "_Decision"
) -> CommandOutcome:
    """Append the events, write the rows of the worklist and remember the answer, all in one transaction."""
    commands = await _commands(platform, request, key, decision)

    async def apply(connection: asyncpg.Connection, done: Sequence[tuple[Command, CommandOutcome]]) -> None:
        # Of two streams both get their event or neither does. When none got one, nothing is to be undone, and
        # the outcome of the first says why: a refusal, a fault of ours or a conflict, which is tried again.
        if 0 < len(done) < len(commands):
            raise _NotDone
        for command, outcome in done:
            if outcome.status == "ok":
                history = await platform.store.history(command.case_id, connection)
                await write(connection, [project(history)])
                if command.case_id == request.case_id:
                    answer = _answer(request.reference, history.version, outcome, decision.notices)
                    await remember(connection, REQUEST_KEYS, key, request.case_id, answer)

    try:
        outcome = (await transact_many(platform, commands, apply))[0]
    except asyncpg.UniqueViolationError:
        # The same key was stored at this moment, for this case or another. All of ours is rolled back.
        return CommandOutcome("duplicate")
    except _NotDone:
        if decision.failure is not None:
            return CommandOutcome("failed", failure=decision.failure)
        if decision.refused is not None:
            return CommandOutcome("refused", refused=decision.refused)
        return CommandOutcome("conflict")
    # Outcomes are kept by case: of a case with itself the second one takes the place of the first. Without
    # these lines it would say `not-done` where the caller is stale, or should read what is allowed.
    if outcome.status == "refused" and decision.failure is not None:
        return CommandOutcome("failed", failure=decision.failure)
    if outcome.status == "refused" and decision.refused is not None:
        return CommandOutcome("refused", refused=decision.refused)
    return outcome


async def _commands(
    platform: Platform, request: CommandRequest, key: RequestKey, decision: "_Decision"
) -> list[Command]:
    """Return the command on the case, and the one on the second case where there is one."""
    actor = request.access.actor
    commands = [Command(request.case_id, key.command_id, actor, decision.decide)]
    if request.other_id is not None:
        decision.other = fold(await platform.store.history(request.other_id))
        mirrored = command_id_of("mirror", key.command_id)
        # After the first, because they are decided in this order: `mirror` needs what `decide` has found.
        commands.append(Command(request.other_id, mirrored, actor, decision.mirror))
    return commands


class _NotDone(Exception):
    """Not every case of a command can get its event: the transaction rolls back."""


class _Decision:
    """Decides one command on the case under its lock, and on the second case if there is one."""

    def __init__(self, platform: Platform, request: CommandRequest, versions: frozenset[int]) -> None:
        self._platform = platform
        self._request = request
        self._versions = versions
        self._case: Case | None = None
        self._is_decided = False
        self.other: Case | None = None
        self.refused: CommandRefused | None = None
        self.failure: Exception | None = None
        self.notices: Sequence[str] = ()

    def decide(self, history: History, now: datetime) -> Sequence[NewEvent]:
        """Decide about the case of the command; raises `CommandRefused`, and keeps it for the second case."""
        request = self._request
        # Set again on each attempt: after a conflict the case is another one.
        self._is_decided, self.refused, self.failure = False, None, None
        case = self._case = fold(history)
        if case is None:
            raise NoSuchCase(f"case {request.case_id} has no events")
        if case.version not in self._versions:
            self.refused = Stale(case.version)
            raise self.refused
        try:
            context = context_of(self._platform, request.access, history, case, now, self.other)
            decided = decide(case, request.spec, request.body, context)
        except CommandRefused as refused:
            self.refused = refused
            raise
        except Exception as failure:
            self.failure = failure
            raise
        self.notices = notices(with_decided(case, decided), decided)
        self._is_decided = True
        return decided

    def mirror(self, history: History, now: datetime) -> Sequence[NewEvent]:
        """Decide the event of the second case; raises `CommandRefused` when the first got none."""
        case, request = fold(history), self._request
        if not self._is_decided or case is None or self._case is None or request.spec.mirror is None:
            raise CommandRefused("not-done", "the first case does not allow it")
        # The first case was decided with the second as it stood before the lock. Its If-Match says nothing
        # about the second, so without this line both could be linked on the ground of what is no longer so.
        if self.other is None or case.version != self.other.version:
            raise CommandRefused("moved-on", "the second case has moved on meanwhile")
        # Kept, because both cases are rolled back then and nobody else says why. Without it a refusal or a
        # fault of ours would be answered as busy, and the client would send it again for ever.
        try:
            context = context_of(self._platform, request.access, history, case, now, self._case)
            return request.spec.mirror(case, request.body, context)
        except CommandRefused as refused:
            self.refused = refused
            raise
        except Exception as failure:
            self.failure = failure
            raise


def _answer(reference: str, version: int, outcome: CommandOutcome, notices: Sequence[str]) -> bytes:
    recorded = [{"version": event.version, "type": event.type} for event in outcome.events]
    remarks = {"notices": list(notices)} if notices else {}
    return to_json({"reference": reference, "version": version, "events": recorded, **remarks})


async def _answer_from_stream(platform: Platform, request: CommandRequest, outcome: CommandOutcome) -> bytes:
    """Write the answer of a command again from its events, because its key is forgotten.

    Raises `Problem` (503) when there are none.
    """
    history = await platform.store.history(request.case_id)
    until = outcome.events[-1].version if outcome.events else 0
    case = fold(History(request.case_id, history.events[:until]))
    if case is None:
        raise _busy()  # nothing stands: the key was taken for another request, and forgotten, at this moment
    decided = [NewEvent(recorded.event, recorded.happened_at) for recorded in outcome.events]
    return _answer(request.reference, until, outcome, notices(case, decided))


def _stale(stale: Stale) -> Problem:
    return Problem(
        412,
        "stale",
        "The case has changed since you read it",
        f"Nothing was done; {stale.detail}. Read it again, and repeat the command if it still fits. "
        'If-Match takes its version as read, such as "6": a weak tag (W/"6") matches none.',
        headers={"ETag": etag(stale.version)},
    )


def _busy() -> Problem:
    return Problem(
        503,
        "busy",
        "Others keep changing this case",
        "Nothing was done. Try again in a moment.",
        headers={"Retry-After": "1"},
    )

"""The desk where commands are handed in: the same order of questions for every one of them.

Was this asked before (then the same answer)? Does the caller know the case as it stands (`If-Match`)? Does
the case allow it? Then the events, the worklist's row and the answer are written in one transaction.
"""

import re
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
from events.transact import Command, CommandOutcome, transact_many
from web.problems import Problem
from workflow import repeats
from workflow.api.auth import context_of
from workflow.commands.command import CommandSpec
from workflow.commands.fields import Body
from workflow.commands.registry import decide
from workflow.obligations import notices
from workflow.worklist import project, write

log = structlog.get_logger()

_TAG = re.compile(r'\s*(W/)?"([^"]*)"\s*')


class Stale(CommandRefused):
    """The case has moved on since the caller read it."""

    def __init__(self, version: int) -> None:
        super().__init__("stale", f"the case stands at version {version}")
        self.version = version


@dataclass(frozen=True, slots=True)
class CommandRequest:
    """A command as it was handed in."""

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
    """What the caller is told; the same bytes when they ask again."""

    body: bytes
    again: bool

    @property
    def version(self) -> int:
        version: int = msgspec.json.decode(self.body)["version"]
        return version


async def carry_out(platform: Platform, secret: bytes, asked: CommandRequest) -> Answer:
    """Carry out a command, or tell why not by raising `Problem`."""
    request = (
        asked.reference.encode(),
        asked.spec.name.encode(),
        to_json(asked.body.model_dump(mode="json")),
    )
    ticket = repeats.ticket(secret, asked.access, asked.key, *request)
    if (before := await repeats.earlier(platform.pool, ticket)) is not None:
        return Answer(before, again=True)
    versions = versions_in(asked.if_match)

    if asked.spec.about and platform.keys is not None:
        await platform.keys.ensure(asked.case_id, [ABOUT])
    errand = _Decision(platform, asked, versions)
    commands = [Command(asked.case_id, ticket.command_id, asked.access.actor, errand.decide)]
    if asked.other_id is not None:
        errand.other = fold(await platform.store.history(asked.other_id))
        mirrored = command_id_of("mirror", ticket.command_id)
        commands.append(Command(asked.other_id, mirrored, asked.access.actor, errand.mirror))

    async def apply(connection: asyncpg.Connection, done: Sequence[tuple[Command, CommandOutcome]]) -> None:
        if len(done) < len(commands):
            raise _NotDone  # of two streams both say it or neither does
        for command, outcome in done:
            if outcome.status == "ok":
                history = await platform.store.history(command.case_id, connection)
                await write(connection, [project(history)])
                if command.case_id == asked.case_id:
                    answer = _answer(asked.reference, history.version, outcome, errand.notices)
                    await repeats.remember(connection, ticket, asked.case_id, answer)

    try:
        outcome = (await transact_many(platform, commands, apply))[0]
    except asyncpg.UniqueViolationError:
        outcome = CommandOutcome(
            "duplicate"
        )  # the same key was used at the same moment, for this case or another
    except _NotDone:
        outcome = (
            CommandOutcome("refused", refused=errand.refused)
            if errand.refused
            else CommandOutcome("conflict")
        )
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
        kept = await repeats.earlier(platform.pool, ticket)
        return Answer(kept or await _answer_from_stream(platform, asked, outcome), again=True)
    version = outcome.events[-1].version  # a command that is done has recorded something
    log.info(
        "command.done",
        case=str(asked.case_id),
        command=asked.spec.name,
        actor=asked.access.actor,
        version=version,
    )
    return Answer(_answer(asked.reference, version, outcome, errand.notices), again=False)


class _NotDone(Exception):
    """Not every case of a command could be told: the transaction rolls back."""


class _Decision:
    """Decides one command on the case under its lock, and on the second case if there is one."""

    def __init__(self, platform: Platform, asked: CommandRequest, versions: frozenset[int]) -> None:
        self._platform = platform
        self._asked = asked
        self._versions = versions
        self._case: Case | None = None
        self.other: Case | None = None
        self.refused: CommandRefused | None = None
        self.notices: Sequence[str] = ()

    def decide(self, history: History, now: datetime) -> Sequence[NewEvent]:
        """Decide about the case that was commanded about; a refusal is kept, because both are then undone."""
        asked = self._asked
        case = self._case = fold(history)
        if case is None:
            raise NoSuchCase(f"case {asked.case_id} has no events")
        try:
            if case.version not in self._versions:
                raise Stale(case.version)
            context = context_of(self._platform, asked.access, history, case, now, self.other)
            decided = decide(case, asked.spec, asked.body, context)
        except CommandRefused as refused:
            self.refused = refused
            raise
        self.notices = notices(with_decided(case, decided), decided)
        return decided

    def mirror(self, history: History, now: datetime) -> Sequence[NewEvent]:
        """Decide what the second case is told; it must stand as it stood when the first was decided."""
        case, asked = fold(history), self._asked
        if self.refused is not None or case is None or self._case is None or asked.spec.mirror is None:
            raise CommandRefused("not-done", "the first case does not allow it")
        if self.other is None or case.version != self.other.version:
            raise CommandRefused("moved-on", "the second case has moved on meanwhile")
        context = context_of(self._platform, asked.access, history, case, now, self._case)
        return asked.spec.mirror(case, asked.body, context)


def versions_in(if_match: str | None) -> frozenset[int]:
    """Read the versions named by an `If-Match` header; raises `Problem` (428) when it names none.

    A star would match whatever stands there, which is the accident this header exists to prevent.
    """
    if if_match is None or if_match.strip() in ("", "*"):
        raise Problem(
            428,
            "if-match-missing",
            "Say which version of the case you have seen",
            'Read the case, then send its ETag back, for example If-Match: "7".',
        )
    tags = [_TAG.fullmatch(part) for part in if_match[:1000].split(",")]
    if not all(tags):
        raise Problem(
            400,
            "if-match",
            "This If-Match cannot be read",
            'Send the ETag as it came, for example If-Match: "7".',
        )
    strong = [tag[2] for tag in tags if tag is not None and tag[1] is None]
    return frozenset(int(tag) for tag in strong if tag.isascii() and tag.isdecimal() and len(tag) <= 9)


def etag(version: int) -> str:
    """Write a version as an entity tag."""
    return f'"{version}"'


def _answer(reference: str, version: int, outcome: CommandOutcome, notices: Sequence[str]) -> bytes:
    told = [{"version": event.version, "type": event.type} for event in outcome.events]
    remarks = {"notices": list(notices)} if notices else {}
    return to_json({"reference": reference, "version": version, "events": told, **remarks})


async def _answer_from_stream(platform: Platform, asked: CommandRequest, outcome: CommandOutcome) -> bytes:
    """Write the answer of a command again, out of what stands in the stream, because its key is forgotten."""
    history = await platform.store.history(asked.case_id)
    until = outcome.events[-1].version if outcome.events else 0
    case = fold(History(asked.case_id, history.events[:until]))
    if case is None:
        raise _busy()  # nothing stands: the key was taken for another request, and forgotten, at this moment
    decided = [NewEvent(recorded.event, recorded.happened_at) for recorded in outcome.events]
    return _answer(asked.reference, until, outcome, notices(case, decided))


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

"""Adding to a complaint over HTTP: by whoever holds its signed link, or with a token of the organisation.

What always holds: whoever is answered 201 is recorded for good, also for a case that is closed or merged. A
reference that does not exist, one of another organisation and a link of another case are answered alike.
"""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Annotated
from uuid import UUID, uuid4

import asyncpg
import structlog
from fastapi import APIRouter, Header, Request, Response
from pydantic import BaseModel, Field

from cases.state import fold
from events.canonical import to_json
from events.catalogue import ABOUT, COMPLAINANT, ComplainantWrote
from events.errors import CommandRefused, NoSuchCase
from events.identity import NotAReference, parse_reference
from events.record.envelope import History, NewEvent
from events.transact import Command, CommandOutcome, transact
from intake.channels.sender import Sender, caller_of, require_work_with_complainants, sender_of
from intake.message import Addition, fingerprint, written
from intake.recorder import UNRECORDED, NotRecorded, Repeatable
from web import idempotency
from web.bodies import StrictRoute
from web.problem_documents import described
from web.problems import Problem

if TYPE_CHECKING:
    from intake.channels.api import Desk

COMPLAINANT_BY_LINK = "complainant"
"""The actor of what comes by the signed link: whoever holds it."""

log = structlog.get_logger(__name__)

_EARLIER = "SELECT fingerprint, response FROM gehoor.idempotency WHERE scope = $1 AND key = $2"
_REMEMBER = """
INSERT INTO gehoor.idempotency (scope, key, fingerprint, case_id, response) VALUES ($1, $2, $3, $4, $5)
"""
_PROBLEMS = {
    400: "The body is not clean UTF-8 or not usable JSON, or a header cannot be used.",
    401: "No token was sent, or one that is not accepted.",
    403: "The token has no role that works with complainants.",
    404: "There is no such complaint for this token.",
    408: "The body did not arrive in time.",
    409: "The Idempotency-Key was used for something else, or the person was forgotten.",
    413: "The body is too large.",
    415: "The body is not `application/json` in UTF-8.",
    422: "Some fields are not right, or there is nothing in it. Nothing was stored.",
    503: "The store is away: send it again after the seconds in Retry-After.",
}

_AFTER_FORGETTING = (
    "This person was forgotten, at their wish or by law, and nothing more is recorded about them here. "
    "Nothing was stored. File a new complaint where they want to write again."
)


class Added(BaseModel):
    """The addition is recorded, for good."""

    reference: str = Field(description="Reference of the case.")
    missing: list[str] = Field(description="What the organisation's procedure asks for and still is missing.")


@dataclass(frozen=True, slots=True)
class Writer:
    """Who adds something to which case."""

    case_id: UUID
    reference: str
    by_link: bool
    sender: Sender

    def repeatable(self, said: bytes, secret: bytes) -> Repeatable | None:
        """Make how a repeat is recognised; keys of a link belong to its case."""
        return self.sender.repeatable(f"case/{self.case_id}", said, secret)


adding = APIRouter(route_class=StrictRoute, tags=["complaints"])


@adding.post(
    "/v1/complaints/{reference}/messages",
    status_code=201,
    response_model=Added,
    response_description="The addition is recorded for good, or was already by an earlier, equal request.",
    responses=described(_PROBLEMS),
    summary="Add to a complaint",
)
async def add_to_complaint(
    reference: str,
    addition: Addition,
    request: Request,
    authorization: Annotated[
        str | None,
        Header(description="`Bearer` and the last part of `status_url`, or a token of the organisation."),
    ] = None,
    idempotency_key: Annotated[
        str | None,
        Header(alias="Idempotency-Key", description=idempotency.EXPLAINED),
    ] = None,
) -> Response:
    """Add to a complaint: what was missing from it, an answer, anything else; no clock stops or starts."""
    desk: Desk = request.app.state.desk
    now = desk.platform.clock.now()
    try:
        writer = await _writer(desk, request, reference, now)
        answer = await _record(desk, writer, addition)
    except UNRECORDED as error:
        raise Problem(
            503,
            "store-away",
            "This could not be recorded now",
            "Send it again with the same Idempotency-Key: then it is recorded once, whatever happened.",
            headers={"Retry-After": "2"},
        ) from error
    return Response(answer, 201, media_type="application/json")


async def _writer(desk: "Desk", request: Request, reference: str, now: datetime) -> Writer:
    """Find out who writes and about which case; raises `Problem`, the same one for all that is not theirs."""
    token = (request.headers.get("authorization") or "").partition(" ")
    linked = desk.links.read(token[2].strip()) if token[0].lower() == "bearer" else None
    if not token[2]:
        raise Problem(
            401,
            "token-missing",
            "Say who you are",
            "Send Authorization: Bearer with the last part of the status link, or with your own token.",
            headers={"WWW-Authenticate": 'Bearer realm="gehoor"'},
        )
    try:
        canonical = parse_reference(reference)
    except NotAReference:
        raise _nothing_here() from None
    case_id = await desk.platform.store.find(canonical)
    if linked is not None:
        sender = sender_of(request, None, desk.token_key, now)
        if case_id is None or linked != canonical:
            raise _nothing_here()
        return Writer(case_id, canonical, by_link=True, sender=sender)
    history = await desk.platform.store.history(case_id) if case_id is not None else None
    organisation = history.organisation if history is not None and history.events else None
    caller = caller_of(request, desk.token_key, now)
    if case_id is None or organisation is None or not caller.reaches(organisation):
        raise _nothing_here()
    require_work_with_complainants(caller)
    sender = replace(sender_of(request, None, desk.token_key, now), actor=caller.actor)
    return Writer(case_id, canonical, by_link=False, sender=sender)


async def _record(desk: "Desk", writer: Writer, addition: Addition) -> bytes:
    platform = desk.platform
    said = fingerprint(addition, writer.reference, desk.fingerprint_key)
    how = writer.repeatable(said, desk.fingerprint_key)
    if how is not None and (earlier := await _earlier(desk, how)) is not None:
        return earlier
    if platform.keys is None:
        raise TypeError("intake writes personal fields: its platform needs the key store")
    await platform.keys.ensure(writer.case_id, [COMPLAINANT, *([ABOUT] if addition.about else [])])
    answers: list[bytes] = []

    def decide(history: History, now: datetime) -> list[NewEvent]:
        case = fold(history)
        if case is None:
            raise NoSuchCase(f"case {writer.case_id} has no events")
        new = written(addition, case, writer.by_link, now)
        assert isinstance(new.event, ComplainantWrote)  # noqa: S101 - `written` makes no other
        answers[:] = [_answer(writer, new.event)]
        return [new]

    async def apply(connection: asyncpg.Connection, done: Sequence[tuple[Command, CommandOutcome]]) -> None:
        if how is not None and done and done[0][1].status == "ok":
            await connection.execute(
                _REMEMBER, how.scope, how.key, how.fingerprint, writer.case_id, answers[0]
            )

    command_id = uuid4()
    if how is not None:
        command_id = idempotency.command_of("intake", how.scope, how.key, how.fingerprint)
    actor = COMPLAINANT_BY_LINK if writer.by_link else writer.sender.actor
    command = Command(writer.case_id, command_id, actor, decide, traceparent=writer.sender.traceparent)
    try:
        outcome = await transact(platform, command, apply)
    except asyncpg.UniqueViolationError:
        outcome = CommandOutcome(
            "duplicate"
        )  # the same key was used at the same moment, for this case or another
    except CommandRefused as refused:
        detail = _AFTER_FORGETTING if refused.code == "person-erased" else refused.detail
        raise Problem(409, refused.code, "This cannot be recorded", detail) from refused
    if outcome.status == "duplicate":
        return await _answer_from_stream(desk, writer, how, outcome)
    log.info("complaint.added_to", case=str(writer.case_id), by_link=writer.by_link)
    return answers[0]


def _answer(writer: Writer, event: ComplainantWrote) -> bytes:
    return to_json({"reference": writer.reference, "missing": list(event.missing)})


async def _answer_from_stream(
    desk: "Desk", writer: Writer, how: Repeatable | None, outcome: CommandOutcome
) -> bytes:
    """Give the answer to what stands already: as it was kept, or out of the stream once its key is forgotten.

    Raises `NotRecorded` when nothing stands after all: its key was taken and forgotten in the same moment.
    """
    if how is not None and (earlier := await _earlier(desk, how)) is not None:
        return earlier
    for recorded in outcome.events:
        if isinstance(recorded.event, ComplainantWrote):
            return _answer(writer, recorded.event)
    raise NotRecorded(f"an addition to case {writer.case_id} met another one with its key")


async def _earlier(desk: "Desk", how: Repeatable) -> bytes | None:
    """Give the answer that this request got before; raises `Problem` (409) when it was another request."""
    row = await desk.platform.pool.fetchrow(_EARLIER, how.scope, how.key)
    if row is None:
        return None
    if not hmac.compare_digest(row["fingerprint"], how.fingerprint):
        raise Problem(
            409,
            "idempotency-key-used",
            "This Idempotency-Key was used for something else",
            "Nothing was stored. Use a new key for a new message, and the same body for a repeat.",
        )
    answer: bytes = row["response"]
    return answer


def _nothing_here() -> Problem:
    return Problem(
        404,
        "no-such-case",
        "There is no such complaint",
        "Check each character of the reference, and that the token is the one of this complaint.",
    )

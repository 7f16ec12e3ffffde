"""Adding to a complaint over HTTP: by whoever holds its signed link, or with a token of the organisation.

A reference that does not exist, one of another organisation and a link of another case are answered alike,
so that nobody can find out which cases there are.
"""

from typing import Annotated

from fastapi import APIRouter, Header, Request, Response
from pydantic import BaseModel, Field

from events.identity import NotAReference, parse_reference
from intake.channels.headers import caller_of, key_of, require_work_with_complainants, traceparent_of
from intake.desk import Desk
from intake.message import Addition
from intake.sender import COMPLAINANT_BY_LINK, Sender, Writer
from web import idempotency_keys
from web.problem_documents import described
from web.problems import Problem
from web.strict_json import StrictRoute

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


class Added(BaseModel):
    """The addition is recorded, for good."""

    reference: str = Field(description="Reference of the case.")
    missing: list[str] = Field(description="What the organisation's procedure asks for and still is missing.")


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
        Header(alias="Idempotency-Key", description=idempotency_keys.EXPLAINED),
    ] = None,
) -> Response:
    """Add to a complaint: what was missing from it, an answer, anything else; no clock stops or starts."""
    desk: Desk = request.app.state.desk
    writer = await _writer_of(desk, request, reference)
    return Response(await desk.add(addition, writer), 201, media_type="application/json")


async def _writer_of(desk: Desk, request: Request, reference: str) -> Writer:
    """Read who writes and about which case; raises `Problem`, the same 404 for all that is not theirs."""
    scheme, _, token = (request.headers.get("authorization") or "").partition(" ")
    if not token:
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
    linked = desk.links.read(token.strip()) if scheme.lower() == "bearer" else None
    if linked is not None:
        return await _complainant(desk, request, canonical, linked)
    return await _colleague(desk, request, canonical)


async def _complainant(desk: Desk, request: Request, reference: str, linked: str) -> Writer:
    """Return the holder of a signed link; `linked` is the reference that the link is for."""
    case_id = await desk.find(reference)
    sender = Sender(COMPLAINANT_BY_LINK, key_of(request), traceparent_of(request))
    if case_id is None or linked != reference:
        raise _nothing_here()
    return Writer(case_id, reference, by_link=True, sender=sender)


async def _colleague(desk: Desk, request: Request, reference: str) -> Writer:
    """Return the holder of a token of the organisation, with a role that works with complainants."""
    case_id = await desk.find(reference)
    history = await desk.history_of(case_id) if case_id is not None else None
    caller = caller_of(request, desk.platform.clock.now())
    if case_id is None or history is None or not history.events or not caller.reaches(history.organisation):
        raise _nothing_here()
    # After the case, not before: the answer about roles would show another organisation that it exists.
    require_work_with_complainants(caller)
    sender = Sender(caller.actor, key_of(request), traceparent_of(request))
    return Writer(case_id, reference, by_link=False, sender=sender)


def _nothing_here() -> Problem:
    return Problem(
        404,
        "no-such-case",
        "There is no such complaint",
        "Check each character of the reference, and that the token is the one of this complaint.",
    )

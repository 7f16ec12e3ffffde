"""Complaints over HTTP: file one, and get the public key that checks its receipt.

A complaint is answered with 201 only when it is committed; the bus plays no part in the answer.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Request, Response

from intake.acceptance import Accepted
from intake.addressee import find_organisation
from intake.channels.headers import sender_of
from intake.complaint_form import Submission
from intake.desk import Desk
from web import idempotency_keys
from web.problem_documents import described
from web.strict_json import StrictRoute

_PROBLEMS = {
    400: "The body is not clean UTF-8 or not usable JSON, or a header cannot be used.",
    401: "A token was sent and is not accepted. Without a token everybody may file.",
    403: "A token was sent that is for other organisations.",
    408: "The body did not arrive in time.",
    409: "This Idempotency-Key was used for another complaint.",
    413: "The body is too large.",
    415: "The body is not `application/json` in UTF-8.",
    422: "Some fields are not right, or there is nothing in it. Nothing was stored.",
    503: "Too busy, or the store is away: send it again after the seconds in Retry-After.",
}

filing = APIRouter(route_class=StrictRoute, tags=["complaints"])
checking = APIRouter(tags=["status"])


@filing.post(
    "/v1/complaints",
    status_code=201,
    response_model=Accepted,
    response_model_exclude_none=True,
    response_description="The complaint is recorded for good, or was already by an earlier, equal request.",
    responses=described(_PROBLEMS),
    summary="File a complaint",
)
async def file_complaint(
    submission: Submission,
    request: Request,
    idempotency_key: Annotated[
        str | None,
        Header(alias="Idempotency-Key", description=idempotency_keys.EXPLAINED),
    ] = None,
) -> Response:
    """File a complaint; what the procedure asks for and is missing is named in the answer, not refused."""
    desk: Desk = request.app.state.desk
    # The organisation first: with one that does not exist nobody could say whether a token is for it.
    organisation = find_organisation(submission)
    sender = sender_of(request, organisation.id, desk.platform.clock.now())
    done = await desk.take(submission, sender)
    return Response(
        done.answer,
        201,
        media_type="application/json",
        headers={"Location": done.status_url},
    )


@checking.get("/.well-known/jwks.json", summary="Get the public key of receipts")
async def key_set(request: Request) -> dict[str, Any]:
    """Give the public key with which anybody can check a receipt, as a JWK set."""
    desk: Desk = request.app.state.desk
    return desk.receipts.key_set()

"""What the headers of a request contain about its sender: token, Idempotency-Key and trace.

Everybody may complain without a token. Who sends one is recorded as the actor. A wrong token is refused and
never ignored, because its sender believes to be somebody.
"""

import re
from datetime import datetime

from starlette.requests import Request

from events import access_tokens
from intake.sender import ANONYMOUS, Sender
from web.idempotency_keys import require_usable
from web.problems import Problem

WORKS_WITH_COMPLAINANTS: tuple[access_tokens.Role, ...] = (
    "admin",
    "handler",
    "integrator",
    "quality_manager",
)
"""Who may say that a complainant wrote; whoever only watches, audits or decides about objections may not."""

_TRACEPARENT = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


def sender_of(request: Request, organisation: str, now: datetime) -> Sender:
    """Read who sends a complaint to `organisation`; `now` decides whether their token is still good.

    Raises `UnusableKey` (400), and `Problem` with 401 for a token that is not accepted or 403 for one of
    other organisations.
    """
    key = key_of(request)
    return Sender(_actor(request, organisation, now), key, traceparent_of(request))


def key_of(request: Request) -> str | None:
    """Read the Idempotency-Key as it was sent; raises `UnusableKey` (400) when it cannot be one."""
    key = request.headers.get("idempotency-key")
    require_usable(key)
    return key


def traceparent_of(request: Request) -> str | None:
    """Read the W3C trace context; None when there is none or it has another form."""
    traceparent = request.headers.get("traceparent", "")
    # It is stored in events and shown: text of another form could hold anything, also personal data.
    return traceparent if _TRACEPARENT.fullmatch(traceparent) else None


def caller_of(request: Request, now: datetime) -> access_tokens.Access:
    """Read whose token a request brings; raises `Problem` with 401 for one that is missing or wrong."""
    token_key: bytes = request.app.state.token_key
    try:
        return access_tokens.read(token_key, request.headers.get("authorization"), now)
    except access_tokens.NotAllowed as refusal:
        raise _refused(refusal, "This token is not accepted") from None


def require_work_with_complainants(caller: access_tokens.Access) -> None:
    """Return for somebody who may add to a case; raises `Problem` (403) naming the roles for others."""
    try:
        caller.require(*WORKS_WITH_COMPLAINANTS)
    except access_tokens.NotAllowed as refusal:
        raise _refused(refusal, "Not allowed") from None


def _refused(refusal: access_tokens.NotAllowed, title: str) -> Problem:
    return Problem(refusal.status, refusal.code, title, refusal.detail, headers=refusal.headers)


def _actor(request: Request, organisation: str, now: datetime) -> str:
    if request.headers.get("authorization") is None:
        return ANONYMOUS
    caller = caller_of(request, now)
    if not caller.reaches(organisation):
        raise Problem(
            403,
            "organisation-not-yours",
            "This token is for other organisations",
            "Use a token of this organisation, or file without a token. Nothing was stored.",
        )
    return caller.actor

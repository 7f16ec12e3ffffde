"""What the headers say about a sender: who they are, if they say so, and how a repeat is recognised.

Everybody may complain without a token. Who sends one is recorded as the actor, and their keys are their own;
keys without a token belong to the organisation complained to. A key is kept as a keyed hash only, because
nobody can know what a client puts into it.
"""

import re
from dataclasses import dataclass
from datetime import datetime

from starlette.requests import Request

from events import access_tokens
from intake.recorder import Repeatable
from web import idempotency
from web.problems import Problem

ANONYMOUS = "anonymous"
"""The actor of a complaint that came without a token."""

WORKS_WITH_COMPLAINANTS: tuple[access_tokens.Role, ...] = (
    "admin",
    "handler",
    "integrator",
    "quality_manager",
)
"""Who may say that a complainant wrote; whoever only watches, audits or decides about objections may not."""

_TRACEPARENT = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


@dataclass(frozen=True, slots=True)
class Sender:
    """Who files; `key` is the checked Idempotency-Key as it was sent."""

    actor: str
    key: str | None
    traceparent: str | None

    def repeatable(self, organisation: str, fingerprint: bytes, secret: bytes) -> Repeatable | None:
        """Make how a repeat of this request is recognised; None when there is no key."""
        if self.key is None:
            return None
        scope = f"intake/organisation/{organisation}" if self.actor == ANONYMOUS else f"intake/{self.actor}"
        return Repeatable(scope, idempotency.hidden(secret, self.key), fingerprint)


def sender_of(request: Request, organisation: str | None, token_key: bytes, now: datetime) -> Sender:
    """Read the headers of a complaint to `organisation`; raises `Problem` when one cannot be used.

    Without an organisation the sender stays anonymous: who they are is found out elsewhere.
    """
    key = request.headers.get("idempotency-key")
    if key is not None and not idempotency.is_usable(key):
        raise Problem(
            400,
            "idempotency-key",
            "This Idempotency-Key cannot be used",
            f"Send the header Idempotency-Key with {idempotency.FORM}. Nothing was stored.",
        )
    traceparent = request.headers.get("traceparent", "")
    return Sender(
        actor=ANONYMOUS if organisation is None else _actor(request, organisation, token_key, now),
        key=key,
        traceparent=traceparent if _TRACEPARENT.fullmatch(traceparent) else None,
    )


def caller_of(request: Request, token_key: bytes, now: datetime) -> access_tokens.Access:
    """Read whose token a request brings; raises `Problem` with 401 for one that is missing or wrong."""
    try:
        return access_tokens.read(token_key, request.headers.get("authorization"), now)
    except access_tokens.NotAllowed as refusal:
        raise _refused(refusal, "This token is not accepted") from None


def require_work_with_complainants(caller: access_tokens.Access) -> None:
    """Go on for somebody who may add to a case; raises `Problem` (403) naming the roles otherwise."""
    try:
        caller.require(*WORKS_WITH_COMPLAINANTS)
    except access_tokens.NotAllowed as refusal:
        raise _refused(refusal, "Not allowed") from None


def _refused(refusal: access_tokens.NotAllowed, title: str) -> Problem:
    return Problem(refusal.status, refusal.code, title, refusal.detail, headers=refusal.headers)


def _actor(request: Request, organisation: str, token_key: bytes, now: datetime) -> str:
    """Read who sends a token; a wrong token is refused, because its sender believes to be somebody."""
    if request.headers.get("authorization") is None:
        return ANONYMOUS
    caller = caller_of(request, token_key, now)
    if not caller.reaches(organisation):
        raise Problem(
            403,
            "organisation-not-yours",
            "This token is for other organisations",
            "Use a token of this organisation, or file without a token. Nothing was stored.",
        )
    return caller.actor

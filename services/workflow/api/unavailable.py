"""What the API says when it cannot answer: the store is in the way, or this version cannot read a case.

Both are 503, because both pass without the caller doing anything different; the log tells which it was.
"""

from typing import NoReturn

import structlog
from fastapi import FastAPI, Request

from events.errors import MalformedEvent
from events.transient import RETRYABLE, TRANSIENT_ERRORS
from procedures.library import UnknownProcedure
from procedures.pinning import ProcedureChanged
from web.problems import Problem
from web.unreadable import answer_unreadable

log = structlog.get_logger()

_AWAY: tuple[type[Exception], ...] = (*TRANSIENT_ERRORS, *RETRYABLE)


def answer_faults(app: FastAPI) -> None:
    """Make an application answer these faults as problems."""
    for away in _AWAY:
        app.add_exception_handler(away, _raise_away)
    answer_unreadable(app, MalformedEvent, UnknownProcedure, ProcedureChanged)


async def _raise_away(request: Request, error: Exception) -> NoReturn:
    log.warning("request.store_away", error=type(error).__qualname__)
    raise Problem(
        503,
        "store-away",
        "The store cannot answer now",
        "Send it again in a moment, a command with the same Idempotency-Key: then it is done once.",
        headers={"Retry-After": "2"},
    ) from error

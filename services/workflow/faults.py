"""What the API says when it cannot answer: the store is in the way, or this version cannot read a case.

Both are 503, because both pass without the caller doing anything different; the log tells which it was.
"""

from typing import NoReturn

import structlog
from fastapi import FastAPI, Request

from events.errors import MalformedEvent
from events.problems import Problem
from events.weather import AGAIN, WEATHER
from procedures.library import UnknownProcedure
from procedures.pinned import ProcedureChanged

log = structlog.get_logger()

_AWAY: tuple[type[Exception], ...] = (*WEATHER, *AGAIN)
_UNREADABLE: tuple[type[Exception], ...] = (MalformedEvent, UnknownProcedure, ProcedureChanged)


def tell_faults(app: FastAPI) -> None:
    """Make an application answer these faults as problems."""
    for away in _AWAY:
        app.add_exception_handler(away, _raise_away)
    for unreadable in _UNREADABLE:
        app.add_exception_handler(unreadable, _raise_unreadable)


async def _raise_away(request: Request, error: Exception) -> NoReturn:
    log.warning("request.store_away", error=type(error).__qualname__)
    raise Problem(
        503,
        "store-away",
        "The store cannot answer now",
        "Send it again in a moment, a command with the same Idempotency-Key: then it is done once.",
        headers={"Retry-After": "2"},
    ) from error


async def _raise_unreadable(request: Request, error: Exception) -> NoReturn:
    """Tell operators what to repair: our own errors name the thing and the next step, and nobody's words."""
    log.error("case.unreadable", reason=str(error))
    raise Problem(
        503,
        "not-readable-now",
        "This case cannot be read by the version that is running",
        "Nothing is lost and nothing was done. Whoever runs Gehoor finds the reason in the log.",
        headers={"Retry-After": "60"},
    ) from error

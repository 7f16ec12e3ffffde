"""What an application answers when it cannot serve now: the store is away, or a case cannot be read.

Both are 503, because both pass without the caller doing anything different. The log holds the reason, and
for a case that cannot be read also what an operator has to repair.
"""

from typing import NoReturn

import structlog
from fastapi import FastAPI, Request

from events.errors import MalformedEvent
from events.transient import RETRYABLE, TRANSIENT_ERRORS
from procedures.library import UnknownProcedure
from procedures.pinning import ProcedureChanged
from web.problems import Problem

AWAY: tuple[type[Exception], ...] = (*TRANSIENT_ERRORS, *RETRYABLE)
"""Nothing is wrong with the request. A lost connection may have committed it all the same."""

UNREADABLE: tuple[type[Exception], ...] = (MalformedEvent, UnknownProcedure, ProcedureChanged)
"""A single case has an event or a procedure that this version of the software does not know."""

log = structlog.get_logger()


class StoreAway(Problem):
    """The store cannot answer now: the one 503 for it. Whether the request was done is not known."""

    def __init__(self) -> None:
        super().__init__(
            503,
            "store-away",
            "The store cannot answer now",
            "Try again in a moment. With the same Idempotency-Key a request is done once, whatever happened.",
            headers={"Retry-After": "2"},
        )


def answer_store_away(app: FastAPI) -> None:
    """Make an application answer every error in `AWAY` that leaves a route with `StoreAway`."""
    for fault in AWAY:
        app.add_exception_handler(fault, _raise_store_away)


def answer_unreadable(app: FastAPI) -> None:
    """Make an application answer every error in `UNREADABLE` that leaves a route with a 503."""
    for fault in UNREADABLE:
        app.add_exception_handler(fault, _raise_unreadable)


async def _raise_store_away(request: Request, error: Exception) -> NoReturn:
    log.warning("request.store_away", error=type(error).__qualname__)
    raise StoreAway from error


async def _raise_unreadable(request: Request, error: Exception) -> NoReturn:
    # The text of these errors is ours: it names the thing and the next step, and nothing that was sent.
    log.error("case.unreadable", reason=str(error))
    raise Problem(
        503,
        "not-readable-now",
        "This case cannot be read by the version that is running",
        "Nothing is lost and nothing was done. Whoever runs Gehoor finds the reason in the log.",
        headers={"Retry-After": "60"},
    ) from error

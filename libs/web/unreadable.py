"""What an application says about a case that this version of the software cannot read: come back later.

A 503, because it passes without the caller doing anything different; the log tells what is to be repaired.
"""

from typing import NoReturn

import structlog
from fastapi import FastAPI, Request

from web.problems import Problem

log = structlog.get_logger()


def answer_unreadable(app: FastAPI, *faults: type[Exception]) -> None:
    """Make an application answer these faults of a single case as a problem."""
    for fault in faults:
        app.add_exception_handler(fault, _raise_unreadable)


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

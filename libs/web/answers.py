"""Every refusal and fault of an application, answered as a problem document.

What always holds: neither an answer nor a log line repeats what somebody sent. An unexpected error is
answered with an identifier and nothing else; the log line with that identifier holds the place in the code.
`install` comes after every other middleware of an application, so that its answers also cover theirs.
"""

import asyncio
import traceback
from collections.abc import Callable
from http import HTTPStatus
from typing import NoReturn
from uuid import uuid4

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from events.canonical import to_json
from web.field_errors import explain
from web.problem_documents import describe_problems
from web.problems import MEDIA_TYPE, Problem, invalid

DISCARD_BYTES = 64 * 1024 * 1024
DISCARD_WITHIN_S = 3.0
"""After an early answer the rest of a body is thrown away up to here, then the connection is cut.

Cutting at once would reset the connection, and many clients then never see why they were refused."""

OnProblem = Callable[[Problem], None]

log = structlog.get_logger(__name__)


def install(app: FastAPI, on_problem: OnProblem | None = None) -> None:
    """Make `app` answer every refusal and fault with a problem document.

    `on_problem` is called with each of them, for the log and the counters of the service.
    """
    app.add_exception_handler(RequestValidationError, _raise_validation)
    app.add_exception_handler(HTTPException, _raise_http)
    app.add_middleware(Answers, on_problem=on_problem)
    describe_problems(app)


class Answers:
    """The outermost middleware: turns a `Problem` or any other exception into an answer."""

    def __init__(self, app: ASGIApp, on_problem: OnProblem | None = None) -> None:
        self.app = app
        self.on_problem = on_problem

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False  # an answer can begin only once; a second head would break the connection's protocol

        async def watched(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        found: Problem | None = None
        try:
            await self.app(scope, receive, watched)
        except Problem as problem:
            found = problem
        # Nothing is above this place but the server, which would log the traceback with the values in it.
        except Exception as error:  # noqa: BLE001 - the last place before the server; it is logged and answered
            found = _unexpected(error)
        if found is None:
            return
        if self.on_problem is not None:
            self.on_problem(found)
        if not started:  # else the server cuts the half answer off, which is all that can still be said
            await _answer(found, scope, receive, send)


async def _answer(problem: Problem, scope: Scope, receive: Receive, send: Send) -> None:
    body = to_json(problem.document())
    headers = {
        "content-type": MEDIA_TYPE,
        "content-length": str(len(body)),
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
    } | {name.lower(): value for name, value in problem.headers.items()}
    if problem.unread:
        # The rest of the body would be read as the next request of this connection.
        headers["connection"] = "close"
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": problem.status, "headers": raw})
    shown = b"" if scope["method"] == "HEAD" else body
    # The whole answer goes out first and the body is read after it. A connection that is closed while bytes
    # are still coming is reset, and many clients then lose the answer that lies in their own buffer.
    if problem.unread and not _waits_for_leave(scope):
        await send({"type": "http.response.body", "body": shown, "more_body": True})
        await _discard_rest(receive)
        shown = b""
    await send({"type": "http.response.body", "body": shown})


def _waits_for_leave(scope: Scope) -> bool:
    """Return whether the client sends its body only after a 100 Continue, which it will not get now."""
    return any(name == b"expect" for name, _ in scope["headers"])


async def _discard_rest(receive: Receive) -> None:
    """Read what the client is still sending and drop it, within bounds, so that it sees the answer."""
    left = DISCARD_BYTES
    try:
        async with asyncio.timeout(DISCARD_WITHIN_S):
            while left > 0:
                message = await receive()
                if message["type"] != "http.request" or not message.get("more_body", False):
                    return
                left -= len(message.get("body", b""))
    except TimeoutError:
        return  # bounded on purpose: whoever is this slow has had time to read the answer


async def _raise_validation(request: Request, error: Exception) -> NoReturn:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this type only
    raise invalid(explain(error))


async def _raise_http(request: Request, error: Exception) -> NoReturn:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this type only
    status = HTTPStatus(error.status_code)
    code = status.phrase.lower().replace(" ", "-")
    raise Problem(status.value, code, status.phrase, _NEXT_STEP.get(status.value), headers=error.headers)


_NEXT_STEP = {
    404: "There is nothing at this address. /openapi.json lists what there is.",
    405: "This address does not take this method; the Allow header lists those it takes.",
}


def _unexpected(error: Exception) -> Problem:
    """Log where an exception happened under a new identifier, and return the 500 that names it."""
    # Neither the exception's text nor its values are logged: both may hold what somebody sent.
    identifier = str(uuid4())
    frames = traceback.extract_tb(error.__traceback__)[-8:]
    log.error(
        "request.failed",
        id=identifier,
        error=type(error).__qualname__,
        at=[f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno} {frame.name}" for frame in frames],
    )
    return Problem(
        500,
        "unexpected",
        "Something went wrong on our side",
        "It was noted under this id. Send it again with the same Idempotency-Key: nothing happens twice.",
        extra={"id": identifier},
    )

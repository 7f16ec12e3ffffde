"""What a request body must be before its meaning is read: small, in time, UTF-8 and plain JSON.

`BodyGuard` reads the body itself, within a size and a time, and passes it on whole. A refused body costs
no more memory than the limit. `strict_json` accepts only JSON that every reader understands alike: no name
twice, no deep nesting, no NaN. `StrictRoute` makes FastAPI read bodies that way.
"""

import asyncio
import json
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, NoReturn

from fastapi.routing import APIRoute
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.problems import Problem

MOST_NAMES = 64
"""More fields than any object of ours has; a longer list of names is an attempt to make us work."""

MOST_HELD_BYTES = 64 * 1024 * 1024
"""Bodies of all requests together that one process holds; beyond it new ones are asked to come back."""

_ONCE = ("Authorization", "Content-Type", "Idempotency-Key")
"""Headers that decide whose a request is, what it says and whether it is a repeat."""

_BODILESS = frozenset({"GET", "HEAD", "OPTIONS"})


class BodyGuard:
    """Refuses a body that is too large, too slow, of another type or not UTF-8, and contradicting headers.

    `accepts` are media types without parameters. Raises `Problem`: `answers.install` must come after it, so
    that the middleware which renders problems is around this one.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        limit_bytes: int = 512 * 1024,
        within_s: float = 15.0,
        accepts: Sequence[str] = ("application/json",),
        most_held_bytes: int = MOST_HELD_BYTES,
    ) -> None:
        self.app = app
        self.limit_bytes = limit_bytes
        self.within_s = within_s
        self.accepts = frozenset(accepts)
        self.most_held_bytes = most_held_bytes
        self._held_bytes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        _check_once(headers)
        if scope["method"] in _BODILESS:
            await self.app(scope, receive, send)
            return
        # Before the first byte is read: who waits for 100 Continue then never sends a refused body.
        if announced := _announces_body(headers):
            self._check_headers(headers)
        body = bytearray()
        try:
            if not await self._read(receive, body):
                return  # the client went away: nobody is left to answer
            if body and not announced:  # as HTTP/2 allows
                self._check_headers(headers)
            _check_bytes(body)
            await self.app(scope, _replay(bytes(body), receive), send)
        finally:
            # `_read` adds chunk by chunk, so `body` holds what was counted, also when it raised half-way.
            # Without this line refused bodies would stay counted, and all requests would soon be "busy".
            self._held_bytes -= len(body)

    def _check_headers(self, headers: Headers) -> None:
        if "content-length" in headers and "transfer-encoding" in headers:
            # A proxy in front and this server may each believe another of the two lengths. The rest of the
            # body would then be read as a second request, which the proxy never checked (request smuggling).
            raise Problem(
                400, "framing", "The length of the body is told in two ways",
                "Send either Content-Length or Transfer-Encoding.", unread=True,
            )  # fmt: skip
        told = headers.get("content-length", "0")
        # `isdecimal` alone is true for Arabic digits, and int() of a long text takes quadratic time.
        if not (told.isascii() and told.isdecimal()) or len(told) > 18 or int(told) > self.limit_bytes:
            raise self._too_large()
        # A compressed body of some kilobytes can become gigabytes: the limit would bound the wrong number.
        if headers.get("content-encoding", "identity").lower() != "identity":
            raise Problem(
                415, "content-encoding", "Compressed bodies are not taken",
                "Send the body as it is, without Content-Encoding.", unread=True,
            )  # fmt: skip
        kind, _, parameters = headers.get("content-type", "").partition(";")
        if kind.strip().lower() not in self.accepts or not _is_utf8(parameters):
            raise Problem(
                415, "content-type", "This type of content is not taken",
                f"Send {' or '.join(sorted(self.accepts))} in UTF-8 and say so in Content-Type.", unread=True,
            )  # fmt: skip

    async def _read(self, receive: Receive, body: bytearray) -> bool:
        """Read the whole body into `body`; return False when the client went away.

        Raises `Problem` when it is too large (413), too slow (408) or when all requests together hold too
        much (503).
        """
        try:
            async with asyncio.timeout(self.within_s):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        return False
                    chunk: bytes = message.get("body", b"")
                    # Checked for each chunk: a chunked body announces no length, and a length may be a lie.
                    if len(body) + len(chunk) > self.limit_bytes:
                        raise self._too_large()
                    if self._held_bytes + len(chunk) > self.most_held_bytes:
                        raise _come_back()
                    body += chunk
                    self._held_bytes += len(chunk)
                    if not message.get("more_body", False):
                        return True
        except TimeoutError:
            raise Problem(
                408, "too-slow", "The body did not arrive in time",
                f"It must be complete within {self.within_s:g} seconds. Send it again.", unread=True,
            ) from None  # fmt: skip

    def _too_large(self) -> Problem:
        return Problem(
            413, "too-large", "The body is too large",
            f"It may be at most {self.limit_bytes} bytes. Nothing was stored.", unread=True,
        )  # fmt: skip


def _check_once(headers: Headers) -> None:
    """Raise `Problem` (400) for a header that stands twice: two readers may take one each."""
    for name in _ONCE:
        if len(headers.getlist(name.lower())) > 1:
            raise Problem(
                400, "header-twice", "A header is there twice",
                f"Send {name} once. Nothing was stored.", unread=_announces_body(headers),
            )  # fmt: skip


def strict_json(body: bytes) -> Any:
    """Read JSON that means the same to every reader; raises `Problem` (400) naming place or reason."""
    text = body.decode("utf-8-sig")  # some editors and Windows programs put a byte order mark in front
    try:
        return json.loads(text, object_pairs_hook=_fields, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise _not_json(f"It stops being JSON at line {error.lineno}, column {error.colno}.") from None
    except ValueError:  # a whole number of thousands of digits
        raise _not_json("A number in it is too long.") from None
    except RecursionError:  # the parser stops at the interpreter's own limit, long before memory matters
        raise _not_json("It is nested too deep.") from None


class StrictRoute(APIRoute):
    """A route whose JSON body is read by `strict_json` before FastAPI fits it into the model."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def strict(request: Request) -> Response:
            # FastAPI would read the body inside `handle` by json.loads, which keeps the last of equal names.
            # It is read here first and given to FastAPI as a value, so that no second parser sees it.
            body = await request.body()
            value = strict_json(body) if body else None
            return await handle(_ReadRequest(request.scope, request.receive, body, value))

        return strict


class _ReadRequest(Request):
    """A request whose body was read before."""

    def __init__(self, scope: Scope, receive: Receive, body: bytes, value: Any) -> None:
        super().__init__(scope, receive)
        self._whole = body
        self._value = value

    async def body(self) -> bytes:
        return self._whole

    async def json(self) -> Any:
        return self._value


def _replay(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that gives the whole body once, and after that what the connection sends.

    After the body it must wait for the connection: Starlette calls it again to notice a client that left.
    """
    handed = False

    async def again() -> Message:
        nonlocal handed
        if handed:
            return await receive()
        handed = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


def _come_back() -> Problem:
    return Problem(
        503, "busy", "Too many requests at this moment",
        "Nothing was stored. Send it again a little later.", headers={"Retry-After": "2"}, unread=True,
    )  # fmt: skip


def _announces_body(headers: Headers) -> bool:
    return headers.get("content-length", "0") != "0" or "transfer-encoding" in headers


def _is_utf8(parameters: str) -> bool:
    """Return whether the parameters of a media type leave UTF-8 as the character set."""
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            return value.strip().strip('"').lower() in ("utf-8", "utf8", "us-ascii")
    return True


def _check_bytes(body: bytearray) -> None:
    # NUL is valid UTF-8, so the next check would let it pass; Postgres can store no text that holds it.
    if b"\x00" in body:
        raise Problem(
            400, "nul-byte", "The body holds a NUL byte", "Send plain text in UTF-8 without NUL bytes."
        )
    try:
        body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Problem(
            400, "encoding", "The body is not valid UTF-8",
            f"Byte {error.start} does not belong to a UTF-8 character. Send it again in UTF-8.",
        ) from None  # fmt: skip


def _fields(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(pairs) > MOST_NAMES:
        raise _not_json(f"An object in it has more than {MOST_NAMES} fields.")
    fields = dict(pairs)  # the last of two equal names stays, and the length shows that one is gone
    if len(fields) < len(pairs):
        raise _not_json("A field stands twice in the same object.")
    return fields


def _no_constant(name: str) -> NoReturn:
    raise _not_json("NaN and Infinity are not JSON.")


def _not_json(why: str) -> Problem:
    return Problem(400, "json", "The body is not usable JSON", f"{why} Nothing was stored.")

"""What a request body must be before anybody reads it: small, in time, of the right type and UTF-8.

`BodyGuard` reads the body itself, within a size and a time, and passes it on whole. A refused body costs
no more memory than the limit. `web.strict_json` reads what is in it.
"""

import asyncio
from collections.abc import Sequence

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.problems import Problem

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

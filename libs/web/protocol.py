"""HTTP as it comes over the wire: what is no HTTP, or never becomes a whole request, is answered and let go.

uvicorn's own protocol answers a malformed request in plain text, where ours are problem documents, and waits
for ever for the end of a request's head, so that whoever sends a byte now and then keeps a connection.
"""

import asyncio
from http import HTTPStatus
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from events.canonical import to_json
from web.problems import MEDIA_TYPE, Problem

HEAD_WITHIN_S = 15.0
"""From the first byte of a request to the end of its headers; as long as a body may take."""

_MALFORMED = Problem(
    400, "malformed", "This is not an HTTP request that can be read",
    "Its first line, its headers or the length of its body are not right. Nothing was stored.",
)  # fmt: skip
_TOO_SLOW = Problem(
    408, "too-slow", "The request did not arrive in time",
    f"Its headers must be complete within {HEAD_WITHIN_S:g} seconds. Send it again.",
)  # fmt: skip


class Protocol(H11Protocol):
    """uvicorn's protocol with our answers and a bound on the time a request's head may take."""

    _head_is_late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._stop_waiting()
        elif self._head_is_late is None and not self.transport.is_closing():
            self._await_head()

    def send_400_response(self, msg: str) -> None:
        self._refuse(_MALFORMED)

    def _await_head(self) -> None:
        self._head_is_late = self.loop.call_later(HEAD_WITHIN_S, self._refuse, _TOO_SLOW)

    def _stop_waiting(self) -> None:
        if self._head_is_late is not None:
            self._head_is_late.cancel()
            self._head_is_late = None

    def _refuse(self, problem: Problem) -> None:
        """Answer where an answer can still be given, and close."""
        self._stop_waiting()
        if self.transport.is_closing():
            return
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            body = to_json(problem.document())
            headers = [
                ("content-type", MEDIA_TYPE), ("content-length", str(len(body))), ("connection", "close"),
                ("cache-control", "no-store"), ("x-content-type-options", "nosniff"),
            ]  # fmt: skip
            for event in (
                h11.Response(
                    status_code=problem.status,
                    headers=headers,
                    reason=HTTPStatus(problem.status).phrase.encode(),
                ),
                h11.Data(data=body),
                h11.EndOfMessage(),
            ):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

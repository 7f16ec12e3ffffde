"""HTTP on the wire: what is no HTTP, or never becomes a whole request, gets an answer and is disconnected.

uvicorn's own protocol answers a malformed request in plain text; ours are problem documents. It also waits
for ever for the end of a request's head, so a client that sends a byte now and then keeps a connection.
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
    """uvicorn's protocol with our answers, and a time limit for the head of a request.

    It overrides methods that uvicorn does not promise to keep; `tests/web/test_protocol.py` notices a change.
    """

    _head_is_late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        # IDLE is h11's state until the head is whole. It is IDLE again when an answer is out and the client
        # may send its next request; the timer then starts with the first byte of that, not with the silence
        # before it, which uvicorn's own keep-alive timer ends.
        if self.conn.their_state is not h11.IDLE:
            self._stop_waiting()
        elif self._head_is_late is None and not self.transport.is_closing():
            self._await_head()

    def send_400_response(self, msg: str) -> None:
        self._refuse(_MALFORMED)  # `msg` is h11's and may hold bytes that were sent, so it is not repeated

    def _await_head(self) -> None:
        self._head_is_late = self.loop.call_later(HEAD_WITHIN_S, self._refuse, _TOO_SLOW)

    def _stop_waiting(self) -> None:
        if self._head_is_late is not None:
            self._head_is_late.cancel()
            self._head_is_late = None

    def _refuse(self, problem: Problem) -> None:
        """Send a problem where an answer can still be sent, and close the connection."""
        self._stop_waiting()
        if self.transport.is_closing():
            return
        # In any other state an answer has begun: h11 would raise, and bytes in its middle are no answer.
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

"""One request as it goes over the wire, odd or not, and what is known about it."""

from dataclasses import dataclass

from chaos.load import CANARY as WORD

CANARY = f"{WORD}7f3"
"""Stands in whatever a request says of its own; never in an answer that refuses, never in a log."""

Header = tuple[bytes, bytes]


@dataclass(frozen=True, slots=True)
class HostileRequest:
    """A request to `service`; `operation` is (path, method) of its OpenAPI document, None for any other.

    `raw` is sent as it is, instead of everything else. `waits_s` is how long an answer is waited for where
    none may come, because the request is cut off or garbled; None where one must come.
    """

    service: str
    method: bytes
    target: bytes
    headers: tuple[Header, ...] = ()
    body: bytes = b""
    operation: tuple[str, str] | None = None
    kind: str = "drawn"
    chunks: int = 0
    raw: bytes | None = None
    waits_s: float | None = None

    @property
    def wire(self) -> bytes:
        """Return the bytes that are sent."""
        if self.raw is not None:
            return self.raw
        headers = list(self.headers)
        named = {name.lower() for name, _ in headers}
        body = self.body
        if b"host" not in named:
            headers.insert(0, (b"Host", b"127.0.0.1"))
        if self.chunks:
            headers.append((b"Transfer-Encoding", b"chunked"))
            body = chunked(self.body, self.chunks)
        elif self.body and b"content-length" not in named:
            headers.append((b"Content-Length", b"%d" % len(self.body)))
        lines = [b"%s %s HTTP/1.1" % (self.method, self.target)]
        lines += [name + b": " + value for name, value in headers]
        return b"\r\n".join(lines) + b"\r\n\r\n" + body

    @property
    def idempotency_key(self) -> bytes | None:
        """Read the key from the bytes that are sent, because they may be damaged."""
        head = self.wire.partition(b"\r\n\r\n")[0]
        fields = (line.partition(b":") for line in head.splitlines()[1:])
        keys = [value.strip() for name, _, value in fields if name.strip().lower() == b"idempotency-key"]
        return keys[0] if keys else None

    def __str__(self) -> str:
        shown = self.wire
        cut = shown if len(shown) <= 700 else shown[:500] + b" ... " + shown[-100:]
        return f"{self.service} {self.kind}: {cut!r}"


def chunked(body: bytes, size: int) -> bytes:
    """Cut a body into chunks of this size."""
    parts = [body[start : start + size] for start in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"

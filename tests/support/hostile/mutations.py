"""What becomes of a drawn request: sent as it is, mended until it could be accepted, or twisted.

A twist is a value no schema thinks of, bytes that are no JSON, a frame that is no frame, a header too many.
All of it comes from one `Random`, so that a seed gives the same bytes again.
"""

import json
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from hostile.generators import Drawn
from hostile.requests import CANARY, Header, HostileRequest

ORGANISATIONS = ("destiny", "bc", "supportoplus", "preact", "ingressus")
ANY_VERSION = b", ".join(b'"%d"' % version for version in range(1, 90))
LIMIT_BYTES = {"intake": 512 * 1024, "workflow": 64 * 1024}

VALUES: tuple[Any, ...] = (
    None, True, 0, -1, 2**63, 10**400, 1e308, "", " ", "\x00", "\ud800", "\u202e" + CANARY,
    "\r\nBcc: x@example.org",
    "=?UTF-8?Q?hi=0ABcc=3A_x=40example.org?=", "../../etc/passwd", "{{7*7}}", "${jndi:x}",
    "%s%n{0.__class__}",
    "'; DROP TABLE gehoor.event; --", "<script>alert(1)</script>", "\ufeff", "e\u0301" * 99,
    "\U0001f600" * 9999,
    CANARY * 30, "x" * 20_000, "x" * 20_001, "2026-02-30", "9999-12-31T23:59:59+23:59", "0000-01-01",
    "٢٠٢٦-٠١-٠١",
    [], {}, [[]], [CANARY] * 21, {CANARY: CANARY}, {"": 0}, [{}] * 200, dict.fromkeys(map(str, range(70)), 1),
)  # fmt: skip
"""Values that were somebody's bad day."""

HEADERS: tuple[Header, ...] = (
    (b"Idempotency-Key", b""), (b"Idempotency-Key", b"a b"), (b"Idempotency-Key", b"k" * 256),
    (b"Idempotency-Key", b"\xff\xfe"), (b"If-Match", b"*"), (b"If-Match", b'"1", "2", W/"3"'),
    (b"If-Match", b'"' + b"9" * 500 + b'"'), (b"If-Match", CANARY.encode()), (b"Content-Type", b"text/plain"),
    (b"Content-Type", b"application/json; charset=utf-16"), (b"Content-Type", b""), (b"Content-Encoding",
    b"gzip"),
    (b"Content-Type", CANARY.encode()), (b"Authorization", b"Basic YTpi"), (b"Authorization", b"Bearer"),
    (b"Authorization", b"Bearer " + CANARY.encode()), (b"Authorization", b"bearer \xff"), (b"Expect",
    b"100-continue"),
    (b"Content-Length", b"0"), (b"Content-Length", b"-1"), (b"Content-Length", b"1e3"),
    (b"Content-Length", b"9" * 19),
    (b"Transfer-Encoding", b"gzip, chunked"), (b"Transfer-Encoding", b"identity"), (b"Host", b""),
    (b"Host", b"a b"),
    (b"Origin", b"https://" + CANARY.encode()), (b"X-Forwarded-For", b"1" * 4000), (b"traceparent",
    b"00-" + b"f" * 60),
    (b"Cookie", CANARY.encode() * 100), (b"Connection", b"close, upgrade"), (b"Upgrade", b"websocket"),
    (b"X-" + b"n" * 3000, b"v"), (b"Accept-Encoding", b"gzip;q=nan"), (b"Accept", b"\x7f"), (b"Range",
    b"bytes=0-"),
)  # fmt: skip

TARGETS = (
    b"/", b"//", b"/v1", b"/v1/complaints/", b"/v1/cases/", b"/V1/CASES", b"/status/", b"/status/%00",
    b"/%2e%2e/",
    b"/v1/complaints?organisation=" + CANARY.encode(), b"/v1/cases?limit=" + b"9" * 400,
    b"/v1/cases?limit=%ff",
    b"/v1/cases?overdue=" + CANARY.encode(), b"/v1/cases?cursor=" + b"A" * 3000, b"/" + b"a" * 8000,
    b"/status/" + b"e30." * 90, b"/%c0%ae", b"*", b"http://other.example/v1/cases", b"/v1/cases/%0d%0aX: y",
    b"/openapi.json", b"/livez", b"/readyz", b"/metrics", b"/asyncapi", b"/asyncapi.json", b"/docs",
    b"/favicon.ico",
    b"/.well-known/jwks.json?x=" + CANARY.encode(), b"/" + CANARY.encode(), b"/v1/cases?" + b"&" * 2000,
    b"/v1/cases?organisation=destiny&organisation=bc", b"/v1/cases?" + CANARY.encode() + b"=1",
)  # fmt: skip

METHODS = (b"GET", b"POST", b"PUT", b"PATCH", b"DELETE", b"HEAD", b"OPTIONS", b"TRACE", b"CONNECT", b"BREW")

_JSON = b"POST /v1/complaints HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
_CHUNKED = _JSON + b"Transfer-Encoding: chunked\r\n"
RAW = (
    b"\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00",
    b"GET / HTTP/1.1\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\n" + b"A: b\r\n" * 9000 + b"\r\n",
    b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\n\r\n",
    b"POST /v1/complaints HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    _CHUNKED + b"\r\nZZ\r\n{}\r\n0\r\n\r\n",
    _CHUNKED + b"\r\n2\r\n{}XX0\r\n\r\n",
    _CHUNKED + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"GET /" + CANARY.encode() + b" HTTP/1.1\r\n" + CANARY.encode() + b"\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nX: \x00\r\n\r\n", b"GET / HTTP/1.1\nHost: a\n\n",
    b"GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n", b"GET / HTTP/1.1\r\n folded: " + CANARY.encode() + b"\r\n\r\n",
)  # fmt: skip


@dataclass(slots=True)
class KnownCases:
    """What a request needs to be more than a knock at the door: references, links, tokens that are good."""

    references: dict[str, list[str]]
    links: dict[str, str]
    tokens: list[str]


def requests_of(drawn: Drawn, known_cases: KnownCases, chance: random.Random) -> Iterator[HostileRequest]:
    """Make five requests of a drawn one."""
    plain = _as_drawn(drawn, known_cases, chance)
    yield plain
    mended = _mended(drawn, known_cases, chance)
    yield mended
    yield _with_a_value(mended, chance)
    yield _with_bytes(mended, chance)
    yield chance.choice(_FRAMES)(chance.choice((plain, mended)), chance)


def _as_drawn(drawn: Drawn, known_cases: KnownCases, chance: random.Random) -> HostileRequest:
    """Send it as it was drawn; only the token is lent, else every answer of workflow would be 401."""
    headers = _headers(drawn)
    if drawn.service == "workflow" and chance.random() < 0.8:
        headers.append((b"Authorization", b"Bearer " + chance.choice(known_cases.tokens).encode()))
    target = _target(drawn.path, drawn.parameters, drawn.query)
    return _request(drawn, target, headers, drawn.body, "drawn")


def _mended(drawn: Drawn, known_cases: KnownCases, chance: random.Random) -> HostileRequest:
    """Put in what the document cannot say: an organisation and a case that exist, a good token."""
    organisation = chance.choice(ORGANISATIONS)
    body = _deep_copy(drawn.body)
    key = f"{chance.randrange(2000)}-{CANARY}"
    headers: list[Header] = [(b"Idempotency-Key", key.encode())] if chance.random() < 0.5 else []
    parameters = dict(drawn.parameters)
    if isinstance(body, dict):
        if drawn.path == "/v1/complaints":
            body |= {"organisation": organisation, "channel": chance.choice(("portal", "phone", "api"))}
            body.setdefault("description", f"{CANARY} description")
        for name, value in body.items():
            if value == "" or name in ("reason", "message"):
                body[name] = f"{CANARY} {name}"
    if "reference" in parameters:
        parameters["reference"] = reference = chance.choice(known_cases.references[drawn.service])
        if drawn.service == "intake":
            headers.append((b"Authorization", b"Bearer " + known_cases.links[reference].encode()))
    if "token" in parameters:
        parameters["token"] = chance.choice(list(known_cases.links.values()))
    if drawn.service == "workflow":
        headers.append((b"Authorization", b"Bearer " + chance.choice(known_cases.tokens).encode()))
        headers.append((b"If-Match", ANY_VERSION if chance.random() < 0.7 else b'"9"'))
    return _request(drawn, _target(drawn.path, parameters, drawn.query), headers, body, "mended")


def _with_a_value(request: HostileRequest, chance: random.Random) -> HostileRequest:
    """Replace one value anywhere in the body by one of the bad ones, or add a field."""
    try:
        body = json.loads(request.body)
    except ValueError:
        body = {}
    value = chance.choice(VALUES)
    places = list(_places(body))
    if places and chance.random() < 0.8:
        holder, name = chance.choice(places)
        holder[name] = value
    elif isinstance(body, dict):
        body[chance.choice(("x", CANARY, "", "__proto__", "Description", "é"))] = value
    return replace(request, body=_json(body), kind="value")


def _with_bytes(request: HostileRequest, chance: random.Random) -> HostileRequest:
    """Damage the bytes of the body."""
    body = bytearray(request.body or b"{}")
    at = chance.randrange(len(body))
    match chance.randrange(10):
        case 0:
            body[at] = chance.randrange(256)
        case 1:
            del body[at:]
        case 2:
            body[at:at] = chance.randbytes(chance.randrange(1, 40))
        case 3:
            body[at:at] = body[: chance.randrange(len(body) + 1)]
        case 4:
            body = bytearray(body.decode(errors="replace").encode("utf-16"))
        case 5:
            body[:0] = b"\xef\xbb\xbf"
        case 6:
            body[at:at] = b"[" * chance.choice((50, 5_000, 30_000))
        case 7:
            body = bytearray(chance.randbytes(chance.randrange(1, 300)))
        case 8:
            body += b" " * max(0, LIMIT_BYTES[request.service] - len(body) + chance.choice((-1, 0, 1)))
        case _:
            body[at:at] = chance.choice(
                (b"NaN", b"-Infinity", b"1" * 5000, b"\\ud800", b"\x00", b"/*x*/", b",,")
            )
    return replace(request, body=bytes(body), kind="bytes")


def _chunks(request: HostileRequest, chance: random.Random) -> HostileRequest:
    return replace(
        request, chunks=chance.choice((1, 7, 4096)), body=request.body[:2000] or b"{}", kind="chunks"
    )


def _header(request: HostileRequest, chance: random.Random) -> HostileRequest:
    """Add a header to what is there, or put it in its place; a length that lies leaves the rest unsaid."""
    name, value = chance.choice(HEADERS)
    kept = request.headers
    if chance.random() < 0.7:
        kept = tuple(one for one in kept if one[0].lower() != name.lower())
    frames = name.lower() in (b"content-length", b"transfer-encoding", b"expect", b"connection", b"upgrade")
    return replace(
        request, headers=(*kept, (name, value)), kind="frame" if frames else "header", operation=None
    )


def _lost_header(request: HostileRequest, chance: random.Random) -> HostileRequest:
    gone = chance.choice(request.headers)[0] if request.headers else b""
    kept = tuple(one for one in request.headers if one[0] != gone)
    return replace(request, headers=kept, kind="lost header")


def _elsewhere(request: HostileRequest, chance: random.Random) -> HostileRequest:
    return replace(request, target=chance.choice(TARGETS), kind="target", operation=None)


def _method(request: HostileRequest, chance: random.Random) -> HostileRequest:
    return replace(request, method=chance.choice(METHODS), kind="method", operation=None)


def _half(request: HostileRequest, chance: random.Random) -> HostileRequest:
    """Send a part of it and go away."""
    wire = request.wire
    return replace(
        request, raw=wire[: chance.randrange(len(wire))], waits_s=0.05, kind="half", operation=None
    )


def _raw(request: HostileRequest, chance: random.Random) -> HostileRequest:
    return replace(request, raw=chance.choice(RAW), waits_s=1.0, kind="raw", operation=None)


def _noise(request: HostileRequest, chance: random.Random) -> HostileRequest:
    """Damage the request as a whole, its first line and headers too."""
    wire = bytearray(request.wire)
    for _ in range(chance.randrange(1, 4)):
        wire[chance.randrange(min(len(wire), 300))] = chance.randrange(256)
    return replace(request, raw=bytes(wire), waits_s=1.0, kind="noise", operation=None)


_FRAMES: tuple[Callable[[HostileRequest, random.Random], HostileRequest], ...] = (
    _chunks, _header, _header, _header, _lost_header, _elsewhere, _method, _half, _raw, _noise,
)  # fmt: skip


def _request(drawn: Drawn, target: bytes, headers: list[Header], body: Any, kind: str) -> HostileRequest:
    sent = b"" if body is None else body if isinstance(body, bytes) else _json(body)
    if body is not None:
        headers.append((b"Content-Type", b"application/json"))
    return HostileRequest(
        drawn.service,
        drawn.method.encode(),
        target,
        tuple(headers),
        sent,
        (drawn.path, drawn.method.lower()),
        kind,
    )


def _headers(drawn: Drawn) -> list[Header]:
    return [
        (name.encode("latin-1", "replace"), _printable(str(value))) for name, value in drawn.headers.items()
    ]


def _printable(text: str) -> bytes:
    """Keep a header a header: what breaks lines is for `_raw` and `_noise`."""
    return bytes(byte for byte in text.encode("utf-8", "replace") if byte not in b"\r\n\x00").strip()


def _target(path: str, parameters: Mapping[str, Any], query: Mapping[str, Any]) -> bytes:
    for name, value in parameters.items():
        path = path.replace(f"{{{name}}}", quote(_text(value), safe="%") or "%20")
    pairs = [
        f"{quote(str(name))}={quote(_text(one))}"
        for name, value in query.items()
        for one in (value if isinstance(value, list) else [value])
    ]
    return (path + ("?" + "&".join(pairs) if pairs else "")).encode("ascii")


def _text(value: Any) -> str:
    return str(value).encode("utf-8", "replace").decode()


def _json(value: Any) -> bytes:
    """Write JSON, also of what has none: bytes and other things a schema's negation may hold."""
    return json.dumps(value, default=str, ensure_ascii=True).encode()


def _deep_copy(value: Any) -> Any:
    return json.loads(_json(value)) if isinstance(value, dict | list) else value


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Return every place in a JSON value that can be filled anew."""
    names: Any = (
        value.keys() if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    )
    for name in list(names):
        yield value, name
        yield from _places(value[name])

"""Reads `GEHOOR_SMTP_URL`, the address of the mail server, once at start.

`smtp://user:password@host:port` or `smtps://…`, with these options after `?`: `starttls` (always,
opportunistic, never), `bounces` (an address; without it the envelope's sender is empty), `helo`, `authority`
(a PEM file with the certificate authority to trust), `command_wait_s` and `final_wait_s` (how long an answer
may take, to a command and to a whole mail).
"""

import socket
import ssl
from dataclasses import dataclass, field
from typing import Literal, get_args
from urllib.parse import parse_qs, unquote, urlsplit

from events.addresses import NotAnAddress, parse_address
from events.errors import Misconfigured

Encryption = Literal["implicit", "always", "opportunistic", "never"]

COMMAND_WAIT_S = 60.0
"""Seconds for the answer to a short command.

RFC 5321 allows a server five minutes. A server that is slow on purpose would take them for every command.
"""

FINAL_WAIT_S = 600.0
"""Seconds for the answer to a whole mail. Less makes duplicates (RFC 5321, 4.5.3.2.6)."""

_OPTIONS = frozenset({"starttls", "bounces", "helo", "authority", "final_wait_s", "command_wait_s"})


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """A mail server and how to connect to it. `repr` leaves out the password."""

    host: str
    port: int
    encryption: Encryption
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    bounces: str = ""
    helo: str = "localhost"
    authority: str | None = None
    command_wait_s: float = COMMAND_WAIT_S
    final_wait_s: float = FINAL_WAIT_S

    def tls_context(self) -> ssl.SSLContext | None:
        """Return the context for TLS; None when the connection is never encrypted.

        Raises `OSError` when the file `authority` cannot be read.
        """
        if self.encryption == "never":
            return None
        context = ssl.create_default_context(cafile=self.authority)
        if self.encryption == "opportunistic":
            # Unchecked on purpose (RFC 7435): the alternative to an unknown certificate is no encryption at
            # all.
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context


def read_smtp_url(url: str | None) -> SmtpServer:
    """Read the URL of the mail server. Raises `Misconfigured`, which names the variable, part and remedy."""
    if not url:
        raise _wrong("is not set: give smtp://host:port, or use `gehoor up`, which has its own mailbox")
    parts = urlsplit(url)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise _wrong("must look like smtp://user:password@host:port or smtps://…")
    options = {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
    if unknown := sorted(set(options) - _OPTIONS):
        raise _wrong(f"has the unknown option {unknown[0]!r}; known: {', '.join(sorted(_OPTIONS))}")
    encryption = _encryption(parts.scheme, options.get("starttls"), with_password=bool(parts.username))
    try:
        port = parts.port or {"smtps": 465}.get(parts.scheme, 587 if parts.username else 25)
        bounces = parse_address(options["bounces"]) if options.get("bounces") else ""
        waits = {name: float(options[name]) for name in ("command_wait_s", "final_wait_s") if name in options}
    except NotAnAddress as error:
        raise _wrong(f"has bounces=…, but {error}") from error
    except ValueError as error:
        raise _wrong("has a port or a time that is not a number") from error
    if not all(wait > 0 for wait in waits.values()):
        raise _wrong("has a time that is not above 0")
    helo = options.get("helo") or socket.gethostname()
    if not helo.isascii() or not helo.isprintable() or " " in helo:
        raise _wrong("has helo=…, which is not a host name")
    server = SmtpServer(
        host=parts.hostname,
        port=port,
        encryption=encryption,
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        bounces=bounces,
        helo=helo,
        authority=options.get("authority"),
        **waits,
    )
    try:
        server.tls_context()
    except OSError as error:
        raise _wrong(f"has authority={server.authority}, which cannot be read: {error.strerror}") from error
    return server


def _encryption(scheme: str, starttls: str | None, *, with_password: bool) -> Encryption:
    if scheme == "smtps":
        if starttls is not None:
            raise _wrong("has starttls=… with smtps://, which is encrypted from the first byte: leave it out")
        return "implicit"
    if starttls is None:
        return "always" if with_password else "opportunistic"
    for known in get_args(Encryption):
        if starttls == known and known != "implicit":
            return known  # type: ignore[no-any-return]
    raise _wrong(f"has starttls={starttls!r}: write always, opportunistic or never")


def _wrong(what: str) -> Misconfigured:
    return Misconfigured(f"GEHOOR_SMTP_URL {what}")

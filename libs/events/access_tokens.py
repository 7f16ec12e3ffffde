"""Who may do what over HTTP: a bearer token names an actor, their roles and their organisations.

A token is a compact JWT signed with HS256 under `secrets/token.key`. Exactly one algorithm, one type and one
audience are accepted, and no token, claim or key is ever repeated in an answer or a log. The table of who
sees personal fields stands here and nowhere else.
"""

import os
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

import msgspec
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from events.errors import GehoorError, Misconfigured
from events.settings import Settings

Role = Literal[
    "admin", "handler", "quality_manager", "board", "auditor", "ops", "privacy_officer", "integrator"
]

SEES_PERSONAL_FIELDS: Mapping[Role, bool] = {
    "admin": True,
    "handler": True,
    "quality_manager": True,
    "board": True,
    "auditor": False,  # verifies that nothing was changed; a redacted extract proves the rest
    "ops": False,  # watches clocks and queues, which name no person
    "privacy_officer": True,  # answers the person's own request to see what is kept
    "integrator": False,  # files complaints and reads events; events on the bus hold nothing personal
}
"""The closed table: every role stands in it, and a role that is not here cannot be in a token."""

ROLES: tuple[Role, ...] = tuple(SEES_PERSONAL_FIELDS)

EVERYWHERE = "*"
"""Stands for all organisations, those added later too."""

_ALGORITHM = "HS256"
_TYPE = "gehoor-access+jwt"
_AUDIENCE = "gehoor"
_MAX_HEADER_LENGTH = 4096  # a token with all roles and a hundred organisations stays below half of this
_KEY_LENGTH = 32
_ACTOR = re.compile(r"[a-z0-9][a-z0-9._:/-]{0,63}")
_ORGANISATION = re.compile(r"\*|[a-z][a-z0-9-]{0,39}")
_UNTIL_THE_KEY_CHANGES = datetime(9999, 1, 1, tzinfo=UTC)


class NotAllowed(GehoorError):
    """The caller may not do this; `headers` go with the answer (RFC 6750)."""

    def __init__(self, status: Literal[401, 403], code: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail

    @property
    def headers(self) -> dict[str, str]:
        match self.code:
            case "token-missing":
                challenge = 'Bearer realm="gehoor"'
            case "role-missing":
                challenge = 'Bearer realm="gehoor", error="insufficient_scope"'
            case _:
                challenge = 'Bearer realm="gehoor", error="invalid_token"'
        return {"WWW-Authenticate": challenge}


@dataclass(frozen=True, slots=True)
class Access:
    """What one caller may: `actor` is pseudonymous, `organisations` may hold `EVERYWHERE`."""

    actor: str
    roles: frozenset[Role]
    organisations: frozenset[str]

    def __post_init__(self) -> None:
        if not _ACTOR.fullmatch(self.actor):
            raise ValueError(
                f"an actor is a pseudonym such as 'staff:des-01': small letters, digits and ._:/- "
                f"(no e-mail address, no name), at most 64; not {self.actor!r}"
            )
        if not self.roles or not self.roles <= set(ROLES):
            raise ValueError(f"roles are at least one of {', '.join(ROLES)}; not {sorted(self.roles)}")
        if not self.organisations or not all(map(_ORGANISATION.fullmatch, self.organisations)):
            raise ValueError(
                f"organisations are identifiers or {EVERYWHERE!r}; not {sorted(self.organisations)}"
            )

    @property
    def sees_personal_fields(self) -> bool:
        return any(SEES_PERSONAL_FIELDS[role] for role in self.roles)

    def reaches(self, organisation: str) -> bool:
        """Return whether the caller works for this organisation."""
        return organisation in self.organisations or EVERYWHERE in self.organisations

    def require(self, *roles: Role) -> None:
        """Return when the caller has one of these roles; otherwise raise `NotAllowed` (403) naming them."""
        if self.roles.isdisjoint(roles):
            raise NotAllowed(403, "role-missing", f"this takes one of the roles {', '.join(sorted(roles))}")

    def require_everywhere(self, because: str) -> None:
        """Return when the caller works for all organisations; otherwise raise `NotAllowed` (403)."""
        if EVERYWHERE not in self.organisations:
            raise NotAllowed(
                403, "organisation-missing", f"this takes a token for all organisations: {because}"
            )


class _Claims(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    aud: str
    sub: str
    roles: list[Role]
    organisations: list[str]
    exp: int


def issue(key: bytes, access: Access, now: datetime, valid_for: timedelta) -> str:
    """Return a signed token that is accepted until `valid_for` has passed.

    Raises `ValueError` for a duration that is not positive, `Misconfigured` for a key of the wrong length.
    """
    if valid_for <= timedelta(0):
        raise ValueError(f"a token must be valid for some time, not {valid_for}")
    return _sign(key, access, now + valid_for)


def read(key: bytes, header_value: str | None, now: datetime) -> Access:
    """Read the value of an `Authorization` header and return what its caller may do.

    Raises `NotAllowed` (401) when it is absent, not a bearer token, not ours, altered or expired. The caller
    answers with its code and headers, which name the reason and never repeat what was sent.
    """
    if header_value is None:
        raise NotAllowed(401, "token-missing", "send a header Authorization: Bearer <token>")
    if len(header_value) > _MAX_HEADER_LENGTH:
        raise NotAllowed(401, "token-invalid", f"a token header is at most {_MAX_HEADER_LENGTH} characters")
    scheme, _, token = header_value.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise NotAllowed(401, "token-missing", "send a header Authorization: Bearer <token>")
    claims = _verify(key, token.strip())
    if now.timestamp() >= claims.exp:
        raise NotAllowed(401, "token-expired", "the token has expired: ask for a new one")
    try:
        return Access(claims.sub, frozenset(claims.roles), frozenset(claims.organisations))
    except ValueError as error:
        raise _not_ours() from error


def write_tokens(settings: Settings, roles: Collection[Role] = ROLES) -> None:
    """Write one token per role to `$GEHOOR_HOME/tokens/<role>`, readable by the owner alone.

    Every provisioning does, on servers of your own too: the command line needs one to begin with. What people
    and programs get is made by `gehoor token`. These do not expire: who can read this folder can read the
    signing key beside it, and with an accelerated clock a year is over in six minutes. Running it again
    writes the same tokens.
    """
    key = settings.secret("token.key")
    folder = settings.home / "tokens"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for role in roles:
        access = Access(f"embedded:{role}", frozenset({role}), frozenset({EVERYWHERE}))
        # Beside the old one and moved over it: a reader finds the old token or the new one, never half of it.
        written = folder / f".{role}.new"
        written.unlink(missing_ok=True)
        descriptor = os.open(written, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(_sign(key, access, _UNTIL_THE_KEY_CHANGES) + "\n")
        written.replace(folder / role)


def _sign(key: bytes, access: Access, expires_at: datetime) -> str:
    claims = _Claims(
        aud=_AUDIENCE,
        sub=access.actor,
        roles=sorted(access.roles),
        organisations=sorted(access.organisations),
        exp=int(expires_at.timestamp()),
    )
    header = {"alg": _ALGORITHM, "typ": _TYPE}
    return jws.serialize_compact(header, msgspec.json.encode(claims), _key(key), [_ALGORITHM])


def _verify(key: bytes, token: str) -> _Claims:
    """Check signature, algorithm, type and audience; no claim is read before the signature holds.

    Raises `NotAllowed` (401) when one of them is wrong.
    """
    try:
        # The one algorithm is passed and never taken from the token: a token may not choose how it is
        # checked.
        signed = jws.deserialize_compact(token, _key(key), [_ALGORITHM])
        if signed.headers() != {"alg": _ALGORITHM, "typ": _TYPE} or signed.payload is None:
            raise _not_ours()
        claims = msgspec.json.decode(signed.payload, type=_Claims)
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise _not_ours() from error
    if claims.aud != _AUDIENCE:
        raise _not_ours()
    return claims


def _not_ours() -> NotAllowed:
    return NotAllowed(401, "token-invalid", "the token was not signed for Gehoor, or it was altered")


def _key(key: bytes) -> OctKey:
    if len(key) < _KEY_LENGTH:
        raise Misconfigured(f"secrets/token.key must hold {_KEY_LENGTH} bytes, it holds {len(key)}")
    return OctKey.import_key(key)

"""Signed links to the status page: whoever holds one may see how a case stands, and nothing personal.

A token is a compact JWS (HS256) over audience and reference, with the identifier of its key. It is
deterministic, so that the same case always has the same link, and nothing about it is stored. A token is
good when it is, character for character, the one we would make: nothing else in it is believed. Replacing
`status.key` revokes every link.
"""

import base64
import binascii
import hmac

import msgspec
from joserfc import jws
from joserfc.jwk import OctKey

from events.canonical import to_json
from events.errors import Misconfigured
from events.identity import NotAReference, parse_reference
from events.settings import Settings

LONGEST = 400
"""Characters of a token that are looked at; ours have fewer than 250."""

_AUDIENCE = "status"
_TYPE = "gehoor-status+jws"


def public_url(settings: Settings) -> str:
    """Return the address that status links begin with.

    Never taken from a request: whoever sends the header Host would decide where the links of others lead.
    """
    return settings.public_url or f"http://127.0.0.1:{settings.intake_port}"


class _Scope(msgspec.Struct, forbid_unknown_fields=True):
    aud: str
    reference: str


class StatusLinks:
    """Makes and reads the tokens of status pages under one public address."""

    def __init__(self, key: bytes, public_url: str) -> None:
        if len(key) < 32:
            raise Misconfigured(f"secrets/status.key must hold 32 bytes, it holds {len(key)}")
        self._key = OctKey.import_key(key)
        self._key_id = hmac.digest(key, b"key id", "sha256")[:6].hex()
        self._address = public_url.rstrip("/")

    def url(self, reference: str) -> str:
        """Return the address of the status page of a case."""
        return f"{self._address}/status/{self.token(reference)}"

    def token(self, reference: str) -> str:
        """Sign the scope of one case and return the token."""
        header = {"alg": "HS256", "kid": self._key_id, "typ": _TYPE}
        scope = to_json(_Scope(aud=_AUDIENCE, reference=reference))
        return jws.serialize_compact(header, scope, self._key, ["HS256"])

    def read(self, token: str) -> str | None:
        """Return the reference that a token is for; None for anything that we did not sign."""
        if len(token) > LONGEST or not token.isascii():
            return None
        try:
            payload = token.split(".")[1]
            raw = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
            reference = parse_reference(msgspec.json.decode(raw, type=_Scope).reference)
        except (IndexError, binascii.Error, msgspec.MsgspecError, NotAReference, UnicodeDecodeError):
            return None
        return reference if hmac.compare_digest(self.token(reference), token) else None

"""The receipt: a signed statement that this complaint was recorded, which anybody can check without us.

A compact JWS signed with EdDSA (Ed25519) over reference, organisation, both times and the hash of the first
event of the case. Ed25519 is deterministic: the same event always gives the same receipt. Signing uses
`cryptography` directly, because joserfc warns about the algorithm name that verifiers of today know.
"""

import base64
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from joserfc.jwk import OKPKey

from events.canonical import to_json
from events.errors import Misconfigured
from events.record.envelope import Recorded

TYPE = "gehoor-receipt+jws"


class Receipts:
    """Signs receipts with the key of this set-up."""

    def __init__(self, pem: bytes) -> None:
        key = load_pem_private_key(pem, password=None)
        if not isinstance(key, Ed25519PrivateKey):
            raise Misconfigured("secrets/receipt.key must be an Ed25519 private key in PEM form")
        self._key = key
        public = OKPKey.import_key(key.public_key())
        self._jwk = {
            **public.as_dict(private=False),
            "kid": public.thumbprint(),
            "alg": "EdDSA",
            "use": "sig",
        }

    def sign(self, reference: str, received: Recorded) -> str:
        """Return the receipt of a case, made of its first event."""
        header = {"alg": "EdDSA", "kid": self._jwk["kid"], "typ": TYPE}
        statement = {
            "reference": reference,
            "organisation": received.organisation,
            "received_at": received.happened_at,
            "recorded_at": received.recorded_at,
            "event_hash": received.hash.hex(),
        }
        signed = f"{_part(to_json(header))}.{_part(to_json(statement))}"
        return f"{signed}.{_part(self._key.sign(signed.encode()))}"

    def key_set(self) -> dict[str, Any]:
        """Return the public key as a JWK set, for `/.well-known/jwks.json`."""
        return {"keys": [self._jwk]}


def _part(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

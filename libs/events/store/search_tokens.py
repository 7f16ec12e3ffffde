"""Search tokens: a person is found by address or number although neither stands in the store in clear.

A token is a keyed hash of what was typed, brought into one form. Without the key nobody can try out numbers.
"""

import hmac
import re
import unicodedata


class SearchTokens:
    """Makes tokens under one key."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def of_email(self, address: str | None) -> bytes | None:
        """Return the keyed search token of an e-mail address: case and Unicode form do not matter."""
        if not address:
            return None
        return self._token("email", unicodedata.normalize("NFKC", address).strip().casefold())

    def of_phone(self, number: str | None) -> bytes | None:
        """Return the keyed search token of a telephone number: only its digits matter; 00, + and 0 agree.

        A zero in brackets after the country code, as in +31 (0)6, is dialled within the country only.
        """
        stated = (number or "").lstrip(" (")
        if stated.startswith(("+", "00")):
            stated = re.sub(r"\(\s*0\s*\)", "", stated, count=1)
        digits = re.sub(r"\D", "", stated)
        if not digits:
            return None
        if digits.startswith("00"):
            digits = digits[2:]
        elif digits.startswith("0"):
            digits = "31" + digits[1:]
        return self._token("phone", digits)

    def _token(self, kind: str, value: str) -> bytes:
        return hmac.digest(self._key, f"{kind}:{value}".encode(), "sha256")

"""Identifiers: cases, partitions, commands, and the reference that a complainant reads out on the phone.

Everything here is pure or random; nothing reads a clock except the UUIDv7 generator, whose time part only
orders cases roughly by opening and is never used as a fact.
"""

import secrets
from uuid import UUID, uuid5

import uuid_utils.compat

PARTITIONS = 16
"""How many partitions the feed is cut into for consumers; the same in Python and SQL, and never changed: each
has a checkpoint, and with another number a case would move to one that stands elsewhere."""

_COMMANDS = UUID("6f0f2f1e-6f0c-5d0e-9b51-6765686f6f72")
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_READ_AS = str.maketrans("ILOU", "110V")
_RANDOM_LENGTH = 10


class NotAReference(ValueError):
    """This is not a case reference: check each character, or copy it from the receipt."""


def new_case_id() -> UUID:
    """Make the identifier of a new case: a UUIDv7, so that cases of one period lie together."""
    return uuid_utils.compat.uuid7()


def partition_of(case_id: UUID) -> int:
    """Return which of the 16 partitions a case belongs to: the low four bits of its random tail."""
    return case_id.int & (PARTITIONS - 1)


def lock_key(case_id: UUID) -> int:
    """Return the signed 64-bit key of the advisory lock of a case: its random tail."""
    # Two cases may share a key by chance. They then wait for each other, which costs time and nothing else.
    return int.from_bytes(case_id.bytes[8:], "big", signed=True)


def reaction_id(consumer: str, case_id: UUID, version: int) -> UUID:
    """Return the identifier of a consumer's reaction to one event, always the same for the same one."""
    return uuid5(_COMMANDS, f"{consumer}/{case_id}/{version}")


def command_id_of(*parts: object) -> UUID:
    """Return a command's identifier made from its parts, so that the same command has the same one."""
    return uuid5(_COMMANDS, "/".join(str(part) for part in parts))


def new_reference(code: str) -> str:
    """Make a reference such as `DES-7K3M9-QXW2R-N`: code, 50 random bits in base32, check character.

    `code` is the organisation's two to six letters. The reference is not a secret: reading a case needs a
    signed link or a token.
    """
    number = secrets.randbits(5 * _RANDOM_LENGTH)
    digits = "".join(_ALPHABET[(number >> (5 * i)) & 31] for i in reversed(range(_RANDOM_LENGTH)))
    return f"{code}-{digits[:5]}-{digits[5:]}-{_check_character(code, digits)}"


def parse_reference(text: str) -> str:
    """Return the canonical form of a reference as somebody typed it.

    Lower case, missing dashes and the look-alikes I, L and O are understood. Raises `NotAReference` when
    the form or the check character is wrong; the caller answers "no such case".
    """
    letters = "".join(text.upper().split()).replace("-", "")
    code, tail = letters[: -_RANDOM_LENGTH - 1], letters[-_RANDOM_LENGTH - 1 :].translate(_READ_AS)
    digits, check = tail[:-1], tail[-1:]
    well_formed = 2 <= len(code) <= 6 and code.isascii() and code.isalpha() and set(tail) <= set(_ALPHABET)
    if len(letters) > 24 or not well_formed or check != _check_character(code, digits):
        raise NotAReference(f"{text[:32]!r} is not a case reference")
    return f"{code}-{digits[:5]}-{digits[5:]}-{check}"


def _check_character(code: str, digits: str) -> str:
    """Return the check character: one wrong character is noticed, and two swapped ones of the same kind.

    A weighted sum in the field of 32 elements, in which every character is an element. The weights are the
    powers of its generator, from the first on: all differ and none is zero, up to 30 characters.
    """
    values = [ord(letter) - ord("A") for letter in code] + [_ALPHABET.index(digit) for digit in digits]
    total = 0
    for value in reversed(values):
        total = _times_generator(total ^ value)
    return _ALPHABET[total]


def _times_generator(element: int) -> int:
    """Multiply by x in the field of 32 elements, made by the polynomial x⁵ + x² + 1."""
    doubled = element << 1
    return doubled ^ 0b100101 if doubled & 0b100000 else doubled

"""How a person is found again: by address or number, in whatever notation somebody typed it."""

import pytest

from events.store.keys import KeyStore

KEYS = KeyStore(None, b"m" * 32)  # type: ignore[arg-type]  # nothing is asked of the cluster here


@pytest.mark.parametrize(
    "typed",
    [
        "06 12 34 56 78",
        "06-12345678",
        "+31 6 12345678",
        "+31 (0)6 12345678",
        "+31(0)6-12 34 56 78",
        "+31 ( 0 ) 6 12345678",
        "(+31) (0)6 12345678",
        "0031 6 12345678",
        "0031 (0)6 12345678",
        "(06) 12345678",
        "(0)6 12345678",
    ],
)
def test_one_number_is_found_in_every_usual_notation(typed: str) -> None:
    """Whoever gives their number with or without country code is the same caller."""
    assert KEYS.phone_token("0612345678") == KEYS.phone_token(typed)


@pytest.mark.parametrize("typed", ["+32 6 12345678", "0612345670", "+31 (0)6 1234567"])
def test_another_number_is_another_person(typed: str) -> None:
    """Another country or another digit is never taken for the same caller."""
    assert KEYS.phone_token("0612345678") != KEYS.phone_token(typed)


def test_a_zero_in_brackets_elsewhere_is_a_digit() -> None:
    """Only where a country code comes before it is the zero not dialled."""
    assert KEYS.phone_token("020 1(0)0") == KEYS.phone_token("020 100")
    assert KEYS.phone_token("no number") is None

"""Amounts of time as our data files write them, "5 working days": a number and a unit, in words.

What is wrong is refused with the form, or with the unit that was probably meant.
"""

import re
from dataclasses import dataclass
from typing import Annotated, get_args

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from events.catalogue.words import Unit
from procedures.words import unknown

LONGEST_AMOUNT = 400
"""More than any complaint term: a larger number is a typing error."""


_UNITS: dict[str, Unit] = {
    "working day": "working days",
    "working days": "working days",
    "day": "days",
    "days": "days",
    "week": "weeks",
    "weeks": "weeks",
}


@dataclass(frozen=True, slots=True)
class Amount:
    """A number with its unit, as in "5 working days"."""

    number: int
    unit: Unit

    def __str__(self) -> str:
        return f"{self.number} {self.unit.removesuffix('s') if self.number == 1 else self.unit}"


def parse_amount(text: object) -> Amount:
    """Read "5 working days".

    Raises `PydanticCustomError`, which shows the form, or the unit that was probably meant.
    """
    if isinstance(text, Amount):
        return text
    found = re.fullmatch(r"([0-9]{1,9}) +([^0-9].*)", text) if isinstance(text, str) else None
    if found is None:
        raise PydanticCustomError(
            "amount",
            "{text} is not an amount: write a number and a unit, as in '5 working days'",
            {"text": repr(text)[:80]},
        )
    number, unit = int(found[1]), found[2].strip()
    if unit not in _UNITS:
        raise unknown("unit", unit, get_args(Unit))
    if not 0 < number <= LONGEST_AMOUNT:
        raise PydanticCustomError(
            "amount",
            "{number} is no believable amount: it must lie between 1 and {longest}",
            {"number": number, "longest": LONGEST_AMOUNT},
        )
    return Amount(number, _UNITS[unit])


def parse_lead(text: object) -> Amount:
    """Read an amount that may be nothing, as in "0 days": a duty that ends with what it leans on.

    Raises `PydanticCustomError` as `parse_amount` does.
    """
    if isinstance(text, str) and (found := re.fullmatch(r"0 +([^0-9].*)", text)):
        unit = found[1].strip()
        if unit not in _UNITS:
            raise unknown("unit", unit, get_args(Unit))
        return Amount(0, _UNITS[unit])
    return parse_amount(text)


AnAmount = Annotated[Amount, BeforeValidator(parse_amount)]


ALead = Annotated[Amount, BeforeValidator(parse_lead)]

"""References as people copy them: what was typed wrongly is noticed, what looks alike is understood.

The check character is tried on a few references with every wrong character in every place, and every swap.
"""

import re
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import pytest

from events.identity import NotAReference, parse_reference

ROOT = Path(__file__).resolve().parents[2]
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
REFERENCES = ("SUP-7K3M9-QXW2R-B", "ING-01V9Z-VV010-E", "BC-00000-00000-A", "ZUVWXY-ZYXWV-TSRQP-H")
SHOWN = re.compile(r"\b[A-Z]{2,6}-[0-9A-Z]{5}-[0-9A-Z]{5}-[0-9A-Z]\b")


def parts(reference: str) -> tuple[str, str]:
    """Give the letters of the code, and the ten digits with the check character."""
    code, *tail = reference.split("-")
    return code, "".join(tail)


def with_one_wrong(text: str, alphabet: str) -> Iterator[str]:
    """Give the text with each of its characters replaced by each other one of the alphabet."""
    for place, right in enumerate(text):
        for wrong in alphabet:
            if wrong != right:
                yield text[:place] + wrong + text[place + 1 :]


def with_two_swapped(text: str) -> Iterator[str]:
    """Give the text with each two different characters in each other's place."""
    for first, second in combinations(range(len(text)), 2):
        if text[first] != text[second]:
            characters = list(text)
            characters[first], characters[second] = characters[second], characters[first]
            yield "".join(characters)


def understood(typed: Iterator[str]) -> list[str]:
    """List those that are taken for a reference."""
    found = []
    for text in typed:
        try:
            found.append(parse_reference(text))
        except NotAReference:
            continue
    return found


@pytest.mark.parametrize("reference", REFERENCES)
def test_one_wrong_character_is_noticed(reference: str) -> None:
    """Whoever mistypes one letter or digit of a reference never reaches the case of somebody else."""
    code, tail = parts(reference)

    assert [] == understood(wrong + tail for wrong in with_one_wrong(code, LETTERS))
    assert [] == understood(code + wrong for wrong in with_one_wrong(tail, ALPHABET))


@pytest.mark.parametrize("reference", REFERENCES)
def test_two_swapped_characters_are_noticed(reference: str) -> None:
    """Whoever swaps two letters, or two digits, next to each other or apart, reaches no case either."""
    code, tail = parts(reference)

    assert [] == understood(wrong + tail for wrong in with_two_swapped(code))
    assert [] == understood(code + wrong for wrong in with_two_swapped(tail))


@pytest.mark.parametrize("reference", REFERENCES)
def test_a_reference_is_understood_as_people_type_it(reference: str) -> None:
    """Small letters, missing dashes and the look-alikes of 0, 1 and V are no mistake."""
    code, tail = parts(reference)
    alike = tail.translate(str.maketrans("01V", "OLU"))

    assert reference == parse_reference(reference)
    assert reference == parse_reference(f" {code} {tail} ".lower())
    assert reference == parse_reference(code + alike)


def test_every_reference_that_is_shown_as_an_example_is_one() -> None:
    """Nobody copies an example out of the documentation and is told that it is no reference."""
    papers = [path for folder in ("libs", "services", "tools") for path in (ROOT / folder).rglob("*")]
    texts = [path for path in (ROOT / "README.md", *papers) if path.suffix in (".py", ".md", ".json")]
    shown = {one for path in texts for one in SHOWN.findall(path.read_text(encoding="utf-8"))}

    assert shown
    assert shown == {parse_reference(one) for one in shown}

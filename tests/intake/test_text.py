"""What text may hold when somebody sends it."""

from time import perf_counter

import pytest
from pydantic_core import PydanticCustomError

from intake.text import email_address, one_line, running


def test_running_text_keeps_what_was_said() -> None:
    """Lines stay lines, accents become one form, and only white space around the text goes."""
    assert "Één regel\n\tnog een\nlaatste" == running("  E\u0301e\u0301n regel\r\n\tnog een\rlaatste\n ")


@pytest.mark.parametrize("text", ["a\x00b", "a\x1b[31mb", "a\x7fb", "a\x85b\x9fc", "\ud800"])
def test_control_characters_are_refused(text: str) -> None:
    """A text that steers a terminal or cannot be stored is refused, not mended in silence."""
    with pytest.raises(PydanticCustomError):
        running(text)


@pytest.mark.parametrize(
    "name",
    [
        "Jan\r\nBcc: all@example.org",
        "Jan\nSubject: x",
        "Jan\u2028x",
        "Jan\x0bx",
        "\u202egro.elpmaxe@naj",
        "a\tb",
    ],
)
def test_a_name_is_one_plain_line(name: str) -> None:
    """What could become a second mail header, or look like another name, is refused."""
    with pytest.raises(PydanticCustomError):
        one_line(name)


def test_writing_from_right_to_left_is_kept_in_running_text() -> None:
    """A quotation in Hebrew or Arabic keeps its marks of direction."""
    assert "\u2067שלום\u2069 staat er" == running("\u2067שלום\u2069 staat er")


@pytest.mark.parametrize(
    "address", ["eva@example.org", "e.v-a+klacht@sub.example.org", "o'neil@xn--bcher-kva.example", "a@b.co"]
)
def test_a_plain_address_is_accepted(address: str) -> None:
    """Ordinary addresses pass as they are."""
    assert address == email_address(address)


@pytest.mark.parametrize(
    "address",
    [
        "eva", "eva@", "@example.org", "eva@example", "eva@@example.org", "eva@example.org,jan@example.org",
        "Eva <eva@example.org>", "eva@example.org\r\nBcc: x@example.org", "eva@exam ple.org",
        ".eva@example.org", "eva..x@example.org", "eva@-example.org", "eva@example-.org",
        "eva@[127.0.0.1]", '"e v"@example.org',
        "eva@example.org>", "eva@bücher.example", "éva@example.org", "=?UTF-8?Q?a=0ABcc:b?=@example.org\n\n.",
        "x" * 65 + "@example.org", "eva@" + "x" * 64 + ".org", "eva(comment)@example.org", "eva@example.1",
    ],
)  # fmt: skip
def test_what_is_not_one_plain_address_is_refused(address: str) -> None:
    """No list, no name, no comment, no quotes, nothing that a mail header could take for something else."""
    with pytest.raises(PydanticCustomError):
        email_address(address)


@pytest.mark.parametrize("address", ["a." * 127, "a@" + "a." * 126, "a@" + "a-" * 126, "!" * 254])
def test_a_hostile_address_is_refused_at_once(address: str) -> None:
    """No address makes the check slow."""
    began_s = perf_counter()
    with pytest.raises(PydanticCustomError):
        email_address(address)

    assert perf_counter() - began_s < 0.05

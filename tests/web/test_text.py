"""What text may hold when somebody sends it."""

import pytest
from pydantic_core import PydanticCustomError

from web.text import COMMAND_BODY, email_address, one_line, running, words_of_command


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


def test_an_address_may_be_left_empty_and_is_kept_as_it_was_typed() -> None:
    """White space around an address goes, an empty field is nothing said, anything else is one address."""
    assert "" == email_address("  ")
    assert "Eva@Example.org" == email_address(" Eva@Example.org ")
    with pytest.raises(PydanticCustomError):
        email_address("eva..x@example.org")


def test_the_words_of_a_command_are_kept_to_the_character() -> None:
    """What a colleague wrote is stored as they wrote it, white space and accents too."""
    text = "  E\u0301e\u0301n regel\n\tnog een \ufffe "

    assert text == words_of_command(text) == running(text, COMMAND_BODY)


@pytest.mark.parametrize("text", ["", " \n\t ", "a\rb", "a\x00b", "a\x9fb", "\ud800"])
def test_the_words_of_a_command_say_something_and_hold_no_control_characters(text: str) -> None:
    """An empty reason is no reason, and a carriage return is a control character there."""
    with pytest.raises(PydanticCustomError):
        words_of_command(text)

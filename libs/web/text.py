"""What text may hold when somebody sends it, decided here for every field of every door.

Two doors differ today, and `TextRules` says in what. A complaint form is cleaned: Unicode form NFC, one kind
of line end, no white space around it, so that two equal texts are equal. The words of a command are kept to
the character, and must say something. Control characters are refused at both, because they change what a
reader, a terminal or a mail header makes of the text. Characters that change the direction of writing are
kept in running text (a quotation in Arabic or Hebrew needs them) and refused in one-line fields, where they
would only make a name look like another one.
"""

import re
import unicodedata
from dataclasses import dataclass

from events.addresses import stated_address
from events.refusals import refuse

_LINE_ENDS = re.compile("\r\n?|\u0085|\u2028|\u2029")
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_CONTROLS_AND_NONCHARACTERS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffe\uffff]")
_CONTROLS_IN_LINE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff]")
_DIRECTIONS = re.compile("[\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True, kw_only=True)
class TextRules:
    """What one door does with a running text: how long it may be, whether it is cleaned, what is refused."""

    most_characters: int
    is_cleaned: bool
    must_say_something: bool
    refused: re.Pattern[str]


COMPLAINT_FORM = TextRules(
    most_characters=20_000,
    is_cleaned=True,
    must_say_something=False,
    refused=_CONTROLS_AND_NONCHARACTERS,
)
COMMAND_BODY = TextRules(
    most_characters=4_000,  # two pages: a longer text belongs into a document
    is_cleaned=False,
    must_say_something=True,
    refused=_CONTROLS,
)


def running(text: str, rules: TextRules = COMPLAINT_FORM) -> str:
    """Check a field that may have several lines, and clean it where the rules say so.

    Its length is the field's business. Raises a `PydanticCustomError` that says what is wrong and never
    repeats the text; pydantic gives it to the sender with the name of the field.
    """
    if rules.must_say_something and not text.strip():
        raise refuse("must say something")
    _require_unicode(text)
    if rules.is_cleaned:
        text = _LINE_ENDS.sub("\n", unicodedata.normalize("NFC", text)).strip()
    if rules.refused.search(text):
        raise refuse("must not hold control characters other than newline and tab")
    return text


def words_of_command(text: str) -> str:
    """Check a text of a command's body, and keep it to the character; raises like `running`."""
    return running(text, COMMAND_BODY)


def one_line(text: str) -> str:
    """Clean a field of a complaint form that is a single line; raises `PydanticCustomError` when it is
    not."""
    _require_unicode(text)
    text = unicodedata.normalize("NFC", text).strip(" \t\r\n\u00a0")
    if _CONTROLS_IN_LINE.search(text):
        raise refuse("must be a single line without control characters")
    if _DIRECTIONS.search(text):
        raise refuse("must not hold characters that change the direction of writing")
    return text


def email_address(text: str) -> str:
    """Check a field that is one plain e-mail address, or empty; raises like `running`."""
    text = one_line(text)
    return stated_address(text) if text else text


def _require_unicode(text: str) -> None:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:  # half of a surrogate pair, which JSON can spell and nothing can store
        raise refuse("must be valid Unicode text") from None

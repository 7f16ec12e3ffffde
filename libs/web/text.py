"""What text may hold when somebody sends it, decided once for every field.

Text is kept as it was stated, apart from what makes two equal texts differ: it is brought to Unicode form
NFC, line ends become one newline and white space around it goes. Control characters are refused, because
they change what a reader, a terminal or a mail header makes of the text. Characters that change the
direction of writing are kept in running text (a quotation in Arabic or Hebrew needs them) and refused in
one-line fields, where they would only make a name look like another one.
"""

import re
import unicodedata

from events.addresses import stated_address
from events.refusals import refuse

_LINE_ENDS = re.compile("\r\n?|\u0085|\u2028|\u2029")
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffe\uffff]")
_CONTROLS_IN_LINE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff]")
_DIRECTIONS = re.compile("[\u202a-\u202e\u2066-\u2069]")


def one_line(text: str) -> str:
    """Clean a field that is a single line; raises when it is not."""
    text = _whole(text).strip(" \t\r\n\u00a0")
    if _CONTROLS_IN_LINE.search(text):
        raise refuse("must be a single line without control characters")
    if _DIRECTIONS.search(text):
        raise refuse("must not hold characters that change the direction of writing")
    return text


def running(text: str) -> str:
    """Clean a field that may have several lines; raises when it holds control characters."""
    text = _LINE_ENDS.sub("\n", _whole(text)).strip()
    if _CONTROLS.search(text):
        raise refuse("must not hold control characters other than newline and tab")
    return text


def email_address(text: str) -> str:
    """Check a field that is one plain e-mail address, or empty."""
    text = one_line(text)
    return stated_address(text) if text else text


def _whole(text: str) -> str:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:  # half of a surrogate pair, which JSON can spell and nothing can store
        raise refuse("must be valid Unicode text") from None
    return unicodedata.normalize("NFC", text)

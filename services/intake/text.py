"""What text may hold when somebody sends it, decided once for every field.

Text is kept as it was stated, apart from what makes two equal texts differ: it is brought to Unicode form
NFC, line ends become one newline and white space around it goes. Control characters are refused, because
they change what a reader, a terminal or a mail header makes of the text. Characters that change the
direction of writing are kept in running text (a quotation in Arabic or Hebrew needs them) and refused in
one-line fields, where they would only make a name look like another one.
"""

import re
import unicodedata

from events.problems import refuse

_LINE_ENDS = re.compile("\r\n?|\u0085|\u2028|\u2029")
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffe\uffff]")
_CONTROLS_IN_LINE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff]")
_DIRECTIONS = re.compile("[\u202a-\u202e\u2066-\u2069]")

# The classes do not overlap at their borders, so that matching takes one pass whatever is sent.
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_LAST_LABEL = r"[A-Za-z](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])"
_ADDRESS = re.compile(rf"(?P<local>{_ATOM}(?:\.{_ATOM})*)@(?:{_LABEL}\.)+{_LAST_LABEL}")
_LONGEST_LOCAL_PART = 64  # RFC 5321 §4.5.3.1.1


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
    """Check the form of an e-mail address, strictly: one address, no name around it, no comment, no quotes.

    What passes can stand in a mail header or an SMTP command as it is. Whether it exists is the mail
    server's to say. A domain with other letters is to be sent in its `xn--` form.
    """
    text = one_line(text)
    if not text:
        return text
    match = _ADDRESS.fullmatch(text)
    if match is None or len(match["local"]) > _LONGEST_LOCAL_PART:
        raise refuse("must be one plain e-mail address such as name@example.org")
    return text


def _whole(text: str) -> str:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:  # half of a surrogate pair, which JSON can spell and nothing can store
        raise refuse("must be valid Unicode text") from None
    return unicodedata.normalize("NFC", text)

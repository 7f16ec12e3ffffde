"""What an e-mail address is: decided once for what is typed, what is recorded and what is sent to. Pure.

Always holds: what passes can stand in a mail header or an SMTP command as it is. Whether it exists is the
mail server's to say. A domain with other letters is to be given in its `xn--` form.
"""

import re

from events.refusals import refuse

LONGEST_ADDRESS = 254
"""Characters of a whole address: RFC 5321 §4.5.3.1.3, without the brackets around it."""

_LONGEST_LOCAL_PART = 64  # RFC 5321 §4.5.3.1.1

# The classes do not overlap at their borders, so that matching takes one pass whatever is sent.
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_LAST_LABEL = r"[A-Za-z](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])"
_ADDRESS = re.compile(rf"(?P<local>{_ATOM}(?:\.{_ATOM})*)@(?P<domain>(?:{_LABEL}\.)+{_LAST_LABEL})")


class NotAnAddress(ValueError):
    """This is not one plain e-mail address such as name@example.org; the message never repeats it."""


def parse_address(text: str) -> str:
    """Read one bare address `local@domain`; its domain comes back in lower case.

    Refused with `NotAnAddress`: lists, display names, comments, quotes, white space, letters that are not
    ASCII, address literals, domains without a dot, anything too long.
    """
    match = _ADDRESS.fullmatch(text) if len(text) <= LONGEST_ADDRESS else None
    if match is None or len(match["local"]) > _LONGEST_LOCAL_PART:
        raise NotAnAddress("it is not one plain e-mail address such as name@example.org")
    return f"{match['local']}@{match['domain'].lower()}"


def stated_address(text: str) -> str:
    """Check an address that stands in a form, a command or a file, and return it as it was written.

    Raises `PydanticCustomError` when it is no address; pydantic reports it at the field it validates.
    """
    try:
        parse_address(text)
    except NotAnAddress:
        raise refuse("must be one plain e-mail address such as name@example.org") from None
    return text

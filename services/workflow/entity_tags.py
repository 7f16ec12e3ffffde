"""Versions of a case as HTTP entity tags: the ETag of an answer, and the If-Match of a command. Pure."""

import re

from web.problems import Problem

_TAG = re.compile(r'\s*(W/)?"([^"]*)"\s*')


def versions_in(if_match: str | None) -> frozenset[int]:
    """Read the versions named by an `If-Match` header.

    Raises `Problem`: 428 when it names none, 400 when it is no list of entity tags.

    A star would match whatever stands there, which is the accident this header exists to prevent.
    """
    if if_match is None or if_match.strip() in ("", "*"):
        raise Problem(
            428,
            "if-match-missing",
            "Say which version of the case you have seen",
            'Read the case, then send its ETag back, for example If-Match: "7".',
        )
    # Bounded before it is split: matching runs over all of it, and no real header names so many versions.
    tags = [_TAG.fullmatch(part) for part in if_match[:1000].split(",")]
    if not all(tags):
        raise Problem(
            400,
            "if-match",
            "This If-Match cannot be read",
            'Send the ETag as it came, for example If-Match: "7".',
        )
    # A weak tag matches nothing: it would mean "about the same", and a command needs exactly the same case.
    strong = [tag[2] for tag in tags if tag is not None and tag[1] is None]
    return frozenset(int(tag) for tag in strong if tag.isascii() and tag.isdecimal() and len(tag) <= 9)


def etag(version: int) -> str:
    """Return a version as a strong entity tag."""
    return f'"{version}"'

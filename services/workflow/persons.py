"""Whom a complaint is about, and whose names a colleague need not read: found in its decrypted text.

Pure: the caller decrypts. Whom the complaint is about is matched with the staff generously, because somebody
who is kept out by mistake hands the case to a colleague, and somebody who decides about themselves does harm.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from events.catalogue import ABOUT, COMPLAINANT
from procedures.organisations import Organisation

MASK = "[…]"

_TITLES = frozenset(
    {
        "dhr",
        "de",
        "heer",
        "mevr",
        "mevrouw",
        "mw",
        "mr",
        "mrs",
        "ms",
        "miss",
        "ir",
        "drs",
        "dr",
        "ing",
        "prof",
    }
)
_SHORTEST_MASKED = 3
_EMAIL = re.compile(r"[\w.+%'*/=?^`{|}~!#$&-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){0,8}")
_NUMBER = re.compile(r"\+?\d(?:[\s().-]{0,2}\d){6,14}")
_NAMING = ("name", "company", "email", "phone", "address")

DecryptedFields = Mapping[str, Mapping[str, Any]]
"""Decrypted fields by person slot."""


def subjects_of(opened: Iterable[DecryptedFields], organisation: Organisation) -> frozenset[str]:
    """Name the staff members whom the complaint is about, as far as any of its texts names them."""
    names = [about["name"] for each in opened if (about := each.get(ABOUT)) and about.get("name")]
    return frozenset(
        staff
        for staff, member in organisation.staff.items()
        for name in names
        if str(name).strip().casefold() == staff or is_same_person(str(name), member.name)
    )


def is_same_person(stated: str, known: str) -> bool:
    """Report whether what somebody wrote may mean this person.

    "mevr. N. Verhagen", "Verhagen" and "Noor" all may mean Noor Verhagen; "Noor Jansen" does not.
    """
    one, other = _tokens(stated), _tokens(known)
    if not one or not other:
        return False
    first, surname = other[0], other[1:]
    if not surname:
        return one[-1] == first
    if one[-len(surname) :] == surname:
        given = one[: -len(surname)]
        return not given or given[0][0] == first[0]
    return one == [first]


def masks_of(opened: Iterable[DecryptedFields]) -> tuple[str, ...]:
    """List the words that name the persons of a case, longest first."""
    words: set[str] = set()
    for each in opened:
        for slot in (COMPLAINANT, ABOUT):
            for field in _NAMING:
                value = str(each.get(slot, {}).get(field) or "").strip()
                words.add(value)
                if field == "name":
                    words.update(re.split(r"[\s,]+", value))
    return tuple(sorted((w for w in words if len(w) >= _SHORTEST_MASKED), key=lambda w: (-len(w), w)))


def masked(text: str, words: Sequence[str]) -> str:
    """Give a text without these words, and without what looks like an address or a number to call."""
    text = _NUMBER.sub(MASK, _EMAIL.sub(MASK, text))
    if not words:
        return text
    one_of = "|".join(re.escape(word) for word in words)
    return re.sub(rf"(?<!\w)(?:{one_of})(?!\w)", MASK, text, flags=re.IGNORECASE)


def _tokens(name: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", name.casefold())
    letters = "".join(each for each in plain if not unicodedata.combining(each))
    words = re.findall(r"[a-z0-9]+", letters)
    while words and words[0] in _TITLES and len(words) > 1:
        words = words[1:]
    return words

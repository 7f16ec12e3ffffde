"""What the letters say in words: dates written out, and the names of what is still missing.

A date stands in words because 04-05-2026 is read in two ways, and a promise must be read in one.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Literal

Language = Literal["nl", "en"]

_DAYS: Mapping[Language, tuple[str, ...]] = {
    "nl": ("maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag", "zondag"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}
_MONTHS: Mapping[Language, tuple[str, ...]] = {
    "nl": ("januari", "februari", "maart", "april", "mei", "juni",
           "juli", "augustus", "september", "oktober", "november", "december"),
    "en": ("January", "February", "March", "April", "May", "June",
           "July", "August", "September", "October", "November", "December"),
}  # fmt: skip
_AND: Mapping[Language, str] = {"nl": "en", "en": "and"}

_FIELDS: Mapping[str, Mapping[Language, str]] = {
    "description": {"nl": "een beschrijving van wat er is gebeurd", "en": "a description of what happened"},
    "name": {"nl": "de naam", "en": "the name"},
    "company": {"nl": "de naam van het bedrijf", "en": "the name of the company"},
    "role": {"nl": "de functie", "en": "the position"},
    "email": {"nl": "het e-mailadres", "en": "the e-mail address"},
    "phone": {"nl": "het telefoonnummer", "en": "the telephone number"},
    "address": {"nl": "het adres", "en": "the address"},
    "reachability": {"nl": "wanneer wij kunnen bellen", "en": "when we can call"},
    "reported_on": {"nl": "de datum van de melding", "en": "the date of the report"},
    "references": {"nl": "het contractnummer of bestelnummer", "en": "the contract or order number"},
    "about_name": {"nl": "over wie het gaat", "en": "whom it is about"},
    "about_function": {"nl": "de functie van wie het gaat", "en": "the position of whom it is about"},
}


def in_words(day: date, language: Language) -> str:
    """Write a date such as `vrijdag 4 december 2026` or `Friday 4 December 2026`."""
    return f"{_DAYS[language][day.weekday()]} {day.day} {_MONTHS[language][day.month - 1]} {day.year}"


def fields_in_words(fields: Sequence[str], language: Language) -> str:
    """Write missing fields as one phrase; a field without words of its own is left to the handler to ask."""
    known = [_FIELDS[field][language] for field in fields if field in _FIELDS]
    if len(known) < 2:
        return "".join(known)
    return f"{', '.join(known[:-1])} {_AND[language]} {known[-1]}"

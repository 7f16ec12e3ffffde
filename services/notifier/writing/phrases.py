"""Words for a letter in each language: dates, outcomes, ways, and the fields of the form. Pure.

A date is written in words because 04-05-2026 has two readings, and a promise must have one. A test checks
that every word that a procedure file may use has words here.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date

from events.catalogue.words import Language
from procedures.localised_dates import day_in_words

_DAYS: Mapping[Language, tuple[str, ...]] = {
    "nl": ("maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag", "zondag"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}
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

_ONLY_ON_THE_FORM: Mapping[str, Mapping[Language, str]] = {
    "remedy_sought": {"nl": "de gewenste oplossing", "en": "the solution asked for"},
    "nature_stated": {"nl": "de aard van de klacht", "en": "the nature of the complaint"},
    "language_stated": {"nl": "de taal", "en": "the language"},
}
ON_THE_FORM: tuple[str, ...] = (*_FIELDS, *_ONLY_ON_THE_FORM)
"""The fields that somebody can fill in, in the order in which a copy of the form shows them."""

_OUTCOMES: Mapping[str, Mapping[Language, str]] = {
    "founded": {"nl": "gegrond", "en": "justified"},
    "partly founded": {"nl": "deels gegrond", "en": "partly justified"},
    "unfounded": {"nl": "ongegrond", "en": "not justified"},
    "inadmissible": {"nl": "niet-ontvankelijk", "en": "inadmissible"},
}
_ROUTES: Mapping[str, Mapping[Language, str]] = {
    "complaint form": {"nl": "het klachtenformulier", "en": "the complaint form"},
    "court in Rotterdam": {
        "nl": "de rechtbank in het arrondissement Rotterdam",
        "en": "the court in the district of Rotterdam",
    },
    "ombudsman": {"nl": "de ombudsman", "en": "the ombudsman"},
    "Financial Ombudsman Service": {
        "nl": "de Financial Ombudsman Service",
        "en": "the Financial Ombudsman Service",
    },
}
_CHANNELS: Mapping[str, Mapping[Language, str]] = {
    "portal": {"nl": "via het portaal", "en": "by the portal"},
    "email": {"nl": "per e-mail", "en": "by e-mail"},
    "phone": {"nl": "per telefoon", "en": "by telephone"},
    "meeting": {"nl": "in een gesprek", "en": "in a meeting"},
    "letter": {"nl": "per brief", "en": "by letter"},
    "api": {"nl": "via een ander systeem", "en": "by another system"},
}
_UNITS: Mapping[str, Mapping[Language, tuple[str, str]]] = {
    "working days": {"nl": ("werkdag", "werkdagen"), "en": ("working day", "working days")},
    "days": {"nl": ("dag", "dagen"), "en": ("day", "days")},
    "weeks": {"nl": ("week", "weken"), "en": ("week", "weeks")},
}
_NO_AGREEMENTS: Mapping[str, str] = {
    "nl.u": "Wij hebben in dit gesprek geen afspraken met u gemaakt.",
    "nl.je": "We hebben in dit gesprek geen afspraken met je gemaakt.",
    "en": "We made no agreements with you in this conversation.",
}
_NOTHING_NOTED: Mapping[str, str] = {
    "nl.u": "Over de inhoud van uw klacht is niets opgeschreven. Wilt u dat nog doen? Dan nemen wij dat mee.",
    "nl.je": "Over de inhoud van je klacht is niets opgeschreven. Wil je dat nog doen? Dan nemen we dat mee.",
    "en": "Nothing was written down about the substance of your complaint. You can still do so.",
}
LINK = re.compile(r"://|www\.|@", re.IGNORECASE)
"""What makes a link, or what a mail program turns into one."""


def in_words(day: date, language: Language) -> str:
    """Write a date such as `vrijdag 4 december 2026` or `Friday 4 December 2026`."""
    return f"{_DAYS[language][day.weekday()]} {day_in_words(day, language)}"


def fields_in_words(fields: Sequence[str], language: Language) -> str:
    """Write missing fields as one phrase; a field without words here is left out, and the handler asks."""
    known = [_FIELDS[field][language] for field in fields if field in _FIELDS]
    if len(known) < 2:
        return "".join(known)
    return f"{', '.join(known[:-1])} {_AND[language]} {known[-1]}"


def field_in_words(field: str, language: Language) -> str:
    """Return a field of the form as a heading, with a capital letter."""
    words = (_FIELDS.get(field) or _ONLY_ON_THE_FORM[field])[language]
    return words[0].upper() + words[1:]


def outcome_in_words(outcome: str, language: Language) -> str:
    """Return how a complaint or an objection was decided, in words."""
    return _OUTCOMES[outcome][language]


def route_in_words(route: str, language: Language) -> str:
    """Return a way or an authority with its article; one without words here stays as its file has it."""
    return _ROUTES[route][language] if route in _ROUTES else route


def amount_in_words(number: int, unit: str, language: Language) -> str:
    """Write a term such as `10 werkdagen` or `4 weeks`."""
    return f"{number} {_UNITS[unit][language][number != 1]}"


def reason_of_refusal(channel: str, route: str, language: Language) -> str:
    """Return the sentences that explain why a complaint that came by another way is not handled."""
    came, way = _CHANNELS[channel][language], route_in_words(route, language)
    if language == "en":
        return f"The complaint came {came}. The complaints procedure handles complaints that come by {way}."
    return f"De klacht kwam {came}. De klachtenprocedure geldt voor klachten die via {way} komen."


def nothing_noted(manner: str) -> str:
    """Return the sentence that nobody wrote down what the complaint is about."""
    return _NOTHING_NOTED[manner]


def no_agreements(manner: str) -> str:
    """Return the sentence that a talk led to no agreement."""
    return _NO_AGREEMENTS[manner]


def outcomes_in_words(language: Language) -> tuple[str, ...]:
    """Return the words of all outcomes."""
    return tuple(words[language] for words in _OUTCOMES.values())

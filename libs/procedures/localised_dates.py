"""A day in words: 04-05-2026 is read in two ways, and a promise must be read in one."""

from collections.abc import Mapping
from datetime import date

_MONTHS: Mapping[str, tuple[str, ...]] = {
    "nl": ("januari", "februari", "maart", "april", "mei", "juni",
           "juli", "augustus", "september", "oktober", "november", "december"),
    "en": ("January", "February", "March", "April", "May", "June",
           "July", "August", "September", "October", "November", "December"),
}  # fmt: skip


def day_in_words(day: date, language: str) -> str:
    """Write a date such as `4 december 2026` or `4 December 2026`, in a language of `procedures.words`."""
    return f"{day.day} {_MONTHS[language][day.month - 1]} {day.year}"

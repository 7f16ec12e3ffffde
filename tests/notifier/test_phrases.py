"""Every word of our vocabulary that a letter can tell has words in each language."""

from typing import get_args

import pytest

from events.catalogue.words import CHANNELS, FIELDS, Outcome, Unit
from notifier.writing.phrases import (
    Language,
    amount_in_words,
    fields_in_words,
    outcome_in_words,
    reason_of_refusal,
    route_in_words,
)
from procedures.library import library

LANGUAGES: tuple[Language, ...] = get_args(Language)
ROUTES = sorted(
    {
        route
        for procedure in library().versions.values()
        for route in (procedure.conduct.outer_route, procedure.conduct.route)
        if route
    }
)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("route", ROUTES)
def test_every_route_that_a_procedure_names_has_an_article(route: str, language: Language) -> None:
    """Whoever is told where to go reads a sentence, not a word out of a file."""
    article = ("de ", "het ") if language == "nl" else ("the ",)

    assert route_in_words(route, language).startswith(article)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("channel", CHANNELS)
def test_a_refusal_says_how_the_complaint_came_and_which_way_is_right(
    channel: str, language: Language
) -> None:
    """For each way a complaint can come there are words that say why that way is not handled."""
    reason = reason_of_refusal(channel, "complaint form", language)

    assert route_in_words("complaint form", language) in reason
    assert reason.endswith(".")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_field_outcome_and_unit_has_words(language: Language) -> None:
    """What is asked for, how it was judged and how long it may take can be said in both languages."""
    assert all(fields_in_words((field,), language) for field in FIELDS)
    assert len(get_args(Outcome)) == len({outcome_in_words(each, language) for each in get_args(Outcome)})
    assert all(amount_in_words(10, unit, language).startswith("10 ") for unit in get_args(Unit))


def test_one_of_a_unit_is_said_as_one() -> None:
    """Nobody reads "1 weken"."""
    assert ("1 week", "1 werkdag", "2 working days") == (
        amount_in_words(1, "weeks", "nl"),
        amount_in_words(1, "working days", "nl"),
        amount_in_words(2, "working days", "en"),
    )

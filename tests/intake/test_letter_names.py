"""Every letter has a name on the status page, in each language."""

import pytest

from events.catalogue.words import FORM_COPY, LETTERS
from intake.status.letter_names import LETTERS as NAMES


@pytest.mark.parametrize("language", ["nl", "en"])
def test_every_letter_has_a_name_of_its_own_on_the_status_page(language: str) -> None:
    """Whoever looks reads what they were sent in their own language, never a word of ours."""
    theirs = set(LETTERS) - {FORM_COPY}

    assert theirs == set(NAMES[language])
    assert len(theirs) == len(set(NAMES[language].values()))

"""What is counted of attempts at letters."""

from typing import get_args

from notifier.sending.outcome import AttemptEnd
from notifier.sending.report import _LABELS


def test_a_dashboard_keeps_its_words_whatever_the_classes_are_called() -> None:
    """A dashboard counts letters by fixed words, one for each way in which an attempt can end."""
    ends = set(get_args(AttemptEnd))

    assert ends == set(_LABELS)
    assert {
        "accepted", "refused", "deferred", "uncertain", "printed", "held", "closed", "alreadysettled",
    } == set(_LABELS.values())  # fmt: skip

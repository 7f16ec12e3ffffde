"""A wrong setting is refused under its own name, before anything starts."""

import logging

import pytest

from events.errors import Misconfigured
from events.settings import load

ELSEWHERE = "postgresql://store.example:5432/gehoor"
WRONG = {
    "a level nobody knows": ({"GEHOOR_LOG_LEVEL": "LOUD"}, "GEHOOR_LOG_LEVEL", "'WARNING'"),
    "a moment in no zone": ({"GEHOOR_CLOCK_START": "2026-03-30T08:00"}, "GEHOOR_CLOCK_START", "offset"),
    "made-up cases in a store of one's own": (
        {"GEHOOR_DEMONSTRATIONS": "true", "GEHOOR_DATABASE_URL": ELSEWHERE},
        "GEHOOR_DEMONSTRATIONS",
        "store.example",
    ),
    "an address that is none": ({"GEHOOR_PUBLIC_URL": "nonsense"}, "GEHOOR_PUBLIC_URL", "http://"),
    "a port beyond all ports": ({"GEHOOR_INTAKE_PORT": "70000"}, "GEHOOR_INTAKE_PORT", "65535"),
}


@pytest.mark.parametrize(("given", "name", "reason"), WRONG.values(), ids=WRONG)
def test_a_wrong_setting_is_refused_with_its_own_name(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], name: str, reason: str
) -> None:
    """Whoever sets something wrong is told which variable it is and why, and of no other variable."""
    for variable, value in given.items():
        monkeypatch.setenv(variable, value)

    with pytest.raises(Misconfigured) as refused:
        load()

    assert str(refused.value).startswith(f"{name}: ")
    assert reason in str(refused.value)
    assert 1 == str(refused.value).count("GEHOOR_")


@pytest.mark.parametrize("written", ["warning", "Warning", "WARN", "DEBUG"])
def test_a_log_level_may_be_written_in_small_letters(monkeypatch: pytest.MonkeyPatch, written: str) -> None:
    """How a level is written makes no difference, as long as logging knows it."""
    monkeypatch.setenv("GEHOOR_LOG_LEVEL", written)

    level = load().log_level

    assert written.upper() == level
    assert level in logging.getLevelNamesMapping()


def test_made_up_cases_are_taken_where_the_store_is_the_embedded_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """The embedded set-up tells its services to take demonstrations, beside the address of its own store."""
    monkeypatch.setenv("GEHOOR_DEMONSTRATIONS", "true")
    monkeypatch.setenv("GEHOOR_DATABASE_URL", "postgresql://127.0.0.1:5555/gehoor")

    assert load().demonstrations

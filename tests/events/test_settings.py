"""A wrong setting is refused under its own name, before anything starts."""

import logging
from datetime import UTC, datetime
from pathlib import Path

import pytest

from events.errors import Misconfigured
from events.settings import Settings, load

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
    "a port in words": ({"GEHOOR_HEALTH_PORT": "eighty"}, "GEHOOR_HEALTH_PORT", "valid integer"),
    "a port that is empty": ({"GEHOOR_MAILBOX_PORT": ""}, "GEHOOR_MAILBOX_PORT", "valid integer"),
    "half a port": ({"GEHOOR_CONSOLE_PORT": "8080.5"}, "GEHOOR_CONSOLE_PORT", "valid integer"),
    "a store of another kind": (
        {"GEHOOR_KEYS_URL": "mysql://keys"},
        "GEHOOR_KEYS_URL",
        "postgresql://host:port/",
    ),
    "a bus that is empty": ({"GEHOOR_NATS_URL": ""}, "GEHOOR_NATS_URL", "nats://host:port/"),
    "a mail server without a host": ({"GEHOOR_SMTP_URL": "smtp://"}, "GEHOOR_SMTP_URL", "smtp://host:port/"),
    "a clock that stands still": ({"GEHOOR_CLOCK_SPEED": "0"}, "GEHOOR_CLOCK_SPEED", "greater than 0"),
    "a clock of no speed": ({"GEHOOR_CLOCK_SPEED": "nan"}, "GEHOOR_CLOCK_SPEED", "equal to 86400"),
    "a moment that is none": ({"GEHOOR_CLOCK_START": "tomorrow"}, "GEHOOR_CLOCK_START", "valid datetime"),
    "neither yes nor no": ({"GEHOOR_DEMONSTRATIONS": "perhaps"}, "GEHOOR_DEMONSTRATIONS", "valid boolean"),
    "a name with a space": ({"GEHOOR_REPLICA": "node 1"}, "GEHOOR_REPLICA", "pattern"),
    "a reader twice": ({"GEHOOR_READERS": "erp,erp"}, "GEHOOR_READERS", "different names"),
    "a reader called like a service": ({"GEHOOR_READERS": "intake"}, "GEHOOR_READERS", "choose another name"),
    "too many replicas": ({"GEHOOR_NATS_REPLICAS": "6"}, "GEHOOR_NATS_REPLICAS", "less than or equal to 5"),
    "no room on the bus": ({"GEHOOR_NATS_STREAM_MIB": "7"}, "GEHOOR_NATS_STREAM_MIB", "equal to 8"),
}

UNDERSTOOD: list[tuple[str, str, object]] = [
    ("GEHOOR_HOME", "/srv/gehoor", Path("/srv/gehoor")),
    (
        "GEHOOR_DATABASE_URL",
        "postgres://admin:secret@db:5432/gehoor",
        "postgres://admin:secret@db:5432/gehoor",
    ),
    ("GEHOOR_KEYS_URL", "postgresql://keys", "postgresql://keys"),
    ("GEHOOR_NATS_URL", "tls://bus:4222", "tls://bus:4222"),
    ("GEHOOR_SMTP_URL", "smtps://mail:465", "smtps://mail:465"),
    ("GEHOOR_MASTER_KEY_FILE", "/run/secrets/master.key", Path("/run/secrets/master.key")),
    ("GEHOOR_PUBLIC_URL", "https://klachten.example", "https://klachten.example"),
    ("GEHOOR_BIND", "0.0.0.0", "0.0.0.0"),
    ("GEHOOR_REPLICA", "node-1.example", "node-1.example"),
    ("GEHOOR_READERS", "reader,erp=ingressus", "reader,erp=ingressus"),
    ("GEHOOR_INTAKE_PORT", "9080", 9080),
    ("GEHOOR_CONSOLE_PORT", " 9081 ", 9081),
    ("GEHOOR_WORKFLOW_PORT", "0", 0),
    ("GEHOOR_MAILBOX_PORT", "9025.0", 9025),
    ("GEHOOR_MAILBOX_SMTP_PORT", "+1_026", 1026),
    ("GEHOOR_HEALTH_PORT", "65535", 65535),
    ("GEHOOR_NATS_REPLICAS", "3", 3),
    ("GEHOOR_NATS_STREAM_MIB", "1048576", 1_048_576),
    ("GEHOOR_CLOCK_START", "2026-03-30T08:00:00+02:00", datetime(2026, 3, 30, 6, tzinfo=UTC)),
    ("GEHOOR_CLOCK_SPEED", "0.5", 0.5),
    ("GEHOOR_DEMONSTRATIONS", "Yes", True),
    ("GEHOOR_LOG_LEVEL", "warn", "WARN"),
]
"""Every variable once, in the form somebody may write it, and what is understood."""


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


@pytest.mark.parametrize(("variable", "written", "understood"), UNDERSTOOD)
def test_every_variable_is_read_into_its_setting(
    monkeypatch: pytest.MonkeyPatch, variable: str, written: str, understood: object
) -> None:
    """Each setting comes from the variable of its name, also where that is written in small letters."""
    name = variable.removeprefix("GEHOOR_").lower()
    monkeypatch.setenv(variable, written)
    from_capitals = getattr(load(), name)
    monkeypatch.delenv(variable)
    monkeypatch.setenv(variable.lower(), written)
    from_small_letters = getattr(load(), name)

    assert understood == from_capitals
    assert understood == from_small_letters


def test_the_table_of_settings_leaves_none_out() -> None:
    """A new setting is tried like the others."""
    assert {f"GEHOOR_{name.upper()}" for name in Settings.model_fields} == {row[0] for row in UNDERSTOOD}


def test_a_variable_that_nobody_knows_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other programs of the same house may have variables that begin like ours."""
    expected = load()
    monkeypatch.setenv("GEHOOR_SOMETHING_ELSE", "1")

    assert expected == load()


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

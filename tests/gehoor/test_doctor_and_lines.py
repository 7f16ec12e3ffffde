"""What `gehoor doctor` notices, and the short lines on the supervisor's screen."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from events import catalogue
from gehoor import doctor
from gehoor.cli import build
from gehoor.demo import PEOPLE, START, complaint, shortly_before_a_deadline
from gehoor.embedded.event_ticker import words
from gehoor.embedded.logs import LogWatch, worth_showing


def test_the_header_hole_of_this_python_is_found_or_absent() -> None:
    """Doctor tells whether this Python lets a subject add a recipient, and that our guard holds anyway."""
    finding = doctor.mail_headers()

    assert finding.verdict == ("note" if doctor.headers_can_be_injected() else "fine")
    assert "guard" in finding.found


def test_doctor_stops_nobody_on_a_machine_that_runs_the_tests(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the tests run, Gehoor runs."""
    monkeypatch.setenv("GEHOOR_HOME", str(tmp_path))

    answer = CliRunner().invoke(build(), ["doctor", "--json"])

    findings = [json.loads(line) for line in answer.stdout.splitlines()]
    assert answer.exit_code == 0
    assert {"python", "nats", "postgres", "mail headers", "folder"} <= {one["about"] for one in findings}


def test_doctor_names_a_wrong_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong variable is found before a start is tried."""
    monkeypatch.setenv("GEHOOR_INTAKE_PORT", "eighty")

    answer = CliRunner().invoke(build(), ["doctor"])

    assert answer.exit_code == 1
    assert "GEHOOR_INTAKE_PORT" in answer.stdout


def test_status_is_no_when_nothing_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A script can ask whether the system is up."""
    monkeypatch.setenv("GEHOOR_HOME", str(tmp_path))

    answer = CliRunner().invoke(build(), ["status"])

    assert answer.exit_code == 1
    assert "make run" in answer.stdout


def test_every_command_explains_itself() -> None:
    """Nobody has to read code to use a command."""
    app = build()

    helps = {
        command.name or "": CliRunner().invoke(app, [command.name or "", "--help"])
        for command in app.registered_commands
    }

    assert {"up", "status", "doctor", "provision", "submit", "demo"} <= helps.keys()
    assert [
        name for name, help_ in helps.items() if help_.exit_code != 0 or "xample" not in help_.stdout
    ] == []


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ('{"event": "letter.sent", "level": "info"}', None),
        ('{"event": "bus.away", "level": "warning", "since_s": 3}', "warning bus.away since_s=3"),
        ("2026-11-21 08:00:00 UTC [1] FATAL:  disk full", "2026-11-21 08:00:00 UTC [1] FATAL:  disk full"),
        ("an ordinary line", None),
        ("[1, 2]", None),
    ],
)
def test_only_what_somebody_should_see_comes_to_the_screen(line: str, shown: str | None) -> None:
    """The screen shows trouble, the log has everything."""
    assert worth_showing(line) == shown


def test_a_flood_of_warnings_is_counted_not_shown(tmp_path: Path) -> None:
    """One part in trouble does not push everything else off the screen."""
    log = tmp_path / "relay.log"
    log.touch()
    lines: list[str] = []
    watch = LogWatch("relay", log, lines.append)

    log.write_text('{"event": "bus.away", "level": "warning"}\n' * 100)
    watch.look()
    watch.look()

    assert len(lines) == 6
    assert lines[-1].startswith("relay: and 95 more")


def test_a_breach_is_told_with_clock_and_date() -> None:
    """The line on the screen says which promise was broken and when it was due."""
    due = catalogue.Moment(on=START.date(), at=START)
    breach = catalogue.DeadlineBreached(
        clock="DES-1", binds="company", reading="both", due=due, beyond_dispute=True
    )

    assert words(breach, "destiny") == "BREACH of DES-1: was due 2026-03-30 (by every reading)"


@pytest.mark.parametrize("organisation", sorted(PEOPLE))
def test_the_demonstration_places_a_complaint_just_before_a_deadline(organisation: str) -> None:
    """Within a minute of the demo a promise breaks at each of the five."""
    found = shortly_before_a_deadline(organisation, START)

    assert found is not None
    rule, received_on, due_on = found
    assert received_on < START.date() <= due_on
    assert (due_on - START.date()).days <= 4
    assert complaint(organisation, received_on)["received_at"] == received_on.isoformat()
    assert rule.kind == "duty"

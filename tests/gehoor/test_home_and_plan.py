"""One supervisor per home, ports that are told by name, and settings refused before anything starts."""

import socket
from datetime import UTC, datetime
from pathlib import Path

import pytest

from events.errors import Misconfigured
from events.settings import Settings
from gehoor.connection import connected
from gehoor.embedded import outside, run
from gehoor.embedded.home import Home, RunRecord
from gehoor.embedded.plan import make_plan
from gehoor.embedded.ports import choose, require
from gehoor.embedded.services import service_environment

FREE = {"intake_port": 0, "workflow_port": 0, "mailbox_port": 0, "mailbox_smtp_port": 0}


def settings(home: Path, **changes: object) -> Settings:
    return Settings.model_validate({"home": home, **FREE, **changes})


def test_a_second_start_on_the_same_home_is_refused(tmp_path: Path) -> None:
    """Two systems never write into one folder."""
    first, second = Home(tmp_path / "home"), Home(tmp_path / "home")
    first.open()

    with pytest.raises(Misconfigured, match="in use by process"):
        second.open()

    first.close()
    second.open()
    second.close()


def test_a_home_that_cannot_be_made_is_told_with_a_remedy(tmp_path: Path) -> None:
    """A wrong folder is one clear line."""
    (tmp_path / "file").write_text("")

    with pytest.raises(Misconfigured, match=r"GEHOOR_HOME: .* choose a folder you may write"):
        Home(tmp_path / "file").open()


def test_a_taken_port_names_the_variable_to_set() -> None:
    """Nobody has to guess which setting moves which port."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        with pytest.raises(
            Misconfigured, match=rf"GEHOOR_INTAKE_PORT: port {port} is taken.*GEHOOR_INTAKE_PORT="
        ):
            require("GEHOOR_INTAKE_PORT", port)


def test_the_ports_of_the_last_run_are_used_again_where_they_are_free() -> None:
    """Addresses stay the same from one start to the next."""
    remembered = choose()

    again = choose(remembered)
    with socket.create_server(("127.0.0.1", remembered)):
        other = choose(remembered)

    assert again == remembered
    assert other != remembered


def test_two_public_ports_may_not_be_the_same(tmp_path: Path) -> None:
    """A slip in the settings is told before anything starts."""
    port = choose()

    with pytest.raises(Misconfigured, match=f"GEHOOR_WORKFLOW_PORT: port {port} is also GEHOOR_INTAKE_PORT"):
        make_plan(settings(tmp_path, intake_port=port, workflow_port=port), RunRecord())


def test_the_clock_cannot_be_moved_on_a_database_of_ones_own(tmp_path: Path) -> None:
    """Only a demonstration may run on a clock that is not real."""
    wrong = settings(
        tmp_path,
        database_url="postgresql://a@db.example/gehoor",
        clock_start=datetime(2026, 3, 30, tzinfo=UTC),
    )

    with pytest.raises(Misconfigured, match="GEHOOR_CLOCK_START"):
        make_plan(wrong, RunRecord())


def test_a_database_of_ones_own_takes_no_made_up_cases(tmp_path: Path) -> None:
    """The organisations that only demonstrate a statute exist where Gehoor made the database itself."""
    with pytest.raises(Misconfigured, match="GEHOOR_DEMONSTRATIONS"):
        make_plan(
            settings(tmp_path, database_url="postgresql://a@127.0.0.1/gehoor", demonstrations=True),
            RunRecord(),
        )
    with pytest.raises(ValueError, match=r"embedded set-up only, and the database is at db\.example"):
        settings(tmp_path, database_url="postgresql://a@db.example/gehoor", demonstrations=True)


def test_servers_of_ones_own_are_not_started(tmp_path: Path) -> None:
    """An address given by the user means: use that server."""
    plan = make_plan(
        settings(
            tmp_path,
            database_url="postgresql://a@db.example/gehoor",
            nats_url="nats://bus.example:4222",
            smtp_url="smtp://mail.example:25",
        ),
        RunRecord(),
    )

    assert (plan.database_port, plan.nats_port, plan.mailbox_port) == (None, None, None)
    assert plan.keys_port is not None


def test_services_never_learn_the_administrators_password(tmp_path: Path) -> None:
    """What a service could leak, it must not know."""
    url = outside.without_password("postgresql://admin:secret-word@db.example:5432/gehoor?sslmode=require")
    plan = make_plan(settings(tmp_path), RunRecord())

    given = service_environment(settings(tmp_path, database_url=url), plan.services[0], plan.ports)

    assert given["GEHOOR_DATABASE_URL"] == "postgresql://db.example:5432/gehoor?sslmode=require"
    assert "secret-word" not in str(given)


@pytest.mark.parametrize("version", ["2.9.10", "2.11.4", "1.4.1"])
def test_an_old_nats_server_is_refused(version: str) -> None:
    """Debian's own NATS lacks what the streams need: said at start, not found out later."""
    with pytest.raises(Misconfigured, match=f"NATS {version}, too old: 2.12 or newer"):
        outside.require_nats_version("GEHOOR_NATS_URL: bus.example:4222", version)


def test_run_json_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    """Other commands find the running system."""
    home = Home(tmp_path)
    written = RunRecord(
        running=True, pid=1, ports={"intake": 8080}, urls={"intake": "http://127.0.0.1:8080/"}
    )

    home.write(written)

    assert home.read() == written


def test_a_broken_run_json_is_as_good_as_none(tmp_path: Path) -> None:
    """A file cut off by a full disk does not keep the next start from working."""
    (tmp_path / "run.json").write_text('{"running": tr')

    assert Home(tmp_path).read() == RunRecord()


def test_commands_find_the_addresses_of_the_running_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`gehoor history REF` needs no addresses."""
    Home(tmp_path).write(RunRecord(database_url="postgresql://127.0.0.1:5555/gehoor"))
    monkeypatch.delenv("GEHOOR_DATABASE_URL", raising=False)

    assert connected(tmp_path).database_url == "postgresql://127.0.0.1:5555/gehoor"


def test_commands_say_so_when_nothing_has_run_yet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next step is named."""
    monkeypatch.delenv("GEHOOR_DATABASE_URL", raising=False)

    with pytest.raises(Misconfigured, match="make run"):
        connected(tmp_path)


def test_the_screen_names_the_home_that_the_command_line_would_not_look_in(tmp_path: Path) -> None:
    """What a demonstration tells people to type works in another terminal as it stands."""
    home = tmp_path / "a home"

    assert f"GEHOOR_HOME='{home}' .venv/bin/gehoor" == run.command_line_for(home)
    assert ".venv/bin/gehoor" == run.command_line_for(Path("var").absolute())

"""What can be said of `deploy/` without an engine: settings are told, secrets handed out sparingly."""

import importlib.util
import re
import subprocess
from pathlib import Path
from types import ModuleType

import pytest
import yaml

from events.settings import Settings
from gehoor.embedded import nats

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
NO_VARIABLES = {"GEHOOR_EVENT", "GEHOOR_CLOCK"}
"""The stream's name, and what two variables have in common."""


@pytest.fixture
def prepare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """The program of the containers `secrets` and `prepared`, handing out into a folder of the test."""
    spec = importlib.util.spec_from_file_location("prepare", DEPLOY / "prepare.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "HANDOUT", tmp_path / "handout")
    for name in (*module.SECRETS_OF, *module.POSTGRES_SERVERS, *module.NATS_SERVERS):
        (tmp_path / "handout" / name).mkdir(parents=True)
    return module


def test_every_setting_stands_in_the_example_with_its_default() -> None:
    """Who copies the example gets what compose would do anyway."""
    used = dict(re.findall(r"\$\{([A-Z_]+):-([^}]*)\}", (DEPLOY / "compose.yaml").read_text()))
    lines = (DEPLOY / ".env.example").read_text().splitlines()
    told = dict(re.findall(r"^([A-Z_]+)=(\S*)", "\n".join(lines), re.MULTILINE))

    assert used == {name: value for name, value in told.items() if name != "COMPOSE_PROJECT_NAME"}


def test_every_setting_is_explained() -> None:
    """The table of the README leaves none out."""
    used = set(re.findall(r"\$\{([A-Z_]+):-", (DEPLOY / "compose.yaml").read_text()))
    readme = (DEPLOY / "README.md").read_text()

    assert set() == {name for name in used if f"`{name}`" not in readme}


def test_every_variable_of_the_code_is_explained() -> None:
    """Also those that compose leaves alone: whoever runs an image by other means has no other list."""
    files = [
        path
        for folder in ("libs", "services", "tools/gehoor", "deploy")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in (".py", ".yaml") or path.name == "Dockerfile"
    ]  # fmt: skip
    used = {name for path in files for name in re.findall(r"\bGEHOOR_[A-Z]+(?:_[A-Z]+)*", path.read_text())}
    used |= {f"GEHOOR_{name.upper()}" for name in Settings.model_fields}
    readme = (DEPLOY / "README.md").read_text()

    assert set() == {name for name in used - NO_VARIABLES if f"`{name}`" not in readme}


def test_every_container_has_limits() -> None:
    """None of them can take the machine from the others: memory, processors, processes."""
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    limits = {"mem_limit", "cpus", "pids_limit"}

    assert {} == {name: limits - one.keys() for name, one in services.items() if not limits <= one.keys()}


def test_a_container_gets_its_own_secrets_and_no_others(prepare: ModuleType, tmp_path: Path) -> None:
    """Whoever breaks into deadlines or the relay finds no key with which a personal word could be read."""
    prepare.hand_out_secrets(Settings(home=tmp_path))

    handed = {folder.name: {file.name for file in folder.iterdir()} for folder in prepare.HANDOUT.iterdir()}
    for service in prepare.SECRETS_OF:
        passwords = {name for name in handed[service] if name.startswith(("database-", "keys-", "nats-"))}
        assert {service} == {name.partition("-")[2] for name in passwords}
    assert {"password"} == handed["postgres"] == handed["keys"]
    assert {"intake", "workflow", "notifier"} == {name for name in handed if "master.key" in handed[name]}


def test_a_wrong_setting_stops_the_preparation_with_one_line(
    prepare: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Who mistypes the log level reads that, and no page of code."""
    monkeypatch.setenv("GEHOOR_LOG_LEVEL", "LOUD")
    monkeypatch.setattr("sys.argv", ["prepare.py", "secrets"])

    with pytest.raises(SystemExit) as ended:
        prepare.main()

    said = capsys.readouterr().err
    assert (2, 1) == (ended.value.code, said.count("\n"))
    assert said.startswith("GEHOOR_LOG_LEVEL: ")


def test_each_postgres_server_has_an_administrator_of_its_own(prepare: ModuleType, tmp_path: Path) -> None:
    """Whoever takes the container of the events is not the administrator of the keys."""
    prepare.hand_out_secrets(Settings(home=tmp_path))

    assert 2 == len({(prepare.HANDOUT / one / "password").read_bytes() for one in ("postgres", "keys")})


def test_a_home_with_one_administrator_for_both_keeps_it(prepare: ModuleType, tmp_path: Path) -> None:
    """Its key store was made with that password and accepts no other."""
    prepare.hand_out_secrets(Settings(home=tmp_path))
    (tmp_path / "secrets" / "admin-keys").unlink()

    prepare.hand_out_secrets(Settings(home=tmp_path))

    assert 1 == len({(prepare.HANDOUT / one / "password").read_bytes() for one in ("postgres", "keys")})


def test_handing_out_again_changes_nothing(prepare: ModuleType, tmp_path: Path) -> None:
    """Every start of the set-up does it; a password that changed would lock everybody out."""
    prepare.hand_out_secrets(Settings(home=tmp_path))
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}

    prepare.hand_out_secrets(Settings(home=tmp_path))

    assert before == {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}


def test_the_bus_servers_accept_their_configuration(prepare: ModuleType, tmp_path: Path) -> None:
    """The real server reads each of the three files without complaint."""
    prepare.hand_out_secrets(Settings(home=tmp_path))

    for server in prepare.NATS_SERVERS:
        configuration = prepare.HANDOUT / server / "nats.conf"
        command = [str(nats.binary()), "--config", str(configuration), "-t"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (0, True) == (done.returncode, "is valid" in done.stderr + done.stdout), done.stderr

"""One version everywhere, and a changelog that knows it."""

import re
import tomllib
from pathlib import Path

from typer.testing import CliRunner

from events.version import VERSION
from gehoor.cli import build

ROOT = Path(__file__).parents[1]
RELEASED = re.compile(r"^## ([0-9]+\.[0-9]+\.[0-9]+) \([0-9]{4}-[0-9]{2}-[0-9]{2}\)$", re.MULTILINE)


def numbers(version: str) -> tuple[int, ...]:
    """Read a version such as 0.2.0 as numbers, so that 0.10.0 comes after 0.9.0."""
    return tuple(int(part) for part in version.split("."))


def test_the_package_takes_its_version_from_the_one_file_that_states_it() -> None:
    """What is installed and what the programs say of themselves cannot differ."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    stated = project["tool"]["hatch"]["version"]

    found = re.search(stated["pattern"], (ROOT / stated["path"]).read_text())

    assert ["version"] == project["project"]["dynamic"]
    assert found is not None
    assert VERSION == found["version"]


def test_the_changelog_knows_every_release_and_the_newest_comes_first() -> None:
    """The version of the code is the newest release of the changelog, or ahead of it."""
    releases = [numbers(version) for version in RELEASED.findall((ROOT / "CHANGELOG.md").read_text())]

    assert releases
    assert sorted(releases, reverse=True) == releases
    assert numbers(VERSION) >= releases[0]


def test_the_command_line_says_its_version() -> None:
    """Whoever reports a problem can say which version they run."""
    answer = CliRunner().invoke(build(), ["--version"])

    assert (0, f"gehoor {VERSION}\n") == (answer.exit_code, answer.stdout)

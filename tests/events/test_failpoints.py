"""Failpoints: each stands where the table says, none does anything in earnest, and what is armed happens."""

import ast
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from events import failpoints
from events.errors import Misconfigured
from events.failpoints import FAILPOINTS, FailpointReached, arm, arm_here, failpoint, parse

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def inert() -> Iterator[None]:
    """Leave no point armed for other tests."""
    yield
    failpoints.disarm()


def test_the_table_names_exactly_the_points_in_the_code() -> None:
    """Whoever adds a point says what is true there, and a table line without a point is a lie."""
    standing = [
        node.args[0].value
        for folder in ("libs", "services", "tools")
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "failpoint"
        if isinstance(node.args[0], ast.Constant)
    ]

    assert sorted(standing) == sorted(FAILPOINTS)


async def test_a_point_that_is_not_armed_does_nothing() -> None:
    """In earnest the points cost nothing and change nothing."""
    for name in FAILPOINTS:
        await failpoint(name)


async def test_an_armed_point_breaks_at_its_pass_and_then_no_more() -> None:
    """A fault can be placed at exactly the third passing."""
    arm_here("relay.read=raise@3")

    await failpoint("relay.read")
    await failpoint("relay.read")
    with pytest.raises(FailpointReached):
        await failpoint("relay.read")
    await failpoint("relay.read")


async def test_what_appears_in_the_file_happens_once(tmp_path: Path) -> None:
    """A process that was killed at a point does not die there again after its restart."""
    file = tmp_path / "relay"
    arm_here(f"@{file}")
    await failpoint("relay.read")

    file.write_text("relay.read=raise")
    with pytest.raises(FailpointReached):
        await failpoint("relay.read")
    await failpoint("relay.read")

    assert not file.exists()
    assert "relay.read" in file.with_suffix(".fired").read_text()


def test_kill_leaves_no_chance_to_tidy_up() -> None:
    """The process is gone at once, as after a kill -9."""
    program = (
        "import asyncio; from events.failpoints import arm_here, failpoint; arm_here('relay.read=kill'); "
        "asyncio.run(failpoint('relay.read'))"
    )

    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT / "libs", check=False)

    assert -signal.SIGKILL == done.returncode


def test_it_is_refused_outside_the_embedded_set_up(tmp_path: Path) -> None:
    """Nobody breaks a real installation by an environment variable."""
    with pytest.raises(Misconfigured, match="GEHOOR_FAILPOINTS"):
        arm("relay.read=kill", tmp_path)


@pytest.mark.parametrize(
    "setting",
    ["relay.reads=kill", "relay.read=die", "relay.read=pause:900", "relay.read=kill@x", "relay.read"],
)
def test_a_wrong_setting_is_refused_with_its_part(setting: str) -> None:
    """A typing mistake must not look like a system that survives everything."""
    with pytest.raises(Misconfigured, match="GEHOOR_FAILPOINTS"):
        parse(setting)

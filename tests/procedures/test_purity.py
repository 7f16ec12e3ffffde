"""The part that decides dates neither waits, nor connects, nor looks at a clock."""

import ast
from pathlib import Path

import pytest

import procedures

FILES = sorted(Path(procedures.__file__).parent.rglob("*.py"))
ALLOWED = {"addresses", "catalogue", "catalogue.words", "record.envelope", "errors"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_procedures_are_pure(path: Path) -> None:
    """No await, no clock, no database, and of the events library only what is pure itself."""
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        where = f"{path.name}:{getattr(node, 'lineno', 0)}"
        assert not isinstance(node, (ast.Await, ast.AsyncFunctionDef)), f"{where}: awaits"
        if isinstance(node, ast.Attribute):
            assert node.attr not in {"now", "today", "utcnow", "monotonic"}, f"{where}: reads a clock"
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "events":
            assert node.module.removeprefix("events.") in ALLOWED, f"{where}: imports {node.module}"
        if isinstance(node, ast.Import):
            names = {alias.name.split(".")[0] for alias in node.names}
            assert not names & {"asyncpg", "asyncio", "nats", "faststream", "random"}, f"{where}: {names}"

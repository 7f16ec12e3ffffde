"""Borrows the tests of another file: the same functions, found again beside the fixtures of this folder."""

import importlib.util
from pathlib import Path
from typing import Any

TESTS = Path(__file__).parents[1]


def tests_of(file: str) -> dict[str, Any]:
    """Return the names of a test file (tests, fixtures and what they use), to be put into another module."""
    path = TESTS / file
    spec = importlib.util.spec_from_file_location(f"containers.of_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return {name: value for name, value in vars(module).items() if not name.startswith("__")}

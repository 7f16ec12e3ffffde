"""The commands are cut in the parts of a case's life, as the events are that they bring."""

import ast
import re
from pathlib import Path

import pytest

import workflow.commands
from events.catalogue import CATALOGUE
from workflow.commands import registry

FOLDER = Path(workflow.commands.__file__).parent
PARTS = {part.__name__.rpartition(".")[2]: part for part in registry._PARTS}
WITHIN = {
    "information": "opening",
    "extending": "handling",
    "measures": "handling",
    "follow_up": "answering",
    "hearing": "objecting",
}
"""A large part has a second file for what is an idea of its own."""

ALSO = {"opening": {"CaseClosed"}}
"""Handing over what is only an incident ends the case."""


@pytest.mark.parametrize("name", sorted(PARTS))
def test_commands_bring_the_events_of_their_own_part(name: str) -> None:
    """Whoever looks for the command behind an event finds it in the file with the name of its part."""
    tree = ast.parse((FOLDER / f"{name}.py").read_text(encoding="utf-8"))
    imported = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "events.catalogue"
        for alias in node.names
    }
    events = imported & CATALOGUE.keys() - ALSO.get(name, set())

    parts = {CATALOGUE[event].__module__.rpartition(".")[2] for event in events}

    assert {WITHIN.get(name, name)} == parts


@pytest.mark.parametrize("name", sorted(PARTS))
def test_a_file_of_commands_names_the_events_that_it_brings(name: str) -> None:
    """Whoever looks for the command that brings an event finds its file by the line `Events:` at the top."""
    tree = ast.parse((FOLDER / f"{name}.py").read_text(encoding="utf-8"))
    made = {
        node.func.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CATALOGUE
    }

    named = set(re.findall(r"\w+", (PARTS[name].__doc__ or "").partition("\n\nEvents: ")[2]))

    assert made
    assert made <= named


def test_every_command_of_every_part_can_be_given() -> None:
    """No command is written and then forgotten in the list that the API shows."""
    written = [spec.name for part in PARTS.values() for spec in part.COMMANDS]

    assert sorted(written) == sorted(registry.COMMANDS)
    assert len(written) == len(set(written))

"""Reads a TOML file as a checked model, or refuses it with file, line and rule.

Every data file of procedures goes through `read`: a broken or malicious file never becomes a half-read
procedure, and the answer names the line where its writer must look. Nothing in a file is ever executed.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from events.errors import GehoorError
from procedures.words import unknown

MOST_BYTES = 256 * 1024
"""Ours are a few kilobytes: a larger file is a mistake or an attack."""

MOST_PROBLEMS = 20
"""So many problems of one file are reported at once."""

_LONGEST_LINE = 1_000
"""A longer line is not looked at when pointing, so that no line can cost more than it should."""

Place = tuple[str | int, ...]


class BrokenProcedure(GehoorError):
    """A procedure, organisation or calendar file is broken: nothing starts until it is repaired.

    `problems` holds one text per problem, each with file, line where it is known, and rule.
    """

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


class Section(BaseModel):
    """A table of a data file: frozen, and every word in it must be known."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, arbitrary_types_allowed=True)

    @model_validator(mode="before")
    @classmethod
    def _knows_every_word(cls, value: Any) -> Any:
        if isinstance(value, Mapping):
            allowed = [field.alias or name for name, field in cls.model_fields.items()]
            for word in value:
                if word not in allowed:
                    raise unknown("word", word, allowed)
        return value


Checked = TypeVar("Checked", bound=Section)
ItemT = TypeVar("ItemT")
Many = Annotated[tuple[ItemT, ...], Field(strict=False, max_length=400)]
"""A list in a file, which nobody changes once it is read."""


def read(path: Path, model: type[Checked]) -> tuple[Checked, bytes]:
    """Read and check one file, and return it with its bytes.

    Raises `BrokenProcedure` with every problem of the file; who started the process repairs the file.
    """
    try:
        # One byte more than allowed, never all of it: a file of gigabytes must not fill the memory first.
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise BrokenProcedure([f"{path.name}: cannot be read: {error.strerror}"]) from error
    return check(path.name, content, model), content


def check(name: str, content: bytes, model: type[Checked]) -> Checked:
    """Check the bytes of a file called `name` against a model; raises `BrokenProcedure`."""
    if len(content) > MOST_BYTES:
        raise BrokenProcedure([f"{name}: larger than {MOST_BYTES} bytes: this is no file of ours"])
    try:
        text = content.decode("utf-8")
        table = tomllib.loads(text)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise BrokenProcedure([f"{name}:{line}: is not UTF-8 text"]) from error
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"at line (\d+)", str(error))
        line = int(found[1]) if found else max(1, len(text.splitlines()))
        raise BrokenProcedure([f"{name}:{line}: is not TOML: {error}"]) from error
    # A file of thousands of brackets ends the parser, not the process: it is refused like any other broken
    # file.
    except RecursionError as error:
        raise BrokenProcedure([f"{name}: is nested too deeply"]) from error
    except ValueError as error:  # such as a number with thousands of digits
        raise BrokenProcedure([f"{name}: holds a value that cannot be read: {error}"]) from error
    try:
        return model.model_validate(table)
    except ValidationError as error:
        raise BrokenProcedure([_describe(name, text, each) for each in _root_problems(error)]) from error


def problem(name: str, text: str, place: Place, rule: str) -> str:
    """Write one problem as `file:line: place: rule`."""
    line = line_of(text, place)
    where = name if line is None else f"{name}:{line}"
    inside = ".".join(str(part + 1) if isinstance(part, int) else part for part in place)
    return f"{where}: {inside}: {rule}" if inside else f"{where}: {rule}"


def line_of(text: str, place: Place) -> int | None:
    """Find the line of a place such as ("clock", 2, "kind"); the nearest table above it if need be."""
    best, best_length = None, 0
    for line, found in _places(text):
        length = len(found)
        if length > best_length and place[:length] == found:
            best, best_length = line, length
    return best


def _root_problems(error: ValidationError) -> list[ErrorDetails]:
    """Leave out what only follows: a list counts as too short when each of its items was refused."""
    problems = error.errors(include_url=False, include_input=False)
    places = [problem["loc"] for problem in problems]
    return [
        problem
        for problem in problems
        if problem["type"] != "too_short" or not any(_inside_of(problem["loc"], place) for place in places)
    ][:MOST_PROBLEMS]


def _inside_of(outer: Place, inner: Place) -> bool:
    return len(inner) > len(outer) and inner[: len(outer)] == outer


def _describe(name: str, text: str, details: ErrorDetails) -> str:
    place: Place = tuple(part for part in details["loc"] if part != "[key]")
    context = details.get("ctx", {})
    if details["type"] == "unknown_word" and context.get("what") == "word":
        place = (*place, str(context["word"]).strip("'\""))
    rule = "must be a table" if details["type"] == "model_type" else details["msg"]
    return problem(name, text, place, rule)


def _places(text: str) -> list[tuple[int, Place]]:
    """List the tables and keys of a TOML text with their lines; good enough to point, not to parse."""
    places: list[tuple[int, Place]] = []
    table: Place = ()
    counts: dict[Place, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if len(line) > _LONGEST_LINE:
            continue
        if header := re.match(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]", line):
            names = [part.strip().strip("\"'") for part in header[2].split(".")]
            table = (*_inside(names[:-1], counts), names[-1])
            if header[1] == "[[":
                counts[table] = counts.get(table, -1) + 1
                table = (*table, counts[table])
            places.append((number, table))
        elif key := re.match(r"""\s*["']?([A-Za-z0-9_-]+(?: [A-Za-z0-9_-]+)*)["']?\s*=""", line):
            places.append((number, (*table, key[1])))
    return places


def _inside(names: Sequence[str], counts: Mapping[Place, int]) -> Place:
    place: Place = ()
    for name in names:
        place = (*place, name)
        if place in counts:
            place = (*place, counts[place])
    return place

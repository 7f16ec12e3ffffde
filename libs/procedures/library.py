"""The shelf of procedures: all files, read and checked once; which one is in force, and a pinned one.

A broken file never starts a service: the first question raises `BrokenProcedure` with every problem of every
file, and services ask at start. Old versions stay as files until their last case is closed.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import pairwise
from pathlib import Path

from events.errors import GehoorError
from procedures import organisations as people
from procedures.counting.calendars import CALENDARS, calendar
from procedures.organisation_names import organisation_names
from procedures.organisations import Organisation
from procedures.procedure import Procedure, procedure_of
from procedures.schema.consistency import inconsistencies
from procedures.schema.model import ProcedureFile
from procedures.toml_files import BrokenProcedure, Place, problem, read

_FOLDER = Path(__file__).parent / "files"


class UnknownOrganisation(GehoorError):
    """There is no organisation with this identifier: `gehoor procedures list` names them."""


class UnknownProcedure(GehoorError):
    """This version of the procedure is not on the shelf: deploy the files that hold it, then retry."""


@dataclass(frozen=True, slots=True)
class Library:
    """All versions of all procedures; `by_organisation` has them by the day they came into force."""

    versions: Mapping[tuple[str, int], Procedure]
    by_organisation: Mapping[str, tuple[Procedure, ...]]


def in_force(organisation: str, on: date) -> Procedure:
    """Return the procedure under which a complaint received on this day falls; raises `UnknownOrganisation`.

    A day before the first version falls under the first version: the promises existed, we only hold no
    older text, and a backdated complaint is still a complaint.
    """
    return _in_force(library(), organisation, on)


def in_force_alone(organisation: str, on: date) -> Procedure:
    """Answer like `in_force`, but read the files of this organisation only.

    For a command that ends after one question. A service asks `in_force`: it must not start with a broken
    file. Raises `UnknownOrganisation`, and `BrokenProcedure` for a file of this organisation.
    """
    return _in_force(_library_of(organisation), organisation, on)


def _in_force(shelf: Library, organisation: str, on: date) -> Procedure:
    versions = shelf.by_organisation.get(organisation)
    if versions is None:
        raise UnknownOrganisation(
            f"unknown organisation {organisation[:40]!r}; known: {', '.join(organisation_names())}"
        )
    return next((version for version in reversed(versions) if version.in_force_from <= on), versions[0])


def procedure(identifier: str, version: int) -> Procedure:
    """Return a pinned version; raises `UnknownProcedure`, on which the caller parks the case."""
    found = library().versions.get((identifier, version))
    if found is None:
        raise UnknownProcedure(
            f"procedure {identifier[:40]!r} version {version} is not on the shelf: "
            "deploy the files that hold it, then retry"
        )
    return found


@cache
def library() -> Library:
    """Return the shelf of this installation, its calendars checked too; raises `BrokenProcedure`."""
    for name in CALENDARS:
        calendar(name)
    return load(_FOLDER, people.with_demonstrations())


@cache
def _library_of(organisation: str) -> Library:
    """Read the versions of one organisation; an unknown one has an empty shelf."""
    if organisation not in organisation_names():
        return Library({}, {})
    paths = [path for path in files() if _organisation_in(path) in (organisation, None)]
    return _read(paths, people.read_alone(organisation))


def _organisation_in(path: Path) -> object:
    """Return the organisation that a file states; None when it is no TOML, which a full read explains."""
    try:
        return tomllib.loads(path.read_text("utf-8")).get("organisation")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        return None


def files() -> tuple[Path, ...]:
    """Return the paths of the procedure files of this installation, sorted."""
    return tuple(sorted(_FOLDER.glob("*.toml")))


def load(folder: Path, organisations: Mapping[str, Organisation]) -> Library:
    """Read every procedure in a folder; raises `BrokenProcedure` with all problems of all files."""
    return _read(sorted(folder.glob("*.toml")), organisations)


def _read(paths: Sequence[Path], organisations: Mapping[str, Organisation]) -> Library:
    versions: dict[tuple[str, int], Procedure] = {}
    problems: list[str] = []
    for path in paths:
        try:
            file, content = read(path, ProcedureFile)
        except BrokenProcedure as broken:
            problems.extend(broken.problems)
            continue
        wrong = [*inconsistencies(file), *_name_misfits(file, path.stem), *misfits(file, organisations)]
        if (file.id, file.version) in versions:
            wrong.append((("version",), f"version {file.version} of {file.id!r} stands in two files"))
        problems.extend(problem(path.name, content.decode(), place, rule) for place, rule in wrong)
        if not wrong:
            versions[file.id, file.version] = procedure_of(file, content)
    shelf = {name: _in_order(name, versions, problems) for name in organisations}
    if problems:
        raise BrokenProcedure(problems)
    return Library(versions, shelf)


def read_alone(path: Path) -> ProcedureFile:
    """Read one file as the shelf would beside its others; raises `BrokenProcedure` where a start would.

    A draft may have any name until it lies among the others.
    """
    file, content = read(path, ProcedureFile)
    organisations = people.with_demonstrations()
    wrong = [*inconsistencies(file), *misfits(file, organisations)]
    if path.resolve().parent == _FOLDER.resolve():
        wrong += _name_misfits(file, path.stem)
    problems = [problem(path.name, content.decode(), place, rule) for place, rule in wrong]
    if not problems:
        beside = {**library().versions, (file.id, file.version): procedure_of(file, content)}
        _in_order(file.organisation, beside, problems)
    if problems:
        raise BrokenProcedure(problems)
    return file


def _name_misfits(file: ProcedureFile, stem: str) -> list[tuple[Place, str]]:
    if stem in (file.id, f"{file.id}-{file.version}"):
        return []
    return [(("id",), f"{file.id!r} version {file.version} stands in the file {stem!r}")]


def misfits(file: ProcedureFile, organisations: Mapping[str, Organisation]) -> list[tuple[Place, str]]:
    """List what a file says otherwise than its organisation: places and rules, in plain words."""
    wrong: list[tuple[Place, str]] = []
    organisation = organisations.get(file.organisation)
    if organisation is None:
        known = ", ".join(organisations)
        return [(("organisation",), f"unknown organisation {file.organisation!r}; known: {known}")]
    if organisation.tone != file.tone:
        wrong.append((("tone",), f"says {file.tone!r}, its organisation says {organisation.tone!r}"))
    if file.language not in organisation.languages:
        wrong.append((("language",), f"its organisation does not write {file.language!r}"))
    return wrong


def _in_order(
    organisation: str, versions: Mapping[tuple[str, int], Procedure], problems: list[str]
) -> tuple[Procedure, ...]:
    found = [version for version in versions.values() if version.organisation == organisation]
    found.sort(key=lambda version: (version.in_force_from, version.version))
    if not found and not problems:
        problems.append(f"organisation {organisation!r} has no procedure file")
    for earlier, later in pairwise(found):
        if later.in_force_from == earlier.in_force_from or later.version <= earlier.version:
            problems.append(
                f"{later.id} version {later.version} must come into force after version {earlier.version}"
            )
    return tuple(found)

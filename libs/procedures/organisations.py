"""The organisations whose complaints are handled: names, addresses, people, rota, tone.

One file each in `organisation_files/`. Nothing here promises anything to a complainant: promises are in the
procedure files. Staff identifiers are pseudonymous, because they stand in events; names do not.
"""

from collections.abc import Mapping, Sequence
from email.utils import parseaddr
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Annotated

from pydantic import AfterValidator, Field

from events.addresses import LONGEST_ADDRESS, stated_address
from procedures.amounts import AnAmount
from procedures.organisation_names import DEMONSTRATION, REAL, file_of
from procedures.schema.model import AZone, Identifier, Line
from procedures.toml_files import BrokenProcedure, Many, Place, Section, problem, read
from procedures.words import ALanguage, ALetter, ARole, ATone

Address = Annotated[str, AfterValidator(stated_address), Field(max_length=LONGEST_ADDRESS)]
Phone = Annotated[str, Field(pattern=r"^\+?[0-9][0-9 -]{6,20}$")]


class StaffMember(Section):
    """Somebody who handles complaints, with what a letter names of them."""

    name: Line
    function: Line
    function_en: Line
    email: Address
    phone: Phone
    reachable: Line
    reachable_en: Line

    def function_in(self, language: str) -> str:
        """Return the function in the language of a letter: Dutch unless `language` is "en"."""
        return self.function_en if language == "en" else self.function

    def reachable_in(self, language: str) -> str:
        """Return when this person can be reached, in the language of a letter."""
        return self.reachable_en if language == "en" else self.reachable


class EscalationStep(Section):
    """One step of an escalation matrix: to whom, how to reach them, and how long before the next step."""

    level: Annotated[int, Field(ge=1, le=10)]
    staff: Identifier
    role: ARole
    reach: Line
    wait: AnAmount


class Organisation(Section):
    """An organisation as letters, references and the rota need it.

    `code` begins its references; `address_line` is where complaints arrive by e-mail; `sender` is the
    From of its letters; `rota` names those who take new cases, in order: who is next is decided elsewhere.
    `escalation` is its escalation matrix: empty where the text speaks of one and does not hold it. `on_paper`
    names the letters that always go by post, whatever address the complainant gave. `form_inbox` is where the
    filled-in form is mailed to, where the procedure says so.
    """

    id: Identifier
    code: Annotated[str, Field(pattern=r"^[A-Z]{2,6}$")]
    name: Line
    address_line: Address
    postal_address: Line
    zone: AZone
    tone: ATone
    languages: Annotated[Many[ALanguage], Field(min_length=1)]
    default_language: ALanguage
    team: Line
    sender: Line
    signature: Line
    rota: Annotated[Many[Identifier], Field(min_length=1)]
    escalation: Many[EscalationStep] = ()
    on_paper: Many[ALetter] = ()
    form_inbox: Address | None = None
    staff: Mapping[Identifier, StaffMember]


def organisations() -> Mapping[str, Organisation]:
    """Return the organisations of this process by identifier, read once; raises `BrokenProcedure`."""
    return with_demonstrations() if _admitted else _real()


def admit_demonstrations() -> None:
    """Let this process handle complaints to the demonstration organisations too; once, before it serves."""
    global _admitted
    _admitted = True


_admitted = False
"""Whether this process runs in an embedded set-up, where nobody's real complaint can come in."""


@cache
def _real() -> Mapping[str, Organisation]:
    return load(REAL)


@cache
def with_demonstrations() -> Mapping[str, Organisation]:
    """Return all organisations, last those that only demonstrate a procedure; raises `BrokenProcedure`."""
    return MappingProxyType({**_real(), **load(DEMONSTRATION)})


def read_alone(identifier: str) -> Mapping[str, Organisation]:
    """Read one organisation and no other file; empty when there is none. Raises `BrokenProcedure`."""
    path = file_of(identifier)
    return {} if path is None else _read([path], path.parent)


def load(folder: Path) -> Mapping[str, Organisation]:
    """Read every organisation in a folder; raises `BrokenProcedure` with all problems of all files."""
    return _read(sorted(folder.glob("*.toml")), folder)


def _read(paths: Sequence[Path], folder: Path) -> Mapping[str, Organisation]:
    found: dict[str, Organisation] = {}
    problems: list[str] = []
    for path in paths:
        try:
            organisation, content = read(path, Organisation)
        except BrokenProcedure as broken:
            problems.extend(broken.problems)
            continue
        wrong = _inconsistencies(organisation, path.stem, found)
        problems.extend(problem(path.name, content.decode(), place, rule) for place, rule in wrong)
        found[organisation.id] = organisation
    if not found and not problems:
        problems.append(f"{folder}: holds no organisation file")
    if problems:
        raise BrokenProcedure(problems)
    return MappingProxyType(found)


def _inconsistencies(
    organisation: Organisation, stem: str, others: Mapping[str, Organisation]
) -> list[tuple[Place, str]]:
    wrong: list[tuple[Place, str]] = []
    if organisation.id != stem:
        wrong.append((("id",), f"organisation {organisation.id!r} stands in the file of {stem!r}"))
    if any(other.code == organisation.code for other in others.values()):
        wrong.append((("code",), f"the code {organisation.code!r} is used by another organisation"))
    if organisation.default_language not in organisation.languages:
        wrong.append((("default_language",), "the default language is not among the languages"))
    if parseaddr(organisation.sender)[1] != organisation.address_line:
        wrong.append((("sender",), f"the sender must end in <{organisation.address_line}>"))
    strangers = [person for person in organisation.rota if person not in organisation.staff]
    wrong += [(("rota",), f"{person!r} is not among the staff") for person in strangers]
    return [
        *wrong,
        *(
            (("escalation", index), f"{step.staff!r} is not among the staff")
            for index, step in enumerate(organisation.escalation)
            if step.staff not in organisation.staff
        ),
    ]

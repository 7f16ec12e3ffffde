"""Writes a letter from a case and proves, before it may leave, that it says what the procedure demands.

Always holds: the text is chosen by letter, language and the organisation's tone; what a user typed is only
ever a value, never a template; every date comes from the case's own clocks, so a letter cannot name another
period than the clock; a letter that lacks a mandatory part is not made at all.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from jinja2 import FileSystemLoader, StrictUndefined, TemplateNotFound
from jinja2.sandbox import SandboxedEnvironment

from events.catalogue import DeadlineSet, Moment
from events.errors import GehoorError
from notifier.header import safe_header
from notifier.owed import Case
from notifier.subjects import SUBJECTS
from notifier.words import Language, fields_in_words, in_words
from procedures.organisations import Organisation
from procedures.procedure import LetterRule

LONGEST_NAME = 100
"""Characters of a complainant's name in a salutation."""

_PROMISED = (
    "substantive reaction sent",
    "response arrived",
    "contact made",
    "solved",
    "complaint handled",
    "plan made",
)
"""The facts whose clocks a letter tells, because they are what the complainant waits for."""

_A_LINK = re.compile(r"://|www\.|@", re.IGNORECASE)


class LetterCannotBeMade(GehoorError):
    """A letter lacks something its procedure demands: it is held back until the cause is repaired."""


@dataclass(frozen=True, slots=True)
class WrittenLetter:
    """A finished letter; `contents` are the mandatory parts that were found in it."""

    subject: str
    text: str
    html: str
    language: Language
    dated_on: date
    contents: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Promise:
    """A clock as the complainant reads it: what will have happened, and the last day in words."""

    fact: str
    on: str
    is_target: bool


@dataclass(frozen=True, slots=True)
class Handler:
    """Who handles the case, in the words of the letter's language."""

    name: str
    function: str
    email: str
    phone: str
    reachable: str


@dataclass(frozen=True, slots=True)
class Block:
    """A heading or a paragraph of a letter."""

    lines: tuple[str, ...]
    is_heading: bool


def write_letter(
    case: Case,
    letter: str,
    organisation: Organisation,
    rule: LetterRule,
    recipient: str,
    written_at: datetime,
) -> WrittenLetter:
    """Write `letter` of a case, dated the civil day of `written_at` in the procedure's zone.

    `recipient` is the complainant's name as typed, or empty. Raises `LetterCannotBeMade` naming what lacks.
    """
    opened = case.opened
    if opened is None or case.received_on is None:
        raise LetterCannotBeMade(f"{letter}: the case is not open yet")
    language: Language = "en" if opened.language == "en" and "en" in organisation.languages else "nl"
    manner = "en" if language == "en" else f"nl.{organisation.tone}"
    dated_on = written_at.astimezone(ZoneInfo(opened.zone)).date()
    period = _period(case, rule)
    handler = _handler(organisation, opened.handler, language)
    explanation = (
        _render(f"explanations/{opened.procedure}-{opened.procedure_version}.{manner}.txt", {}) or ""
    )
    text = _render(
        f"{letter.replace(' ', '-')}.{manner}.txt",
        {
            "dated_on": in_words(dated_on, language),
            "received_on": in_words(case.received_on, language),
            "reference": opened.reference,
            "name": salutation_name(recipient),
            "handler": handler,
            "period": in_words(period.on, language) if period else "",
            "promised": _promises(case, language),
            "explanation": explanation,
            "missing": fields_in_words(case.missing, language),
            "organisation": organisation.name,
            "signature": organisation.signature,
        },
    )
    if text is None:
        raise LetterCannotBeMade(
            f"{letter}: there is no text for {manner}; add letters/{letter}.{manner}.txt"
        )
    blocks = _blocks(text)
    plain = "\n\n".join("\n".join(block.lines) for block in blocks) + "\n"
    proofs = _proofs(language, dated_on, period, handler, explanation)
    for content in rule.contents:
        if content not in proofs:
            raise LetterCannotBeMade(f"{letter}: nobody taught the notifier to prove {content!r}")
        if not proofs[content] or not all(part in plain for part in proofs[content]):
            raise LetterCannotBeMade(
                f"{letter} of {organisation.id}: the mandatory part {content!r} is missing"
            )
    subject = f"{SUBJECTS[letter][manner]} ({opened.reference})"
    html = _ENVIRONMENT.get_template("frame.html").render(
        language=language,
        subject=subject,
        blocks=[(block.is_heading, block.lines[0], block.lines[1:]) for block in blocks],
    )
    return WrittenLetter(subject, plain, html, language, dated_on, tuple(rule.contents))


def salutation_name(typed: str) -> str:
    """Give a name fit for a salutation: one line, not too long, and no link.

    A letter goes to whatever address was typed in: without this, a stranger could make us mail their links to
    somebody else.
    """
    name = safe_header(typed, LONGEST_NAME)
    return "" if _A_LINK.search(name) else name


def working_moment(deadline: DeadlineSet) -> Moment:
    """Give the moment by which the bound party acts: the reading that a letter shows."""
    return deadline.strict if deadline.working == "strict" else deadline.lenient


def _handler(organisation: Organisation, staff_id: str, language: Language) -> Handler | None:
    member = organisation.staff.get(staff_id)
    if member is None:
        return None
    return Handler(
        name=member.name,
        function=member.function_in(language),
        email=member.email,
        phone=member.phone,
        reachable=member.reachable_in(language),
    )


def _period(case: Case, rule: LetterRule) -> Moment | None:
    """Find the period that the procedure wants in the letter, from the clock itself and nowhere else."""
    if rule.period_of is None:
        return None
    deadline = case.deadlines.get(rule.period_of)
    return working_moment(deadline) if deadline else None


def _promises(case: Case, language: Language) -> list[Promise]:
    """List what was promised, soonest first; of two on one day about the end only the firm one."""
    told: dict[tuple[date, bool], tuple[date, Promise]] = {}
    for deadline in case.deadlines.values():
        fact = next((fact for fact in _PROMISED if fact in deadline.rule.satisfied_by), None)
        if fact is None or deadline.binds != "company":
            continue
        on = working_moment(deadline).on
        promise = Promise(fact, in_words(on, language), deadline.kind == "target")
        key = (on, fact == "contact made")
        if key not in told or not promise.is_target:
            told[key] = (on, promise)
    return [promise for _, promise in sorted(told.values(), key=lambda entry: entry[0])]


def _proofs(
    language: Language, dated_on: date, period: Moment | None, handler: Handler | None, explanation: str
) -> Mapping[str, tuple[str, ...]]:
    """Say per mandatory part which words prove it; no words mean that the part cannot be there."""
    return {
        "date": (in_words(dated_on, language),),
        "procedure": tuple("\n".join(block.lines) for block in _blocks(explanation)),
        "handler": (handler.name,) if handler else (),
        "handler contact": (handler.email, handler.phone) if handler else (),
        "period": (in_words(period.on, language),) if period else (),
    }


def _blocks(text: str) -> list[Block]:
    """Cut a text into paragraphs at its empty lines; a paragraph that begins with `# ` is a heading."""
    blocks = []
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        lines = tuple(line.strip() for line in paragraph.splitlines() if line.strip())
        if lines:
            heading = lines[0].startswith("# ")
            blocks.append(Block((lines[0][2:],) if heading else lines, heading))
    return blocks


def _render(name: str, values: Mapping[str, object]) -> str | None:
    """Fill in one of our own texts; None when there is none by this name."""
    try:
        return _ENVIRONMENT.get_template(name).render(values)
    except TemplateNotFound:
        return None


_ENVIRONMENT = SandboxedEnvironment(
    loader=FileSystemLoader(Path(__file__).with_name("letters")),
    autoescape=lambda name: name is not None and name.endswith(".html"),
    undefined=StrictUndefined,
    auto_reload=False,
    trim_blocks=True,
    lstrip_blocks=True,
)

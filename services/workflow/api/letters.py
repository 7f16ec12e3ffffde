"""The letters of a case as they were written: the page to be printed, or the text of what was sent.

Whoever may see personal fields may read them; every reading is logged by case and letter, without a word of
it. What is shown is what was proven and recorded: nothing is written anew here.
"""

from collections.abc import Mapping
from datetime import date
from html import escape
from typing import Annotated, Any, Literal
from uuid import UUID

import structlog
from fastapi import APIRouter, Header, Response
from pydantic import BaseModel, Field

from events.catalogue import COMPLAINANT, Erased, LetterPrepared, LetterSent
from events.catalogue.words import FORM_COPY
from events.record.envelope import History, Recorded
from web.problem_documents import described
from web.problems import Problem
from workflow.api.auth import ACaller, Caller

log = structlog.get_logger()

_EXPECTED = {
    400: "Two Authorization headers.",
    401: "No bearer token, or one that is not valid.",
    403: "The token's roles may not see personal fields.",
    404: "No such case or letter for this caller.",
    410: "The complainant was forgotten: the letter cannot be read any more.",
    503: "The store is away: try again after the seconds in Retry-After.",
}
_HEADERS = {
    "Cache-Control": "no-store",
    "Vary": "Authorization, Accept",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
}


class LetterLine(BaseModel):
    """A letter that was sent, or lies ready to be printed; `letter_id` is its place in the address."""

    letter: str
    letter_id: UUID
    how: Literal["sent by e-mail", "to be posted"]
    language: str
    dated_on: date
    period_until: date | None = Field(description="The last day of the period that it tells, if any.")
    contents: list[str] = Field(description="The mandatory parts that were proven before it left.")


class Letters(BaseModel):
    """All letters of a case, oldest first."""

    letters: list[LetterLine]


reading_letters = APIRouter(prefix="/v1/cases/{reference}/letters", tags=["cases"])


@reading_letters.get("", response_model=Letters, responses=described(_EXPECTED))
async def list_letters(caller: ACaller, reference: str, response: Response) -> Letters:
    """List the letters of a case that were written; nothing of it is personal."""
    history = await caller.history_of(reference)
    response.headers.update(_HEADERS)
    return Letters(letters=[_line(event) for _, event in _written(history)])


@reading_letters.get(
    "/{letter_id}",
    response_class=Response,
    responses={
        200: {"content": {"text/html": {}, "text/plain": {}}, "description": "The letter."},
        **described(_EXPECTED),
    },
)
async def read_letter(
    caller: ACaller, reference: str, letter_id: UUID, accept: Annotated[str, Header()] = "text/html"
) -> Response:
    """Give a letter as a page to be printed, or as plain text when that is what is accepted."""
    history = await caller.history_of(reference)
    if not caller.access.sees_personal_fields:
        raise Problem(
            403, "personal-fields", "Not allowed", "A letter is personal: none of your roles may see it."
        )
    found = next((recorded for recorded, event in _written(history) if event.letter_id == letter_id), None)
    if found is None:
        raise Problem(
            404,
            "no-such-letter",
            "There is no such letter",
            "GET the address without the identifier to list the letters of this case.",
        )
    said = await _opened(caller, found)
    log.info("letter.read", case=str(history.case_id), letter=str(letter_id), actor=caller.access.actor)
    if accept.strip().lower().startswith("text/plain"):
        return Response(said["text"], media_type="text/plain", headers=_HEADERS)
    return Response(said.get("page") or _page(said), media_type="text/html", headers=_HEADERS)


def _written(history: History) -> list[tuple[Recorded, LetterSent | LetterPrepared]]:
    return [
        (recorded, event)
        for recorded in history.events
        if isinstance(event := recorded.event, LetterSent | LetterPrepared) and event.letter != FORM_COPY
    ]


def _line(event: LetterSent | LetterPrepared) -> LetterLine:
    return LetterLine(
        letter=event.letter,
        letter_id=event.letter_id,
        how="sent by e-mail" if isinstance(event, LetterSent) else "to be posted",
        language=event.language,
        dated_on=event.dated_on,
        period_until=event.period_until,
        contents=list(event.contents),
    )


async def _opened(caller: Caller, recorded: Recorded) -> Mapping[str, Any]:
    keys = caller.platform.keys
    if keys is None:
        raise TypeError("reading a letter opens personal fields: the platform needs the key store")
    await keys.load([recorded.case_id])
    said = keys.open(recorded).get(COMPLAINANT, {})
    if not isinstance(text := said.get("text"), str) or isinstance(text, Erased):
        raise Problem(
            410,
            "forgotten",
            "This letter cannot be read any more",
            "The complainant was forgotten, and with them every word of their letters.",
        )
    return said


def _page(said: Mapping[str, Any]) -> str:
    """Make a page of a letter that went by e-mail, for whoever has to post it after all."""
    paragraphs = "".join(
        f"<p>{'<br>'.join(escape(line) for line in paragraph.splitlines())}</p>\n"
        for paragraph in said["text"].split("\n\n")
    )
    subject = escape(str(said.get("subject", "")))
    return (
        f'<!DOCTYPE html>\n<html><head><meta charset="utf-8"><title>{subject}</title></head>\n'
        f"<body><p><strong>{subject}</strong></p>\n{paragraphs}</body></html>\n"
    )

"""Reading cases over HTTP: the list, and one case as its history stands.

A caller sees the organisations of their token and nothing else: a reference of another organisation is
answered exactly like one that does not exist. A case is folded from the store, never from the worklist, so
that the answer shows what happened.
"""

from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from cases.life.state import Stage
from cases.state import Case, Phase, fold
from events import access_tokens as tokens
from events.access_tokens import Access
from events.catalogue import (
    COMPLAINANT,
    ComplainantWrote,
    ComplaintReceived,
    InformationReceived,
    ReportClassified,
)
from events.record.envelope import History
from procedures.organisations import organisations
from web.problem_documents import described
from web.problems import FieldError, Problem, invalid
from workflow import worklist
from workflow.api import views
from workflow.api.auth import ACaller, Caller, context_of
from workflow.commands.registry import allowed
from workflow.entity_tags import etag
from workflow.obligations import warnings

EXPECTED = {
    400: "Two Authorization headers.",
    401: "No bearer token, or one that is not valid.",
    403: "The token's roles or organisations do not allow this.",
    404: "No such case for this caller.",
    503: "The store is away: try again after the seconds in Retry-After.",
}
NO_STORE = {"Cache-Control": "no-store", "Vary": "Authorization"}

reading = APIRouter(prefix="/v1/cases", tags=["cases"])


class Filters(BaseModel):
    """Which cases to list; a filter that is not known is refused, because ignoring it would list too much."""

    model_config = ConfigDict(extra="forbid")

    organisation: str | None = Field(default=None, max_length=40)
    state: Phase | None = None
    stage: Stage | None = Field(default=None, description="Where the case is in its procedure.")
    handler: str | None = Field(
        default=None, pattern=r"^[a-z][a-z0-9-]{0,63}$", description="Staff identifier of the rota."
    )
    overdue: bool | None = Field(default=None, description="Past a promised moment and not met.")
    cursor: str | None = Field(default=None, max_length=64)
    limit: int = Field(default=50, ge=1, le=worklist.MOST_PER_PAGE)


async def _each_once(request: Request) -> None:
    """Refuse a filter that is given twice: nobody can know which of the two was meant."""
    names = [name for name, _ in request.query_params.multi_items()]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise invalid([FieldError(name, "must be given once") for name in twice])


@reading.get(
    "",
    dependencies=[Depends(_each_once)],
    response_model=views.CasePage,
    responses=described(EXPECTED | {422: "A filter is wrong."}),
)
async def list_cases(
    caller: ACaller, filters: Annotated[Filters, Query()], response: Response
) -> views.CasePage:
    """List cases, oldest first. The Link header names the next page; a page may be asked for again."""
    now = caller.platform.clock.now()
    wanted = worklist.WorklistQuery(
        organisations=_organisations(caller.access, filters.organisation),
        state=filters.state,
        stage=filters.stage,
        handler=filters.handler,
        overdue=filters.overdue,
        after=_after(filters.cursor),
        limit=filters.limit,
    )
    rows, last = await worklist.listed(caller.platform.pool, wanted, now)
    following = None if last is None else worklist.cursor_after(last)
    response.headers.update(NO_STORE)
    if following is not None:
        query = filters.model_dump(exclude_none=True) | {"cursor": following}
        response.headers["Link"] = f'</v1/cases?{urlencode(query)}>; rel="next"'
    return views.CasePage(cases=[views.row_view(row, now) for row in rows], next=following)


@reading.get("/{reference}", response_model=views.CaseView, responses=described(EXPECTED))
async def read_case(caller: ACaller, reference: str, response: Response) -> views.CaseView:
    """Show a case as its history stands; the ETag is its version, for If-Match of a command."""
    history = await caller.history_of(reference)
    case = fold(history)
    if case is None:
        raise RuntimeError(f"case {history.case_id} has events and no state")
    personal = await _personal(caller, history)
    response.headers.update(NO_STORE | {"ETag": etag(case.version)})
    return views.case_view(case, personal, _allowed(caller, history, case), warnings(case))


def _allowed(caller: Caller, history: History, case: Case) -> list[str]:
    """Name what the caller may do now; whoever sees no personal field may command nothing."""
    if case.opened is None or not caller.access.sees_personal_fields:
        return []
    context = context_of(caller.platform, caller.access, history, case, caller.platform.clock.now())
    return list(allowed(case, context))


async def _personal(caller: Caller, history: History) -> dict[str, dict[str, Any]] | None:
    """Decrypt what was filed and added, and why a person classified it, for a caller who may see that."""
    keys = caller.platform.keys
    if not caller.access.sees_personal_fields or keys is None:
        return None
    await keys.load_for(history)
    personal: dict[str, dict[str, Any]] = {}
    for recorded in history.events:
        match recorded.event:
            case ComplaintReceived():
                personal |= keys.open(recorded)
            case ComplainantWrote() | InformationReceived():
                for slot, fields in keys.open(recorded).items():
                    added = {name: text for name, text in fields.items() if name != "message"}
                    personal[slot] = {**personal.get(slot, {}), **added}
            case ReportClassified(by="person"):
                personal["classification"] = keys.open(recorded).get(COMPLAINANT, {})
            case _:
                pass  # letters and the rest are shown with the history, not with the state
    return personal


def _organisations(access: Access, wanted: str | None) -> list[str] | None:
    """Limit a list to what the caller reaches; None means all. Raises `Problem` for anything beyond."""
    if wanted is None:
        return None if tokens.EVERYWHERE in access.organisations else sorted(access.organisations)
    if not access.reaches(wanted):
        raise Problem(
            403,
            "organisation-not-yours",
            "Your token does not name this organisation",
            f"It names {', '.join(sorted(access.organisations))}.",
        )
    if wanted not in organisations():
        known = ", ".join(organisations())
        raise invalid([FieldError("organisation", f"is not one of {known}")])
    return [wanted]


def _after(cursor: str | None) -> UUID:
    try:
        return worklist.FROM_THE_START if cursor is None else worklist.read_cursor(cursor)
    except worklist.NotACursor as error:
        raise invalid([FieldError("cursor", str(error))]) from error

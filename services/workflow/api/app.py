"""The workflow API: list cases, read one, give a command; every caller brings a bearer token.

A caller sees the organisations of their token and nothing else: a reference of another organisation is
answered exactly like one that does not exist. Reading folds the case from the store, never from the
worklist, so what is shown is what happened.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, FastAPI, Header, Query, Request, Response
from fastapi.security import HTTPBearer
from pydantic import BaseModel, ConfigDict, Field

from cases.life import Stage
from cases.state import Case, Phase, fold
from events import access_tokens as tokens
from events.access_tokens import Access, NotAllowed
from events.catalogue import (
    COMPLAINANT,
    ComplainantWrote,
    ComplaintReceived,
    InformationReceived,
    ReportClassified,
)
from events.identity import parse_reference
from events.platform import Platform
from events.record.envelope import History
from procedures.library import library
from procedures.organisations import organisations
from procedures.pinning import pinned_procedure
from web import idempotency_keys
from web.answers import install
from web.bodies import BodyGuard, StrictRoute
from web.problem_documents import described
from web.problems import FieldError, Problem, invalid
from web.unavailable import answer_store_away, answer_unreadable
from workflow import command_handler, worklist
from workflow.api import views
from workflow.api.auth import ACaller, Caller, context_of, not_allowed
from workflow.api.letters import reading_letters
from workflow.commands.command import CommandSpec
from workflow.commands.linking import AboutTwo
from workflow.commands.permissions import roles_for
from workflow.commands.registry import COMMANDS, allowed
from workflow.obligations import warnings

BODY_LIMIT_BYTES = 64 * 1024
"""A command is a choice and a reason; documents come another way."""

_EXPECTED = {
    400: "Two Authorization headers.",
    401: "No bearer token, or one that is not valid.",
    403: "The token's roles or organisations do not allow this.",
    404: "No such case for this caller.",
    503: "The store is away: try again after the seconds in Retry-After.",
}
_EXPECTED_OF_COMMANDS = _EXPECTED | {
    400: "The body is not clean UTF-8 or not usable JSON, or a header cannot be read.",
    408: "The body did not arrive in time.",
    409: "Not allowed now, or the Idempotency-Key was used for another request.",
    412: "The case has changed; the ETag header holds its version.",
    413: "The body is too large.",
    415: "The body is not `application/json` in UTF-8.",
    422: "The body is not right.",
    428: "If-Match is missing.",
}
_NO_STORE = {"Cache-Control": "no-store", "Vary": "Authorization"}


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


class CommandDone(BaseModel):
    """What a command did; `version` is the case's version now, also in the ETag."""

    reference: str
    version: int
    events: list[dict[str, int | str]]
    notices: list[str] | None = Field(
        default=None,
        description="Remarks, present only when there are any; the command is done all the same.",
    )


def application(platform: Platform) -> FastAPI:
    """Make the HTTP application; raises `BrokenProcedure` or `Misconfigured` when it could not serve."""
    library()
    app = skeleton()
    app.state.platform = platform
    app.state.token_key = platform.settings.secret("token.key")
    app.state.fingerprint_key = platform.settings.secret("fingerprint.key")
    return app


reading = APIRouter(prefix="/v1/cases", tags=["cases"])
commanding = APIRouter(prefix="/v1/cases/{reference}/commands", tags=["commands"], route_class=StrictRoute)


async def _each_once(request: Request) -> None:
    """Refuse a filter that is given twice: nobody can know which of the two was meant."""
    names = [name for name, _ in request.query_params.multi_items()]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise invalid([FieldError(name, "must be given once") for name in twice])


@reading.get(
    "",
    dependencies=[Depends(_each_once)],
    response_model=views.CasePage,
    responses=described(_EXPECTED | {422: "A filter is wrong."}),
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
    response.headers.update(_NO_STORE)
    if following is not None:
        query = filters.model_dump(exclude_none=True) | {"cursor": following}
        response.headers["Link"] = f'</v1/cases?{urlencode(query)}>; rel="next"'
    return views.CasePage(cases=[views.row_view(row, now) for row in rows], next=following)


@reading.get("/{reference}", response_model=views.CaseView, responses=described(_EXPECTED))
async def read_case(caller: ACaller, reference: str, response: Response) -> views.CaseView:
    """Show a case as its history stands; the ETag is its version, for If-Match of a command."""
    history = await caller.history_of(reference)
    case = fold(history)
    if case is None:
        raise RuntimeError(f"case {history.case_id} has events and no state")
    personal = await _personal(caller, history)
    response.headers.update(_NO_STORE | {"ETag": command_handler.etag(case.version)})
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
    told: dict[str, dict[str, Any]] = {}
    for recorded in history.events:
        match recorded.event:
            case ComplaintReceived():
                told |= keys.open(recorded)
            case ComplainantWrote() | InformationReceived():
                for slot, fields in keys.open(recorded).items():
                    added = {name: text for name, text in fields.items() if name != "message"}
                    told[slot] = {**told.get(slot, {}), **added}
            case ReportClassified(by="person"):
                told["classification"] = keys.open(recorded).get(COMPLAINANT, {})
            case _:
                pass  # letters and the rest are shown with the history, not with the state
    return told


async def _other(caller: Caller, history: History, body: AboutTwo) -> UUID:
    """Find the second case of a command about two; raises `Problem` for one of another organisation."""
    try:
        other = await caller.history_of(body.other)
    except Problem as unknown:
        raise invalid([FieldError("other", "is no case of this organisation")]) from unknown
    if other.organisation != history.organisation:
        raise invalid([FieldError("other", "is no case of this organisation")])
    return other.case_id


def _organisations(access: Access, asked: str | None) -> list[str] | None:
    """Limit a list to what the caller reaches; None means all. Raises `Problem` for anything beyond."""
    if asked is None:
        return None if tokens.EVERYWHERE in access.organisations else sorted(access.organisations)
    if not access.reaches(asked):
        raise Problem(
            403,
            "organisation-not-yours",
            "Your token does not name this organisation",
            f"It names {', '.join(sorted(access.organisations))}.",
        )
    if asked not in organisations():
        known = ", ".join(organisations())
        raise invalid([FieldError("organisation", f"is not one of {known}")])
    return [asked]


def _after(cursor: str | None) -> UUID:
    try:
        return worklist.FROM_THE_START if cursor is None else worklist.read_cursor(cursor)
    except worklist.NotACursor as error:
        raise invalid([FieldError("cursor", str(error))]) from error


def _route_for(spec: CommandSpec) -> Callable[..., Awaitable[Response]]:
    """Make the route of one command; its body is read by the command's own model."""

    async def asker(caller: ACaller, reference: str) -> tuple[Caller, History]:
        history = await caller.history_of(reference)
        case = fold(history)
        if case is not None and case.opened is not None:
            roles = roles_for(spec.name, pinned_procedure(case).conduct)
            try:
                if roles:  # a procedure without this command says so when the command is decided
                    caller.access.require(*roles)
            except NotAllowed as refused:
                raise not_allowed(refused) from refused
        return caller, history

    async def command(
        request: Request,
        reference: str,
        context: Annotated[tuple[Caller, History], Depends(asker)],
        body: Any,
        if_match: Annotated[str | None, Header(description="The ETag of the case as you read it.")] = None,
        idempotency_key: Annotated[str | None, Header(description=idempotency_keys.EXPLAINED)] = None,
    ) -> Response:
        caller, history = context
        if caller.platform.keys is not None:
            await caller.platform.keys.load_for(history)
        wanted = command_handler.CommandRequest(
            access=caller.access,
            case_id=history.case_id,
            reference=parse_reference(reference),
            spec=spec,
            body=body,
            if_match=if_match,
            key=idempotency_key,
            other_id=await _other(caller, history, body) if spec.mirror is not None else None,
        )
        answer = await command_handler.carry_out(caller.platform, request.app.state.fingerprint_key, wanted)
        headers = _NO_STORE | {"ETag": command_handler.etag(answer.version)}
        if answer.again:
            headers["Idempotency-Replayed"] = "true"
        return Response(answer.body, media_type="application/json", headers=headers)

    command.__name__ = spec.name.replace("-", "_")
    command.__doc__ = spec.sentence
    command.__annotations__["body"] = spec.body
    return command


for _known in COMMANDS.values():
    commanding.add_api_route(
        f"/{_known.name}",
        _route_for(_known),
        methods=["POST"],
        summary=_known.sentence,
        response_model=CommandDone,
        responses=described(_EXPECTED_OF_COMMANDS),
    )


@commanding.post("/{command}", include_in_schema=False)
async def unknown_command(caller: ACaller, reference: str, command: str) -> None:
    """Answer a command that does not exist with those that do."""
    await caller.history_of(reference)
    raise Problem(
        404, "no-such-command", "There is no such command", f"Known commands: {', '.join(COMMANDS)}."
    )


def skeleton() -> FastAPI:
    """Make the application without its connections: enough for its OpenAPI document."""
    app = FastAPI(
        title="Gehoor workflow",
        version="1",
        description="Cases, and the commands about them. Every call brings a bearer token.",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        dependencies=[Depends(HTTPBearer(auto_error=False))],
    )
    app.include_router(commanding)
    app.include_router(reading)
    app.include_router(reading_letters)
    answer_store_away(app)
    answer_unreadable(app)
    app.add_middleware(BodyGuard, limit_bytes=BODY_LIMIT_BYTES)
    install(app)
    return app

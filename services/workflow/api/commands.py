"""Commands over HTTP: one route for each, whose body is read by the command's own model."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Request, Response
from pydantic import BaseModel, Field

from cases.state import fold
from events.access_tokens import NotAllowed
from events.identity import parse_reference
from events.record.envelope import History
from procedures.pinning import pinned_procedure
from web import idempotency_keys
from web.problem_documents import described
from web.problems import FieldError, Problem, invalid
from web.strict_json import StrictRoute
from workflow import command_handler
from workflow.api.auth import ACaller, Caller, not_allowed
from workflow.api.cases import EXPECTED, NO_STORE
from workflow.commands.command import CommandSpec
from workflow.commands.linking import AboutTwo
from workflow.commands.permissions import roles_for
from workflow.commands.registry import COMMANDS
from workflow.entity_tags import etag

_PROBLEMS = EXPECTED | {
    400: "The body is not clean UTF-8 or not usable JSON, or a header cannot be read.",
    408: "The body did not arrive in time.",
    409: "Not allowed now, or the Idempotency-Key was used for another request.",
    412: "The case has changed; the ETag header holds its version.",
    413: "The body is too large.",
    415: "The body is not `application/json` in UTF-8.",
    422: "The body is not right.",
    428: "If-Match is missing.",
}

commanding = APIRouter(prefix="/v1/cases/{reference}/commands", tags=["commands"], route_class=StrictRoute)


class CommandDone(BaseModel):
    """What a command did; `version` is the case's version now, also in the ETag."""

    reference: str
    version: int
    events: list[dict[str, int | str]]
    notices: list[str] | None = Field(
        default=None,
        description="Remarks, present only when there are any; the command is done all the same.",
    )


def _route_for(spec: CommandSpec) -> Callable[..., Awaitable[Response]]:
    """Make the route of one command; its body is read by the command's own model."""

    # A dependency, because FastAPI runs it before it fits the body into the model: who may not give the
    # command gets 404 or 403, and learns nothing about the case or its fields from a 422.
    async def permitted(caller: ACaller, reference: str) -> tuple[Caller, History]:
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
        context: Annotated[tuple[Caller, History], Depends(permitted)],
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
        headers = NO_STORE | {"ETag": etag(answer.version)}
        if answer.again:
            headers["Idempotency-Replayed"] = "true"
        return Response(answer.body, media_type="application/json", headers=headers)

    # FastAPI reads name, documentation and the body's model from the function; they differ for each command.
    command.__name__ = spec.name.replace("-", "_")
    command.__doc__ = spec.sentence
    command.__annotations__["body"] = spec.body
    return command


async def _other(caller: Caller, history: History, body: AboutTwo) -> UUID:
    """Return the second case of a command about two; raises `Problem` (422) for one of elsewhere."""
    try:
        other = await caller.history_of(body.other)
    except Problem as unknown:
        raise invalid([FieldError("other", "is no case of this organisation")]) from unknown
    if other.organisation != history.organisation:
        raise invalid([FieldError("other", "is no case of this organisation")])
    return other.case_id


for _known in COMMANDS.values():
    commanding.add_api_route(
        f"/{_known.name}",
        _route_for(_known),
        methods=["POST"],
        summary=_known.sentence,
        response_model=CommandDone,
        responses=described(_PROBLEMS),
    )


# After all the others: routes are tried in order, and this one fits every name.
@commanding.post("/{command}", include_in_schema=False)
async def unknown_command(caller: ACaller, reference: str, command: str) -> None:
    """Answer a command that does not exist with those that do."""
    await caller.history_of(reference)
    raise Problem(
        404, "no-such-command", "There is no such command", f"Known commands: {', '.join(COMMANDS)}."
    )

"""Answers to wrong input and to faults, as RFC 9457 problem documents that a user understands.

What always holds: no value that somebody sent is repeated in an answer or a log line, because it may be
personal or hostile; a field is named only when its name looks like one of ours. An unexpected error gives
an identifier and nothing else; the log line under that identifier tells where it happened, not with what.
`install` comes after every other middleware of an application, so that its answers also cover theirs.
"""

import asyncio
import re
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any, NoReturn
from uuid import uuid4

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field, ValidationError
from pydantic.json_schema import models_json_schema
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from events import refusals
from events.canonical import to_json

MEDIA_TYPE = "application/problem+json"

MOST_ERRORS = 20
"""So many fields are named in one answer: enough to mend a form, too few to be worth an attack."""

DISCARD_BYTES = 64 * 1024 * 1024
DISCARD_WITHIN_S = 3.0
"""After an early answer the rest of a body is thrown away up to here, then the connection is cut.

Cutting at once would reset the connection, and many clients then never see why they were refused."""

_NAME = re.compile(r"[a-z_]{1,40}")
_REF = "#/components/schemas/{model}"

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class FieldError:
    """One field and what is wrong with it, without its value."""

    field: str
    reason: str


class Problem(Exception):
    """An answer to a request that cannot be served; raised anywhere, rendered once.

    `code` is stable and becomes the type `urn:gehoor:problem:<code>`; `detail` is for a person and says the
    next step. `unread` tells that the body was not read to its end.
    """

    def __init__(
        self,
        status: int,
        code: str,
        title: str,
        detail: str | None = None,
        *,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
        extra: Mapping[str, str] | None = None,
        unread: bool = False,
    ) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code
        self.title = title
        self.detail = detail
        self.errors = tuple(errors[:MOST_ERRORS])
        self.headers = dict(headers or {})
        self.extra = dict(extra or {})
        self.unread = unread

    def document(self) -> dict[str, Any]:
        """Give the members of the problem document."""
        document: dict[str, Any] = {
            "type": f"urn:gehoor:problem:{self.code}",
            "title": self.title,
            "status": self.status,
        }
        if self.detail is not None:
            document["detail"] = self.detail
        if self.errors:
            document["errors"] = [asdict(error) for error in self.errors]
        return document | self.extra


OnProblem = Callable[[Problem], None]


def install(app: FastAPI, on_problem: OnProblem | None = None) -> None:
    """Make `app` answer every refusal and fault with a problem document.

    `on_problem` is told each of them, for the log and the counters of the service.
    """
    app.add_exception_handler(RequestValidationError, _raise_validation)
    app.add_exception_handler(HTTPException, _raise_http)
    app.add_middleware(Answers, on_problem=on_problem)
    _describe_problems(app)


def invalid(errors: Sequence[FieldError]) -> Problem:
    """Say which fields are wrong."""
    return Problem(
        422,
        "invalid-fields",
        "Some fields are not right",
        "Nothing was stored. Correct the fields named in errors and send it again.",
        errors=errors,
    )


def explain(error: ValidationError | RequestValidationError) -> tuple[FieldError, ...]:
    """Translate what pydantic found into field and reason, without any value that was sent."""
    found = (
        error.errors(include_url=False, include_input=False)
        if isinstance(error, ValidationError)
        else error.errors()
    )
    return tuple(_explain(one) for one in found[:MOST_ERRORS])


class ProblemField(BaseModel):
    """One field that is not right."""

    field: str = Field(description="The field, with dots between levels, for example `complainant.email`.")
    reason: str = Field(description="What is wrong with it, in plain words; never the value.")


class ProblemDocument(BaseModel):
    """RFC 9457 problem document."""

    type: str = Field(description="Stable identifier of the kind of problem, `urn:gehoor:problem:<code>`.")
    title: str = Field(description="The kind of problem in a few words.")
    status: int = Field(description="The HTTP status again.")
    detail: str | None = Field(default=None, description="What to do next.")
    errors: list[ProblemField] | None = Field(default=None, description="The fields that are not right.")
    id: str | None = Field(
        default=None, description="For an unexpected error: quote it when you ask for help."
    )


def described(problems: Mapping[int, str]) -> dict[int | str, dict[str, Any]]:
    """Give FastAPI's `responses` for these statuses, each with a sentence, for the OpenAPI document."""
    schema = {"$ref": _REF.format(model="ProblemDocument")}
    return {
        status: {"description": sentence, "content": {MEDIA_TYPE: {"schema": schema}}}
        for status, sentence in problems.items()
    }


def _describe_problems(app: FastAPI) -> None:
    """Add the schema that `described` points to, to the OpenAPI document."""
    plain = app.openapi
    _, schemas = models_json_schema([(ProblemDocument, "validation")], ref_template=_REF)

    def openapi() -> dict[str, Any]:
        document = plain()
        known = document.setdefault("components", {}).setdefault("schemas", {})
        known.update(schemas["$defs"])
        if known.pop("HTTPValidationError", None) is not None:
            known.pop("ValidationError", None)
            _answer_with_problems(document)
        return document

    app.openapi = openapi  # type: ignore[method-assign] # FastAPI's documented way


def _answer_with_problems(document: dict[str, Any]) -> None:
    """Say of the refusals that FastAPI describes by itself that they are problem documents too."""
    ours = described({422: "Some fields are not right."})[422]
    for path in document["paths"].values():
        for operation in path.values():
            found = operation.get("responses", {}).get("422", {})
            if "application/json" in found.get("content", {}):
                operation["responses"]["422"] = ours


class Answers:
    """The outermost middleware: turns a `Problem` or any other exception into an answer."""

    def __init__(self, app: ASGIApp, on_problem: OnProblem | None = None) -> None:
        self.app = app
        self.on_problem = on_problem

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        found: Problem | None = None
        try:
            await self.app(scope, receive, watched)
        except Problem as problem:
            found = problem
        except Exception as error:  # noqa: BLE001 - the last place before the server; it is logged and answered
            found = _unexpected(error)
        if found is None:
            return
        if self.on_problem is not None:
            self.on_problem(found)
        if not started:  # else the server cuts the half answer off, which is all that can still be said
            await _answer(found, scope, receive, send)


async def _answer(problem: Problem, scope: Scope, receive: Receive, send: Send) -> None:
    body = to_json(problem.document())
    headers = {
        "content-type": MEDIA_TYPE,
        "content-length": str(len(body)),
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
    } | {name.lower(): value for name, value in problem.headers.items()}
    if problem.unread:
        headers["connection"] = "close"
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": problem.status, "headers": raw})
    shown = b"" if scope["method"] == "HEAD" else body
    if problem.unread and not _waits_for_leave(scope):
        await send({"type": "http.response.body", "body": shown, "more_body": True})
        await _discard_rest(receive)
        shown = b""
    await send({"type": "http.response.body", "body": shown})


def _waits_for_leave(scope: Scope) -> bool:
    """Tell whether the client sends its body only after a 100 Continue, which it will not get now."""
    return any(name == b"expect" for name, _ in scope["headers"])


async def _discard_rest(receive: Receive) -> None:
    """Read what the client is still sending and forget it, within bounds, so that it sees the answer."""
    left = DISCARD_BYTES
    try:
        async with asyncio.timeout(DISCARD_WITHIN_S):
            while left > 0:
                message = await receive()
                if message["type"] != "http.request" or not message.get("more_body", False):
                    return
                left -= len(message.get("body", b""))
    except TimeoutError:
        return  # bounded on purpose: whoever is this slow has had time to read the answer


async def _raise_validation(request: Request, error: Exception) -> NoReturn:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this type only
    raise invalid(explain(error))


async def _raise_http(request: Request, error: Exception) -> NoReturn:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this type only
    status = HTTPStatus(error.status_code)
    code = status.phrase.lower().replace(" ", "-")
    raise Problem(status.value, code, status.phrase, _NEXT_STEP.get(status.value), headers=error.headers)


_NEXT_STEP = {
    404: "There is nothing at this address. /openapi.json lists what there is.",
    405: "This address does not take this method; the Allow header lists those it takes.",
}


def _unexpected(error: Exception) -> Problem:
    """Log where it happened (an exception's own text may hold what somebody sent) and give it a number."""
    identifier = str(uuid4())
    frames = traceback.extract_tb(error.__traceback__)[-8:]
    log.error(
        "request.failed",
        id=identifier,
        error=type(error).__qualname__,
        at=[f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno} {frame.name}" for frame in frames],
    )
    return Problem(
        500,
        "unexpected",
        "Something went wrong on our side",
        "It was noted under this id. Send it again with the same Idempotency-Key: nothing happens twice.",
        extra={"id": identifier},
    )


def _explain(found: Mapping[str, Any]) -> FieldError:
    path: tuple[str | int, ...] = found["loc"]
    names = [_shown(part) for part in (path[1:] if path[:1] == ("body",) else path)]
    return FieldError(".".join(names) or "body", _reason(found))


def _shown(part: str | int) -> str:
    """Show a place in a list, or a name that looks like one of ours; any other name is input."""
    return str(part) if isinstance(part, int) or _NAME.fullmatch(part) else "(an unknown field)"


def _reason(found: Mapping[str, Any]) -> str:
    kind: str = found["type"]
    context: Mapping[str, Any] = found.get("ctx") or {}
    match kind:
        case refusals.REFUSED:
            return str(context["reason"])
        case "missing":
            return "is required"
        case "extra_forbidden":
            return "is not a field that is known here"
        case "string_type":
            return "must be text"
        case "string_unicode":
            return "must be valid Unicode text"
        case "string_too_long":
            return f"must be at most {context['max_length']} characters"
        case "string_too_short":
            return f"must be at least {context['min_length']} characters"
        case "string_pattern_mismatch":
            return f"must have the form {context['pattern']}"
        case "literal_error" | "enum":
            return f"must be one of {context['expected']}"
        case "too_long":
            what = "entries" if context["field_type"] in ("List", "Tuple") else "characters"
            return f"must have at most {context['max_length']} {what}"
        case "list_type" | "tuple_type":
            return "must be a list"
        case "model_type" | "model_attributes_type" | "dict_type":
            return "must be an object with fields"
        case "int_type" | "int_parsing" | "int_from_float":
            return "must be a whole number"
        case "greater_than_equal":
            return f"must be at least {context['ge']}"
        case "less_than_equal":
            return f"must be at most {context['le']}"
        case "bool_type" | "bool_parsing":
            return "must be true or false"
        case _ if kind.startswith(("date", "time", "timezone")):
            return "must be a date or a moment in ISO 8601 form"
        case _ if kind.startswith("uuid"):
            return "must be a UUID"
        case _:
            return "is not valid"

"""What every answer must be, whatever was sent: pure, and written once for the suite and for `make fuzz`."""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import jsonschema_rs

from hostile.generators import SERVICES, document
from hostile.raw_http import Reply
from hostile.requests import CANARY, HostileRequest

PROBLEM = "application/problem+json"
BUSY = b'"urn:gehoor:problem:busy"'


def prepare() -> None:
    """Make what checks the answers, before the first one: for seconds none could be read meanwhile."""
    for service in SERVICES:
        _answers(service)


def broken(request: HostileRequest, reply: Reply) -> Iterator[str]:
    """Name every rule that an answer breaks; time is judged elsewhere."""
    if reply.status >= 500:
        yield f"a server error: {reply.status}"
    yield from misshapen(request, reply)


def misshapen(request: HostileRequest, reply: Reply) -> Iterator[str]:
    """Name every rule about the form of an answer that it breaks, whatever its status."""
    if reply.status == -1 and request.waits_s is None:
        yield "no answer at all"
    if reply.status == 0 and request.waits_s is None and request.kind != "frame":
        yield "closed without a word"
    if reply.status >= 400:
        yield from _of_a_refusal(request, reply)
    if request.operation is not None and reply.status >= 200:
        yield from _of_the_document(request, reply)


def is_busy(reply: Reply) -> bool:
    """Return whether this is the documented refusal for too much at once: not that the store is away."""
    return reply.status == 503 and "retry-after" in reply.headers and BUSY in reply.body


def _of_a_refusal(request: HostileRequest, reply: Reply) -> Iterator[str]:
    if CANARY in f"{reply.headers} {reply.body!r}":
        yield "the answer repeats what was sent"
    if request.method == b"HEAD" or (reply.status == 404 and request.target.startswith(b"/status/")):
        return
    if reply.headers.get("content-type") != PROBLEM:
        yield f"a {reply.status} of {reply.headers.get('content-type')}"
        return
    try:
        problem = json.loads(reply.body)
    except ValueError:
        yield f"a {reply.status} that is no JSON"
        return
    if problem.get("status") != reply.status or not problem.get("title"):
        yield f"a {reply.status} without a reason"
    if reply.status == 422 and not all(
        one["field"] and one["reason"] for one in problem.get("errors") or [{}]
    ):
        yield "a 422 without field and reason"


def _of_the_document(request: HostileRequest, reply: Reply) -> Iterator[str]:
    assert request.operation is not None
    answers = _answers(request.service)[request.operation]
    if reply.status not in answers:
        yield f"{reply.status} is not in the document of {request.operation}"
        return
    kinds = answers[reply.status]
    kind = reply.headers.get("content-type", "").partition(";")[0]
    if kinds and kind not in kinds:
        yield f"{reply.status} as {kind} is not in the document of {request.operation}"
        return
    validator = kinds.get(kind)
    if validator is not None and kind.endswith("json"):
        try:
            validator.validate(json.loads(reply.body))
        except (ValueError, jsonschema_rs.ValidationError) as error:
            yield f"{reply.status} does not fit the document of {request.operation}: {str(error)[:200]}"


@cache
def _answers(service: str) -> dict[tuple[str, str], dict[int, dict[str, Any]]]:
    """Prepare what each operation may answer: status, media type, and what checks the body."""
    doc = document(service)
    return {
        (path, method): {
            int(status): {
                kind: jsonschema_rs.validator_for({**content["schema"], "components": doc["components"]})
                if "schema" in content
                else None
                for kind, content in answer.get("content", {}).items()
            }
            for status, answer in operation["responses"].items()
        }
        for path, methods in doc["paths"].items()
        for method, operation in methods.items()
    }

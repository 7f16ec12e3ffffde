"""JSON that every reader understands alike: no name twice, no deep nesting, no NaN.

`StrictRoute` makes FastAPI read bodies that way. `web.bodies` has checked size, time and UTF-8 before.
"""

import json
from collections.abc import Callable, Coroutine
from typing import Any, NoReturn

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope

from web.problems import Problem

MOST_NAMES = 64
"""More fields than any object of ours has; a longer list of names is an attempt to make us work."""


def strict_json(body: bytes) -> Any:
    """Read JSON that means the same to every reader; raises `Problem` (400) naming place or reason."""
    text = body.decode("utf-8-sig")  # some editors and Windows programs put a byte order mark in front
    try:
        return json.loads(text, object_pairs_hook=_fields, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise _not_json(f"It stops being JSON at line {error.lineno}, column {error.colno}.") from None
    except ValueError:  # a whole number of thousands of digits
        raise _not_json("A number in it is too long.") from None
    except RecursionError:  # the parser stops at the interpreter's own limit, long before memory matters
        raise _not_json("It is nested too deep.") from None


class StrictRoute(APIRoute):
    """A route whose JSON body is read by `strict_json` before FastAPI fits it into the model."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def strict(request: Request) -> Response:
            # FastAPI would read the body inside `handle` by json.loads, which keeps the last of equal names.
            # It is read here first and given to FastAPI as a value, so that no second parser sees it.
            body = await request.body()
            value = strict_json(body) if body else None
            return await handle(_ReadRequest(request.scope, request.receive, body, value))

        return strict


class _ReadRequest(Request):
    """A request whose body was read before."""

    def __init__(self, scope: Scope, receive: Receive, body: bytes, value: Any) -> None:
        super().__init__(scope, receive)
        self._whole = body
        self._value = value

    async def body(self) -> bytes:
        return self._whole

    async def json(self) -> Any:
        return self._value


def _fields(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(pairs) > MOST_NAMES:
        raise _not_json(f"An object in it has more than {MOST_NAMES} fields.")
    fields = dict(pairs)  # the last of two equal names stays, and the length shows that one is gone
    if len(fields) < len(pairs):
        raise _not_json("A field stands twice in the same object.")
    return fields


def _no_constant(name: str) -> NoReturn:
    raise _not_json("NaN and Infinity are not JSON.")


def _not_json(why: str) -> Problem:
    return Problem(400, "json", "The body is not usable JSON", f"{why} Nothing was stored.")

"""Answers to wrong input and to faults."""

from typing import Annotated

import httpx2
import pytest
from fastapi import FastAPI, Query
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from web.answers import install
from web.problems import MOST_ERRORS, FieldError, Problem


class Small(BaseModel):
    """A body with one field."""

    model_config = ConfigDict(extra="forbid", strict=True)

    number: int


class Worded(BaseModel):
    """A body with words that are checked first and measured afterwards, a list, and a number of a kind."""

    words: Annotated[str, AfterValidator(str.strip), Field(max_length=3)] = ""
    several: Annotated[list[int], Field(max_length=1)] = []
    ticket: Annotated[str, Field(pattern="^INC[0-9]+$")] = "INC1"


def client_of(app: FastAPI) -> httpx2.AsyncClient:
    """Talk to an application without a network."""
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://test")


@pytest.fixture
def app() -> FastAPI:
    """An application that can be asked wrongly in every way."""
    made = FastAPI()

    @made.post("/small")
    async def small(body: Small, page: Annotated[int, Query(ge=1)] = 1) -> int:
        return body.number

    @made.post("/worded")
    async def worded(body: Worded) -> str:
        return body.words

    @made.get("/broken")
    async def broken() -> None:
        raise RuntimeError("canary")

    @made.get("/refused")
    async def refused() -> None:
        raise Problem(409, "taken", "It is taken", "Choose another.", headers={"X-Next": "1"})

    install(made)
    return made


async def test_a_refusal_is_one_document_with_a_stable_type(app: FastAPI) -> None:
    """A program can act on the type, a person on the sentence."""
    async with client_of(app) as client:
        answer = await client.get("/refused")

    assert (409, "application/problem+json") == (answer.status_code, answer.headers["content-type"])
    assert "1" == answer.headers["x-next"]
    assert answer.json() == {
        "type": "urn:gehoor:problem:taken",
        "title": "It is taken",
        "status": 409,
        "detail": "Choose another.",
    }


async def test_wrong_values_are_named_and_not_repeated(app: FastAPI) -> None:
    """Field and reason are told; the value, and a name that is not like ours, are not."""
    async with client_of(app) as client:
        answer = await client.post("/small?page=0", json={"number": "canary", "Canary!": "canary"})

    found = {error["field"]: error["reason"] for error in answer.json()["errors"]}
    assert found == {
        "query.page": "must be at least 1",
        "number": "must be a whole number",
        "(an unknown field)": "is not a field that is known here",
    }
    assert "anary" not in answer.text


async def test_a_long_list_of_errors_is_cut(app: FastAPI) -> None:
    """A small request cannot make a large answer."""
    async with client_of(app) as client:
        answer = await client.post("/small", json={f"f{'x' * i}": 1 for i in range(100)})

    assert MOST_ERRORS == len(answer.json()["errors"])


async def test_an_unexpected_error_tells_a_number_only(
    app: FastAPI, capsys: pytest.CaptureFixture[str]
) -> None:
    """The log has the same number and the place; neither has the words of the exception."""
    async with client_of(app) as client:
        answer = await client.get("/broken")

    logged = capsys.readouterr().out
    assert 500 == answer.status_code
    assert answer.json()["id"] in logged
    assert "test_problems.py" in logged
    assert "canary" not in answer.text + logged


async def test_every_answer_is_told_once(app: FastAPI) -> None:
    """A service can count and log its refusals."""
    told: list[int] = []
    counted = FastAPI()
    install(counted, lambda problem: told.append(problem.status))

    async with client_of(counted) as client:
        await client.get("/nowhere")

    assert [404] == told


async def test_a_head_request_gets_no_body(app: FastAPI) -> None:
    """The answer to HEAD is the head alone."""
    async with client_of(app) as client:
        answer = await client.head("/nowhere")

    assert (404, b"") == (answer.status_code, answer.content)


def test_a_problem_keeps_its_fields() -> None:
    """Fields stand in the document as they were given."""
    problem = Problem(422, "x", "X", errors=[FieldError("name", "is required")])

    assert [{"field": "name", "reason": "is required"}] == problem.document()["errors"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"words": "four"}, "must have at most 3 characters"),
        ({"several": [1, 2]}, "must have at most 1 entries"),
        ({"ticket": "1"}, "must have the form ^INC[0-9]+$"),
    ],
)
async def test_a_limit_is_told_in_what_it_counts(app: FastAPI, body: dict[str, object], reason: str) -> None:
    """Words are counted in characters, lists in entries, and a form is shown."""
    answer = await client_of(app).post("/worded", json=body)

    assert reason == answer.json()["errors"][0]["reason"]

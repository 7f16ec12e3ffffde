"""Problem documents in OpenAPI: the schema of every refusal, and the sentence for each status of a route.

Only describes: the answers themselves are made in `web.answers`. Names of models stand in the checked-in
`openapi.json` of each service.
"""

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel, Field
from pydantic.json_schema import models_json_schema

from web.problems import MEDIA_TYPE

_REF = "#/components/schemas/{model}"


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
    """Return FastAPI's `responses` for these statuses; each has a sentence for the OpenAPI document."""
    schema = {"$ref": _REF.format(model="ProblemDocument")}
    return {
        status: {"description": sentence, "content": {MEDIA_TYPE: {"schema": schema}}}
        for status, sentence in problems.items()
    }


def describe_problems(app: FastAPI) -> None:
    """Add the schema that `described` points to, to the OpenAPI document of `app`."""
    plain = app.openapi
    _, schemas = models_json_schema([(ProblemDocument, "validation")], ref_template=_REF)

    def openapi() -> dict[str, Any]:
        document = plain()
        known = document.setdefault("components", {}).setdefault("schemas", {})
        known.update(schemas["$defs"])
        # FastAPI describes validation errors in a form of its own, which `web.answers` never sends. When its
        # schema stayed, generated clients would expect a `detail` list and fail on every real 422.
        if known.pop("HTTPValidationError", None) is not None:
            known.pop("ValidationError", None)
            _replace_described_422(document)
        return document

    app.openapi = openapi  # type: ignore[method-assign] # FastAPI's documented way


def _replace_described_422(document: dict[str, Any]) -> None:
    """Describe as problem documents the 422 that FastAPI adds by itself to every route with a body."""
    ours = described({422: "Some fields are not right."})[422]
    for path in document["paths"].values():
        for operation in path.values():
            found = operation.get("responses", {}).get("422", {})
            if "application/json" in found.get("content", {}):
                operation["responses"]["422"] = ours

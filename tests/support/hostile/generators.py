"""Requests drawn from an OpenAPI document: those that fit it and those that do not, from a seed.

Schemathesis knows what a document allows and forbids; Hypothesis draws. Each drawn request is sent as it is
and then twisted (`mutations.py`), because a document says little about bytes.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode

ROOT = Path(__file__).resolve().parents[3]
SERVICES = ("intake", "workflow")
AT_ONCE = 500
"""Drawn under one seed; then memory is let go and the next seed begins."""

_MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)


@dataclass(frozen=True, slots=True)
class Drawn:
    """What was drawn for one operation; a value is text wherever HTTP has nothing else."""

    service: str
    path: str
    method: str
    parameters: Mapping[str, Any]
    query: Mapping[str, Any]
    headers: Mapping[str, Any]
    body: Any


def document(service: str) -> dict[str, Any]:
    """Read the OpenAPI document of a service as it is checked in."""
    found: dict[str, Any] = json.loads((ROOT / "services" / service / "openapi.json").read_text())
    return found


def draw(number: int, chosen: int) -> Iterator[Drawn]:
    """Draw so many requests from a seed, in turn for every operation of both services."""
    strategy = _strategy()
    for start in range(0, number, AT_ONCE):
        found: list[Drawn] = []
        _collect(strategy, min(AT_ONCE, number - start), chosen + start, found.append)
        yield from found


def _collect(strategy: Any, number: int, chosen: int, take: Callable[[Drawn], None]) -> None:
    @seed(chosen)
    @settings(
        max_examples=number, database=None, deadline=None, phases=[Phase.generate], derandomize=False,
        suppress_health_check=list(HealthCheck), verbosity=Verbosity.quiet,
    )  # fmt: skip
    @given(strategy)
    def collect(drawn: tuple[str, Any]) -> None:
        service, case = drawn
        take(_plain(service, case))

    collect()


def _strategy() -> Any:
    """Choose a service, an operation of it, and whether the request is to fit its document."""
    per_service = []
    for service in SERVICES:
        schema = schemathesis.openapi.from_dict(document(service))
        operations = [found.ok() for found in schema.get_all_operations()]
        per_operation = [
            st.one_of([one.as_strategy(generation_mode=mode) for mode in _MODES if _can(one, mode)])
            for one in operations
        ]
        per_service.append(st.tuples(st.just(service), st.one_of(per_operation)))
    return st.one_of(per_service)


def _can(operation: Any, mode: GenerationMode) -> bool:
    """Return whether there is anything to get wrong: an operation without parameters has no wrong request."""
    return mode is GenerationMode.POSITIVE or bool(
        operation.body or operation.path_parameters or operation.query or operation.headers
    )


def _plain(service: str, case: Any) -> Drawn:
    body = None if type(case.body).__name__ == "NotSet" else case.body
    return Drawn(
        service=service,
        path=case.operation.path,
        method=case.method.upper(),
        parameters=dict(case.path_parameters or {}),
        query=dict(case.query or {}),
        headers=dict(case.headers or {}),
        body=body,
    )

"""The description of the interface that integrators read."""

import json
from pathlib import Path

from intake.complaint_form import Submission
from intake.openapi import describe

CHECKED_IN = Path(__file__).parents[2] / "services" / "intake" / "openapi.json"


def test_the_checked_in_description_is_the_one_that_is_served() -> None:
    """A change of the interface is seen in review: `python -m intake.openapi` writes the file anew."""
    assert CHECKED_IN.read_text("utf-8") == describe()


def test_every_field_is_described() -> None:
    """No field is left for an integrator to guess."""
    schemas = json.loads(describe())["components"]["schemas"]

    for name in ("Submission", "Complainant", "About", "Accepted", "ProblemDocument"):
        for field, schema in schemas[name]["properties"].items():
            assert schema.get("description"), f"{name}.{field}"
    assert set(Submission.model_fields) == set(schemas["Submission"]["properties"])


def test_the_readme_names_every_field_and_every_problem() -> None:
    """What the code knows and the guide does not tell is a trap for integrators."""
    guide = (CHECKED_IN.parent / "README.md").read_text("utf-8")
    schemas = json.loads(describe())["components"]["schemas"]

    for name in ("Submission", "Complainant", "About", "Addition"):
        for field in schemas[name]["properties"]:
            assert f"`{field}`" in guide or f".{field}`" in guide, field
    for code in (
        "invalid-fields",
        "nothing-in-it",
        "json",
        "encoding",
        "nul-byte",
        "framing",
        "header-twice",
        "idempotency-key",
        "idempotency-key-used",
        "no-such-case",
        "person-erased",
        "too-large",
        "too-slow",
        "content-type",
        "content-encoding",
        "busy",
        "store-away",
        "unexpected",
        "not-found",
        "method-not-allowed",
        "token-invalid",
        "role-missing",
    ):
        assert f"`{code}`" in guide, code

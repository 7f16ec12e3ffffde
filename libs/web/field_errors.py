"""Pydantic's errors as fields and reasons in plain words, without any value that was sent.

A field is named only when its name looks like one of ours. A kind of error that is not known here reads
"is not valid", because pydantic's own message may repeat the value.
"""

import re
from collections.abc import Mapping
from typing import Any

from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from events import refusals
from web.problems import MOST_ERRORS, FieldError

_NAME = re.compile(r"[a-z_]{1,40}")


def explain(error: ValidationError | RequestValidationError) -> tuple[FieldError, ...]:
    """Translate pydantic's errors into fields and reasons, without any value that was sent."""
    found = (
        error.errors(include_url=False, include_input=False)
        if isinstance(error, ValidationError)
        else error.errors()
    )
    # At most so many before the translation: a body of half a megabyte can hold 100,000 wrong fields.
    return tuple(_explain(one) for one in found[:MOST_ERRORS])


def _explain(found: Mapping[str, Any]) -> FieldError:
    path: tuple[str | int, ...] = found["loc"]
    names = [_shown(part) for part in (path[1:] if path[:1] == ("body",) else path)]
    return FieldError(".".join(names) or "body", _reason(found))


def _shown(part: str | int) -> str:
    """Return a position in a list, or a name that looks like one of ours."""
    # Any other name was typed by the sender and may be a telephone number: an answer can be logged.
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

"""Says in words what every field of every command's body may hold, for people who write such bodies."""

from collections.abc import Mapping
from typing import Any

from workflow.commands.registry import COMMANDS

Schema = Mapping[str, Any]
"""Part of a JSON Schema."""

_FORMATS = {
    "date": "a day: `2026-04-30`",
    "date-time": "a moment with its offset: `2026-04-30T14:05:00+02:00`",
}


def fields_in_words() -> Mapping[tuple[str, str], list[str]]:
    """Give per field and what it holds, in the order of the commands, the commands that have it so."""
    told: dict[tuple[str, str], list[str]] = {}
    for spec in COMMANDS.values():
        schema = spec.body.model_json_schema()
        for name, field in schema.get("properties", {}).items():
            told.setdefault((name, in_words(field, schema.get("$defs", {}))), []).append(spec.name)
    return told


def in_words(field: Schema, definitions: Schema) -> str:
    """Say what a field may hold, from its part of the JSON Schema."""
    if "anyOf" in field:
        (some,) = [each for each in field["anyOf"] if each.get("type") != "null"]
        return in_words(some, definitions)
    if "$ref" in field:
        properties = definitions[field["$ref"].rpartition("/")[2]]["properties"]
        return "; ".join(f"`{name}`, {in_words(part, definitions)}" for name, part in properties.items())
    return _plain(field, definitions)


def _plain(field: Schema, definitions: Schema) -> str:
    match field:
        case {"enum": choices}:
            return "one of " + ", ".join(f"`{choice}`" for choice in choices)
        case {"type": "array", "items": items}:
            return f"a list of: {in_words(items, definitions)}"
        case {"type": "boolean"}:
            return "`true` or `false`"
        case {"type": "integer"}:
            return f"a number from {field['minimum']} on"
        case {"format": form}:
            return _FORMATS[form]
        case {"description": description}:
            return f"{description[0].lower()}{description[1:].removesuffix('.')}"
        case _:
            return f"text of at most {field['maxLength']} characters"

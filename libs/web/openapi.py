"""An OpenAPI document as text that can be checked in, so that a change of an interface is seen in review."""

import json

from fastapi import FastAPI


def as_text(application: FastAPI) -> str:
    """Give the document of an application as text, the same every time."""
    return json.dumps(application.openapi(), indent=1, ensure_ascii=False, sort_keys=True) + "\n"

"""Writes the OpenAPI document without any server: `python -m intake.openapi > services/intake/openapi.json`.

The document is checked in, so that a change of the interface is seen in review; a test compares it.
"""

import sys

from intake.app import skeleton
from web.openapi import as_text


def describe() -> str:
    """Give the document of this service."""
    return as_text(skeleton())


if __name__ == "__main__":
    sys.stdout.write(describe())

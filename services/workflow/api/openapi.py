"""Writes the OpenAPI document: `python -m workflow.api.openapi > services/workflow/openapi.json`.

The document is checked in, so that a change of the interface is seen in review; a test compares it.
"""

import sys

from web.openapi import as_text
from workflow.api.app import skeleton


def describe() -> str:
    """Give the document of this service."""
    return as_text(skeleton())


if __name__ == "__main__":
    sys.stdout.write(describe())

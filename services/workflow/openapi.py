"""Writes the OpenAPI document: `python -m workflow.openapi > services/workflow/openapi.json`.

The document is checked in, so that a change of the interface is seen in review; a test compares it.
"""

import json
import sys

from workflow.http import skeleton


def describe() -> str:
    """Give the document as text, the same every time."""
    return json.dumps(skeleton().openapi(), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


if __name__ == "__main__":
    sys.stdout.write(describe())

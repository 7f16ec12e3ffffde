"""Writes the OpenAPI document without any server: `python -m intake.openapi > services/intake/openapi.json`.

The document is checked in, so that a change of the interface is seen in review; a test compares it.
"""

import json
import sys

from intake.application import skeleton


def describe() -> str:
    """Give the document as text, the same every time."""
    return json.dumps(skeleton().openapi(), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


if __name__ == "__main__":
    sys.stdout.write(describe())

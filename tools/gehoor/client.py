"""Filing a complaint over HTTP, with nothing but the standard library: also a model for integrators."""

import json
import sys
import urllib.error
import urllib.request
from http.client import HTTPException
from pathlib import Path
from typing import Any

from events.errors import Misconfigured
from web import idempotency_keys

ANSWERS_WITHIN_S = 30.0


def read_complaint(file: str) -> dict[str, Any]:
    """Read a complaint from a file or, for `-`, from standard input; raises `Misconfigured`."""
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text()
        found = json.loads(text)
    except OSError as error:
        raise Misconfigured(f"{file}: {error.strerror}") from error
    except ValueError as error:
        raise Misconfigured(f"{file} is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise Misconfigured(f"{file} must hold one JSON object, it holds a {type(found).__name__}")
    return found


def send(intake_url: str, complaint: dict[str, Any], key: str | None = None) -> tuple[int, dict[str, Any]]:
    """Post a complaint; gives status and answer, a refusal (4xx) included.

    Raises `Misconfigured` for an address or key that cannot be used, and when intake does not answer: nothing
    is known then, so repeat it with the same key.
    """
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    if key is not None:
        if not idempotency_keys.is_usable(key):
            raise Misconfigured(f"--key: must be {idempotency_keys.FORM}")
        headers["Idempotency-Key"] = key
    if not intake_url.startswith(("http://", "https://")):
        raise Misconfigured(f"--url: {intake_url!r} must begin with http:// or https://")
    address = intake_url.rstrip("/") + "/v1/complaints"
    try:
        request = urllib.request.Request(address, json.dumps(complaint).encode(), headers)  # noqa: S310 - checked above
        with urllib.request.urlopen(request, timeout=ANSWERS_WITHIN_S) as answer:  # noqa: S310 - checked above
            return answer.status, _accepted(json.load(answer))
    except urllib.error.HTTPError as refusal:
        try:
            body = json.load(refusal)
        except ValueError:
            body = {"title": refusal.reason}
        return refusal.code, body
    except (OSError, HTTPException) as error:
        raise Misconfigured(
            f"{address} does not answer ({error}); is it running? see `gehoor status`"
        ) from error
    except ValueError as error:
        raise Misconfigured(f"{address} is not intake's address: {error}") from error


def _accepted(answer: Any) -> dict[str, Any]:
    if not isinstance(answer, dict) or "reference" not in answer:
        raise ValueError("it answers without a reference")
    return answer

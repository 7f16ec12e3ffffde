"""How a validator of ours refuses a field: with its reason in plain words. Pure."""

from pydantic_core import PydanticCustomError

REFUSED = "refused"
"""The type of the error, by which an answer knows that its reason may be shown."""


def refuse(reason: str) -> PydanticCustomError:
    """Make the error that a validator of ours raises; `reason` is shown and must not hold the value."""
    return PydanticCustomError(REFUSED, "{reason}", {"reason": reason})

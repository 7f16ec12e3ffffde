"""Replaces what a module uses, for a planted bug. What is replaced must be there, or the patch raises."""

from typing import Any


def replace_attribute(owner: Any, name: str, value: Any) -> Any:
    """Set an attribute that exists, and return its old value. Raises `AttributeError` for an unknown one."""
    old = getattr(owner, name)
    setattr(owner, name, value)
    return old


def attribute_of(owner: Any, name: str) -> Any:
    """Return what a module uses under this name, wherever it was defined."""
    return getattr(owner, name)


def reword(owner: Any, name: str, old: str, new: str) -> None:
    """Replace a part of an SQL statement. Raises `LookupError` when the statement does not hold the part."""
    text: str = getattr(owner, name)
    if old not in text:
        raise LookupError(f"{owner.__name__}.{name} does not hold {old!r}: correct the planted bug")
    setattr(owner, name, text.replace(old, new))

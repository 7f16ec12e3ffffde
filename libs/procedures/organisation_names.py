"""Which organisations there are: their identifiers, which are the names of their files.

Names alone are read without opening a file, because a command such as `gehoor token` only compares them.
`organisations.py` reads what stands in the files, and refuses one whose name is not its identifier.
"""

from pathlib import Path

REAL = Path(__file__).parent / "organisation_files"
DEMONSTRATION = REAL / "demonstration"
"""Organisations that exist only to demonstrate a procedure."""


def organisation_names() -> tuple[str, ...]:
    """Name the organisations and, after them, those of the demonstrations, each in order of the alphabet."""
    return tuple(path.stem for folder in (REAL, DEMONSTRATION) for path in sorted(folder.glob("*.toml")))


def file_of(organisation: str) -> Path | None:
    """Give the file of one organisation; None when there is no organisation with this identifier."""
    if organisation not in organisation_names():
        return None
    real = REAL / f"{organisation}.toml"
    return real if real.exists() else DEMONSTRATION / real.name

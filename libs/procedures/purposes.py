"""For what personal data of a complaint may be used: the register that each procedure holds.

Whoever reads cases says for what. A purpose that the register does not hold is refused, whoever asks.
"""

from collections.abc import Mapping
from functools import cache

from events.errors import GehoorError
from procedures.library import files
from procedures.schema.model import ProcedureFile
from procedures.toml_files import read


class PurposeRefused(GehoorError):
    """The register of the organisation's procedure does not hold this purpose: use one that it names."""


def require_purpose(organisation: str, purpose: str) -> None:
    """Do nothing when every version of the organisation's procedure holds this purpose.

    Raises `PurposeRefused` otherwise; the caller reads nothing.
    """
    register = _register().get(organisation, ())
    if not register:
        raise PurposeRefused(
            f"{organisation[:40]!r} has no register of purposes: nothing may be read for any"
        )
    # Every version: a running case may be pinned to any of them, and its complainant was promised that
    # register.
    held = frozenset.intersection(*register)
    if purpose not in held:
        raise PurposeRefused(
            f"{purpose[:40]!r} is no purpose of {organisation}: its register holds {', '.join(sorted(held))}"
        )


@cache
def _register() -> Mapping[str, tuple[frozenset[str], ...]]:
    found: dict[str, tuple[frozenset[str], ...]] = {}
    for path in files():
        file, _ = read(path, ProcedureFile)
        held = frozenset(purpose.id for purpose in file.purpose)
        found[file.organisation] = (*found.get(file.organisation, ()), held)
    return found

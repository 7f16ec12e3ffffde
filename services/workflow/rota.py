"""Who handles a case: chosen by rule from the organisation's rota, the same whoever computes it.

Each member of the rota draws a number for the case (a hash of both) and the highest draw gets it. Somebody
who joins or leaves the rota therefore takes or gives up only their own share; nobody else's cases move.
"""

from collections.abc import Collection, Sequence
from hashlib import sha256
from uuid import UUID

from events.errors import GehoorError


class NobodyToAssign(GehoorError):
    """The rota is empty or everybody on it is excluded: add somebody to it, then retry."""


def assign(case_id: UUID, rota: Sequence[str], excluded: Collection[str] = ()) -> str:
    """Give the staff identifier of the handler of a case.

    `excluded` are those who may not have it, such as the person complained about. Raises `NobodyToAssign`.
    """
    candidates = sorted(set(rota) - set(excluded))
    if not candidates:
        raise NobodyToAssign(f"nobody is left on a rota of {len(rota)} with {len(excluded)} excluded")
    return max(candidates, key=lambda staff: sha256(case_id.bytes + staff.encode()).digest())

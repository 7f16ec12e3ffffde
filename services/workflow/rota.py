"""Who handles a case: chosen by rule from the organisation's rota, the same whoever computes it.

Each member of the rota draws a number for the case (a hash of both) and the highest draw gets it. Somebody
who joins or leaves the rota therefore takes or gives up only their own share; nobody else's cases move.
"""

from collections.abc import Sequence
from hashlib import sha256
from uuid import UUID


def assign(case_id: UUID, rota: Sequence[str]) -> str:
    """Give the staff identifier of the handler of a case; the file of an organisation has no empty rota.

    Whom the complaint is about lies encrypted and is not asked: they are refused every command in the case.
    """
    return max(rota, key=lambda staff: sha256(case_id.bytes + staff.encode()).digest())

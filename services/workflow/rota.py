"""Who handles a case: chosen by rule from the organisation's rota, the same whoever computes it.

Each member of the rota draws a number for the case (a hash of both) and the highest draw gets it. Somebody
who joins or leaves the rota therefore takes or gives up only their own share; nobody else's cases move.
"""

from collections.abc import Sequence
from hashlib import sha256
from uuid import UUID


def assign(case_id: UUID, rota: Sequence[str]) -> str:
    """Return the staff identifier of the handler of a case; an organisation's file has no empty rota.

    The subject of the complaint may be chosen, because that name is encrypted here. Every command refuses
    them.
    """
    # Not `hash(case_id) % len(rota)`: with one member more, nearly every case would change hands.
    return max(rota, key=lambda staff: sha256(case_id.bytes + staff.encode()).digest())

"""Who handles a case: the same answer for everybody, fair shares, and small moves when the rota changes."""

from collections import Counter
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from workflow.rota import assign

ROTA = ("des-01", "des-02", "des-03")
CASES = [UUID(int=number * 7919) for number in range(3000)]


@given(case_id=st.uuids(), order=st.permutations(ROTA))
def test_the_order_of_the_rota_does_not_matter(case_id: UUID, order: list[str]) -> None:
    """Whoever computes the handler of a case finds the same person, however the file is ordered."""
    assert assign(case_id, ROTA) == assign(case_id, order)


def test_everybody_on_the_rota_gets_a_fair_share() -> None:
    """Of many cases each of three people gets about a third."""
    shares = Counter(assign(case_id, ROTA) for case_id in CASES)

    assert set(ROTA) == set(shares)
    assert min(shares.values()) > 900


def test_who_leaves_gives_up_only_their_own_cases() -> None:
    """When somebody leaves the rota, nobody else's cases would go to another person."""
    for case_id in CASES[:500]:
        before, after = assign(case_id, ROTA), assign(case_id, ROTA[:2])

        assert after == before or before == "des-03"

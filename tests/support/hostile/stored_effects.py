"""Whether what stands in the store is what was answered: a refused request leaves nothing."""

from collections import Counter
from collections.abc import Set as AbstractSet

import asyncpg

from hostile.client import Tally

MIRRORED = frozenset(
    {"CaseLinked", "CaseUnlinked", "CaseMerged", "CaseAbsorbed", "CaseUnmerged", "CaseReleased"}
)
"""Events of commands about two cases: an answer names those of one of them."""

ACTOR = "staff:hostile"
"""Everybody who gives commands in these tests is called this and a role."""

_REFERENCES = "SELECT reference FROM gehoor.case_reference"
_WRITTEN = """
SELECT reference, count(*) FROM gehoor.event JOIN gehoor.case_reference USING (case_id)
WHERE type = 'ComplainantWrote' GROUP BY reference
"""
_BY_STAFF = "SELECT type, count(*) FROM gehoor.event WHERE actor LIKE $1 GROUP BY type"


async def unexplained(
    connection: asyncpg.Connection, tally: Tally, known_before: AbstractSet[str]
) -> list[str]:
    """Return what stands there without an answer that says so, and what was answered and does not stand."""
    found = []
    stored = {row[0] for row in await connection.fetch(_REFERENCES)} - known_before
    if strange := stored - tally.filed:
        found.append(f"{len(strange)} complaints stand that were answered with no 201")
    if lost := tally.filed - stored:
        found.append(f"{len(lost)} complaints were answered with 201 and do not stand")
    written = Counter({row[0]: row[1] for row in await connection.fetch(_WRITTEN)})
    if missing := tally.added - written:
        found.append(f"{missing.total()} additions were answered with 201 and do not stand")
    if (more := (written - tally.added).total()) > tally.uncertain:
        found.append(f"{more} additions stand without a 201; the answers of {tally.uncertain} were lost")
    by_staff = {row[0]: row[1] for row in await connection.fetch(_BY_STAFF, f"{ACTOR}%")}
    found += [
        f"{by_staff.get(kind, 0)} {kind} stand and {tally.done[kind]} were answered with 200"
        for kind in (by_staff.keys() | tally.done.keys()) - MIRRORED
        if by_staff.get(kind, 0) != tally.done[kind]
    ]
    return found

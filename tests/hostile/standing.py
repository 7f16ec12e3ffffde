"""Whether what stands in the store is what was answered: a refused request leaves nothing."""

from collections.abc import Set as AbstractSet

import asyncpg

from hostile.sending import Tally

MIRRORED = frozenset(
    {"CaseLinked", "CaseUnlinked", "CaseMerged", "CaseAbsorbed", "CaseUnmerged", "CaseReleased"}
)
"""Events of commands about two cases: an answer names those of one of them."""

ACTOR = "staff:hostile"
"""Everybody who gives commands in these tests is called this and a role."""

_REFERENCES = "SELECT reference FROM gehoor.case_reference"
_WRITTEN = "SELECT count(*) FROM gehoor.event WHERE type = 'ComplainantWrote'"
_BY_STAFF = "SELECT type, count(*) FROM gehoor.event WHERE actor LIKE $1 GROUP BY type"


async def unexplained(
    connection: asyncpg.Connection, tally: Tally, known_before: AbstractSet[str]
) -> list[str]:
    """Say what stands there without an answer that says so, and what was answered and does not stand."""
    found = []
    stored = {row[0] for row in await connection.fetch(_REFERENCES)} - known_before
    if strange := stored - tally.filed:
        found.append(f"{len(strange)} complaints stand that were answered with no 201")
    if lost := tally.filed - stored:
        found.append(f"{len(lost)} complaints were answered with 201 and do not stand")
    written = await connection.fetchval(_WRITTEN)
    if written > tally.added:
        found.append(f"{written} additions stand and {tally.added} were answered with 201")
    by_staff = {row[0]: row[1] for row in await connection.fetch(_BY_STAFF, f"{ACTOR}%")}
    found += [
        f"{by_staff.get(kind, 0)} {kind} stand and {tally.done[kind]} were answered with 200"
        for kind in (by_staff.keys() | tally.done.keys()) - MIRRORED
        if by_staff.get(kind, 0) != tally.done[kind]
    ]
    return found

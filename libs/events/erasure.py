"""Erasing a person without breaking the proof: intent, destruction, certificate; resumable at each step.

The intent is appended to the history first, then the keys are destroyed in the key store, then
`SubjectErased` records it. After a crash the same call goes on where it stopped. A process with a cached key
can still read for a minute.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from events.catalogue import ErasureRequested, SubjectErased
from events.catalogue.words import ErasureBasis
from events.errors import CommandRefused, Misconfigured
from events.failpoints import failpoint
from events.identity import command_id_of
from events.platform import Platform
from events.record.encryption import persons_sealed
from events.record.envelope import History, NewEvent
from events.transact import Command, CommandOutcome, transact


async def erase(
    platform: Platform, case_id: UUID, persons: Sequence[str], basis: ErasureBasis, actor: str
) -> CommandOutcome:
    """Destroy the keys of these persons of a case, and return the outcome of the append that certifies it.

    `basis` is why: the person's request or objection, a retention rule, an order of a court or authority.
    Raises `CommandRefused` when the case does not exist or has no such person; nothing is destroyed then.
    Raises `Misconfigured` when this process has no key store; set GEHOOR_KEYS_URL and repeat the call.
    """
    if platform.keys is None:
        raise Misconfigured("erasing needs the key store: set GEHOOR_KEYS_URL")
    # Both commands are named by case and persons. Called again after a crash, each is recognised as done, and
    # only what is missing is done.
    persons = sorted(set(persons))
    named = (case_id, *persons)

    def request(history: History, now: datetime) -> list[NewEvent]:
        unknown = set(persons) - persons_of(history)
        if unknown:
            raise CommandRefused("no-such-person", f"this case has no {', '.join(sorted(unknown))}")
        return [NewEvent(ErasureRequested(persons=tuple(persons), basis=basis), now)]

    # First the request, then the keys, then the certificate. A process that dies between two of them leaves a
    # request without a certificate, which the next call with the same persons completes: each step may be
    # repeated.
    await transact(platform, Command(case_id, command_id_of("erasure requested", *named), actor, request))
    await failpoint("erasure.requested")
    # Only now: destroyed before the intent stands, a crash would leave keys gone and nobody knowing why.
    key_ids = await platform.keys.destroy(case_id, persons)
    await failpoint("erasure.destroyed")

    def certify(history: History, now: datetime) -> list[NewEvent]:
        return [NewEvent(SubjectErased(persons=tuple(persons), key_ids=tuple(key_ids)), now)]

    return await transact(platform, Command(case_id, command_id_of("subject erased", *named), actor, certify))


def persons_of(history: History) -> set[str]:
    """Return the persons of whom this case holds encrypted fields, by their slot (`complainant`, …)."""
    return {person for event in history.events for person in persons_sealed(event)}

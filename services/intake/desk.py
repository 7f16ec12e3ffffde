"""The one way in: every channel hands complaints and messages to this desk, which knows no HTTP.

What always holds: what the desk returns is committed; the bus plays no part in it. A channel makes the
`Sender` or `Writer` from its own material (headers, a mail's envelope) and turns what is raised into its own
kind of answer. Each refusal is a `Problem`, because every channel needs its code, its sentence and the fields
with their reasons; only HTTP also uses its status.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from uuid import UUID

from events.failpoints import failpoint
from events.identity import new_reference
from events.platform import Platform
from events.record.envelope import History
from intake.addressee import find_organisation
from intake.complaint_form import Submission
from intake.group_commit import GroupCommit
from intake.message import Addition
from intake.message import fingerprint as fingerprint_of_message
from intake.message_recorder import MessageToRecord, record_message
from intake.metrics import report_accepted
from intake.receipts import Receipts
from intake.recorder import UNRECORDED, ComplaintToRecord, RecordedComplaint, Recorder
from intake.sender import Sender, Writer, complaint_key, message_key
from intake.status_links import StatusLinks, public_url
from intake.submission import file, fingerprint
from web.idempotency import KeyUsedForAnother
from web.unavailable import StoreAway


class Desk:
    """Takes complaints and messages, and looks cases up, for all channels of one process."""

    def __init__(self, platform: Platform) -> None:
        settings = platform.settings
        self.platform = platform
        self.receipts = Receipts(settings.secret("receipt.key"))
        self.links = StatusLinks(settings.secret("status.key"), public_url(settings))
        self._secret = settings.secret("fingerprint.key")
        recorder = Recorder(platform, self.receipts, self.links)
        # One line per organisation, so that a flood for one leaves room for the complaints to the others.
        self.commits: GroupCommit[ComplaintToRecord, RecordedComplaint] = GroupCommit(
            recorder.record, line=lambda wanted: wanted.filing.organisation.id, shared=UNRECORDED
        )

    async def take(self, submission: Submission, sender: Sender) -> RecordedComplaint:
        """Record a complaint, or find that it was recorded before.

        Raises `Problem` naming the fields that are wrong, `KeyUsedForAnother`, `UnusableKey`, `TooBusy` (try
        again later; nothing is stored) and `StoreAway` (try again with the same key: it may be stored).
        """
        began_s = monotonic()
        organisation = find_organisation(submission)
        reference = new_reference(organisation.code)
        filing = file(submission, organisation, reference, self.platform.clock.now())
        said = fingerprint(submission, self._secret)
        key = complaint_key(sender, organisation.id, said, self._secret)
        wanted = ComplaintToRecord(filing, sender.actor, key, sender.traceparent)
        with _store_in_reach():
            await failpoint("intake.parsed")
            done = await self.commits.submit(wanted)
        if done.outcome == "mismatch":
            raise KeyUsedForAnother
        report_accepted(done, filing, began_s)
        return done

    async def add(self, message: Addition, writer: Writer) -> bytes:
        """Record a message to a complaint, or find that it was recorded before; return the answer as JSON.

        Raises `Problem` when it cannot be recorded, `KeyUsedForAnother`, `UnusableKey` and `StoreAway`.
        """
        said = fingerprint_of_message(message, writer.reference, self._secret)
        key = message_key(writer, said, self._secret)
        with _store_in_reach():
            return await record_message(self.platform, MessageToRecord(message, writer, key))

    async def find(self, reference: str) -> UUID | None:
        """Return the case with this canonical reference, if there is one; raises `StoreAway`."""
        with _store_in_reach():
            return await self.platform.store.find(reference)

    async def history_of(self, case_id: UUID) -> History:
        """Return everything that happened to a case, nothing for one that is not there; raises `StoreAway`.

        Events are decoded later, by whoever folds them.
        """
        with _store_in_reach():
            return await self.platform.store.history(case_id)


@contextmanager
def _store_in_reach() -> Iterator[None]:
    """Raise `StoreAway` for every error for which the sender is not to blame."""
    try:
        yield
    except UNRECORDED as error:
        raise StoreAway from error

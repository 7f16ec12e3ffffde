"""One case in memory: what was recorded, in order, and the case as it stands; no database, nothing sealed.

The services' deciders get the same `History` as from the store. Bytes are made only where a decider reads
them; the chain of hashes is the store's business and is left out.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec.structs import replace

from cases.state import Case, evolve, fold_events
from events.catalogue import DeadlineSet, encode
from events.record.envelope import START, History, NewEvent, Recorded


class Stream:
    """The stream of one case; `case` is None until something was recorded."""

    def __init__(self, case_id: UUID, organisation: str) -> None:
        self.case_id = case_id
        self.organisation = organisation
        self.events: list[Recorded] = []
        self.case: Case | None = None

    @property
    def history(self) -> History:
        return History(self.case_id, tuple(self.events))

    def append(self, decided: Sequence[NewEvent], now: datetime, actor: str) -> list[Recorded]:
        """Record what was decided; return the recorded events."""
        added = []
        for new in decided:
            recorded = self._recorded(new, now, actor)
            self.events.append(recorded)
            added.append(recorded)
            if self.case is None:
                self.case = fold_events([recorded])
            else:
                case = evolve(self.case, new.event, new.happened_at)
                self.case = replace(case, version=recorded.version)
        return added

    def _recorded(self, new: NewEvent, now: datetime, actor: str) -> Recorded:
        data = encode(new.event) if isinstance(new.event, DeadlineSet) else b""
        recorded = Recorded(
            self.case_id, len(self.events) + 1, self.organisation, new.event.type, new.event.schema_version,
            new.happened_at, now, actor, self.case_id, None, self.case_id, None, data, None, b"", b"", b"",
            START,
        )  # fmt: skip
        recorded.__dict__["event"] = new.event  # it need not be decoded again
        return recorded

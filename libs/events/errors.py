"""What can go wrong, as answers and as faults; each docstring is the default message.

`CommandRefused` is an answer to a sender and never retried. The others are faults, and their docstring names
what the caller does then.
"""


class GehoorError(Exception):
    """Something in Gehoor went wrong."""

    def __str__(self) -> str:
        return super().__str__() or (self.__doc__ or "").strip()


class CommandRefused(GehoorError):
    """The command is not allowed now; `code` is stable, `detail` is for a person."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


class StreamConflict(GehoorError):
    """Somebody else appended to this case first: run the whole transaction again."""


class ClockDisagrees(GehoorError):
    """The event's recorded_at is too far from the database clock: measure the offset and try again."""


class Fenced(GehoorError):
    """Another owner has moved this checkpoint: drop the batch, the other one does the work."""


class MalformedEvent(GehoorError):
    """A stored event cannot be read by this version of the code: park it, never drop it."""


class NoSuchCase(GehoorError):
    """There is no case with this reference."""


class PersonErased(GehoorError):
    """The key of this person was destroyed: show the fixed erased value, and write nothing personal."""


class KeyMissing(GehoorError):
    """A person's key is not there although nobody was forgotten: restore the key store, then try again."""


class Misconfigured(GehoorError):
    """A setting is wrong; the message names the variable and what to do."""

"""How long a letter waits after an attempt that settled nothing, and in which state."""

import random
from typing import assert_never

from notifier.sending.outbox import ClaimedLetter, Postponed
from notifier.sending.outcome import AlreadySettled, AttemptOutcome, Closed, Held, Printed
from notifier.sending.retry import wait_s
from notifier.smtp.conversation import MailAccepted, MailDeferred, MailRefused, MailUncertain

HELD_FOR_S = 3600.0
"""A letter that cannot be written is tried again hourly, so a repaired text or procedure lets it go."""


def postponement_of(outcome: AttemptOutcome) -> Postponed:
    """Return the new state of an unsettled letter's row. Raises `ValueError` for a settled one."""
    claimed, end = outcome.claimed, outcome.end
    chance = random.random()  # noqa: S311 - spreads attempts over time, and guards nothing
    match end:
        case MailDeferred():
            return Postponed(claimed, wait_s(claimed.number, chance), code=end.code, stage=end.stage)
        case MailUncertain():
            return Postponed(claimed, wait_s(claimed.number, chance), stage="data", may_have_left=True)
        case Held():
            return Postponed(claimed, HELD_FOR_S * (1 + chance / 10), state="held", reason=end.reason)
        case Closed():
            return Postponed(claimed, 0.0, state="closed", reason=end.reason)
        case MailAccepted() | MailRefused() | Printed() | AlreadySettled():
            raise ValueError(f"{type(end).__name__} settles a letter: its row goes")
        case _:
            assert_never(end)


def postponement_before_writing(claimed: ClaimedLetter) -> Postponed:
    """Return the row's state for a letter that was claimed and not written: a database was away."""
    return Postponed(claimed, wait_s(claimed.number, random.random()), reason="not started")  # noqa: S311

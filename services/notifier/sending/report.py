"""Reports how attempts ended: one metric and one log line each, and nothing personal."""

from collections.abc import Mapping
from typing import Any, assert_never

import structlog
from prometheus_client import Counter

from notifier.sending.outcome import AlreadySettled, AttemptEnd, AttemptOutcome, Closed, Held, Printed
from notifier.smtp.conversation import MailAccepted, MailDeferred, MailRefused, MailUncertain

log = structlog.get_logger()
_ATTEMPTS = Counter("gehoor_letter_attempts", "Attempts at letters, by how they ended", ["end"])

_LABELS: Mapping[type[AttemptEnd], str] = {
    MailAccepted: "accepted",
    MailRefused: "refused",
    MailDeferred: "deferred",
    MailUncertain: "uncertain",
    Printed: "printed",
    Held: "held",
    Closed: "closed",
    AlreadySettled: "alreadysettled",
}
"""The metric's label by how an attempt ended. Dashboards use these words, so they do not follow class
names."""


def report(outcome: AttemptOutcome) -> None:
    """Count an outcome and write one log line with case, letter, attempt and code."""
    claimed = outcome.claimed
    _ATTEMPTS.labels(_LABELS[type(outcome.end)]).inc()
    facts: dict[str, Any] = {
        "case": str(claimed.case_id), "letter": claimed.letter, "attempt": claimed.number,
    }  # fmt: skip
    match outcome.end:
        case MailAccepted():
            log.info("letter.sent", **facts)
        case Printed():
            log.info("letter.prepared", **facts)
        case MailRefused() as end:
            log.warning("letter.refused", code=end.code, stage=end.stage, **facts)
        case MailDeferred() as end:
            log.info("letter.deferred", code=end.code, stage=end.stage, given_up=outcome.is_settled, **facts)
        case MailUncertain():
            log.warning("letter.uncertain", **facts)
        case Held() as end:
            log.error("letter.held", reason=end.reason, **facts)
        case Closed() as end:
            log.info("letter.closed", reason=end.reason, **facts)
        case AlreadySettled():
            log.info("letter.already_settled", **facts)
        case _:
            assert_never(outcome.end)

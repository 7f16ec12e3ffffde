"""One log line and one count for each request to intake, with no word of what was sent."""

from time import monotonic

import structlog
from prometheus_client import Counter, Histogram

from intake.recorder import RecordedComplaint
from intake.submission import Filing
from web.problems import Problem

OUTCOMES = Counter(
    "gehoor_intake_complaints", "Complaints by organisation and how they fared.", ["organisation", "outcome"]
)
ACCEPTING = Histogram(
    "gehoor_intake_accepting_seconds",
    "Time from a whole body to a committed complaint.",
    buckets=(0.0025, 0.005, 0.01, 0.02, 0.04, 0.075, 0.15, 0.3, 0.6, 1.2, 2.5, 5),
)

log = structlog.get_logger(__name__)


def report_accepted(done: RecordedComplaint, filing: Filing, began_s: float) -> None:
    """Log and count a complaint that is recorded; `began_s` is a moment of the monotonic clock."""
    took_s = monotonic() - began_s
    OUTCOMES.labels(filing.organisation.id, done.outcome).inc()
    ACCEPTING.observe(took_s)
    log.info(
        "complaint.accepted",
        case=str(done.case_id),
        organisation=filing.organisation.id,
        channel=filing.event.channel,
        outcome=done.outcome,
        duration_ms=round(took_s * 1000, 1),
    )


def report_refused(problem: Problem) -> None:
    """Log and count an answer that is a problem, by its stable code and the names of our own fields.

    The organisation is not counted: in a refused request it is only what somebody typed.
    """
    OUTCOMES.labels("none", problem.code).inc()
    (log.warning if problem.status >= 500 else log.info)(
        "complaint.refused",
        code=problem.code,
        status=problem.status,
        fields=[error.field for error in problem.errors],
    )

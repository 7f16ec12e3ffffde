"""What must come first has a clock that judges it and a rule of conduct that keeps it: never one alone."""

from procedures.checks.asking import Stories
from procedures.schema.model import ClockSection, ProcedureFile

_CONTACT = "contact made"
_ANSWERS = frozenset({"response sent", "response arrived", "outcome decided"})


def orders_that_are_not_kept(file: ProcedureFile) -> Stories:
    """Yield each order that a clock states and conduct does not keep, or that nothing releases.

    The only order that conduct can keep is contact before the response.
    """
    clocks = {clock.id: clock for clock in file.clock}
    for clock in file.clock:
        if clock.precedes is None:
            continue
        following = clocks[clock.precedes]
        if not (file.conduct.contact_before_outcome and _is_contact_first(clock, following)):
            yield (
                f"order-not-kept:{clock.id}",
                f"{following.id} is met before {clock.id}: the conduct lets it happen.",
            )
        if not clock.released_by:
            yield (
                f"order-not-released:{clock.id}",
                f"{clock.id} cannot be met, for the customer is not there: {following.id} can never be met.",
            )


def orders_that_nobody_judges(file: ProcedureFile) -> Stories:
    """Yield one finding when contact must come before the outcome and no clock waits for it."""
    clocks = {clock.id: clock for clock in file.clock}
    judged = any(
        _is_contact_first(clock, clocks[clock.precedes]) for clock in file.clock if clock.precedes is not None
    )
    if file.conduct.contact_before_outcome and not judged:
        yield (
            "order-without-clock",
            "A year passes and nobody asks the customer: no answer may be given before, and no clock waits.",
        )


def _is_contact_first(clock: ClockSection, following: ClockSection) -> bool:
    return _CONTACT in clock.until and not _ANSWERS.isdisjoint(following.until)

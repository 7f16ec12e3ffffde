"""Windows of the customer are disjoint, begin with something the organisation did, and hold the case open."""

from procedures.checks.asking import THE_CUSTOMERS, Stories, starts_of
from procedures.counting.facts import CERTAIN, WITHDRAWN
from procedures.schema.model import ClockSection, ProcedureFile
from procedures.transitions import LAST


def windows_that_overlap(file: ProcedureFile) -> Stories:
    """Yield each pair of windows that the same act of the customer would meet."""
    windows = [clock for clock in file.clock if clock.kind == "window"]
    for index, one in enumerate(windows):
        for other in windows[index + 1 :]:
            if not set(one.until).isdisjoint(other.until) and _share_a_nature(one, other):
                yield (
                    f"windows-overlap:{one.id} {other.id}",
                    f"The customer objects: both {one.id} and {other.id} say whether that is in time.",
                )


def windows_that_begin_with_nothing(file: ProcedureFile) -> Stories:
    """Yield each window that begins without the organisation having done anything."""
    for clock in file.clock:
        for start in starts_of(clock) if clock.binds == "customer" else ():
            if start in CERTAIN or start in THE_CUSTOMERS or start == WITHDRAWN:
                yield (
                    f"begins-too-early:{clock.id}",
                    f"{clock.id} runs from '{start}': it can be over before the organisation did anything.",
                )
                break


def windows_that_are_none(file: ProcedureFile) -> Stories:
    """The window in which one may object binds the customer and is met by an objection."""
    name = file.conduct.objection_window
    for clock in file.clock:
        is_one = clock.kind == "window" and "objection arrived" in clock.until
        if clock.id == name and not is_one:
            yield f"no-window:{name}", f"The customer objects: {name} says nothing of when that is in time."
        if is_one and name is None:
            yield (
                f"window-unused:{clock.id}",
                f"{clock.id} gives time to object: the conduct knows no window.",
            )


def windows_that_are_cut_short(file: ProcedureFile) -> Stories:
    """Yield one finding when a case may be closed while the window to object still runs."""
    name = file.conduct.objection_window
    if name is not None and "window over" not in file.conduct.closes_when:
        yield f"closed-too-early:{name}", f"The case is closed as handled on the first day of {name}."


def objections_that_are_bounced(file: ProcedureFile) -> Stories:
    """Late or not, an objection is recorded and answered: a case that is closed takes it too."""
    may = {stage.name for stage in file.stage if "lodge-objection" in stage.may}
    if may and LAST not in may:
        yield "objection-bounced", "The customer objects when the case is closed: nobody may record it."


def _share_a_nature(one: ClockSection, other: ClockSection) -> bool:
    return not (one.only_for and other.only_for) or not set(one.only_for).isdisjoint(other.only_for)

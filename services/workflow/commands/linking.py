"""Two cases that have to do with each other: linked, or the same complaint and merged; both can be undone.

Events: CaseLinked, CaseUnlinked on both streams; CaseMerged with CaseAbsorbed, CaseUnmerged with
CaseReleased. What always holds: no row moves, and each case keeps its own history and its own clocks. The
earliest receipt rules: the case that came in first goes on for both.
"""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from cases.life import Stage
from cases.state import Case
from events.catalogue import CaseAbsorbed, CaseLinked, CaseMerged, CaseReleased, CaseUnlinked, CaseUnmerged
from events.errors import CommandRefused
from events.record.envelope import NewEvent
from workflow.commands.command import Asking, Body, Known, said

Reference = Annotated[str, Field(min_length=1, max_length=40, description="Reference of the other case.")]
Relation = Literal[
    "same matter", "incident of this complaint", "complaint about this incident", "earlier case"
]

_SEEN_FROM_THERE: dict[str, Relation] = {
    "same matter": "same matter",
    "incident of this complaint": "complaint about this incident",
    "complaint about this incident": "incident of this complaint",
    "earlier case": "same matter",
}


class AboutTwo(Body):
    """A command about this case and another one of the same organisation."""

    other: Reference


class Link(AboutTwo):
    """The two cases have to do with each other."""

    relation: Relation


class Unlink(AboutTwo):
    """The link was a mistake."""


class Merge(AboutTwo):
    """This case is the same complaint as the other, which came in first and goes on for both."""


class Unmerge(AboutTwo):
    """The merge was a mistake: this case goes on by itself."""


def _other(case: Case, asking: Asking) -> Case:
    if asking.other is None or asking.other.case_id == case.case_id:
        raise CommandRefused("same-case", "a case cannot be joined with itself: name another one")
    return asking.other


def _link(case: Case, body: Link, asking: Asking) -> Sequence[NewEvent]:
    reference = _other(case, asking).received.reference
    if (reference, body.relation) in case.life.links:
        raise CommandRefused("nothing-changes", "they are linked like this already")
    return [said(CaseLinked(other=reference, relation=body.relation), asking.now)]


def _link_there(case: Case, body: Link, asking: Asking) -> Sequence[NewEvent]:
    relation = _SEEN_FROM_THERE[body.relation]
    return [said(CaseLinked(other=_other(case, asking).received.reference, relation=relation), asking.now)]


def _is_linked(case: Case, asking: Asking) -> str | None:
    return None if case.life.links else "the case is linked with no other"


def _unlink(case: Case, body: Unlink, asking: Asking) -> Sequence[NewEvent]:
    reference = _other(case, asking).received.reference
    if reference not in case.life.links_to:
        raise CommandRefused("not-linked", f"it is linked with: {', '.join(sorted(case.life.links_to))}")
    return [said(CaseUnlinked(other=reference), asking.now)]


def _unlink_there(case: Case, body: Unlink, asking: Asking) -> Sequence[NewEvent]:
    return [said(CaseUnlinked(other=_other(case, asking).received.reference), asking.now)]


def _absorbed_none(case: Case, asking: Asking) -> str | None:
    if case.life.absorbed:
        return f"this case goes on for {', '.join(case.life.absorbed)}: undo that first"
    return None


def _merge(case: Case, body: Merge, asking: Asking) -> Sequence[NewEvent]:
    """The one that came in first goes on, so that no term ever ends later because two were made one."""
    other = _other(case, asking)
    if other.life.stage in (Stage.RECEIVED, Stage.CLOSED, Stage.MERGED):
        raise CommandRefused(
            "other-not-open", f"the other case is {other.life.stage}: it cannot go on for two"
        )
    if (other.received_at, other.case_id) > (case.received_at, case.case_id):
        raise CommandRefused("earliest-receipt-rules", "the other case came in later: merge it into this one")
    return [said(CaseMerged(into=other.received.reference), asking.now)]


def _absorb(case: Case, body: Merge, asking: Asking) -> Sequence[NewEvent]:
    other = _other(case, asking)
    event = CaseAbsorbed(other=other.received.reference, received_on=other.received.received_on)
    return [said(event, asking.now)]


def _unmerge(case: Case, body: Unmerge, asking: Asking) -> Sequence[NewEvent]:
    reference = _other(case, asking).received.reference
    if reference != case.life.merged_into:
        raise CommandRefused("not-merged-into", f"the case is merged into {case.life.merged_into}")
    return [said(CaseUnmerged(out_of=reference), asking.now)]


def _release(case: Case, body: Unmerge, asking: Asking) -> Sequence[NewEvent]:
    return [said(CaseReleased(other=_other(case, asking).received.reference), asking.now)]


COMMANDS: tuple[Known, ...] = (
    Known("link", "Link two cases that have to do with each other.", Link, _link, mirror=_link_there),
    Known("unlink", "Undo a link.", Unlink, _unlink, _is_linked, mirror=_unlink_there),
    Known("merge", "Merge this case into an earlier one.", Merge, _merge, _absorbed_none, mirror=_absorb),
    Known("unmerge", "Undo a merge.", Unmerge, _unmerge, mirror=_release),
)

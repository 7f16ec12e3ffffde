"""Two cases that have to do with each other: linked, or the same complaint and merged; both can be undone.

Events: CaseLinked, CaseUnlinked on both streams; CaseMerged with CaseAbsorbed, CaseUnmerged with
CaseReleased. What always holds: no row moves, and each case keeps its own history and its own clocks. The
earliest receipt rules: the case that came in first goes on for both.
"""

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from cases.life.state import Stage
from cases.state import Case
from events.catalogue import CaseAbsorbed, CaseLinked, CaseMerged, CaseReleased, CaseUnlinked, CaseUnmerged
from events.catalogue.words import LinkRelation
from events.errors import CommandRefused
from events.record.envelope import NewEvent
from workflow.commands.command import CommandSpec, event_with_words
from workflow.commands.context import CommandContext
from workflow.commands.fields import Body

OtherReference = Annotated[
    str, Field(min_length=1, max_length=40, description="Reference of the other case.")
]

_SEEN_FROM_THERE: dict[str, LinkRelation] = {
    "same matter": "same matter",
    "incident of this complaint": "complaint about this incident",
    "complaint about this incident": "incident of this complaint",
    "earlier case": "same matter",
}


class AboutTwo(Body):
    """A command about this case and another one of the same organisation."""

    other: OtherReference


class Link(AboutTwo):
    """The two cases have to do with each other."""

    relation: LinkRelation


class Unlink(AboutTwo):
    """The link was a mistake."""


class Merge(AboutTwo):
    """This case is the same complaint as the other, which came in first and goes on for both."""


class Unmerge(AboutTwo):
    """The merge was a mistake: this case goes on by itself."""


def _other(case: Case, context: CommandContext) -> Case:
    if context.other is None or context.other.case_id == case.case_id:
        raise CommandRefused("same-case", "a case cannot be joined with itself: name another one")
    return context.other


def _link(case: Case, body: Link, context: CommandContext) -> Sequence[NewEvent]:
    reference = _other(case, context).received.reference
    if (reference, body.relation) in case.life.linking.links:
        raise CommandRefused("nothing-changes", "they are linked like this already")
    return [event_with_words(CaseLinked(other=reference, relation=body.relation), context.now)]


def _link_there(case: Case, body: Link, context: CommandContext) -> Sequence[NewEvent]:
    relation = _SEEN_FROM_THERE[body.relation]
    return [
        event_with_words(
            CaseLinked(other=_other(case, context).received.reference, relation=relation), context.now
        )
    ]


def _is_linked(case: Case, context: CommandContext) -> str | None:
    return None if case.life.linking.links else "the case is linked with no other"


def _unlink(case: Case, body: Unlink, context: CommandContext) -> Sequence[NewEvent]:
    reference = _other(case, context).received.reference
    if reference not in case.life.linking.links_to:
        raise CommandRefused(
            "not-linked", f"it is linked with: {', '.join(sorted(case.life.linking.links_to))}"
        )
    return [event_with_words(CaseUnlinked(other=reference), context.now)]


def _unlink_there(case: Case, body: Unlink, context: CommandContext) -> Sequence[NewEvent]:
    return [event_with_words(CaseUnlinked(other=_other(case, context).received.reference), context.now)]


def _absorbed_none(case: Case, context: CommandContext) -> str | None:
    if case.life.linking.absorbed:
        return f"this case goes on for {', '.join(case.life.linking.absorbed)}: undo that first"
    return None


def _merge(case: Case, body: Merge, context: CommandContext) -> Sequence[NewEvent]:
    """The one that came in first goes on, so that no term ever ends later because two were made one."""
    other = _other(case, context)
    if other.life.stage in (Stage.RECEIVED, Stage.CLOSED, Stage.MERGED):
        raise CommandRefused(
            "other-not-open", f"the other case is {other.life.stage}: it cannot go on for two"
        )
    if (other.received_at, other.case_id) > (case.received_at, case.case_id):
        raise CommandRefused("earliest-receipt-rules", "the other case came in later: merge it into this one")
    return [event_with_words(CaseMerged(into=other.received.reference), context.now)]


def _absorb(case: Case, body: Merge, context: CommandContext) -> Sequence[NewEvent]:
    other = _other(case, context)
    event = CaseAbsorbed(other=other.received.reference, received_on=other.received.received_on)
    return [event_with_words(event, context.now)]


def _unmerge(case: Case, body: Unmerge, context: CommandContext) -> Sequence[NewEvent]:
    reference = _other(case, context).received.reference
    if reference != case.life.linking.merged_into:
        raise CommandRefused("not-merged-into", f"the case is merged into {case.life.linking.merged_into}")
    return [event_with_words(CaseUnmerged(out_of=reference), context.now)]


def _release(case: Case, body: Unmerge, context: CommandContext) -> Sequence[NewEvent]:
    return [event_with_words(CaseReleased(other=_other(case, context).received.reference), context.now)]


COMMANDS: tuple[CommandSpec, ...] = (
    CommandSpec("link", "Link two cases that have to do with each other.", Link, _link, mirror=_link_there),
    CommandSpec("unlink", "Undo a link.", Unlink, _unlink, _is_linked, mirror=_unlink_there),
    CommandSpec(
        "merge", "Merge this case into an earlier one.", Merge, _merge, _absorbed_none, mirror=_absorb
    ),
    CommandSpec("unmerge", "Undo a merge.", Unmerge, _unmerge, mirror=_release),
)

"""The steps of linking: other cases that this one has to do with, and the case that goes on for both."""

from datetime import datetime

from msgspec.structs import replace

from cases.life.changes import LifeSteps
from cases.life.state import Life, Stage
from events.catalogue import CaseAbsorbed, CaseLinked, CaseMerged, CaseReleased, CaseUnlinked, CaseUnmerged


def _linked(life: Life, event: CaseLinked, at: datetime) -> Life:
    others = tuple(link for link in life.linking.links if link[0] != event.other)
    return replace(life, linking=replace(life.linking, links=(*others, (event.other, event.relation))))


def _unlinked(life: Life, event: CaseUnlinked, at: datetime) -> Life:
    left = tuple(link for link in life.linking.links if link[0] != event.other)
    return replace(life, linking=replace(life.linking, links=left))


def _merged(life: Life, event: CaseMerged, at: datetime) -> Life:
    merged = replace(life.linking, before_merge=life.stage, merged_into=event.into)
    return replace(life, stage=Stage.MERGED, linking=merged)


def _unmerged(life: Life, event: CaseUnmerged, at: datetime) -> Life:
    alone = replace(life.linking, before_merge=None, merged_into=None)
    return replace(life, stage=life.linking.before_merge or Stage.HANDLING, linking=alone)


def _absorbed(life: Life, event: CaseAbsorbed, at: datetime) -> Life:
    absorbed = life.linking.absorbed
    if event.other in absorbed:
        return life
    return replace(life, linking=replace(life.linking, absorbed=(*absorbed, event.other)))


def _released(life: Life, event: CaseReleased, at: datetime) -> Life:
    left = tuple(other for other in life.linking.absorbed if other != event.other)
    return replace(life, linking=replace(life.linking, absorbed=left))


STEPS: LifeSteps = {
    CaseLinked: _linked,
    CaseUnlinked: _unlinked,
    CaseMerged: _merged,
    CaseUnmerged: _unmerged,
    CaseAbsorbed: _absorbed,
    CaseReleased: _released,
}

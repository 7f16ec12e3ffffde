"""The step of versioning: the case runs under another version of its procedure from now on."""

from datetime import datetime

from msgspec.structs import replace

from cases.life.changes import LifeSteps
from cases.life.state import Life, VersioningState
from events.catalogue import CaseMovedToVersion


def _moved(life: Life, event: CaseMovedToVersion, at: datetime) -> Life:
    moved = VersioningState(version=event.procedure_version, digest=event.procedure_digest)
    return replace(life, versioning=moved)


STEPS: LifeSteps = {CaseMovedToVersion: _moved}

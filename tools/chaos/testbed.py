"""Everything a fault may reach."""

import random
from dataclasses import dataclass, field
from uuid import UUID

from chaos.disk import Disk
from chaos.mail_server import MailServer
from chaos.poison import poison
from chaos.proxy import FaultProxy
from chaos.record import PoisonedCase, RunHistory
from chaos.recovery import PathWatch
from chaos.system import System


@dataclass(slots=True)
class Testbed:
    """The system under test and what surrounds it; `filed` are references that were promised."""

    system: System
    history: RunHistory
    mail: MailServer
    filed: list[str]
    path: PathWatch
    proxies: list[FaultProxy] = field(default_factory=list)
    disk: Disk | None = None
    poisoned: list[UUID] = field(default_factory=list)
    sweep: list[tuple[str, str]] = field(default_factory=list)
    unreached: dict[tuple[str, str], int] = field(default_factory=dict)

    def service(self, chance: random.Random) -> str:
        return chance.choice(self.system.service_names or ["intake"])

    async def plant_poison(self, chance: random.Random) -> str:
        """Put an event that nobody can read into a case; return the case, or nothing where there is none."""
        if not self.filed:
            return ""
        case_id, version = await poison(self.system, chance.choice(self.filed))
        if case_id is None:
            return ""
        self.poisoned.append(case_id)
        self.history.write(PoisonedCase(case=str(case_id), version=version))
        return str(case_id)

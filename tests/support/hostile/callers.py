"""Who sends hostile requests: people with good tokens of every role, who know cases that exist."""

from datetime import datetime, timedelta

from events.access_tokens import EVERYWHERE, ROLES, Access, issue
from hostile.stored_effects import ACTOR

A_YEAR = timedelta(days=365)


def tokens(key: bytes, now: datetime) -> list[str]:
    """Make tokens: every role everywhere, the admin's most of all, one organisation alone, one expired."""
    everywhere = frozenset({EVERYWHERE})
    good = [
        issue(key, Access(f"{ACTOR}-{role}", frozenset({role}), everywhere), now, A_YEAR) for role in ROLES
    ]
    one = Access(f"{ACTOR}-one", frozenset({"handler"}), frozenset({"destiny"}))
    gone = issue(key, Access(f"{ACTOR}-gone", frozenset({"admin"}), everywhere), now - A_YEAR, A_YEAR / 2)
    return [*good, *good[:1] * 8, issue(key, one, now, A_YEAR), gone]

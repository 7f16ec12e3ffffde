"""How a wall fails: every finding on a line of its own, with file, line, rule and reason."""

from collections.abc import Iterable

import pytest

from architecture.tree import Finding


def fail_on(findings: Iterable[Finding]) -> None:
    """Fail the test with every finding; go on when there is none."""
    lines = [str(one) for one in findings]
    if lines:
        pytest.fail("\n".join(lines), pytrace=False)

"""Files that do not keep a rule yet. The list only shrinks: a line whose file keeps the rule is a finding.

To empty it: mend the file, delete its line, and when all lists are empty delete this file and its use in
`judged`.
"""

from collections.abc import Iterable, Mapping

import pytest

from architecture import circles, documents, purity, raising, sizes
from architecture.tree import Finding

PENDING: Mapping[str, tuple[str, ...]] = {
    circles.RULE: ("services/intake/channels/api.py",),
    circles.TYPES_RULE: (
        "libs/events/platform.py",
        "services/intake/channels/messages.py",
        "tools/gehoor/commands/procedures.py",
        "tools/gehoor/commands/token.py",
        "tools/gehoor/demo.py",
    ),
    purity.RULE: (
        "services/intake/message.py",
        "services/intake/submission.py",
    ),
    raising.RULE: (
        "libs/events/access_tokens.py",
        "libs/events/bus/wire.py",
        "libs/events/provision/clusters.py",
        "libs/events/record/encryption.py",
        "libs/events/settings.py",
        "libs/events/store/keys.py",
        "libs/events/store/store_clock.py",
        "libs/procedures/words.py",
        "libs/service/host.py",
        "libs/web/text.py",
        "services/intake/channels/messages.py",
        "services/intake/moments.py",
        "services/intake/recorder.py",
        "services/notifier/sending/outcome.py",
        "services/workflow/api/app.py",
        "services/workflow/api/auth.py",
        "services/workflow/api/letters.py",
        "services/workflow/commands/handling.py",
    ),
    sizes.RULE: (
        "libs/cases/life.py",
        "libs/web/problems.py",
        "tools/chaos/planted_patches.py",
    ),
    documents.NAMED_RULE: (
        "services/notifier/README.md",
        "tools/gehoor/README.md",
    ),
    documents.TABLE_RULE: ("tools/gehoor/README.md",),
    documents.README_RULE: ("libs/cases/README.md",),
}


def judged(findings: Iterable[Finding], pending: Mapping[str, tuple[str, ...]], *rules: str) -> list[Finding]:
    """Return the findings that are not pending, and one for each pending line of these rules that is done."""
    found = list(findings)
    left = [one for one in found if one.path not in pending.get(one.rule, ())]
    broken = {(one.rule, one.path) for one in found}
    done = [(rule, path) for rule in rules for path in pending.get(rule, ()) if (rule, path) not in broken]
    return left + [
        Finding(path, 0, rule, "it keeps the rule now; delete its line in PENDING") for rule, path in done
    ]


def fail_on(findings: Iterable[Finding], *rules: str) -> None:
    """Fail the test with every finding on a line of its own: file, line, rule and reason."""
    left = judged(findings, PENDING, *rules)
    if left:
        pytest.fail("\n".join(str(one) for one in left), pytrace=False)

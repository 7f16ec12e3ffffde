"""The time, a pinned procedure and a time zone each come from one place."""

import pytest

from architecture.failing import fail_on
from architecture.single_sources import (
    CLOCK_RULE,
    PINNED_RULE,
    ZONES_RULE,
    clock_calls,
    exceptions_without_a_file,
    unpinned_procedures,
    zones_of_the_machine,
)
from architecture.tree import planted, real_tree


def test_nobody_asks_the_machine_for_the_time() -> None:
    """The clock is handed in, so that any moment can be tested and an accelerated one works."""
    fail_on(clock_calls(real_tree()))


def test_a_pinned_procedure_is_never_read_without_its_digest() -> None:
    """A case runs under the text it was opened under: an edited file is noticed wherever it is read."""
    fail_on(unpinned_procedures(real_tree()))


def test_zones_come_from_the_pinned_time_zone_data() -> None:
    """A letter's date does not depend on the time zone files of the machine that writes it."""
    fail_on(zones_of_the_machine(real_tree()))


def test_every_exception_names_a_file_that_exists() -> None:
    """A permission does not outlive the file it was given to."""
    fail_on(exceptions_without_a_file(real_tree()))


@pytest.mark.parametrize(
    "call",
    [
        "datetime.now(UTC)",
        "datetime.datetime.utcnow()",
        "date.today()",
        "time.time()",
        "time.time_ns()",
        "time.localtime()",
    ],
)
@pytest.mark.parametrize("folder", ["libs/web", "services/intake", "tools/gehoor", "tools/simulation"])
def test_asking_the_machine_for_the_time_is_found(folder: str, call: str) -> None:
    """In whichever way it is asked."""
    (finding,) = clock_calls(planted({f"{folder}/late.py": f"\nAT = {call}\n"}))

    assert (f"{folder}/late.py", 2, CLOCK_RULE) == (finding.path, finding.line, finding.rule)


def test_measuring_how_long_something_took_is_allowed() -> None:
    """A duration is not a moment."""
    assert [] == list(clock_calls(planted({"libs/web/late.py": "BEGAN = time.monotonic()\n"})))


def test_reading_a_procedure_without_its_digest_is_found() -> None:
    """Among other imports too."""
    breach = "from procedures.library import in_force, procedure\n"

    (finding,) = unpinned_procedures(planted({"services/notifier/texts.py": breach}))

    assert ("services/notifier/texts.py", 1, PINNED_RULE) == (finding.path, finding.line, finding.rule)


def test_a_zone_of_the_machine_is_found() -> None:
    """Under its full name too."""
    (finding,) = zones_of_the_machine(
        planted({"services/notifier/texts.py": 'HERE = zoneinfo.ZoneInfo("UTC")\n'})
    )

    assert ("services/notifier/texts.py", 1, ZONES_RULE) == (finding.path, finding.line, finding.rule)


def test_an_exception_for_a_file_that_is_gone_is_found() -> None:
    """Each of the lists is looked through."""
    assert 4 == len(list(exceptions_without_a_file(planted({}))))

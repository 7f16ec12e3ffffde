"""Whether a system came back to what it used: more is found, less is not, and load itself does not count."""

from dataclasses import replace

import pytest

from soak.judging import AFTER, BEFORE, DURING, UsageComparison, judge, left_over
from soak.sampling import ProcessSample, Sample

USE = ProcessSample(100.0, 60.0, 40.0, 20, 5, 1, 60, 1.0)


def compared(after: ProcessSample, during: ProcessSample = USE) -> dict[str, UsageComparison]:
    """Judge one process that used the canonical before."""
    phases = ((BEFORE, USE), (DURING, during), (AFTER, after))
    rows = judge([Sample(0.0, phase, {"intake": use}) for phase, use in phases])
    return {row.what: row for row in rows}


@pytest.mark.parametrize(
    ("what", "after", "fits"),
    [
        ("rss_mb", 109.0, True), ("rss_mb", 111.0, False), ("rss_mb", 50.0, True),
        ("descriptors", 22, True), ("descriptors", 23, False), ("descriptors", 2, True),
        ("tasks", 66, True), ("tasks", 67, False), ("tasks", 50, False),
    ],
)  # fmt: skip
def test_what_did_not_come_back_is_found(what: str, after: float, fits: bool) -> None:
    """A tenth more is let pass, two of a small count as well; a lost task is as bad as one too many."""
    assert fits is compared(replace(USE, **{what: after}))[what].fits


def test_only_rest_is_compared_with_rest() -> None:
    """What a process uses under load is told and not judged."""
    row = compared(USE, during=replace(USE, rss_mb=500.0))["rss_mb"]

    assert (500.0, True) == (row.most, row.fits)


def test_what_still_waits_at_the_end_is_named() -> None:
    """Only clocks may go on falling due: everything else comes to an end."""
    sample = Sample(0.0, AFTER, {}, queues={"relay": 0, "letters": 2, "due clocks": 3})

    assert ["2 letters"] == left_over([sample])

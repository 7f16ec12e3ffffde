"""What a benchmark gives: figures, each with what it stands beside and what it has to reach.

A ratio is always of two things measured in the same run, on the same server, in turns.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Literal

Reached = Literal["goal", "first", "missed", ""]


@dataclass(frozen=True, slots=True)
class Target:
    """What the design asks for; `at_least` tells whether more is better."""

    first: float | None = None
    goal: float | None = None
    at_least: bool = True

    def judge(self, value: float) -> Reached:
        """Return which column a value reaches."""
        if self.goal is not None and self._holds(value, self.goal):
            return "goal"
        if self.first is not None:
            return "first" if self._holds(value, self.first) else "missed"
        return "missed"

    def _holds(self, value: float, bound: float) -> bool:
        return value >= bound if self.at_least else value <= bound

    def __str__(self) -> str:
        sign = "≥" if self.at_least else "≤"
        return " / ".join(f"{sign} {bound:g}" for bound in (self.first, self.goal) if bound is not None)


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value; `repeats` are the single results that `value` is the median of."""

    cell: str
    what: str
    value: float
    unit: str
    target: Target | None = None
    repeats: Sequence[float] = field(default_factory=tuple)
    note: str = ""

    @property
    def reached(self) -> Reached:
        return self.target.judge(self.value) if self.target else ""


def of_repeats(
    cell: str, what: str, repeats: Sequence[float], unit: str, target: Target | None = None, note: str = ""
) -> Figure:
    """Make a figure of repeated results: its value is their median."""
    return Figure(cell, what, median(repeats), unit, target, tuple(repeats), note)


def ratio(
    cell: str, what: str, ours: Sequence[float], theirs: Sequence[float], target: Target | None = None
) -> Figure:
    """Compare results that were taken in turns, pair by pair."""
    pairs = [mine / other for mine, other in zip(ours, theirs, strict=True)]
    return of_repeats(cell, what, pairs, "×", target)


def table(figures: Sequence[Figure]) -> str:
    """Write figures as a Markdown table."""
    lines = [
        "| cell | what | median | min – max | asked (first / goal) | reached |",
        "|---|---|---:|---|---|---|",
    ]
    for figure in figures:
        spread = f"{short(min(figure.repeats))} – {short(max(figure.repeats))}" if figure.repeats else ""
        what = figure.what + (f" ({figure.note})" if figure.note else "")
        lines.append(
            f"| {figure.cell} | {what} | {short(figure.value)} {figure.unit} | {spread} "
            f"| {figure.target or ''} | {figure.reached} |"
        )
    return "\n".join(lines)


def short(value: float) -> str:
    """Write a number with no more digits than it deserves."""
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 100 else f"{value:.3g}"

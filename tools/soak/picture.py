"""The picture of a soak: a small panel for every process with its memory and open files over time."""

from collections.abc import Sequence
from pathlib import Path

from soak.judging import DURING
from soak.sampling import SERVERS, Sample

_WIDE, _TALL, _COLUMNS, _GAP = 300, 120, 3, 28
_STYLE = (
    "<style>text{font:11px sans-serif;fill:#444}.t{font-weight:bold}polyline{fill:none;stroke:#2a78d6;"
    "stroke-width:1.6}.d{stroke:#d9730d}rect{fill:#8882}@media(prefers-color-scheme:dark){text{fill:#ccc}}"
    "</style>"
)


def draw(path: Path, samples: Sequence[Sample]) -> None:
    """Draw memory (blue, from zero) and open files (orange, from zero) of every process; grey is the load."""
    names = list(samples[-1].processes)
    rows = -(-len(names) // _COLUMNS)
    width, height = _COLUMNS * (_WIDE + _GAP), rows * (_TALL + 2 * _GAP)
    panels = [
        _panel(name, samples, (at % _COLUMNS) * (_WIDE + _GAP), (at // _COLUMNS) * (_TALL + 2 * _GAP))
        for at, name in enumerate(names)
    ]
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">'
    path.write_text("\n".join([head, _STYLE, *panels, "</svg>", ""]))


def _panel(name: str, samples: Sequence[Sample], left: int, top: int) -> str:
    seen = [(one.at_s, one.processes[name]) for one in samples if name in one.processes]
    ends_s = max(samples[-1].at_s, 1.0)
    memory = [(at_s, use.private_mb if name in SERVERS else use.rss_mb) for at_s, use in seen]
    descriptors = [(at_s, float(use.descriptors)) for at_s, use in seen]
    loaded = [one.at_s for one in samples if one.phase == DURING] or [0.0]
    bottom = top + _GAP + _TALL
    begin, end = (left + _WIDE * at_s / ends_s for at_s in (loaded[0], loaded[-1]))
    most = (
        f"up to {max(value for _, value in memory):.0f} MB, {max(use.descriptors for _, use in seen)} files"
    )
    return "\n".join(
        [
            f'<text class="t" x="{left}" y="{top + 14}">{name}</text>',
            f'<text x="{left + _WIDE}" y="{top + 14}" text-anchor="end">{most}</text>',
            f'<rect x="{begin:.1f}" y="{top + _GAP}" width="{end - begin:.1f}" height="{_TALL}"/>',
            _line(memory, "", ends_s, left, bottom),
            _line(descriptors, "d", ends_s, left, bottom),
        ]
    )


def _line(points: Sequence[tuple[float, float]], kind: str, ends_s: float, left: int, bottom: int) -> str:
    highest = max(max(value for _, value in points), 1.0)
    drawn = " ".join(
        f"{left + _WIDE * at_s / ends_s:.1f},{bottom - _TALL * value / highest:.1f}" for at_s, value in points
    )
    return f'<polyline class="{kind}" points="{drawn}"/>'

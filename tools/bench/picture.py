"""Pictures without a library: SVG written by hand, readable in light and dark."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP = 720, 320, 64, 46, 40
_COLOURS = ("#2a78d6", "#d9730d", "#3f9142", "#8a4fbf")
_STYLE = (
    "<style>text{font:12px sans-serif;fill:#444}.t{font-weight:bold}line,path{stroke:#999}"
    "@media(prefers-color-scheme:dark){text{fill:#ccc}}</style>"
)


def histogram(path: Path, title: str, series: Mapping[str, Sequence[float]], bins: int = 48) -> None:
    """Draw how often each value occurs, on a logarithmic axis, one colour per series."""
    values = [value for each in series.values() for value in each]
    low, high = math.log10(max(min(values), 0.1)), math.log10(max(values))
    width = max(high - low, 0.1) / bins
    parts = [_axes(title, low, high)]
    for each, colour in zip(series.values(), _COLOURS, strict=False):
        counts = [0] * bins
        for value in each:
            counts[min(bins - 1, int((math.log10(max(value, 0.1)) - low) / width))] += 1
        highest = max(counts)
        for i, count in enumerate(counts):
            if count:
                tall = (_HEIGHT - _BOTTOM - _TOP) * count / highest
                x = _LEFT + (_WIDTH - _LEFT - 16) * i / bins
                parts.append(
                    f'<rect x="{x:.1f}" y="{_HEIGHT - _BOTTOM - tall:.1f}" height="{tall:.1f}" '
                    f'width="{(_WIDTH - _LEFT - 16) / bins - 1:.1f}" fill="{colour}" fill-opacity="0.65"/>'
                )
    parts.append(_legend(list(series)))
    _write(path, parts)


def curve(path: Path, title: str, series: Mapping[str, Sequence[tuple[float, float]]]) -> None:
    """Draw values over a logarithmic axis, each series relative to its first value."""
    xs = [x for points in series.values() for x, _ in points]
    low, high = math.log10(min(xs)), math.log10(max(xs))
    relative = {name: [(x, y / points[0][1]) for x, y in points] for name, points in series.items() if points}
    top = max(2.0, *(y for points in relative.values() for _, y in points))
    parts = [_axes(title, low, high)]
    parts.extend(
        f'<text x="{_LEFT - 8}" y="{_y(mark / 2, top) + 4:.1f}" text-anchor="end">{mark / 2:g}×</text>'
        for mark in range(int(top * 2) + 1)
    )
    for (_, points), colour in zip(relative.items(), _COLOURS, strict=False):
        line = " ".join(f"{_x(x, low, high):.1f},{_y(y, top):.1f}" for x, y in points)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2.5"/>')
    parts.append(_legend(list(relative)))
    _write(path, parts)


def _x(value: float, low: float, high: float) -> float:
    return _LEFT + (_WIDTH - _LEFT - 16) * (math.log10(value) - low) / max(high - low, 1e-9)


def _y(value: float, top: float) -> float:
    return _HEIGHT - _BOTTOM - (_HEIGHT - _BOTTOM - _TOP) * value / top


def _axes(title: str, low: float, high: float) -> str:
    parts = [
        f'<text class="t" x="{_LEFT}" y="18">{title}</text>',
        f'<line x1="{_LEFT}" x2="{_WIDTH - 16}" y1="{_HEIGHT - _BOTTOM}" y2="{_HEIGHT - _BOTTOM}"/>',
    ]
    for exponent in range(math.floor(low), math.ceil(high) + 1):
        for factor in (1, 2, 5):
            value = factor * 10.0**exponent
            if low - 1e-9 <= math.log10(value) <= high + 1e-9:
                label = f"{value:,.0f}" if value >= 1 else f"{value:g}"
                parts.append(
                    f'<text x="{_x(value, low, high):.1f}" y="{_HEIGHT - _BOTTOM + 16}" '
                    f'text-anchor="middle">{label}</text>'
                )
    return "\n".join(parts)


def _legend(names: Sequence[str]) -> str:
    parts = []
    for i, (name, colour) in enumerate(zip(names, _COLOURS, strict=False)):
        x = _LEFT + 165 * i
        parts.append(f'<rect x="{x}" y="{_HEIGHT - 18}" width="12" height="12" fill="{colour}"/>')
        parts.append(f'<text x="{x + 17}" y="{_HEIGHT - 8}">{name}</text>')
    return "\n".join(parts)


def _write(path: Path, parts: Sequence[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    body = "\n".join(parts)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}">'
    path.write_text(f"{head}\n{_STYLE}\n{body}\n</svg>\n")

"""Draws a procedure as SVG: its stages and what leads where, and its clocks, for a reader who looks.

Everything in the picture comes from the file; text is escaped, and nothing outside is referred to. Pure.
"""

from html import escape

from procedures.leading import FIRST, LAST, LEADS, leads_to
from procedures.model import ClockSection, ProcedureFile

WIDTH = 1_080
_BOX, _GAP, _HIGH, _ROW = 118, 14, 40, 22
_FONT = 'font-family="system-ui, sans-serif" font-size="13"'
_COLOURS = {"duty": "#b3261e", "target": "#9a6700", "window": "#0b57d0", "right": "#146c2e"}
_ORDER = ("handling", "proposed", "agreed", "answered", "objection", "heard", "decided", "closed")


def draw(file: ProcedureFile) -> str:
    """Write one picture: stages above, clocks below, in the order of the file."""
    here = {stage.name for stage in file.stage} | {FIRST, LAST}
    stages = [name for name in _ORDER if name in here]
    left = {name: 20 + index * (_BOX + _GAP) for index, name in enumerate(stages)}
    ways = sorted(
        {
            (stage.name, leads_to(command, file), command)
            for stage in file.stage
            for command in stage.may
            if command in LEADS and leads_to(command, file) in left and leads_to(command, file) != stage.name
        }
    )
    top = 110 + _ROW * len(ways)
    height = top + 60 + _ROW * len(file.clock)
    title = escape(f"{file.id}, version {file.version}")
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" {_FONT}>',
        f"<title>Complaints procedure {title}</title>",
        f"<desc>{len(stages)} stages and {len(file.clock)} clocks.</desc>",
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<text x="20" y="28" font-size="17" font-weight="600">{title}</text>',
    ]
    parts += [_box(name, left[name]) for name in stages]
    parts += [
        _way(left[start], left[end], 100 + _ROW * row, command)
        for row, (start, end, command) in enumerate(ways)
    ]
    parts += [_clock(clock, top + 40 + _ROW * row) for row, clock in enumerate(file.clock)]
    return "\n".join([*parts, "</svg>", ""])


def _box(name: str, x: int) -> str:
    return (
        f'<rect x="{x}" y="44" width="{_BOX}" height="{_HIGH}" rx="6" fill="#eef3fb" stroke="#41618f"/>'
        f'<text x="{x + _BOX // 2}" y="69" text-anchor="middle">{escape(name)}</text>'
    )


def _way(start: int, end: int, y: int, command: str) -> str:
    """Draw one row: a line from stage to stage with its head at the end and its command beside it."""
    x1, x2 = start + _BOX // 2, end + _BOX // 2
    head = -7 if x2 > x1 else 7
    text_x, anchor = (x1 - 6, "end") if x2 > x1 else (x1 + 6, "start")
    if x1 < 160 and x2 > x1:
        text_x, anchor = (x2 + 6, "start")
    return (
        f'<path d="M{x1} {y} H{x2} m{head} -4 L{x2} {y} l{head} 4" fill="none" stroke="#41618f"/>'
        f'<circle cx="{x1}" cy="{y}" r="3" fill="#41618f"/>'
        f'<text x="{text_x}" y="{y + 4}" text-anchor="{anchor}" fill="#333333">{escape(command)}</text>'
    )


def _clock(clock: ClockSection, y: int) -> str:
    colour = _COLOURS[clock.kind]
    return (
        f'<rect x="20" y="{y - 11}" width="66" height="15" rx="4" fill="{colour}"/>'
        f'<text x="53" y="{y}" text-anchor="middle" fill="#ffffff" font-size="11">{escape(clock.id)}</text>'
        f'<text x="96" y="{y}">{escape(in_words(clock))}</text>'
    )


def in_words(clock: ClockSection) -> str:
    """Say a clock in one line, as somebody would read it out."""
    if clock.no_term:
        term = f"no term, from {clock.starts}"
    elif clock.before is not None:
        others = "".join(f" or {other.before}" for other in clock.alternative if other.before)
        term = f"{clock.before}{others} before the end of {clock.end_of}"
    elif clock.within is not None:
        others = "".join(f", or {other.name}" for other in clock.alternative)
        term = f"{clock.within} from {' or '.join((clock.starts or '', *clock.or_from))}{others}"
    else:
        term = f"until the day of the {clock.told_by[0]}"
    who = "the customer may" if clock.binds == "customer" else f"{clock.kind} of the company"
    only = f", only if {clock.only_if_unmet} is not met" if clock.only_if_unmet else ""
    return f"{who}: {' or '.join(clock.until)}, {term}{only}"

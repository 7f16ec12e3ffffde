"""Draws a procedure as SVG: its stages, what leads where, who may do what, and its clocks.

Everything in the picture comes from the file; text is escaped, and nothing outside is referred to. Pure.
"""

from collections.abc import Mapping
from html import escape
from textwrap import wrap

from procedures.schema.model import ClockSection, ProcedureFile
from procedures.transitions import FIRST, LAST, LEADS, leads_to

WIDTH = 1_080
_BOX, _GAP, _HIGH = 118, 14, 40
_WAY, _ROW, _LINE = 34, 22, 17
_CHARACTERS = 150
"""As many as stand beside each other in the picture's width, in its letter."""
_FONT = 'font-family="system-ui, sans-serif" font-size="13"'
_HALO = 'paint-order="stroke" stroke="#ffffff" stroke-width="4" stroke-linejoin="round"'
_COLOURS = {"duty": "#b3261e", "target": "#9a6700", "window": "#0b57d0", "right": "#146c2e"}
_MEANING = {
    "duty": "the company must",
    "target": "the company aims to",
    "right": "the customer may",
    "window": "the customer may, for a time",
}
_ORDER = ("handling", "proposed", "agreed", "answered", "objection", "heard", "decided", "closed")


def draw(file: ProcedureFile) -> str:
    """Return one picture: the stages, the ways between them, what may be done in each, the clocks."""
    here = {stage.name for stage in file.stage} | {FIRST, LAST}
    stages = [name for name in _ORDER if name in here]
    left: dict[str, int] = {name: 20 + index * (_BOX + _GAP) for index, name in enumerate(stages)}
    ways = _ways(file, left)
    bottom = 104 + _WAY * len(ways)
    done, end = _done(file, bottom + 46)
    top = end + 46
    height = top + 50 + _ROW * len(file.clock)
    title = escape(f"{file.id}, version {file.version}, in force from {file.in_force_from}")
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {_size(height)} role="img" {_FONT}>',
        f"<title>Complaints procedure {title}</title>",
        f"<desc>{len(stages)} stages and {len(file.clock)} clocks.</desc>",
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<text x="20" y="28" font-size="17" font-weight="600">{title}</text>',
    ]
    parts += [_box(name, left[name], bottom) for name in stages]
    parts += [
        _way(left[start], left[to], 124 + _WAY * row, said) for row, (start, to, said) in enumerate(ways)
    ]
    parts += [_heading("What may be done in each stage, and by whom", bottom + 26), *done]
    parts += [_heading("The clocks", top - 8), *_legend(top - 8)]
    parts += [_clock(clock, top + 20 + _ROW * row) for row, clock in enumerate(file.clock)]
    return "\n".join([*parts, "</svg>", ""])


def _size(height: int) -> str:
    return f'width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}"'


def _ways(file: ProcedureFile, here: Mapping[str, int]) -> list[tuple[str, str, str]]:
    """List what leads from stage to stage, in the order of the stages; several commands share a way."""
    found: dict[tuple[str, str], list[str]] = {}
    for stage in file.stage:
        for command in stage.may:
            if command in LEADS and leads_to(command, file) in here and leads_to(command, file) != stage.name:
                commands = found.setdefault((stage.name, leads_to(command, file)), [])
                commands += [] if command in commands else [command]
    in_order = sorted(found, key=lambda way: (_ORDER.index(way[0]), _ORDER.index(way[1])))
    return [(*way, ", ".join(found[way])) for way in in_order]


def _done(file: ProcedureFile, y: int) -> tuple[list[str], int]:
    """Return the lines that show who may do what in each stage, and the height at which they end."""
    parts: list[str] = []
    before = ""
    for stage in sorted(file.stage, key=lambda stage: _ORDER.index(stage.name)):
        said = f"{', '.join(stage.who)}: {', '.join(stage.may)}"
        if stage.name != before:
            y += 0 if not before else 5
            parts.append(f'<text x="20" y="{y}" font-weight="600">{escape(stage.name)}</text>')
        before = stage.name
        for line in wrap(said, _CHARACTERS - 16, break_on_hyphens=False):
            parts.append(f'<text x="106" y="{y}" fill="#333333">{escape(line)}</text>')
            y += _LINE
    return parts, y


def _heading(text: str, y: int) -> str:
    return f'<text x="20" y="{y}" font-size="14" font-weight="600" fill="#41618f">{escape(text)}</text>'


def _legend(y: int) -> list[str]:
    return [
        f'<rect x="{130 + 235 * index}" y="{y - 10}" width="12" height="12" rx="3" fill="{_COLOURS[kind]}"/>'
        f'<text x="{147 + 235 * index}" y="{y}" fill="#333333">{escape(f"{kind}: {meaning}")}</text>'
        for index, (kind, meaning) in enumerate(_MEANING.items())
    ]


def _box(name: str, x: int, bottom: int) -> str:
    """Draw a stage with its lifeline, on which ways begin and end."""
    fill = "#dfe5ee" if name == LAST else "#eef3fb"
    middle = x + _BOX // 2
    return (
        f'<path d="M{middle} {44 + _HIGH} V{bottom}" stroke="#d5dce6" stroke-dasharray="3 3"/>'
        f'<rect x="{x}" y="44" width="{_BOX}" height="{_HIGH}" rx="6" fill="{fill}" stroke="#41618f"/>'
        f'<text x="{middle}" y="69" text-anchor="middle">{escape(name)}</text>'
    )


def _way(start: int, end: int, y: int, said: str) -> str:
    """Draw one row: a line from stage to stage with its head at the end, and its commands above it."""
    x1, x2 = start + _BOX // 2, end + _BOX // 2
    head = -7 if x2 > x1 else 7
    text_x, anchor = (x1 + 8, "start") if x2 > x1 else (x1 - 8, "end")
    return (
        f'<path d="M{x1} {y} H{x2} m{head} -4 L{x2} {y} l{head} 4" fill="none" stroke="#41618f"/>'
        f'<circle cx="{x1}" cy="{y}" r="3" fill="#41618f"/>'
        f'<text x="{text_x}" y="{y - 6}" text-anchor="{anchor}" fill="#333333" {_HALO}>{escape(said)}</text>'
    )


def _clock(clock: ClockSection, y: int) -> str:
    colour = _COLOURS[clock.kind]
    return (
        f'<rect x="20" y="{y - 11}" width="66" height="15" rx="4" fill="{colour}"/>'
        f'<text x="53" y="{y}" text-anchor="middle" fill="#ffffff" font-size="11">{escape(clock.id)}</text>'
        f'<text x="96" y="{y}">{escape(in_words(clock))}</text>'
    )


def in_words(clock: ClockSection) -> str:
    """Return a clock as one line of plain words."""
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

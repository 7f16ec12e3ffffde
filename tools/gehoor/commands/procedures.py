"""`gehoor procedures`: the organisations' procedures, listed, drawn, checked and traced to their texts."""

from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(
    help="The complaints procedures: list, draw and check them, and trace them to the organisations' texts.",
    no_args_is_help=True,
)

_JSON = Annotated[bool, typer.Option("--json", help="Print one JSON object per line.")]
_PROCEDURE = Annotated[str, typer.Argument(metavar="P", help="A procedure: destiny, bc, …")]


@app.command("list")
def list_(as_json: _JSON = False) -> None:
    """List every procedure with its version, and since when it is in force."""
    from procedures.library import library

    for each in library().versions.values():
        described = {
            "procedure": each.id,
            "version": each.version,
            "in_force_from": each.in_force_from.isoformat(),
            "digest": each.digest,
            "clocks": [rule.clock for rule in each.clocks],
        }
        line = f"{each.id:<14} version {each.version}  from {each.in_force_from}  {each.digest[:12]}"
        _print(described, line, as_json)


@app.command()
def show(
    procedure: _PROCEDURE,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write the picture here, not to the screen.")
    ] = None,
) -> None:
    """Draw a procedure: its stages, what leads where, and its clocks. The picture is SVG.

    \b
    Example: gehoor procedures show ingressus --out ingressus.svg
    """  # fmt: skip
    from events.errors import Misconfigured
    from gehoor.procedure_files import file_named
    from procedures.svg import draw

    picture = draw(file_named(procedure))
    if out is None:
        print(picture, end="")
    else:
        try:
            out.write_text(picture, encoding="utf-8")
        except OSError as error:
            raise Misconfigured(f"--out: {out}: {error.strerror}") from error


@app.command()
def check(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="A procedure file; all of ours by default.")
    ] = None,
    as_json: _JSON = False,
) -> None:
    """Find what a procedure leaves open, each told as the shortest story that shows it.

    A file that no service would start with is refused, with file, line and rule. Exit 0 when every finding is
    accepted in the file by its identifier, with how it is handled; else 1.
    """
    from gehoor.procedure_files import all_files
    from procedures import checker
    from procedures.library import library, read_alone

    unaccepted = 0
    for name, content in all_files() if file is None else [(file.name, read_alone(file))]:
        findings = checker.check(content)
        unaccepted += len(checker.problems(findings))
        for each in findings:
            described = {"file": name, "finding": each.id, "story": each.story, "accepted": each.accepted}
            handled = "NOT ACCEPTED" if each.accepted is None else f"handled: {each.accepted}"
            _print(described, f"{name}: {each.id}\n    {each.story}\n    {handled}", as_json)
    if file is None:
        library()  # what holds between the files
    if unaccepted:
        typer.echo(f"{unaccepted} finding{'s' if unaccepted > 1 else ''} not accepted", err=True)
        raise typer.Exit(1)


@app.command()
def trace(
    procedure: _PROCEDURE,
    text: Annotated[Path, typer.Option("--text", metavar="FILE", help="The organisation's own text.")],
    as_json: _JSON = False,
) -> None:
    """Link every sentence of the organisation's text to rules, or to the reason why none rests on it.

    A changed sentence names the clocks it touches; one that has rules and is marked as having none is a
    contradiction. Exit 1 unless every sentence is accounted for.
    """
    from events.errors import Misconfigured
    from gehoor.procedure_files import file_named, linked_to
    from procedures.traceability import coverage, trace

    try:
        content = text.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"--text {text}: cannot be read as text: {error}") from error
    found = trace(file_named(procedure), content)
    for each in found:
        described = {
            "sentence": each.number,
            "status": each.status,
            "rules": each.rules,
            "clocks": each.clocks,
            "unmodelled": each.unmodelled,
            "contradictory": each.contradictory,
        }
        where = "   +" if each.number is None else f"{each.number:>4}"
        what = linked_to(each)
        touches = f"; touches {', '.join(each.clocks)}" if each.clocks and each.status != "same" else ""
        _print(described, f"{where} {each.status:<8} {what}{touches}", as_json)
    accounted, of = coverage(found)
    if not as_json:
        print(f"{accounted} of {of} sentences accounted for ({100 * accounted // max(of, 1)} %)")
    if accounted < of:
        raise typer.Exit(1)


def _print(described: dict[str, Any], line: str, as_json: bool) -> None:
    import msgspec

    print(msgspec.json.encode(described).decode() if as_json else line)

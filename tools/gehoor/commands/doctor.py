"""`gehoor doctor`: what this machine offers, and what is missing."""

from typing import Annotated

import typer


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object per finding.")] = False,
) -> None:
    """Look at Python, servers, ports, disk and kernel features; each finding with a remedy.

    Exit 1 only when something keeps Gehoor from running here.

    \b
    Example: gehoor doctor --json | grep '"blocks"'
    """  # fmt: skip
    import json

    from gehoor.doctor import examine

    findings = examine()
    for one in findings:
        if as_json:
            print(json.dumps(one.as_json()))
            continue
        mark = {"fine": "ok  ", "note": "note", "blocks": "STOP"}[one.verdict]
        print(f"{mark}  {one.about:<12} {one.found}")
        if one.remedy:
            print(f"      {'':<12} → {one.remedy}")
    raise typer.Exit(1 if any(one.verdict == "blocks" for one in findings) else 0)

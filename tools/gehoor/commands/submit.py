"""`gehoor submit`: file a complaint with the running intake."""

from typing import Annotated

import typer


def submit(
    file: Annotated[
        str | None, typer.Argument(help="A JSON file with the whole complaint, or - for standard input.")
    ] = None,
    organisation: Annotated[
        str | None, typer.Option(help="destiny, bc, supportoplus, preact, ingressus.")
    ] = None,
    channel: Annotated[str | None, typer.Option(help="portal, email, phone, meeting, letter or api.")] = None,
    description: Annotated[
        str | None, typer.Option(help="What happened, in the complainant's words.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="The complainant's name.")] = None,
    email: Annotated[str | None, typer.Option(help="Where the acknowledgement goes.")] = None,
    phone: Annotated[str | None, typer.Option()] = None,
    company: Annotated[str | None, typer.Option()] = None,
    nature: Annotated[
        str | None, typer.Option(help="technical, support, incident, service, billing, …")
    ] = None,
    language: Annotated[str | None, typer.Option(help="nl or en.")] = None,
    received_at: Annotated[
        str | None, typer.Option(help="When it was received, with offset; now if absent.")
    ] = None,
    key: Annotated[
        str | None, typer.Option("--key", help="Idempotency-Key: the same one files it once.")
    ] = None,
    url: Annotated[str | None, typer.Option(help="Intake's address; found in run.json if absent.")] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print intake's whole answer as one JSON object.")
    ] = False,
) -> None:
    """File a complaint and print its reference. Exit 1 when intake refuses it, with field and reason.

    \b
    Examples:
      gehoor submit --organisation destiny --channel portal --description "The line drops at noon." \\
          --name "Noor Jansen" --email noor.jansen@example.org
      gehoor submit complaint.json --json
      echo '{"organisation": "bc", "channel": "email", "description": "…"}' | gehoor submit -
    """  # fmt: skip
    import json
    import sys

    from events.errors import Misconfigured
    from events.settings import load
    from gehoor.client import read_complaint, send
    from gehoor.connection import address

    complaint = read_complaint(file) if file is not None else {}
    given = {
        "organisation": organisation,
        "channel": channel,
        "description": description,
        "nature": nature,
        "language": language,
        "received_at": received_at,
    }
    person = {"name": name, "email": email, "phone": phone, "company": company}
    complaint |= {field: value for field, value in given.items() if value is not None}
    if any(person.values()):
        stated = complaint.get("complainant") or {}
        if not isinstance(stated, dict):
            raise Misconfigured("complainant: must be an object where --name, --email or others add to it")
        complaint["complainant"] = {
            **stated,
            **{field: value for field, value in person.items() if value is not None},
        }
    if not complaint:
        raise Misconfigured(
            "nothing to file: give a JSON file, or --organisation, --channel and --description"
        )
    status, answer = send(url or address(load(), "intake", "--url"), complaint, key)
    if as_json:
        print(json.dumps(answer))
    elif status in (200, 201):
        print(answer["reference"])
        print(f"  status   {answer['status_url']}")
        print(f"  missing  {', '.join(answer['missing']) or 'nothing'}")
    else:
        print(
            f"gehoor: intake refused it ({status}): {answer.get('detail') or answer.get('title')}",
            file=sys.stderr,
        )
        for error in answer.get("errors") or []:
            print(f"  {error['field']}: {error['reason']}", file=sys.stderr)
    raise typer.Exit(0 if status in (200, 201) else 1)

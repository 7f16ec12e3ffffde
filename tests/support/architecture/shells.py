"""The files that touch the outside, each with its reason. Every other file is pure.

A folder is one pattern where everything in it touches the outside; where pure files stand beside shells, each
shell has its line. A pattern is a path from the root, in which `*` stands for anything but a slash. Keep the
list short: before a line is added here, look whether the decision in that file can stand in a pure file of
its own, and the shell stay small.
"""

from collections.abc import Mapping

SHELLS: Mapping[str, str] = {
    # events: the store, the bus, and what a process is given when it starts
    "libs/events/access_tokens.py": "writes token files with narrow rights",
    "libs/events/bus/asyncapi.py": "answers HTTP with the catalogue",
    "libs/events/bus/broker.py": "connects to NATS",
    "libs/events/bus/metrics.py": "counts messages",
    "libs/events/bus/publishing.py": "publishes to NATS",
    "libs/events/bus/pull.py": "pulls from NATS",
    "libs/events/bus/relay.py": "reads the feed and publishes it",
    "libs/events/bus/grants.py": "reads the passwords of NATS users",
    "libs/events/bus/leadership.py": "holds a lock of the database",
    "libs/events/bus/reconcile.py": "makes stream and durables of NATS",
    "libs/events/bus/subscriber.py": "receives from NATS",
    "libs/events/bus/wire.py": "reads and writes messages of NATS",
    "libs/events/consumer/*.py": "reads batches and writes in their transaction",
    "libs/events/erasure.py": "destroys a key and appends that it did",
    "libs/events/failpoints.py": "kills and delays its own process, on purpose, in chaos runs",
    "libs/events/identity.py": "draws new ids from the clock and from chance",
    "libs/events/logs.py": "writes the log",
    "libs/events/partitions/ownership.py": "locks rows, measures how long",
    "libs/events/platform.py": "holds the pool, the broker and the keys",
    "libs/events/provision/*.py": "makes roles, schemas and secrets",
    "libs/events/record/encryption.py": "draws nonces and keys",
    "libs/events/record/sealing.py": "draws salts",
    "libs/events/secrets.py": "writes secret files",
    "libs/events/settings.py": "reads the environment and the master key",
    "libs/events/store/database.py": "opens pools and transactions",
    "libs/events/store/feed.py": "SQL on the feed",
    "libs/events/store/idempotency_rows.py": "SQL on requests that came before",
    "libs/events/store/keys.py": "SQL on keys, draws keys",
    "libs/events/store/new_cases.py": "SQL that opens cases",
    "libs/events/store/store_clock.py": "asks the database for its clock",
    "libs/events/store/streams.py": "SQL on streams",
    "libs/events/store/verify.py": "reads the whole store, in several processes",
    "libs/events/testing.py": "makes databases for tests",
    "libs/events/transact.py": "one transaction: read, decide, append",
    "libs/events/transient.py": "names the errors of the database that pass by themselves",
    # procedures: data files of the installed package
    "libs/procedures/counting/calendars.py": "loads one country of the holidays package",
    "libs/procedures/counting/zones.py": "reads the pinned tzdata package",
    "libs/procedures/library.py": "lists the procedure files of the package",
    "libs/procedures/organisation_names.py": "lists the organisation files of the package",
    "libs/procedures/organisations.py": "lists the organisation files of the package",
    "libs/procedures/toml_files.py": "reads a data file",
    # web and service: HTTP, and how a process runs
    "libs/service/*.py": "runs processes, loops, health and HTTP servers",
    "libs/web/answers.py": "answers HTTP, logs what failed",
    "libs/web/strict_json.py": "reads bodies before FastAPI does",
    "libs/web/bodies.py": "reads a request body within its limits",
    "libs/web/headers.py": "reads the headers of a request",
    "libs/web/openapi.py": "describes a FastAPI application",
    "libs/web/field_errors.py": "takes apart errors of FastAPI",
    "libs/web/idempotency.py": "one transaction per keyed request",
    "libs/web/problem_documents.py": "describes problems to FastAPI",
    "libs/web/protocol.py": "speaks HTTP for uvicorn",
    "libs/web/unavailable.py": "answers HTTP, logs what is away",
    # services: starting them, reacting, their tables, their APIs
    "services/*/__main__.py": "starts the process",
    "services/*/consumer.py": "reacts to an event in its transaction",
    "services/*/rebuild.py": "makes a table again from the store",
    "services/*/openapi.py": "prints the document of the API",
    "services/deadlines/due_table.py": "SQL on the table of due moments",
    "services/deadlines/firing.py": "looks at what fell due and appends",
    "services/intake/app.py": "puts the HTTP application together",
    "services/intake/channels/*.py": "HTTP in, HTTP out",
    "services/intake/desk.py": "the one way in: records, measures, may be broken on purpose",
    "services/intake/group_commit.py": "gathers appends into one commit",
    "services/intake/message_recorder.py": "appends what a complainant adds",
    "services/intake/metrics.py": "counts and logs requests",
    "services/intake/recorder.py": "appends a submission, and SQL on repeats",
    "services/intake/status/page.py": "reads its templates from the package",
    "services/intake/status/route.py": "HTTP in, HTTP out",
    "services/notifier/sending/loop.py": "the loop that sends",
    "services/notifier/sending/outbox.py": "SQL on the outbox",
    "services/notifier/sending/postponement.py": "spreads retries by chance",
    "services/notifier/sending/report.py": "counts and logs",
    "services/notifier/sending/results.py": "records what became of a letter",
    "services/notifier/smtp/conversation.py": "speaks SMTP",
    "services/notifier/smtp/pool.py": "keeps connections",
    "services/notifier/smtp/server_url.py": "makes a TLS context, asks for the host's name",
    "services/workflow/api/app.py": "HTTP in, HTTP out",
    "services/workflow/api/auth.py": "reads the token of a request and the case it is about",
    "services/workflow/api/cases.py": "HTTP in, HTTP out",
    "services/workflow/api/command_reference.py": "prints COMMANDS.md",
    "services/workflow/api/commands.py": "HTTP in, HTTP out",
    "services/workflow/api/letters.py": "HTTP in, HTTP out",
    "services/workflow/api/openapi.py": "prints the document of the API",
    "services/workflow/command_handler.py": "one transaction per command",
    "services/workflow/worklist.py": "SQL on the worklist",
    # tools/simulation: one shell around pure lives
    "tools/simulation/year.py": "spreads lives over processes and measures how long",
}

EVERY_FUNCTION = "*"

LENT: Mapping[str, tuple[tuple[str, ...], str]] = {
    "libs/events/record/encryption.py": (("person_roots",), "hashes of its arguments, never a key"),
    "libs/procedures/counting/calendars.py": (
        (EVERY_FUNCTION,),
        "what it reads never changes under a running process",
    ),
    "libs/procedures/organisation_names.py": (
        (EVERY_FUNCTION,),
        "what it reads never changes under a running process",
    ),
    "libs/procedures/counting/zones.py": (
        (EVERY_FUNCTION,),
        "what it reads never changes under a running process",
    ),
    "libs/procedures/library.py": ((EVERY_FUNCTION,), "what it reads never changes under a running process"),
    "libs/procedures/organisations.py": (
        (EVERY_FUNCTION,),
        "what it reads never changes under a running process",
    ),
    "libs/procedures/toml_files.py": (
        (EVERY_FUNCTION,),
        "what it reads never changes under a running process",
    ),
    "libs/events/identity.py": (
        ("command_id_of", "parse_reference"),
        "computed from their arguments, never drawn",
    ),
    "services/workflow/worklist.py": (("summary_of_clocks",), "computed from its arguments, and no SQL"),
}
"""The functions of shells that pure files may import, and why their answers depend on their arguments alone.
"""

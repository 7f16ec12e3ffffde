"""Proves the compose set-up: complaints are filed while its containers are killed, then all is counted.

`make prove-deploy` builds the images, starts a project of its own (three NATS servers, two replicas of
everything of ours), and files complaints without pause. Meanwhile one container after another dies: each
replica, the leading relay, each NATS server beginning with the stream's leader, the mailbox, both Postgres
servers. At the end every complaint that was answered with 201 must be one case, opened once, its clocks set
once, its acknowledgement sent once (another copy only for each attempt whose result the case says is
unknown), nothing set aside, every hash chain whole. Exit 0 when all of this holds, 1 when not, 2 when it
could not run.

The run is bounded: every wait has a limit, and the whole is ended after `--within` seconds.
"""

import argparse
import json
import signal
import sys
import threading
import time
import urllib.error
import urllib.request
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from engine import Container, EngineFailed, Project

SERVICES = ("intake", "workflow", "deadlines", "notifier", "relay")
NATS_SERVERS = ("nats-1", "nats-2", "nats-3")
ORGANISATIONS = ("destiny", "supportoplus", "preact", "ingressus")  # each owes an acknowledgement at once
UP_WITHIN_S, WELL_WITHIN_S, DONE_WITHIN_S, ANSWER_WITHIN_S = 300.0, 90.0, 180.0, 20.0
FILERS = 4


@dataclass
class Filing:
    """Several people who file one complaint after another and repeat each until it is accepted."""

    project: Project
    per_second: float
    references: dict[str, str] = field(default_factory=dict)  # reference -> e-mail address of who filed
    repeats: Counter[str] = field(default_factory=Counter)  # why a complaint had to be sent again
    slowest_s: float = 0.0
    _addresses: list[str] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self) -> None:
        for number in range(FILERS):
            thread = threading.Thread(target=self._file, args=(number,), daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """Let everybody finish the complaint they are at."""
        self._stop.set()
        for thread in self._threads:
            thread.join(WELL_WITHIN_S)
            if thread.is_alive():
                raise EngineFailed("a complaint was not accepted by any replica of intake in time")

    def _file(self, filer: int) -> None:
        number = 0
        while not self._stop.is_set():
            number += 1
            began_s = time.monotonic()
            email = f"klant-{filer}-{number}@example.org"
            reference = self._until_accepted(email, ORGANISATIONS[number % len(ORGANISATIONS)], number)
            took_s = time.monotonic() - began_s
            with self._lock:
                self.references[reference] = email
                self.slowest_s = max(self.slowest_s, took_s)
            self._stop.wait(max(0.0, FILERS / self.per_second - took_s))

    def _until_accepted(self, email: str, organisation: str, attempt: int) -> str:
        key = str(uuid.uuid4())
        body = json.dumps({
            "organisation": organisation, "channel": "portal", "description": "De lijn valt elke middag weg.",
            "complainant": {"name": "Noor Jansen", "email": email},
        }).encode()  # fmt: skip
        while True:
            attempt += 1
            try:
                addresses = self._addresses or self._look_up()
                address = addresses[attempt % len(addresses)]
                answer = _http(f"http://{address}/v1/complaints", body, {"Idempotency-Key": key})
            except (OSError, ValueError, EngineFailed) as error:
                self._addresses = []
                with self._lock:
                    self.repeats[getattr(error, "code", None) or type(error).__name__] += 1
                time.sleep(0.2)
                continue
            return str(answer["reference"])

    def _look_up(self) -> list[str]:
        """Find where the replicas answer now: a restarted container may have another port."""
        found = [one.publishes(8080) for one in self.project.containers("intake")]
        self._addresses = [address for address in found if address is not None]
        if not self._addresses:
            raise ConnectionError("no replica of intake runs")
        return self._addresses


Fault = tuple[str, list[Container], Callable[[Container], str | None]]
"""What goes wrong in words, with which containers, and what is done to each."""


def faults(project: Project) -> Iterator[Fault]:
    """Give what goes wrong, one after another; who leads is looked up when its turn has come."""
    for service in SERVICES:
        for container in project.containers(service):
            yield f"{container.name} killed", [container], Container.crash
    leader = leading_relay(project)
    yield f"{leader.name}, the leading relay, killed", [leader], Container.crash
    first = _until(lambda: stream(project), WELL_WITHIN_S)["cluster"]["leader"]
    for server in (first, *(name for name in NATS_SERVERS if name != first)):
        told = ", the stream's leader," if server == first else ""
        yield f"{server}{told} killed", [project.one(server)], Container.crash
    for server in ("mailbox", "postgres", "keys"):
        yield f"{server} killed", [project.one(server)], Container.crash
    for service in SERVICES:
        container = project.one(service)
        yield f"{container.name} stopped in order and started", [container], Container.stop_in_order
    for service in SERVICES:
        yield f"both replicas of {service} killed at once", project.containers(service), Container.crash
    yield "all three NATS servers killed at once", project.containers(*NATS_SERVERS), Container.crash


def leading_relay(project: Project) -> Container:
    """Find the relay that holds the lock, by the address it is connected from."""
    address = _until(
        lambda: project.ask_store(
            "SELECT to_json(min(host(client_addr))) FROM pg_locks JOIN pg_stat_activity USING (pid) "
            "WHERE locktype = 'advisory' AND granted AND usename = 'gehoor_relay'"
        ),
        WELL_WITHIN_S,
    )
    (leader,) = (one for one in project.containers("relay") if address in one.addresses)
    return leader


def stream(project: Project) -> dict[str, Any]:
    """Ask the leader of the stream about it: nobody else knows which replicas are behind."""
    for server in NATS_SERVERS:
        try:
            found = _stream_as_seen_by(project, server)
        except (EngineFailed, ValueError):
            continue
        if found and found["cluster"].get("leader") == server:
            return found
    raise EngineFailed("no NATS server leads the stream")


def _stream_as_seen_by(project: Project, server: str) -> dict[str, Any] | None:
    for account in project.ask_bus(server, "jsz?streams=true&config=true").get("account_details", []):
        for found in account.get("stream_detail", []):
            return found  # type: ignore[no-any-return]
    return None


CASES = """
WITH event AS (SELECT *, convert_from(data, 'UTF8')::jsonb AS body FROM gehoor.event)
SELECT coalesce(json_object_agg(reference, told), '{}') FROM (
    SELECT r.reference, json_build_object(
        'received', count(*) FILTER (WHERE type = 'ComplaintReceived'),
        'opened', count(*) FILTER (WHERE type = 'CaseOpened'),
        'clocks', count(*) FILTER (WHERE type = 'DeadlineSet'),
        'different clocks', count(DISTINCT body->>'clock') FILTER (WHERE type = 'DeadlineSet'),
        'acknowledged', count(*) FILTER (WHERE type = 'LetterSent' AND body->>'letter' = 'acknowledgement'),
        'uncertain', count(*) FILTER (WHERE type = 'LetterUncertain'),
        'events', count(*), 'last version', max(version)) AS told
    FROM gehoor.case_reference r JOIN event e USING (case_id) GROUP BY r.reference) AS cases
"""
PARKED = """
SELECT json_build_object('workflow', (SELECT count(*) FROM workflow.parked),
    'deadlines', (SELECT count(*) FROM deadlines.parked), 'notifier', (SELECT count(*) FROM notifier.parked))
"""


def examine(project: Project, filing: Filing) -> list[tuple[str, bool, str]]:
    """Count everything; gives what must hold, whether it does, and what was found."""
    cases: dict[str, dict[str, int]] = project.ask_store(CASES)
    mails = Counter(_addressees(project))
    parked = project.ask_store(PARKED)
    told = project.compose("run", "--rm", "-T", "gehoor", "verify", "--json", answers=(0, 1))
    verified = json.loads(told.splitlines()[-1])
    bus = _until(lambda: stream(project), WELL_WITHIN_S)

    def wrong(holds: Callable[[dict[str, int]], bool]) -> list[str]:
        return sorted(reference for reference, case in cases.items() if not holds(case))

    twice = [one for one in filing.references if mails[filing.references[one]] > 1]
    unexplained = [
        one for one in twice
        if mails[filing.references[one]] - 1 > cases.get(one, {}).get("uncertain", 0)
    ]  # fmt: skip
    unwritten = [one for one in filing.references if mails[filing.references[one]] == 0]
    lost = set(filing.references) - set(cases)
    extra = set(cases) - set(filing.references)
    once = wrong(lambda case: case["received"] == case["opened"] == 1)
    versions = wrong(lambda case: case["events"] == case["last version"])
    clocks = wrong(lambda case: case["clocks"] == case["different clocks"] > 0)
    letters = wrong(lambda case: case["acknowledged"] == 1)
    unknown = sum(case["uncertain"] for case in cases.values())
    running = sum(case["clocks"] for case in cases.values())
    behind = [replica["name"] for replica in bus["cluster"].get("replicas", []) if not replica.get("current")]
    accepted = len(filing.references)
    return [
        ("every accepted complaint is a case", not lost, f"{accepted} accepted, {len(lost)} lost"),
        ("no case without an accepted complaint", not extra, f"{len(cases)} cases, {len(extra)} too many"),
        ("each case was received once and opened once", not once, _named(once)),
        ("versions run without a gap", not versions, _named(versions)),
        ("each clock is set once", not clocks, f"{running} clocks, {_named(clocks)}"),
        ("each case is acknowledged once in the record", not letters, _named(letters)),
        ("each complainant got the letter", not unwritten, f"{mails.total()} mails, {_named(unwritten)}"),
        ("another copy only where the case says so, one for each attempt of unknown result", not unexplained,
         f"{len(twice)} got more, {unknown} attempts of unknown result, unexplained: {_named(unexplained)}"),
        ("nothing is set aside", not any(parked.values()), json.dumps(parked)),
        ("every hash chain is whole", verified["bad"] == 0, f"{verified['bad']} bad of {verified['events']}"),
        ("the stream has three living copies", bus["config"]["num_replicas"] == 3 and not behind,
         f"{bus['config']['num_replicas']} copies, behind: {_named(behind)}"),
    ]  # fmt: skip


def main() -> None:
    """Build, start, file and kill, count, take down."""
    options = _options()
    if hasattr(signal, "SIGALRM"):
        signal.signal(signal.SIGALRM, _out_of_time)
        signal.alarm(options.within)
    project = Project("gehoor-proof", {
        "INTAKE_PORTS": "127.0.0.1:", "WORKFLOW_PORTS": "127.0.0.1:", "MAILBOX_PORT": "127.0.0.1:",
    })  # fmt: skip
    try:
        sys.exit(0 if prove(project, options) else 1)
    except EngineFailed as failed:
        print(f"could not run: {failed}", file=sys.stderr)
        sys.exit(2)
    finally:
        if not options.keep:
            project.remove()


def prove(project: Project, options: argparse.Namespace) -> bool:
    """Tell every step as it happens; gives whether all that must hold does."""
    if not options.no_build:
        _step("images built", lambda: project.compose("build", within_s=1200))
    project.remove()  # what an earlier run may have left: this one begins with nothing
    _step("started, first time", lambda: project.compose("up", "--detach", within_s=UP_WITHIN_S))
    everybody = [one for one in project.containers() if one.service not in ("secrets", "prepared")]
    _step(
        f"{len(everybody)} containers are well",
        lambda: [one.wait_until_well(UP_WITHIN_S) for one in everybody],
    )
    filing = Filing(project, options.rate)
    filing.start()
    _until(lambda: len(filing.references) >= 10, WELL_WITHIN_S)
    number, disorderly = 0, list[str]()
    for what, containers, happen in faults(project):
        number += 1
        before, began_s = len(filing.references), time.monotonic()
        disorderly += [wrong for container in containers if (wrong := happen(container))]
        for container in containers:
            container.wait_until_well(WELL_WITHIN_S)
        print(f"  {number:>2}. {what}: well again after {time.monotonic() - began_s:.1f} s; "
              f"{len(filing.references) - before} complaints accepted meanwhile", flush=True)  # fmt: skip
    _until(lambda: len(filing.references) >= options.complaints, DONE_WITHIN_S)
    filing.stop()
    print(f"{number} faults, {len(filing.references)} complaints; the slowest was accepted after "
          f"{filing.slowest_s:.1f} s; sent again because of: {dict(filing.repeats)}", flush=True)  # fmt: skip

    def settled() -> bool:
        cases = project.ask_store(CASES).values()
        current = all(replica.get("current") for replica in stream(project)["cluster"].get("replicas", []))
        return current and all(case["acknowledged"] for case in cases)

    _step("all acknowledged", lambda: _until(settled, DONE_WITHIN_S, or_go_on=True))
    findings = examine(project, filing)
    findings.append(("whoever was asked to stop ended well", not disorderly, "; ".join(disorderly) or "all"))
    for rule, holds, found in findings:
        print(f"  {'holds ' if holds else 'BROKEN'}  {rule} ({found})")
    return all(holds for _, holds, _ in findings)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Prove the compose set-up under kills.")
    parser.add_argument("--complaints", type=int, default=400, help="file at least this many")
    parser.add_argument("--rate", type=float, default=4.0, help="complaints per second")
    parser.add_argument("--within", type=int, default=1800, help="give up after this many seconds")
    parser.add_argument("--no-build", action="store_true", help="use the images that are there")
    parser.add_argument("--keep", action="store_true", help="leave the project running at the end")
    return parser.parse_args()


def _addressees(project: Project) -> Iterator[str]:
    address = project.one("mailbox").publishes(8080)
    start = 0
    while True:
        page = _http(f"http://{address}/api/v1/messages?limit=500&start={start}")
        if not page["messages"]:
            return
        for mail in page["messages"]:
            yield from (to["Address"] for to in mail["To"])
        start += len(page["messages"])


def _http(url: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> Any:
    request = urllib.request.Request(url, body, {"Content-Type": "application/json", **(headers or {})})
    with urllib.request.urlopen(request, timeout=ANSWER_WITHIN_S) as answer:
        return json.load(answer)


def _until(ask: Callable[[], Any], within_s: float, *, or_go_on: bool = False) -> Any:
    """Ask until the answer is truthy; raises `EngineFailed` when it never is."""
    until_s = time.monotonic() + within_s
    while True:
        try:
            if answer := ask():
                return answer
            last = "it is not so"
        except (EngineFailed, OSError, ValueError) as error:
            last = str(error)
        if time.monotonic() > until_s:
            if or_go_on:
                return None
            raise EngineFailed(f"waited {within_s:.0f} s in vain: {last}")
        time.sleep(0.5)


def _step(what: str, do: Callable[[], Any]) -> None:
    began_s = time.monotonic()
    do()
    print(f"{what} ({time.monotonic() - began_s:.1f} s)", flush=True)


def _named(references: list[str]) -> str:
    return f"{len(references)} wrong" + (f": {', '.join(references[:5])}" if references else "")


def _out_of_time(*_: object) -> None:
    raise EngineFailed("out of time: see --within")


if __name__ == "__main__":
    main()

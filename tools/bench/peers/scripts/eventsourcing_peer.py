"""Runs in the peers' environment: eventsourcing 9.5.6 through its own recorder. JSON in, JSON out."""

import json
import sys
import threading
import time
from urllib.parse import urlsplit
from uuid import uuid4

from eventsourcing.persistence import StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore

PER_STREAM = 10
PAYLOAD = b"x" * 1000


def datastore(url: str, *, functions: bool) -> PostgresDatastore:
    parts = urlsplit(url)
    return PostgresDatastore(
        dbname=parts.path.lstrip("/"),
        host=parts.hostname,
        port=str(parts.port),
        user=parts.username,
        password=parts.password,
        pool_size=16,
        max_overflow=8,
        enable_db_functions=functions,
    )


def append(url: str, threads: int, events: int) -> dict[str, float]:
    """Insert single events from threads, as the library does without further settings."""
    recorder = PostgresApplicationRecorder(datastore(url, functions=False), events_table_name="stored_events")
    recorder.create_table()

    def work() -> None:
        for _ in range(events // threads // PER_STREAM):
            stream = uuid4()
            for version in range(PER_STREAM):
                recorder.insert_events([StoredEvent(stream, version, "Complaint", PAYLOAD)])

    workers = [threading.Thread(target=work) for _ in range(threads)]
    began_s = time.perf_counter()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    done = events // threads // PER_STREAM * PER_STREAM * threads
    return {"per_s": done / (time.perf_counter() - began_s)}


def gap(url: str, hold_s: float) -> dict[str, int]:
    """A slow writer has its position and commits later; a reader follows positions, as the library's does."""
    import psycopg

    store = datastore(url, functions=True)
    recorder = PostgresApplicationRecorder(store, events_table_name="gap_events")
    recorder.create_table()
    slow = psycopg.connect(url)
    insert_slowly(recorder, slow)
    quick = 100
    for _ in range(quick):
        recorder.insert_events([StoredEvent(uuid4(), 0, "Complaint", PAYLOAD)])
    seen, last = set(), None
    ends_s = time.monotonic() + hold_s + 1
    committed = False
    while time.monotonic() < ends_s:
        for notification in recorder.select_notifications(start=last, limit=50, inclusive_of_start=False):
            seen.add(notification.id)
            last = notification.id
        if not committed and time.monotonic() > ends_s - 1:
            slow.commit()
            committed = True
        time.sleep(0.02)
    return {"written": quick + 1, "lost": quick + 1 - len(seen)}


def insert_slowly(recorder: PostgresApplicationRecorder, connection: object) -> None:
    """Insert through the recorder's own statement on a connection whose transaction stays open."""
    cursor = connection.cursor()  # type: ignore[attr-defined]
    recorder._insert_events(cursor, [StoredEvent(uuid4(), 0, "Complaint", PAYLOAD)])


if __name__ == "__main__":
    given = json.load(sys.stdin)
    do = given.pop("do")
    print(json.dumps({"append": append, "gap": gap}[do](**given)))

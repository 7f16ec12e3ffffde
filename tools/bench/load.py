"""The generator of the whole-path cell: files complaints over kept-alive connections, in its own process.

    python -m bench.load PORT RATE SECONDS CONNECTIONS

RATE 0 means as fast as the answers come (closed loop). With a rate, a complaint's clock starts when it was
due to be sent, so that a slow answer also counts for those that had to wait behind it. Prints JSON.
"""

import asyncio
import json
import sys
import time

import uvloop

from bench.whole import COMPLAINT, request


class LoadResults:
    """What became of each complaint: reference, when it was due to be sent, when it was answered."""

    def __init__(self) -> None:
        self.filed: list[tuple[str, float, float]] = []
        self.refused: dict[int, int] = {}


async def send(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    due_s: float,
    results: LoadResults,
    body: bytes,
) -> None:
    """File one complaint and note how it fared."""
    writer.write(request(body) + body)
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
    answer = await reader.readexactly(length)
    answered_s = time.monotonic()
    status = int(head.split(b" ", 2)[1])
    if status == 201:
        results.filed.append((json.loads(answer)["reference"], due_s, answered_s))
    else:
        results.refused[status] = results.refused.get(status, 0) + 1


async def main(port: int, rate: float, seconds: float, connections: int) -> None:
    """Run the load and print what happened."""
    body, results = json.dumps(COMPLAINT).encode(), LoadResults()
    began_s = time.monotonic()
    ends_s = began_s + seconds
    sent = 0

    async def work() -> None:
        nonlocal sent
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while True:
            due_s = began_s + sent / rate if rate else time.monotonic()
            if due_s >= ends_s:
                break
            sent += 1
            await asyncio.sleep(max(0.0, due_s - time.monotonic()))
            await send(reader, writer, due_s, results, body)
        writer.close()

    await asyncio.gather(*(work() for _ in range(connections)))
    print(
        json.dumps(
            {
                "filed": results.filed,
                "refused": results.refused,
                "began_s": began_s,
                "cpu_s": time.process_time(),
            }
        )
    )


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])))

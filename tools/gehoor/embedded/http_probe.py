"""Ask a process on this machine whether it is ready, over HTTP and with nothing but sockets."""

import asyncio

from gehoor.embedded.ports import HOST

ANSWERS_WITHIN_S = 2.0
_LONGEST_ANSWER = 4096


async def ask(port: int, path: str = "/readyz") -> tuple[int, str]:
    """Give status and the beginning of the body; (0, reason) when nobody answers in time."""
    try:
        async with asyncio.timeout(ANSWERS_WITHIN_S):
            reader, writer = await asyncio.open_connection(HOST, port)
            try:
                writer.write(
                    f"GET {path} HTTP/1.1\r\nHost: {HOST}:{port}\r\nConnection: close\r\n\r\n".encode()
                )
                answer = (await reader.read(_LONGEST_ANSWER)).decode(errors="replace")
            finally:
                writer.close()
    except (OSError, TimeoutError) as error:
        return 0, str(error) or type(error).__name__
    head, _, body = answer.partition("\r\n\r\n")
    words = head.split(" ", 2)
    return (int(words[1]), body) if len(words) > 1 and words[1].isdigit() else (0, "not HTTP")


async def is_ready(port: int) -> bool:
    """Return whether `/readyz` answers 200."""
    status, _ = await ask(port)
    return status == 200

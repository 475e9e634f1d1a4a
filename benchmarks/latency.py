"""A relay on loopback that lets every request wait, as a server far away would.

The emulated AWS answers within a millisecond and with one thread, so that what a run waits for is
cores alone. AWS takes its time, and answers others meanwhile: behind this relay so does the
emulated one.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

_CHUNK = 1 << 16
_LOOPBACK = "127.0.0.1"


@contextmanager
def relay(port: int, seconds: float) -> Iterator[int]:
    """Relay connections to a port of this machine for as long as the block lasts.

    Args:
        port: of the server.
        seconds: that what a client sends is held back.

    Yields:
        The port to call instead.
    """
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(
        asyncio.start_server(lambda r, w: _serve(r, w, port, seconds), _LOOPBACK, 0)
    )
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        loop.call_soon_threadsafe(server.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


async def _serve(
    client: asyncio.StreamReader, answers: asyncio.StreamWriter, port: int, seconds: float
) -> None:
    """Serve one connection."""
    server, requests = await asyncio.open_connection(_LOOPBACK, port)
    with closing(answers), closing(requests):
        back = asyncio.create_task(_copy(server, answers, 0))
        await _copy(client, requests, seconds)
        await back


async def _copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter, seconds: float) -> None:
    try:
        while chunk := await source.read(_CHUNK):
            await asyncio.sleep(seconds)
            sink.write(chunk)
            await sink.drain()
        sink.write_eof()
    except OSError:  # one of the two hung up
        sink.close()

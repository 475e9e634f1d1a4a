"""The emulated AWS as a process: `python -m cellfactory.sandbox.server --world FILE --ready FILE`.

It listens on the loopback address only, answers nobody who calls it by another name,
prints nothing, and ends cleanly on SIGTERM and SIGINT. All state is in memory.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import signal
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from cellfactory.files import write_whole
from cellfactory.sandbox.world import World, parse_world

if TYPE_CHECKING:
    from waitress.server import TcpWSGIServer

LOOPBACK = "127.0.0.1"
REMEMBERED = 500  # answers; a call is repeated within seconds
BACKLOG = 1024  # connections that may wait to be taken
CONNECTIONS = 2000
LOOK_SECONDS = 1.0  # at whether the parent is still there
IDLE_SECONDS = 600  # far more than clients keep an idle connection, so that they close it first
ENVIRONMENT = {  # read by moto when it is imported
    "MOTO_EC2_LOAD_DEFAULT_AMIS": "false",
    "MOTO_DISABLE_GLOBAL_CORS": "true",
    "S3_IGNORE_SUBDOMAIN_BUCKETNAME": "true",
}

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def make_server(world: World, port: int = 0) -> TcpWSGIServer:
    """Make the emulator hold a world and bind its port, without serving yet.

    The emulator's state belongs to the process: one world a process. Its tables are plain
    dictionaries, so one thread answers all requests, one after the other.

    Args:
        port: TCP port on the loopback address; 0 takes a free one.
    """
    os.environ.update(ENVIRONMENT)
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from waitress.server import create_server

    from cellfactory.sandbox.emulator import build_world

    build_world(world)
    calls = os.environ.get("CELLFACTORY_SANDBOX_CALLS")
    if calls:
        from cellfactory.sandbox.authorization import watch_calls
        from cellfactory.sandbox.recording import Recorder

        watch_calls(Recorder(Path(calls)))
    for name in ("waitress", "waitress.queue"):  # the second tells that requests wait
        logging.getLogger(name).setLevel(logging.CRITICAL)
    server: TcpWSGIServer = create_server(
        guarded(repeating(DomainDispatcherApplication(create_backend_app))),
        host=LOOPBACK,
        port=port,
        threads=1,
        backlog=BACKLOG,
        connection_limit=CONNECTIONS,
        channel_timeout=IDLE_SECONDS,
        asyncore_use_poll=True,  # select() ends at 1,024 descriptors
    )
    os.environ["MOTO_PORT"] = str(server.effective_port)
    return server


def guarded(application: Application) -> Application:
    """Answer no web page in a browser, and nothing that is no API of AWS's.

    A page of another site can send a simple request here, with the right host. A browser says so
    (`Origin`, `Sec-Fetch-Site`), and no AWS SDK does. What moto has below `/moto-api/` empties
    the world, writes files, and can call this very server, which then waits for itself.
    """

    def answer(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        host = str(environ.get("HTTP_HOST", "")).rpartition(":")[0]
        why = ""
        if host not in (LOOPBACK, "localhost"):
            why = "this server answers on the loopback address only"
        elif "HTTP_ORIGIN" in environ or "HTTP_SEC_FETCH_SITE" in environ:
            why = "this server answers no browser"
        elif _first_part(environ) == "moto-api":
            why = "this server has the APIs of AWS, and no others"
        if why:
            start("403 Forbidden", [("Content-Type", "text/plain")])
            return [f"{why}\n".encode()]
        environ["RAW_URI"] = environ["REQUEST_URI"]  # what moto calls the path as it was sent
        return application(environ, start)

    return answer


def _first_part(environ: Mapping[str, Any]) -> str:
    """The first part of a path, however it is written."""
    path = unquote(unquote(str(environ.get("PATH_INFO", ""))))
    return next((part.lower() for part in path.split("/") if part not in ("", ".")), "")


def stay_at_home() -> None:
    """Let this process connect to nowhere.

    One thread answers all requests: one that called this server again would wait for ever.
    """

    def refuse(event: str, _: object) -> None:
        if event == "socket.connect":
            msg = "the emulated AWS calls nobody"
            raise PermissionError(msg)

    sys.addaudithook(refuse)


def repeating(application: Application) -> Application:
    """Give the same answer again to who asks again because the first one got lost.

    A busy client now and then hangs up before it has read an answer. An AWS SDK then sends the
    call again under the same id, and a Create that was carried out would find what it has made.
    Only success is remembered: what has failed is to be tried anew.
    """
    from werkzeug.test import run_wsgi_app

    given: OrderedDict[str, tuple[str, list[tuple[str, str]], list[bytes]]] = OrderedDict()

    def answer(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        call = str(environ.get("HTTP_AMZ_SDK_INVOCATION_ID", ""))
        told = given.get(call)
        if told is None:
            chunks, status, headers = run_wsgi_app(application, environ, buffered=True)
            told = status, headers.to_wsgi_list(), list(chunks)
            if call and status.startswith("2"):
                given[call] = told
                if len(given) > REMEMBERED:
                    given.popitem(last=False)
        start(told[0], told[1])
        return told[2]

    return answer


def main(arguments: list[str] | None = None) -> int:
    """Serve a world until a signal says stop; the exit code is 0 then, 2 for a bad world."""
    parser = argparse.ArgumentParser(prog="python -m cellfactory.sandbox.server")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port")
    parser.add_argument("--world", type=Path, required=True, help="what exists at the start (JSON)")
    parser.add_argument("--ready", type=Path, required=True, help="written when it answers")
    parser.add_argument("--parent", type=int, help="end when this process, its parent, has ended")
    options = parser.parse_args(arguments)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stop)
    try:
        world = parse_world(options.world.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        parser.error(f"{options.world}: {error}")
    try:
        server = make_server(world, options.port)
        stay_at_home()
        if options.parent is not None:
            threading.Thread(target=_end_with, args=[options.parent], daemon=True).start()
        _announce(options.ready, server.effective_port)
        server.run()
    except KeyboardInterrupt:
        return 0
    return 0


def _end_with(parent: int) -> None:
    """End once the parent has, even where it was killed and could not say so."""
    while os.getppid() == parent:
        time.sleep(LOOK_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _announce(path: Path, port: int) -> None:
    where = {"endpoint": f"http://{LOOPBACK}:{port}", "pid": os.getpid()}
    write_whole(path, json.dumps(where) + "\n")


if __name__ == "__main__":
    sys.exit(main())

"""The emulated AWS as a process: `python -m factory.sandbox.server --world FILE --ready FILE`.

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
from collections.abc import Callable, Iterable
from pathlib import Path
from threading import Lock
from types import FrameType
from typing import TYPE_CHECKING, Any

from factory.files import write_whole
from factory.sandbox.world import World, parse_world

if TYPE_CHECKING:
    from werkzeug.serving import BaseWSGIServer

LOOPBACK = "127.0.0.1"
ENVIRONMENT = {  # read by moto when it is imported
    "MOTO_EC2_LOAD_DEFAULT_AMIS": "false",
    "MOTO_DISABLE_GLOBAL_CORS": "true",
    "S3_IGNORE_SUBDOMAIN_BUCKETNAME": "true",
}

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def make_server(world: World, port: int = 0) -> BaseWSGIServer:
    """Make the emulator hold a world and bind its port, without serving yet.

    The emulator's state belongs to the process: one world a process.

    Args:
        port: TCP port on the loopback address; 0 takes a free one.
    """
    os.environ.update(ENVIRONMENT)
    from moto.moto_server.werkzeug_app import (
        DomainDispatcherApplication,
        MotoRequestHandler,
        create_backend_app,
    )
    from werkzeug import serving

    from factory.sandbox.emulator import build_world

    build_world(world)
    application = guarded(DomainDispatcherApplication(create_backend_app))
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = serving.make_server(
        LOOPBACK, port, application, threaded=True, request_handler=MotoRequestHandler
    )
    os.environ["MOTO_PORT"] = str(server.port)
    return server


def guarded(application: Application) -> Application:
    """Answer one request at a time, and none that names another host.

    The emulator's tables are plain dictionaries, so requests must not overlap; the
    check of the name keeps web pages in a browser from reaching the emulator.
    """
    one_at_a_time = Lock()

    def answer(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        host = str(environ.get("HTTP_HOST", "")).rpartition(":")[0]
        if host not in (LOOPBACK, "localhost"):
            start("403 Forbidden", [("Content-Type", "text/plain")])
            return [b"this server answers on the loopback address only\n"]
        with one_at_a_time:
            return application(environ, start)

    return answer


def main(arguments: list[str] | None = None) -> int:
    """Serve a world until a signal says stop; the exit code is 0 then, 2 for a bad world."""
    parser = argparse.ArgumentParser(prog="python -m factory.sandbox.server")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port")
    parser.add_argument("--world", type=Path, required=True, help="what exists at the start (JSON)")
    parser.add_argument("--ready", type=Path, required=True, help="written when it answers")
    options = parser.parse_args(arguments)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stop)
    try:
        world = parse_world(options.world.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        parser.error(f"{options.world}: {error}")
    try:
        server = make_server(world, options.port)
        _announce(options.ready, server.port)
        server.serve_forever()
    except KeyboardInterrupt:
        return 0
    return 0


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _announce(path: Path, port: int) -> None:
    where = {"endpoint": f"http://{LOOPBACK}:{port}", "pid": os.getpid()}
    write_whole(path, json.dumps(where) + "\n")


if __name__ == "__main__":
    sys.exit(main())

"""A headless Chromium, steered over a pair of pipes: no port, no driver, no package."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

# Chromium reads its orders from descriptor 3 and answers on 4.
_PLACE_PIPES = """
import fcntl, os, sys
orders, answers = (fcntl.fcntl(int(word), fcntl.F_DUPFD, 10) for word in sys.argv[1:3])
os.dup2(orders, 3)
os.dup2(answers, 4)
os.execv(sys.argv[3], sys.argv[3:])
"""


def find_chromium() -> Path | None:
    """Find a Chromium on this machine."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((Path(found) for name in names if (found := shutil.which(name))), None)


class Browser:
    """One page of one browser. Remembers every answer that the page got."""

    def __init__(self, requests: int, answers: int) -> None:
        self._requests = requests
        self._answers = answers
        self._rest = b""
        self._number = 0
        self._session = ""
        self.answers: list[tuple[int, str]] = []  # status, URL
        self.failures: list[str] = []
        self._open: set[str] = set()
        self._loaded = False

    def begin(self) -> None:
        """Open a page and listen to its network."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Network", "Runtime"):
            self.call(f"{domain}.enable")

    def visit(self, url: str, *, seconds: float = 60.0) -> None:
        """Go to a page and wait until it has loaded and asks for nothing more."""
        self._loaded = False
        self.call("Page.navigate", url=url)
        until, quiet_since = time.monotonic() + seconds, time.monotonic()
        while time.monotonic() < until:
            if self._read(0.1):
                quiet_since = time.monotonic()
            if self._loaded and not self._open and time.monotonic() - quiet_since > 0.5:
                return
        msg = f"{url} still loads: {self._open}"
        raise AssertionError(msg)

    def evaluate(self, expression: str) -> Any:
        """Run an expression in the page."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        return answer["result"].get("value")

    def take_picture(self, path: Path) -> None:
        """Write what is seen as PNG."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot")["data"]))

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Call a method of the DevTools protocol."""
        self._number += 1
        number = self._number
        message: dict[str, Any] = {"id": number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._requests, json.dumps(message).encode() + b"\0")
        until = time.monotonic() + 60
        while time.monotonic() < until:
            for answer in self._read(1.0):
                if answer.get("id") == number:
                    assert "error" not in answer, answer
                    result: dict[str, Any] = answer["result"]
                    return result
        raise AssertionError(method)

    def _read(self, seconds: float) -> list[dict[str, Any]]:
        ready, _, _ = select.select([self._answers], [], [], seconds)
        if not ready:
            return []
        *messages, self._rest = (self._rest + os.read(self._answers, 2**20)).split(b"\0")
        found = [json.loads(message) for message in messages]
        for message in found:
            self._note(message.get("method", ""), message.get("params", {}))
        return found

    def _note(self, method: str, event: dict[str, Any]) -> None:
        match method:
            case "Page.loadEventFired":
                self._loaded = True
            case "Network.requestWillBeSent" if urlsplit(event["request"]["url"]).scheme != "data":
                self._open.add(event["requestId"])
            case "Network.responseReceived":
                self.answers.append((event["response"]["status"], event["response"]["url"]))
            case "Network.loadingFinished":
                self._open.discard(event["requestId"])
            case "Network.loadingFailed":
                self._open.discard(event["requestId"])
                self.failures.append(event["errorText"])


@contextlib.contextmanager
def browse(binary: Path, profile: Path, *, size: str = "1280,800") -> Iterator[Browser]:
    """Run a browser with a profile of its own."""
    to_browser, from_us = os.pipe()
    from_browser, to_us = os.pipe()
    command = [
        sys.executable, "-c", _PLACE_PIPES, str(to_browser), str(to_us), str(binary),
        "--headless=new", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu",
        "--disable-dev-shm-usage", "--disable-background-networking", "--no-first-run",
        "--disable-component-update", "--hide-scrollbars", f"--window-size={size}",
        f"--user-data-dir={profile}",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    ]  # fmt: skip
    with (profile.parent / "chromium.log").open("wb") as log:
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            pass_fds=(to_browser, to_us), start_new_session=True,
            env={"PATH": os.environ["PATH"], "HOME": str(profile)},
        )  # fmt: skip
    os.close(to_browser)
    os.close(to_us)
    try:
        browser = Browser(from_us, from_browser)
        browser.begin()
        yield browser
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, 9)
        child.wait(20)
        os.close(from_us)
        os.close(from_browser)

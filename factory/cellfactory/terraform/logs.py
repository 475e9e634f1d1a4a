"""What Terraform said, kept in a file for each stack and command: the last run and the one before.

So a run that hangs can be looked at, and one that was killed leaves something to read.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

EARLIER = ".1"
"""What the name of the log before the last one has behind the command."""


def new_log(folder: Path, arguments: Sequence[str]) -> Path | None:
    """Begin the log of a command, and keep the one before as `<command>.1.log`.

    Args:
        folder: of the logs of a stack.
        arguments: what Terraform is asked, which is the first line of the log.

    Returns:
        The log; None where it cannot be written, which keeps nobody from his work.
    """
    log = folder / f"{arguments[0]}.log"
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        if log.exists():
            log.replace(log.with_name(f"{arguments[0]}{EARLIER}.log"))
        log.touch(0o600)  # what Terraform says is for its user alone
        log.write_text(f"$ terraform {' '.join(arguments)}\n", "utf-8")
        return log
    return None

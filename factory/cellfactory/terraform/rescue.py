"""A state that Terraform could not put where it belongs is the only one: nothing of ours loses it.

Where an upload fails, as with credentials that ran out in the middle, Terraform leaves the state in
its work folder. Where that fails too, as on a full disk, it says it, once. Whoever applies without
it makes everything a second time. So it is kept in two places, and pushed before anything else is
done to the stack.

Source:
    https://developer.hashicorp.com/terraform/cli/commands/state/push
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from cellfactory.errors import FactoryError, Finding
from cellfactory.files import read_text, write_whole
from cellfactory.layers import StackId
from cellfactory.processes import Finished
from cellfactory.terraform.advice import terraform_line
from cellfactory.terraform.registry import Registry
from cellfactory.terraform.target import Target
from cellfactory.terraform.workspace import Workspace

ERRORED = "errored.tfstate"  # as Terraform calls it
Run = Callable[..., Finished]
"""Runs one command of Terraform's in a work folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rescue:
    """Where states are kept that have not found their place."""

    target: Target
    registry: Registry

    def keep(self, stack: StackId, dumped: str) -> tuple[str, ...]:
        """Keep the state that a command of Terraform's left behind, if it left one.

        Args:
            stack: the stack.
            dumped: the state as Terraform said it, where it could write it nowhere; or empty.

        Returns:
            The places where it lies now; none where there is nothing to keep.
        """
        file = self.target.work_folder(stack) / ERRORED
        if not dumped and not _holds_something(file):
            return ()
        places = list(_written(file, stack, dumped)) if dumped else [str(file)]
        with contextlib.suppress(FactoryError):  # what refused the state may refuse this, too
            places.append(self.registry.keep_state(stack, dumped or read_text(file)))
        return tuple(places) or (f"this very message: {dumped}",)

    def refuse(self, stack: StackId) -> Finding | None:
        """Refuse to plan without a state that waits to be pushed.

        Rules:
            F650: there is one.
        """
        file = self.target.work_folder(stack) / ERRORED
        if not _holds_something(file) and not self.registry.kept_state(stack):
            return None
        return self.finding(stack, (str(file),), "it is pushed first by the next apply or destroy")

    def push(self, space: Workspace, run: Run) -> Finished | None:
        """Put a state that was kept where it belongs, before anything else is done.

        Terraform itself refuses one that is older than what is there, or of something else.

        Returns:
            What Terraform said where it refused; None where all is well.
        """
        file = space.folder / ERRORED
        if not _holds_something(file):
            kept = self.registry.kept_state(space.stack)
            if not kept:
                return None
            write_whole(file, kept)
        pushed = run("state", "push", "-lock-timeout=60s", ERRORED)
        if pushed.code != 0:
            return pushed
        self.registry.drop_state(space.stack)
        file.unlink(missing_ok=True)
        return None

    def finding(self, stack: StackId, places: tuple[str, ...], then: str) -> Finding:
        """Say where a state lies that has not found its place, and what becomes of it."""
        push = terraform_line(stack, self.target.mode, "state", "push", ERRORED)
        keep = "keep it: without it everything would be made a second time"
        return Finding(
            rule="F650",
            stack=stack.name,
            message="its state could not be saved where it belongs; the only one lies in "
            + " and in ".join(places),
            hint=f"{keep}\n{then}, or by: {push}",
        )


def _holds_something(file: Path) -> bool:
    return file.is_file() and file.stat().st_size > 0


def _written(file: Path, stack: StackId, dumped: str) -> Iterator[str]:
    """Write a state that Terraform could not; where its disk is full another one may do."""
    with contextlib.suppress(FactoryError):
        write_whole(file, dumped, private=True)
        yield str(file)
        return
    with contextlib.suppress(FactoryError, OSError):
        place = Path(tempfile.gettempdir()) / f"cellfactory-{stack.name}.tfstate"
        write_whole(place, dumped, private=True)
        yield str(place)

"""What an import guesses, since AWS does not tell it: put into the state as the plan has it.

Source:
    https://github.com/hashicorp/terraform-provider-aws/issues/39058
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from cellfactory.files import write_whole
from cellfactory.layers import StackId
from cellfactory.terraform.identify import Known, found_at, steps
from cellfactory.terraform.messages import Report
from cellfactory.terraform.results import Result
from cellfactory.terraform.running import LOCK_TIMEOUT, RunContext, failed_result, run_terraform
from cellfactory.terraform.workspace import Workspace

MENDED = "mended.tfstate"
Unread = Mapping[str, Mapping[str, Any]]
"""Values by address and attribute, as `ignore_changes` writes that."""


def ignoring(known: Iterable[Known]) -> dict[str, Any]:
    """Make an override by which an import changes nothing that it guesses; empty for nothing."""
    resources: dict[str, dict[str, Any]] = {}
    for one in known:
        if one.unread:
            kind, _, name = one.address.partition(".")
            lifecycle = {"lifecycle": {"ignore_changes": sorted(one.unread)}}
            resources.setdefault(kind, {})[name] = lifecycle
    return {"resource": resources} if resources else {}


def mend(
    context: RunContext, stack: StackId, space: Workspace, known: Iterable[Known]
) -> Result | None:
    """Put into the state of a stack what its imports guessed.

    Terraform refuses the push where the state is not the one any more that was pulled.

    Returns:
        What became of the stack where it failed; None where all is well.
    """
    unread = {one.address: one.unread for one in known if one.unread}
    if not unread:
        return None
    pulled = run_terraform(context, space, "state", "pull")
    if pulled.code != 0:
        return failed_result(context, stack, Report(), pulled)
    mended = mend_state(pulled.stdout, unread)
    if mended is None:
        return None
    file = space.folder / MENDED
    try:
        write_whole(file, mended, private=True)
        pushed = run_terraform(context, space, "state", "push", LOCK_TIMEOUT, MENDED)
    finally:
        file.unlink(missing_ok=True)
    return failed_result(context, stack, Report(), pushed) if pushed.code != 0 else None


def mend_state(text: str, unread: Unread) -> str | None:
    """Put values into a state; None where they are there already."""
    state = json.loads(text)
    is_changed = False
    for resource in state["resources"]:
        values = unread.get(f"{resource['type']}.{resource['name']}", {})
        for instance in resource["instances"] if values else ():
            for path, value in values.items():
                *above, last = steps(path)
                holder = instance["attributes"]
                for step in above:
                    holder = holder[step]
                is_changed = is_changed or found_at(instance["attributes"], path) != value
                holder[last] = value
    if not is_changed:
        return None
    return json.dumps({**state, "serial": state["serial"] + 1}, indent=2) + "\n"

"""A stand-in for Terraform that only talks like it: it makes nothing and reads no configuration.

The folder it runs in is named after a stack. What it does for a stack stands in the JSON file
that `FAKE_SCRIPT` names, by stack and command; what it was asked to do goes to `FAKE_LOG`.
It is started thousands of times, and imports as little as it can.
"""

# ruff: noqa: PTH109, PTH118, PTH119, PTH120, PTH123 - to import pathlib doubles the time of a start

from __future__ import annotations

import json
import os
import signal
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

STACK = os.path.basename(os.getcwd())
interrupts: list[int] = []


def main(arguments: list[str]) -> int:
    command = arguments[0]
    if command == "version":
        print(json.dumps({"terraform_version": "1.11.4"}))
        return 0
    for signum in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, lambda number, _frame: interrupts.append(number))
    script = json.loads(read(os.environ["FAKE_SCRIPT"]))
    told: dict[str, Any] = script.get(STACK, {}).get(command, {})
    log("begin", command, arguments[1:])
    waited_until = time.monotonic() + told.get("seconds", 0)
    while time.monotonic() < waited_until and not interrupts:
        time.sleep(0.01)
    lingers_until = time.monotonic() + (told.get("lingers", 0) if interrupts else 0)
    while time.monotonic() < lingers_until:  # as a provider that waits for AWS
        time.sleep(0.01)
    code = 1 if interrupts else answer(command, arguments[1:], told)
    log("end", command, [str(code), *map(str, interrupts)])
    return code


def answer(command: str, arguments: list[str], told: dict[str, Any]) -> int:
    tell(told)
    if "remembers" in told:  # what the file says that a variable leads to
        beside = os.path.dirname(os.environ["FAKE_LOG"])
        write(os.path.join(beside, "remembered"), read(os.environ[told["remembers"]]))
    if "error" in told:
        return refuse(command, told["error"])
    changes, outputs = told.get("changes", ()), told.get("outputs", {})
    match command:
        case "validate":
            print(json.dumps({"diagnostics": []}))
        case "output":
            print(json.dumps({name: {"value": value} for name, value in outputs.items()}))
        case "show":
            print(json.dumps(told["document"] if "document" in told else shown()))
        case "plan":
            return plan(arguments, changes)
        case "apply" | "destroy":
            for change in changes:
                say("apply_complete", hook=described(change))
            say(
                "outputs", outputs={n: {"sensitive": False, "value": v} for n, v in outputs.items()}
            )
    return 0


def tell(told: dict[str, Any]) -> None:
    """Say and leave behind what the script wants, whatever comes after."""
    for part in told.get("prints", ()):
        print(part)
    for change in told.get("begins", ()):
        say("apply_start", hook=described(change))
    for change in told.get("ends", ()):
        say("apply_complete", hook=described(change))
    if "leaves" in told:
        write("errored.tfstate", told["leaves"])


def refuse(command: str, why: str) -> int:
    told = {"severity": "error", "summary": why, "detail": "because\nof that", "address": "a.b"}
    if command in ("init", "state"):
        sys.stderr.write(f"Error: {why}\n")
    elif command == "validate":
        print(json.dumps({"diagnostics": [told]}))
    else:
        say("diagnostic", diagnostic=told)
    return 1


def plan(arguments: list[str], changes: Sequence[dict[str, str]]) -> int:
    for change in changes:
        say("planned_change", change=described(change))
    for argument in arguments:
        if argument.startswith("-out="):
            write(argument.removeprefix("-out="), "a plan")
    return 2 if changes else 0


def shown() -> dict[str, Any]:
    """What `show` says of a plan of which nothing else is said: its changes, without values."""
    script = json.loads(read(os.environ["FAKE_SCRIPT"]))
    changes = script.get(STACK, {}).get("plan", {}).get("changes", ())
    return {"format_version": "1.2", "resource_changes": [shown_change(c) for c in changes]}


def shown_change(change: dict[str, Any]) -> dict[str, Any]:
    """A change as `show` has it; `before` and `after` are its values where they are given."""
    kind, _, rest = change["address"].partition(".")
    actions = {"replace": ["delete", "create"]}.get(change["action"], [change["action"]])
    values = {"before": change.get("before"), "after": change.get("after")}
    more = {n: change[n] for n in ("after_unknown", "after_sensitive") if n in change}
    return {
        "address": change["address"],
        "mode": "managed",
        "type": kind,
        "name": rest.partition("[")[0],
        "change": {"actions": actions, **values, **more},
    }


def described(change: dict[str, str]) -> dict[str, Any]:
    kind, _, rest = change["address"].partition(".")
    key = rest.partition('["')[2].removesuffix('"]')
    resource = {"addr": change["address"], "resource_type": kind, "resource_key": key or None}
    extra = {n: change[n] for n in ("reason",) if n in change}
    made = {"id_key": "id", "id_value": change["id"]} if "id" in change else {}
    return {"resource": resource, "action": change["action"], **extra, **made}


def say(kind: str, **body: Any) -> None:
    print(json.dumps({"type": kind, **body}), flush=True)


def log(event: str, command: str, arguments: list[str]) -> None:
    write(os.environ["FAKE_LOG"], json.dumps([event, STACK, command, arguments]) + "\n", "a")


def read(path: str) -> str:
    with open(path, encoding="utf-8") as stream:
        return stream.read()


def write(path: str, text: str, mode: str = "w") -> None:
    with open(path, mode, encoding="utf-8") as stream:
        stream.write(text)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

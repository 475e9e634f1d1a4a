"""Write `tests/unit/layers/recorded_calls.jsonl`: one call of each sort that a ladder made.

    python -m tools.recorded_calls DIR…        # the logs that `measure_actions --keep DIR` left
    python -m tools.recorded_calls --add DIR…  # of layers that the file lacks, to those it has

Calls that ask IAM the same, of other things of the same kinds, are one. What is long and asks
nothing, such as the text of a policy, is left out.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from cellfactory.files import write_whole
from cellfactory.layers.scopes import TYPES
from cellfactory.sandbox.asking import Call, questions
from tools.actions_run import CALLS

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "tests" / "unit" / "layers" / "recorded_calls.jsonl"
LONGEST = 120  # characters of a text that is kept
OURS = "cellfactory"  # what the names of our commands' sessions begin with
COMMANDS = {"rings": "cluster", "sweep": "network", "wait": "network"}  # and whom they are for
KEPT = ("service", "operation", "account", "region", "parameters", "tags", "related")
_OWN = re.compile(r"[0-9a-f]{8,}(-[0-9a-f]+)*|\d{12}|/[A-Z][^ ]*$")


def rows(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Yield the calls of stacks, the first of each sort."""
    seen: set[str] = set()
    every = [json.loads(line) for line in lines]
    cells = dict(_cells(every))
    for told in every:
        cell, _, layer = str(told["session"]).rpartition("-")
        if cell == OURS:
            cell, layer = cells.get(told["account"], ""), COMMANDS.get(layer, "")
        if layer not in TYPES or told["service"] == "sts":
            continue
        call = {name: told[name] for name in KEPT}
        key = sort_of(layer, Call(**call))
        if key not in seen:
            seen.add(key)
            yield {"layer": layer, "cell": cell, **_short(call)}


def _cells(every: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """Yield each account of a cell, and the cell."""
    for told in every:
        cell, _, layer = str(told["session"]).rpartition("-")
        if layer in TYPES and layer != "account":
            yield told["account"], cell


def sort_of(layer: str, call: Call) -> str:
    """What a call asks of IAM, whatever its things are called."""
    asked = sorted(
        f"{q.action} {_OWN.sub('', q.resource)} {sorted(key for key in q.context)}"
        for q in questions(call)
    )
    return f"{layer} {call.operation} {asked}"


def _short(value: Any) -> Any:
    """Leave out what is long."""
    if isinstance(value, Mapping):
        made = {key: _short(one) for key, one in value.items()}
        return {key: one for key, one in made.items() if one != ""}
    if isinstance(value, list):
        return [_short(one) for one in value]
    return "" if isinstance(value, str) and len(value) > LONGEST else value


def main() -> int:
    """Write the file."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("logs", type=Path, nargs="+", help="folders of ladders' logs")
    parser.add_argument("--add", action="store_true", help="keep what the file has of other layers")
    options = parser.parse_args()
    lines = TARGET.read_text("utf-8").splitlines() if options.add else []
    held = {json.loads(line)["layer"] for line in lines}
    for folder in options.logs:
        with (folder / CALLS).open(encoding="utf-8") as file:
            found = [row for row in rows(file) if row["layer"] not in held]
        lines += [json.dumps(row, sort_keys=True) for row in found]
    write_whole(TARGET, "\n".join(sorted(lines)) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

"""On which line of a document a resource stands."""

from __future__ import annotations

import re
from collections.abc import Mapping

_TOKEN = re.compile(r'"([^"\\]*(?:\\.[^"\\]*)*)"\s*(:?)|[{}]')
_PREFIXES = {  # of an address, by the word that begins a path, and the path's length
    **{("resource", 3): "", ("data", 3): "data.", ("variable", 2): "var."},
    **{("output", 2): "output.", ("provider", 2): "provider.", ("terraform", 1): "terraform"},
}

_DEEPEST = max(length for _, length in _PREFIXES)


def lines_of(text: str) -> Mapping[str, int]:
    """Tell where each resource and part of a document begins.

    Args:
        text: the JSON of a stack, written in any way.

    Returns:
        Line by address without row, such as `aws_vpc.cell`, `data.aws_ami.arm`, `var.vpc_id` or
        `provider.aws`; lines count from 1.

    >>> lines_of('{"resource": {\\n"aws_vpc": {"cell": {}}}}')["aws_vpc.cell"]
    2
    """
    found: dict[str, int] = {}
    path = [""] * (_DEEPEST + 1)  # the key that was last seen in each of the outer braces
    line, told, depth = 1, 0, 0
    for match in _TOKEN.finditer(text):
        name, colon = match.groups()
        if name is None:
            depth += 1 if match[0] == "{" else -1
        elif colon and 0 < depth <= _DEEPEST:
            path[depth] = name
            address = _address(tuple(path[1 : depth + 1]))
            if address is not None and address not in found:
                line += text.count("\n", told, match.start(2))
                told = match.start(2)
                found[address] = line
    return found


def _address(path: tuple[str, ...]) -> str | None:
    """Name what stands at a path of keys; None where no rule speaks of it.

    >>> _address(("data", "aws_ami", "arm")), _address(("variable", "a")), _address(("locals", "a"))
    ('data.aws_ami.arm', 'var.a', None)
    """
    prefix = _PREFIXES.get((path[0], len(path)))
    return None if prefix is None else prefix + ".".join(path[1:])


def line_in(lines: Mapping[str, int], address: str) -> int:
    """Find the line of an address, with its row or its alias; 0 where it stands nowhere."""
    if address.startswith("backend"):
        address = "terraform"
    whole = address.partition("[")[0]
    parts = whole.split(".")
    shorter = (".".join(parts[:count]) for count in range(len(parts), 0, -1))
    return next((lines[name] for name in shorter if name in lines), 0)

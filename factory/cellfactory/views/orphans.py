"""How it looks what is in AWS and in no state."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from itertools import groupby
from typing import Any

from cellfactory.runs.adopt import Adoption, Unplaced
from cellfactory.terraform.adopting import Imports, render_blocks
from cellfactory.terraform.advice import terraform_line
from cellfactory.terraform.orphans import Orphan
from cellfactory.terraform.target import Mode
from cellfactory.words import counted


def render_orphans(orphans: Sequence[Orphan], asked: int) -> str:
    """Render what was found, by account, Region and stack, with a line of sums below it.

    >>> render_orphans([], 2)
    '0 orphans in 2 accounts and Regions'
    """
    lines: list[str] = []
    rows = sorted(orphans, key=lambda o: (o.account, o.region, o.stack, o.arn))
    for (account, region, stack), group in groupby(
        rows, key=lambda o: (o.account, o.region, o.stack)
    ):
        lines.append(f"account {account}, {region}, tagged {stack}")
        lines += [f"  {orphan.arn}" for orphan in group]
    where = "1 account and Region" if asked == 1 else f"{asked:,} accounts and Regions"
    return "\n".join([*lines, f"{counted(len(rows), 'orphan')} in {where}"])


def to_json(orphans: Iterable[Orphan]) -> list[dict[str, Any]]:
    """Turn orphans into what a machine reads."""
    return [asdict(orphan) for orphan in orphans]


def render_adoption(adoption: Adoption, mode: Mode) -> str:
    """Render the `import` blocks that were found, and what has none, with the reason."""
    blocks = [_of_stack(imports) for imports in adoption.imports if imports.known]
    lines = [f"no import: {line}" for line in _untold(adoption)]
    lines += [_without(one, mode) for one in adoption.unplaced]
    known = counted(sum(len(one.known) for one in adoption.imports), "resource")
    left = counted(len(adoption.unplaced), "orphan")
    return "\n".join([*blocks, *lines, f"{known} to import, {left} without a place"])


def _of_stack(imports: Imports) -> str:
    return f"# {imports.stack}\n{render_blocks(imports.known)}"


def _untold(adoption: Adoption) -> Iterator[str]:
    """Name what is not told beside the orphan that it could be."""
    told = {one.why for one in adoption.unplaced}
    for imports in adoption.imports:
        lines = (f"{one.address}: {one.why}" for one in imports.untold)
        yield from (f"{imports.stack}: {line}" for line in lines if line not in told)


def _without(one: Unplaced, mode: Mode) -> str:
    text = f"no import: {one.orphan.arn}: {one.why}"
    if one.stack is None:
        return text
    line = terraform_line(one.stack, mode, "import", "ADDRESS", import_id(one.orphan.arn))
    return f"{text}\n    to import it all the same: {line}"


def adoption_to_json(adoption: Adoption) -> dict[str, Any]:
    """Turn what was found into what a machine reads."""
    return {
        "imports": [
            {"stack": str(imports.stack), "to": one.address, "id": one.id}
            for imports in adoption.imports
            for one in imports.known
        ],
        "untold": [
            {"stack": str(imports.stack), "address": one.address, "why": one.why}
            for imports in adoption.imports
            for one in imports.untold
        ],
        "unplaced": [{**asdict(one.orphan), "why": one.why} for one in adoption.unplaced],
    }


def import_id(arn: str) -> str:
    """Tell what Terraform imports a resource by: a load balancer by its ARN, others by their id.

    >>> import_id("arn:aws:ec2:us-east-1:444444444444:vpc/vpc-1"), import_id("arn:aws:s3:::logs")
    ('vpc-1', 'logs')
    """
    if ":elasticloadbalancing:" in arn:
        return arn
    return arn.rpartition("/" if "/" in arn else ":")[2]

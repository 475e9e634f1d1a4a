"""What an expression stands on: resources, variables, locals, rows."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Literal, NamedTuple

from cellfactory.tree.nodes import (
    EVERY,
    Access,
    Attribute,
    Call,
    Constant,
    Directive,
    Every,
    For,
    Index,
    Key,
    Name,
    Node,
    ObjectOf,
    Operation,
    Raw,
    Step,
    Template,
    TupleOf,
)
from cellfactory.tree.parser import parse_template
from cellfactory.tree.rendering import address, quoted

Kind = Literal["resource", "data", "variable", "local", "row", "module", "other"]

_KINDS: dict[str, Kind] = {
    "count": "row",
    "data": "data",
    "each": "row",
    "ephemeral": "other",
    "local": "local",
    "module": "module",
    "output": "other",
    "path": "other",
    "self": "other",
    "terraform": "other",
    "var": "variable",
}
_MANY_SUBJECTS = 1 << 14
_THREE_WORDS = ("data", "ephemeral")

PathKey = str | int | Every


class Reference(NamedTuple):
    """A name that an expression uses.

    `subject` names a block or a value of the stack: `aws_vpc.cell`, `data.aws_ami.arm`,
    `var.vpc_id`, `local.edges`, `each.value`. `key` is the row of a resource; None is no index,
    EVERY one that is not known. `path` leads on into the value.
    """

    subject: str
    key: Key = None
    path: tuple[PathKey, ...] = ()

    @property
    def kind(self) -> Kind:
        """What it names."""
        return _kind(self.subject)

    @property
    def name(self) -> str:
        """The name without the word that says the kind, such as "vpc_id" of `var.vpc_id`."""
        return self.subject.partition(".")[2]

    @property
    def address(self) -> str:
        """Of a resource: the address of the row."""
        return address(self.subject, self.key)

    def __str__(self) -> str:
        return self.address + "".join(map(_written, self.path))


@lru_cache(maxsize=_MANY_SUBJECTS)
def _kind(subject: str) -> Kind:
    return _KINDS.get(subject.partition(".")[0], "resource")


def _written(key: PathKey) -> str:
    if isinstance(key, str):
        return f".{key}" if key.replace("-", "_").isidentifier() else f"[{quoted(key)}]"
    return "[*]" if key is EVERY else f"[{key}]"


def references(node: Node, bound: frozenset[str] = frozenset()) -> tuple[Reference, ...]:
    """List what an expression stands on, in the order in which it is written, each once.

    Names that a `for` binds are none; the keys of an index are.

    Args:
        node: the expression.
        bound: names that mean something else where it stands.

    >>> [str(r) for r in references(parse_template("${var.zones[each.key]}-${aws_vpc.cell.id}"))]
    ['var.zones[*]', 'each.key', 'aws_vpc.cell.id']
    """
    if isinstance(node, Access) and isinstance(node.base, Name) and _is_plain(node):
        return () if node.base.name in bound else (_reference(node.base.name, node.steps),)
    return tuple(dict.fromkeys(_walk(node, bound)))


def _is_plain(node: Access) -> bool:
    return all(not isinstance(s, Index) or isinstance(s.key, Constant) for s in node.steps)


def as_reference(node: Node) -> Reference | None:
    """Read a node as the one reference that it is; None when it is anything else."""
    if not isinstance(node, Access) or not isinstance(node.base, Name):
        return None
    return _reference(node.base.name, node.steps)


def _walk(node: Node, bound: frozenset[str]) -> Iterator[Reference]:
    match node:
        case Access():
            yield from _of_access(node, bound)
        case Template():
            yield from _of_template(node, bound)
        case For():
            yield from _of_for(node, bound)
        case Raw():
            yield from _of_raw(node.value, bound)
        case ObjectOf():
            for key, value in node.items:
                yield from _walk(key, bound)
                yield from _walk(value, bound)
        case Call():
            yield from _of_all(node.arguments, bound)
        case TupleOf():
            yield from _of_all(node.items, bound)
        case Operation():
            yield from _of_all(node.operands, bound)


def _of_all(nodes: tuple[Node, ...], bound: frozenset[str]) -> Iterator[Reference]:
    for node in nodes:
        yield from _walk(node, bound)


def _of_access(node: Access, bound: frozenset[str]) -> Iterator[Reference]:
    if not isinstance(node.base, Name):
        yield from _walk(node.base, bound)
    elif node.base.name not in bound:
        yield _reference(node.base.name, node.steps)
    for step in node.steps:
        if isinstance(step, Index):
            yield from _walk(step.key, bound)


def _of_template(node: Template, bound: frozenset[str]) -> Iterator[Reference]:
    around = [bound]
    for part in node.parts:
        if isinstance(part, Directive):
            if part.expression is not None:
                yield from _walk(part.expression, around[-1])
            if part.keyword == "for":
                around.append(around[-1] | {*part.names})
            elif part.keyword == "endfor" and len(around) > 1:
                around.pop()
        elif not isinstance(part, str):
            yield from _walk(part, around[-1])


def _of_for(node: For, bound: frozenset[str]) -> Iterator[Reference]:
    yield from _walk(node.collection, bound)
    inside = bound | {*node.names}
    for part in (node.result_key, node.result, node.condition):
        if part is not None:
            yield from _walk(part, inside)


def _of_raw(value: object, bound: frozenset[str]) -> Iterator[Reference]:
    if isinstance(value, str):
        if "{" in value:
            yield from _walk(parse_template(value), bound)
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _of_raw(key, bound)
            yield from _of_raw(inner, bound)
    elif isinstance(value, list):
        for inner in value:
            yield from _of_raw(inner, bound)


def _reference(root: str, steps: tuple[Step, ...]) -> Reference:
    words = [root]
    most = 3 if root in _THREE_WORDS else 2
    for step in steps:
        if len(words) == most or not isinstance(step, Attribute):
            break
        words.append(step.name)
    path = tuple(map(_path_key, steps[len(words) - 1 :]))
    subject = ".".join(words)
    is_row = root == "data" or root not in _KINDS
    if is_row and path and not isinstance(steps[len(words) - 1], Attribute):
        return Reference(subject, path[0], path[1:])
    return Reference(subject, None, path)


def _path_key(step: Step) -> PathKey:
    if isinstance(step, Attribute):
        return step.name
    if isinstance(step, Index) and isinstance(step.key, Constant):
        known = step.key.value
        return known if type(known) in (str, int) else EVERY  # type: ignore[return-value]
    return EVERY

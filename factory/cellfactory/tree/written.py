"""The strings of a body, read once for all stacks: the same ones stand in those of every cell."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Literal, NamedTuple

from cellfactory.tree.nodes import Access, Constant, Index, Key, Name, Node, Raw, Splat
from cellfactory.tree.parser import parse_template
from cellfactory.tree.references import Reference, as_reference, references

Via = tuple[str | int, ...]
"""Where in a body something is referred to, such as `("tags", "Name")` or `("depends_on", 0)`."""

_MANY_STRINGS = 1 << 16
_TO_AN_ENTRY = 2  # steps: `value` and its key
_NO_NAMES: frozenset[str] = frozenset()

_Shape = Literal["static", "row", "indexed", "other"]


class Written(NamedTuple):
    """A string that refers to something.

    Its shape tells what has to be done for a row: nothing for "static"; "row" is `${each.value.x}`
    alone; "indexed" is one reference with one index, at step `at`, that the row gives; "other" has
    to be evaluated.
    """

    node: Node
    bound: frozenset[str]  # names that mean nothing outside of where it stands
    names: tuple[Reference, ...]
    uses: tuple[Via, ...]  # of the row: ("key",), ("value", "zone"), ("index",)
    shape: _Shape
    at: int
    field: str | None  # the one entry of `each.value` that it uses, where that is all it uses

    def used(self, key: Key, each_value: Node | None) -> Any:
        """Take from a row what is used of it, as it is written; None when it is no scalar."""
        if self.field is not None and type(each_value) is Raw and type(each_value.value) is dict:
            found_text = each_value.value.get(self.field)
            if type(found_text) is str:
                return found_text
        if len(self.uses) == 1:
            return _at(self.uses[0], key, each_value)
        found = tuple([_at(path, key, each_value) for path in self.uses])
        return None if None in found else found

    def names_where(self, used: Any) -> tuple[Reference, ...] | None:
        """List what it stands on in a row that gives so much; None when it must be evaluated."""
        if self.shape == "static":
            return self.names
        if self.shape == "other" or not isinstance(used, str):
            return None
        if "{" in used:
            inner = read_string(used, _NO_NAMES) if self.shape == "row" else None
            return inner.names if inner and inner.shape == "static" else None
        if self.shape == "row":
            return ()
        assert isinstance(self.node, Access)
        steps = self.node.steps
        filled = (*steps[: self.at], Index(Constant(used)), *steps[self.at + 1 :])
        reference = as_reference(Access(self.node.base, filled))
        return None if reference is None else (reference,)


@lru_cache(maxsize=_MANY_STRINGS)
def read_string(written: str, bound: frozenset[str]) -> Written | None:
    """Read a string of a body; None when it refers to nothing."""
    node = parse_template(written)
    names = references(node, bound)
    if not names:
        return None
    shape, at = _shape(node, names)
    uses = _uses(names)
    field = uses[0][1] if len(uses) == 1 and len(uses[0]) == _TO_AN_ENTRY else None
    field = field if isinstance(field, str) and uses[0][0] == "value" else None
    return Written(node, bound, names, uses, shape, at, field)


def _shape(node: Node, names: tuple[Reference, ...]) -> tuple[_Shape, int]:
    kinds = [name.kind for name in names]
    if "row" not in kinds and "local" not in kinds:
        return "static", 0
    if not isinstance(node, Access) or not isinstance(node.base, Name) or "local" in kinds:
        return "other", 0
    if any(isinstance(step, Splat) for step in node.steps):
        return "other", 0
    open_steps = [n for n, s in enumerate(node.steps) if isinstance(s, Index) and not _known(s)]
    if node.base.name == "each":
        return ("other" if open_steps else "row"), 0
    if len(open_steps) != 1 or kinds.count("row") != 1:
        return "other", 0
    step = node.steps[open_steps[0]]
    index = as_reference(step.key) if isinstance(step, Index) else None
    is_plain = index in names and len(names) == 2  # the reference, and its index
    return ("indexed", open_steps[0]) if is_plain else ("other", 0)


def _known(step: Index) -> bool:
    return isinstance(step.key, Constant)


def _uses(names: tuple[Reference, ...]) -> tuple[Via, ...]:
    """List what is used of a row; a path ends where an index is not known."""
    found: dict[Via, None] = {}
    for name in names:
        if name.kind == "row":
            known: list[str | int] = [name.name]
            for key in name.path:
                if not isinstance(key, str | int):
                    break
                known.append(key)
            found[tuple(known)] = None
    return tuple(found)


def _at(path: Via, key: Key, each_value: Node | None) -> Any:
    if path[0] != "value":
        return key
    value: Any = each_value.value if isinstance(each_value, Raw | Constant) else None
    for step in path[1:]:
        value = value.get(step) if isinstance(value, dict) else None
    return value if type(value) in (str, int) else None

"""Follows a reference to what it stands on, through locals, variables and other stacks' outputs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple, TypeAlias

from cellfactory.layers import Source
from cellfactory.tree.containers import into, items_of
from cellfactory.tree.evaluation import deep, evaluate
from cellfactory.tree.nodes import EVERY, Constant, Index, Key, Node, Raw
from cellfactory.tree.references import PathKey, Reference, references
from cellfactory.tree.rendering import address
from cellfactory.tree.unit import Unit
from cellfactory.tree.values import Value, to_value


class Place(NamedTuple):
    """Where a resource stands."""

    stack: str
    address: str

    def __str__(self) -> str:
        return f"{self.stack} {self.address}"


class Target(NamedTuple):
    """A resource, and what of it is meant, such as `("id",)`."""

    place: Place
    path: tuple[PathKey, ...]


class Known(NamedTuple):
    """A value that a document says outright."""

    stack: str
    value: Value


class Missing(NamedTuple):
    """A reference that leads to nothing, and why, in a sentence."""

    stack: str
    reference: Reference
    reason: str


Origin: TypeAlias = Target | Known | Missing


class Follower:
    """Follows references in stacks, and remembers where they led."""

    def __init__(self, units: Mapping[str, Unit]) -> None:
        self._units = units
        self._found: dict[tuple[str, Reference], tuple[Origin, ...]] = {}
        self._outputs: dict[tuple[str, str, tuple[PathKey, ...]], tuple[Origin, ...]] = {}
        self._open: set[tuple[str, Reference]] = set()

    def follow(self, stack: str, reference: Reference) -> tuple[Origin, ...]:
        """Find what a reference stands on.

        Args:
            stack: name of the stack in which it is written.
            reference: a reference without the row's part: `each` and `count` lead to nothing.

        Returns:
            Each origin once; none for what is no value of a resource or stack.
        """
        if reference.kind in ("resource", "data"):
            return self._resource(stack, reference)
        asked = (stack, reference)
        if asked in self._found:
            return self._found[asked]
        if asked in self._open:  # it stands on itself
            return ()
        self._open.add(asked)
        try:
            found = each_once(self._follow(stack, reference))
        except RecursionError:
            found = (Missing(stack, reference, "the way to it is too long"),)
        finally:
            self._open.remove(asked)
        self._found[asked] = found
        return found

    def keys_of_variable(self, stack: str, name: str) -> tuple[str, ...] | None:
        """The keys of a map that a stack takes, where the stacks and their outputs tell them."""
        unit = self._units[stack]
        given = unit.stack.inputs.get(name) if unit.stack else None
        asked = (stack, Reference(f"var.{name}", EVERY))  # no reference is written like that
        if given is None or asked in self._open:
            return None
        if not isinstance(given.sources, Source):
            return tuple(sorted(given.sources))
        self._open.add(asked)
        try:
            return self._keys_of_output(given.sources)
        finally:
            self._open.remove(asked)

    def _keys_of_output(self, source: Source) -> tuple[str, ...] | None:
        producer = self._units.get(source.stack.name)
        value = producer.output(source.output) if producer else None
        if producer is None or value is None:
            return None
        if source.key is not None:
            value = into(value, Index(Constant(source.key)))
        items = None if value is None else items_of(value, producer.scope, evaluate)
        if items is None:
            return None
        keys = [k.value for k, _ in items if isinstance(k, Constant) and isinstance(k.value, str)]
        return tuple(keys) if len(keys) == len(items) else None

    # -- each kind of reference --------------------------------------------------------------------

    def _follow(self, stack: str, reference: Reference) -> Iterator[Origin]:
        if reference.kind == "local":
            yield from self._local(stack, reference)
        elif reference.kind == "variable":
            yield from self._variable(stack, reference)

    def _resource(self, stack: str, reference: Reference) -> tuple[Origin, ...]:
        subject, key, path = reference
        unit = self._units[stack]
        rows = unit.rows(subject)
        if None in rows:  # an index is then an attribute that is written as one
            whole = path if key is None else (key, *path)
            return (Target(Place(stack, subject), whole),)
        if key in rows:
            return (_target(stack, reference, key),)
        if subject not in unit.blocks:
            return (Missing(stack, reference, f"{stack} has no {subject}"),)
        if key is None or key is EVERY or EVERY in rows:
            return tuple(_target(stack, reference, row) for row in rows)
        return (Missing(stack, reference, f"{subject} has no such row"),)

    def _local(self, stack: str, reference: Reference) -> Iterator[Origin]:
        unit = self._units[stack]
        if reference.name not in unit.document.locals:
            yield Missing(stack, reference, f"{stack} has no {reference.subject}")
            return
        value = unit.scope.local(reference.name, evaluate)
        if value is not None:
            yield from self._inside(unit, reference, value)

    def _variable(self, stack: str, reference: Reference) -> Iterator[Origin]:
        unit = self._units[stack]
        given = unit.stack.inputs.get(reference.name) if unit.stack else None
        if given is None:
            declared = unit.document.variables.get(reference.name, {})
            if "default" in declared:
                yield Known(stack, declared["default"])
            else:
                yield Missing(stack, reference, f"no stack gives {reference.subject} to {stack}")
        elif isinstance(given.sources, Source):
            yield from self._output(given.sources, reference.path)
        else:
            key = reference.path[0] if reference.path else EVERY
            for name in sorted(given.sources) if key is EVERY else (key,):
                source = given.sources.get(str(name))
                if source is None:
                    reason = f"no stack gives the entry {name} of {reference.subject} to {stack}"
                    yield Missing(stack, reference, reason)
                else:
                    yield from self._output(source, reference.path[1:])

    def _output(self, source: Source, path: tuple[PathKey, ...]) -> tuple[Origin, ...]:
        """Follow an output, or an entry of it; many stacks take the same one."""
        whole = path if source.key is None else (source.key, *path)
        name = source.stack.name
        asked = (name, source.output, whole)
        if asked not in self._outputs:
            reference = Reference(f"output.{source.output}", None, whole)
            self._outputs[asked] = tuple(self._of_output(name, source.output, reference))
        return self._outputs[asked]

    def _of_output(self, stack: str, output: str, reference: Reference) -> Iterator[Origin]:
        producer = self._units.get(stack)
        value = producer.output(output) if producer else None
        if producer is None:
            yield Missing(stack, reference, f"there is no document of {stack}")
        elif value is None:
            yield Missing(stack, reference, f"{stack} has no output {output}")
        else:
            yield from self._inside(producer, reference, value)

    def _inside(self, unit: Unit, reference: Reference, value: Node) -> Iterator[Origin]:
        """Go into a value as far as the path is known, and follow what is there."""
        for key in reference.path:
            if key is EVERY or not isinstance(key, str | int):
                break
            inner = into(value, Index(Constant(key)))
            if inner is None:
                reason = f"{reference.subject} of {unit.name} has no entry {key}"
                yield Missing(unit.name, reference, reason)
                return
            value = evaluate(inner, unit.scope) if isinstance(inner, Raw) else inner
        whole = deep(value, unit.scope) if isinstance(value, Raw) else value
        names = references(whole)
        if not names:
            yield Known(unit.name, to_value(whole))
        for name in names:
            yield from self.follow(unit.name, name)


def each_once(origins: Iterable[Origin]) -> tuple[Origin, ...]:
    """Leave out what is there already."""
    found: dict[object, Origin] = {}
    for origin in origins:
        found.setdefault(repr(origin) if isinstance(origin, Known) else origin, origin)
    return tuple(found.values())


def _target(stack: str, reference: Reference, key: Key) -> Target:
    return Target(Place(stack, address(reference.subject, key)), reference.path)

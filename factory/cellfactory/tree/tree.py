"""All stacks as one tree: resources by stack and address, and what stands on what."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any, NamedTuple

from cellfactory.layers import Stack
from cellfactory.tree.document import Document, read_document
from cellfactory.tree.following import Follower, Known, Missing, Origin, Place, Target
from cellfactory.tree.links import BlockLinks, Link
from cellfactory.tree.references import Reference
from cellfactory.tree.rendering import address as address_of
from cellfactory.tree.resource import Resource
from cellfactory.tree.unit import Unit
from cellfactory.tree.values import Value, to_value
from cellfactory.tree.written import Via

__all__ = [
    "Edge",
    "Known",
    "Link",
    "Missing",
    "Origin",
    "Place",
    "Target",
    "Tree",
    "read_tree",
]


class Edge(NamedTuple):
    """A resource that refers to another one, in its stack or in another."""

    source: Place
    via: Via
    target: Target


class Tree:
    """Stacks with their documents. Nothing is worked out before it is asked for.

    A stack without a document, and a document without a stack, are allowed: what leads there is
    `Missing`.
    """

    def __init__(self, stacks: Iterable[Stack], documents: Iterable[Document]) -> None:
        by_name = {stack.id.name: stack for stack in stacks}
        units = {
            document.name: Unit(document, by_name.get(document.name), self._keys_of_variable)
            for document in documents
        }
        self._units: Mapping[str, Unit] = {name: units[name] for name in sorted(units)}
        self._follower = Follower(self._units)
        self._links: dict[tuple[str, str], BlockLinks] = {}

    @property
    def stacks(self) -> tuple[str, ...]:
        """Names of the stacks that have a document, sorted."""
        return tuple(self._units)

    def document(self, stack: str) -> Document:
        """The document of a stack.

        Raises:
            KeyError: when it has none.
        """
        return self._units[stack].document

    def resources(self, stack: str) -> Mapping[str, Resource]:
        """Resources and data sources of a stack by address; none where it has no document."""
        return self._units[stack].resources if stack in self._units else {}

    def all_resources(self) -> Iterator[tuple[Place, Resource]]:
        """Every resource, stack by stack."""
        for stack, unit in self._units.items():
            for address, resource in unit.resources.items():
                yield Place(stack, address), resource

    def resource(self, place: Place) -> Resource | None:
        """The resource at a place."""
        return self.resources(place.stack).get(place.address)

    def output(self, stack: str, name: str) -> Value:
        """What an output of a stack gives, in the words of that stack; None where it has none."""
        unit = self._units.get(stack)
        node = unit.output(name) if unit else None
        return None if node is None else to_value(node)

    def follow(self, stack: str, reference: Reference) -> tuple[Origin, ...]:
        """Find what a reference in a stack stands on, through variables and other stacks' outputs.

        Returns:
            `Target`s, `Known` values and `Missing` ends, each once; `each`, `count`, `path` and
            the like lead to nothing.
        """
        return self._follower.follow(stack, reference) if stack in self._units else ()

    def links(self, place: Place) -> tuple[Link, ...]:
        """What a resource refers to, by the place in its body; none for what is not there."""
        resource = self.resource(place)
        if resource is None:
            return ()
        links = self._links_of(place.stack, resource.block.subject)
        found = links.of(resource.key, resource.each_value)
        return tuple(Link(via, real) for via, origins in found if (real := _not_known(origins)))

    def edges(self, stack: str | None = None) -> Iterator[Edge]:
        """Every reference from a resource to a resource, of one stack or of all.

        A reference to a whole block with rows is an edge to each of the rows.
        """
        for name in self._units if stack is None else (stack,):
            for source, via, origins in self._all_links(name):
                for origin in origins:
                    if isinstance(origin, Target):
                        yield Edge(source, via, origin)

    @cached_property
    def missing(self) -> tuple[tuple[Place, Via, Missing], ...]:
        """Every reference of a resource that leads to nothing."""
        return tuple(
            (place, via, origin)
            for stack in self._units
            for place, via, origins in self._all_links(stack)
            for origin in origins
            if isinstance(origin, Missing)
        )

    def stands_on(self, place: Place) -> tuple[Place, ...]:
        """Every resource that a resource stands on, near ones first, each once; never itself."""
        found = {place: None}
        level = [place]
        while level:
            targets = [
                origin.place
                for at in level
                for link in self.links(at)
                for origin in link.origins
                if isinstance(origin, Target)
            ]
            level = [target for target in dict.fromkeys(targets) if target not in found]
            found.update(dict.fromkeys(level))
        return tuple(found)[1:]

    def _all_links(self, stack: str) -> Iterator[tuple[Place, Via, tuple[Origin, ...]]]:
        """Yield every link of a stack with the place of its resource; no resource is made."""
        unit = self._units.get(stack)
        if unit is None:
            return
        for subject in unit.blocks:
            links = BlockLinks(unit, subject, self._follower)
            for key, each_value in unit.rows(subject).items():
                at = Place(stack, address_of(subject, key))
                for via, origins in links.of(key, each_value):
                    yield at, via, origins

    def _links_of(self, stack: str, subject: str) -> BlockLinks:
        at = (stack, subject)
        if at not in self._links:
            self._links[at] = BlockLinks(self._units[stack], subject, self._follower)
        return self._links[at]

    def _keys_of_variable(self, stack: str, name: str) -> tuple[str, ...] | None:
        return self._follower.keys_of_variable(stack, name)


def _not_known(origins: tuple[Origin, ...]) -> tuple[Target | Missing, ...]:
    return tuple([origin for origin in origins if not isinstance(origin, Known)])


def read_tree(
    stacks: Iterable[Stack], documents: Mapping[str, str | bytes | Mapping[str, Any]]
) -> Tree:
    """Read the Terraform JSON of many stacks.

    Args:
        stacks: which stack takes what from which, as `cellfactory.layers` plans them.
        documents: by name of the stack, what its `cdk.tf.json` holds, as text or parsed.

    Raises:
        DocumentError: F411, for a document that is not the Terraform JSON of a stack.
    """
    return Tree(stacks, [read_document(source, name) for name, source in documents.items()])

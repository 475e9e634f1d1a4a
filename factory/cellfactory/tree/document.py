"""One stack's Terraform JSON as typed values.

Terraform lets every level of a document be an object or a list of objects, and `//` be a comment
in each block; both are read here, so that nothing above has to know. What a document can hold
that is no Terraform of one stack (modules, checks) is left aside.

Source:
    https://developer.hashicorp.com/terraform/language/syntax/json
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NoReturn

from cellfactory.errors import Finding, SynthError

_DEEPEST = 50  # containers inside one another in a document
_LONGEST_NUMBER = 40  # characters of a number that an error shows
_CONTAINERS = (dict, list)
_COMMENT = "//"
_META = ("count", "depends_on", "for_each", "lifecycle", "provider", "provisioner", "connection")

Mode = Literal["managed", "data"]
Body = Mapping[str, Any]
"""An object of a document, its strings not yet read as templates."""


class DocumentError(SynthError):
    """F411: a document is not the Terraform JSON of a stack; it names the file or stack."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A resource or data source as it is written, before its rows are spread.

    `attributes` holds what its provider takes, `meta` what Terraform takes: `for_each`, `count`,
    `depends_on`, `lifecycle`, `provider`, `provisioner`, `connection`, where they are given.
    """

    mode: Mode
    type: str
    name: str
    attributes: Body
    meta: Body

    @property
    def subject(self) -> str:
        """How expressions name it, such as `aws_vpc.cell` or `data.aws_ami.arm`."""
        return f"{'data.' if self.mode == 'data' else ''}{self.type}.{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """A provider configuration; `alias` is None for the default one."""

    name: str
    alias: str | None
    settings: Body


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """Where the state is kept."""

    type: str
    settings: Body


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """The Terraform of a stack, every mapping in the order of its keys."""

    name: str
    terraform: Body  # without the backend
    backend: Backend | None
    providers: tuple[Provider, ...]
    variables: Mapping[str, Body]
    outputs: Mapping[str, Body]
    locals: Body
    blocks: tuple[Block, ...]  # by subject, managed resources first
    moved: tuple[Body, ...] = ()
    removed: tuple[Body, ...] = ()
    imported: tuple[Body, ...] = ()  # what `import` blocks say


def read_document(source: str | bytes | Mapping[str, Any], name: str) -> Document:
    """Read the Terraform JSON of one stack.

    Args:
        source: the text of a `cdk.tf.json`, or what it holds, parsed.
        name: what to call it in an error: the stack's name, or a file.

    Raises:
        DocumentError: F411, for what is not JSON, or not the JSON of Terraform.

    >>> made = read_document('{"resource": {"aws_vpc": {"cell": {}}}}', "a-network")
    >>> [block.subject for block in made.blocks]
    ['aws_vpc.cell']
    """
    reading = _Reading(name)
    top = reading.body(_parsed(source, reading), "the document")
    if _is_deep(top):
        reading.refuse(f"it nests deeper than {_DEEPEST} levels")
    terraform = reading.merged(top, "terraform")
    return Document(
        name=name,
        terraform={key: value for key, value in terraform.items() if key != "backend"},
        backend=reading.backend(terraform),
        providers=tuple(reading.providers(top)),
        variables=reading.named(top, "variable"),
        outputs=reading.named(top, "output"),
        locals=reading.merged(top, "locals"),
        blocks=tuple(reading.blocks(top)),
        moved=tuple(reading.bodies(top.get("moved"), "moved")),
        removed=tuple(reading.bodies(top.get("removed"), "removed")),
        imported=tuple(reading.bodies(top.get("import"), "import")),
    )


def _parsed(source: str | bytes | Mapping[str, Any], reading: _Reading) -> Any:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) < len(pairs):
            keys = [key for key, _ in pairs]
            reading.refuse(f"the key {max(keys, key=keys.count)!r} is there twice in one object")
        return made

    def finite(number: str) -> float:
        if not math.isfinite(float(number)):
            reading.refuse(f"{number[:_LONGEST_NUMBER]} is not a number of Terraform's")
        return float(number)

    try:
        text = json.dumps(dict(source)) if isinstance(source, Mapping) else source
        return json.loads(text, object_pairs_hook=unique, parse_float=finite, parse_constant=finite)
    except RecursionError:
        reading.refuse(f"it nests deeper than {_DEEPEST} levels")
    except (TypeError, ValueError) as error:  # also bytes that are no text
        reading.refuse(f"not JSON: {error}", error)


def _is_deep(top: Body) -> bool:
    level: list[Any] = [top]
    for _ in range(_DEEPEST):
        level = [
            inner
            for value in level
            for inner in (value if isinstance(value, list) else value.values())
            if isinstance(inner, _CONTAINERS)
        ]
    return bool(level)


class _Reading:
    """The shapes that a document may have, each refused by its place where it has another."""

    def __init__(self, name: str) -> None:
        self.name = name

    def refuse(self, why: str, cause: Exception | None = None) -> NoReturn:
        """Raise the one error of this module."""
        finding = Finding(
            rule="F411",
            message=f"{self.name}: not the Terraform JSON of a stack: {why}",
            hint="run cellfactory synth, which writes it anew",
        )
        raise DocumentError(finding) from cause

    def body(self, value: Any, place: str) -> Body:
        """Take an object, without its comment."""
        if not isinstance(value, Mapping):
            self.refuse(f"{place} is {_called(value)}, and must be an object")
        if _COMMENT not in value:
            return value
        return {key: inner for key, inner in value.items() if key != _COMMENT}

    def bodies(self, value: Any, place: str) -> Iterator[Body]:
        """Take an object, or a list of them; null is none."""
        for item in value if isinstance(value, list) else [value]:
            if item is not None:
                yield self.body(item, place)

    def labelled(
        self, value: Any, place: str, labels: int
    ) -> Iterator[tuple[tuple[str, ...], Any]]:
        """Yield what stands below so many levels of names, with these names."""
        if labels == 0:
            yield (), value
            return
        for body in self.bodies(value, place):
            for key, inner in body.items():
                for names, found in self.labelled(inner, f"{place} {key}", labels - 1):
                    yield (key, *names), found

    def single(self, value: Any, place: str) -> Body:
        """Take an object, or a list of the one."""
        found = list(self.bodies(value, place))
        if len(found) != 1:
            self.refuse(f"{place} is there {len(found)} times, and must be there once")
        return found[0]

    def unique(self, top: Body, word: str, labels: int) -> dict[tuple[str, ...], Body]:
        """Take all blocks of a kind by their names, in order; each name once."""
        found: dict[tuple[str, ...], Body] = {}
        for names, value in self.labelled(top.get(word), word, labels):
            place = f"{word} {'.'.join(names)}"
            if names in found:
                self.refuse(f"{place} is there twice")
            found[names] = self.single(value, place)
        return {names: found[names] for names in sorted(found)}

    def named(self, top: Body, word: str) -> dict[str, Body]:
        """Take the variables or the outputs."""
        return {name: body for (name,), body in self.unique(top, word, 1).items()}

    def merged(self, top: Body, word: str) -> dict[str, Any]:
        """Put blocks without names together, such as `locals`."""
        made: dict[str, Any] = {}
        for body in self.bodies(top.get(word), word):
            for key, value in body.items():
                if key in made:
                    self.refuse(f"{word} has {key!r} twice")
                made[key] = value
        return {key: made[key] for key in sorted(made)}

    def backend(self, terraform: Body) -> Backend | None:
        """Take the backend."""
        found = self.unique(terraform, "backend", 1)
        if len(found) > 1:
            self.refuse("it has two backends")
        return next((Backend(type=t, settings=body) for (t,), body in found.items()), None)

    def providers(self, top: Body) -> Iterator[Provider]:
        """Take the provider configurations, by name and alias."""
        made = []
        for (name,), value in self.labelled(top.get("provider"), "provider", 1):
            for body in self.bodies(value, f"provider {name}"):
                alias = body.get("alias")
                if not isinstance(alias, str | None):
                    self.refuse(f"the alias of provider {name} is {_called(alias)}")
                settings = {key: inner for key, inner in body.items() if key != "alias"}
                made.append(Provider(name=name, alias=alias, settings=settings))
        yield from sorted(made, key=lambda p: (p.name, p.alias or ""))

    def blocks(self, top: Body) -> Iterator[Block]:
        """Take the resources and data sources."""
        modes: tuple[tuple[str, Mode], ...] = (("resource", "managed"), ("data", "data"))
        for word, mode in modes:
            for (kind, name), body in self.unique(top, word, 2).items():
                meta = {key: body[key] for key in _META if key in body}
                rest = {k: v for k, v in body.items() if k not in meta} if meta else body
                yield Block(mode=mode, type=kind, name=name, attributes=rest, meta=meta)


def _called(value: Any) -> str:
    kinds = {str: "text", bool: "true or false", int: "a number", float: "a number", list: "a list"}
    return kinds.get(type(value), "null" if value is None else "another thing")

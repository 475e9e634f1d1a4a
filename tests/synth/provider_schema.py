"""The schema of the providers that the bindings were made from, read without Terraform and Node.

Each module of the bindings ends in a source map that holds the TypeScript it was generated from.
An interface there is a block: one line for each argument that can be set, with its Terraform name
in the comment above and a question mark when it may be left out. Comments in its class say what
the provider computes.

    unknown_attributes(document)   what a synthesized stack holds and the providers do not know
"""

from __future__ import annotations

import base64
import json
import re
import tarfile
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from cellfactory.constructs import _slim, cdk

_MAP_HEAD = b"//# sourceMappingURL=data:application/json;base64,"
_INTERFACE = re.compile(r"^export interface (\w+)(?: extends [\w.]+)? \{\n(.*?)^\}", re.M | re.S)
_ARGUMENT = re.compile(r"#(\w+) \w+#\1\}.*?\n  readonly \w+(\??): ([^\n]+);", re.S)
_CLASS = re.compile(r"^export class (\w+) extends cdktf\.(\w+) \{\n(.*?)^\}", re.M | re.S)
_COMPUTED = re.compile(r"^  // (\w+) - computed: true, optional: (\w+), required: \w+$", re.M)
_TYPE_NAME = re.compile(r'static readonly tfResourceType = "(\w+)"')
_NESTED = re.compile(r"^(\w+)(?:\[\])?(?: \| cdktf\.IResolvable)?$")
_ELEMENTS = ("TerraformResource", "TerraformDataSource", "TerraformProvider")
_META = frozenset(
    {"connection", "count", "depends_on", "for_each", "lifecycle", "provider", "provisioner"}
)
_COMMENT = "//"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """One argument or attribute: whether it is given, may be given, must be given."""

    computed: bool
    optional: bool
    required: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A resource, data source, provider or nested block.

    `attributes` holds all names, those of `blocks` too; `blocks` those with something inside.
    """

    attributes: Mapping[str, Attribute]
    blocks: Mapping[str, Block] = field(default_factory=dict)


def load_schema(types: Iterable[str]) -> dict[str, Block]:
    """Read the schema of the types asked for.

    Args:
        types: such as "aws_vpc", "data.aws_ami", "helm_release", "provider.aws".

    Returns:
        The block of each type that the bindings hold; others are left out.
    """
    return {kind: block for kind in set(types) if (block := _block_of(kind)) is not None}


def unknown_attributes(tf_json: Mapping[str, Any]) -> list[str]:
    """What in a synthesized document the provider of the bindings would refuse.

    Returns:
        A sentence for each unknown type, unknown or computed argument, and missing required
        argument, with its path such as "aws_eks_cluster.cluster.vpc_config[0].subnet_ids".
    """
    found: list[str] = []
    for kind, address, body in _elements(tf_json):
        block = load_schema([kind]).get(kind)
        if block is None:
            found.append(f"{address}: there is no type {kind}")
        else:
            meta = frozenset() if kind.startswith("provider.") else _META
            found += _check(block, body, address, meta)
    return sorted(found)


def _elements(tf_json: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Type, address and body of everything that a provider defines."""
    for section, prefix in (("resource", ""), ("data", "data.")):
        for kind, named in tf_json.get(section, {}).items():
            for name, body in named.items():
                yield prefix + kind, f"{prefix}{kind}.{name}", body
    for name, bodies in tf_json.get("provider", {}).items():
        for number, body in enumerate(bodies if isinstance(bodies, list) else [bodies]):
            yield f"provider.{name}", f"provider.{name}[{number}]", body


def _check(
    block: Block, value: Any, path: str, meta: frozenset[str] = frozenset()
) -> Iterator[str]:
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield from _check(block, item, f"{path}[{number}]", meta)
    elif isinstance(value, dict):
        given = {name: inner for name, inner in _given(value) if name not in meta}
        for name, inner in given.items():
            yield from _check_argument(block, name, inner, f"{path}.{name}")
        for name, attribute in block.attributes.items():
            if attribute.required and given.get(name) is None:
                yield f"{path}.{name}: required, but missing"
    elif not isinstance(value, str):  # a string is an expression, known at plan time only
        yield f"{path}: a block, but the value is {json.dumps(value)}"


def _given(body: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The arguments of a block, with the content of its dynamic blocks under their names."""
    for name, inner in body.items():
        if name == "dynamic":
            yield from ((label, dynamic["content"]) for label, dynamic in inner.items())
        elif name != _COMMENT:
            yield name, inner


def _check_argument(block: Block, name: str, value: Any, path: str) -> Iterator[str]:
    attribute = block.attributes.get(name)
    if attribute is None:
        yield f"{path}: there is no such argument"
    elif not attribute.optional and not attribute.required:
        yield f"{path}: the provider computes it, it cannot be set"
    elif name in block.blocks and value is not None:
        yield from _check(block.blocks[name], value, path)


@cache
def _block_of(kind: str) -> Block | None:
    scope, _, name = kind.rpartition(".")
    provider = name.partition("_")[0]
    rest = name.partition("_")[2]
    module = {"": rest, "data": f"data_{name}", "provider": "provider"}[scope]
    text = _source(provider, module.replace("_", "-"))
    if text is None:
        return None
    interfaces = dict(_INTERFACE.findall(text))
    classes = {cls: (base, body) for cls, base, body in _CLASS.findall(text)}
    for cls, (base, body) in classes.items():
        type_name = _TYPE_NAME.search(body)
        if base in _ELEMENTS and type_name is not None and type_name[1] == name:
            return _block(f"{cls}Config", cls, interfaces, classes)
    return None


def _block(
    interface: str,
    cls: str,
    interfaces: Mapping[str, str],
    classes: Mapping[str, tuple[str, str]],
) -> Block:
    body = classes.get(cls, ("", ""))[1]
    computed = {name: optional == "true" for name, optional in _COMPUTED.findall(body)}
    attributes = {
        name: Attribute(computed=True, optional=False, required=False) for name in computed
    }
    blocks: dict[str, Block] = {}
    for name, mark, typescript in _ARGUMENT.findall(interfaces[interface]):
        attributes[name] = Attribute(
            computed=name in computed, optional=mark == "?", required=mark == ""
        )
        nested = _NESTED.match(typescript)
        if nested is not None and nested[1] in interfaces:
            inner = nested[1]
            blocks[name] = _block(inner, f"{inner}OutputReference", interfaces, classes)
    return Block(attributes=attributes, blocks=blocks)


@cache
def _source(provider: str, folder: str) -> str | None:
    """The TypeScript of one module, None when the provider has no such module."""
    if folder in _offered(provider):
        return _offered(provider)[folder]
    return _read(provider, {folder}).get(folder)


@cache
def _offered(provider: str) -> dict[str, str]:
    """The TypeScript of every module that the door names: one pass over the package."""
    package = f"cdktf_cdktf_provider_{provider}."
    modules = {module for module in cdk.table().values() if module.startswith(package)}
    return _read(provider, {module.removeprefix(package).replace("_", "-") for module in modules})


def _read(provider: str, folders: Set[str]) -> dict[str, str]:
    try:
        wheel = _slim.installed(f"cdktf_cdktf_provider_{provider}")
    except ModuleNotFoundError:
        return {}
    tarball = next((wheel / "_jsii").glob("*.jsii.tgz"))
    texts = dict.fromkeys(folders, "")
    with tarfile.open(tarball, mode="r|gz") as stream:
        for member in stream:
            parts = member.name.split("/")
            if len(parts) > 3 and parts[2] in folders and member.name.endswith(".js"):
                content = stream.extractfile(member)
                assert content is not None
                encoded = content.read().rpartition(_MAP_HEAD)[2]
                texts[parts[2]] += json.loads(base64.b64decode(encoded))["sourcesContent"][0]
    return {folder: text for folder, text in texts.items() if text}

"""Expressions as text, the way Terraform writes them."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache
from typing import Any

from cellfactory.tree.nodes import (
    EVERY,
    Access,
    Attribute,
    Call,
    Constant,
    Directive,
    For,
    Index,
    Key,
    Name,
    Node,
    ObjectOf,
    Opaque,
    Operation,
    Raw,
    Scalar,
    Step,
    Template,
    TupleOf,
)

_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t", '"': '\\"', "\\": "\\\\"}
_MANY_KEYS = 1 << 16
_FIRST_BEYOND_FOUR_DIGITS = 0x10000


def address(block: str, key: Key) -> str:
    """Write the address of a row as Terraform does; `[*]` where the keys are not known.

    >>> address("aws_route.to-peer", "use1-az1 10.0.0.0/14")
    'aws_route.to-peer["use1-az1 10.0.0.0/14"]'
    >>> address("aws_eip.nat", 0), address("aws_vpc.cell", None)
    ('aws_eip.nat[0]', 'aws_vpc.cell')
    """
    if key is None:
        return block
    if key is EVERY:
        return f"{block}[*]"
    return f"{block}[{quoted(key) if isinstance(key, str) else key}]"


@lru_cache(maxsize=_MANY_KEYS)
def quoted(text: str) -> str:
    r"""Write a text in Terraform's quotes.

    >>> print(quoted('a "b" ${c}'))
    "a \"b\" $${c}"
    """
    return f'"{"".join(map(_escaped, escape_template(text)))}"'


def escape_template(text: str) -> str:
    """Write a text so that a template means it letter by letter.

    >>> escape_template("${a} 50% %{b}")
    '$${a} 50% %%{b}'
    """
    return text.replace("${", "$${").replace("%{", "%%{")


def _escaped(char: str) -> str:
    if char in _ESCAPES:
        return _ESCAPES[char]
    if char.isprintable():
        return char
    code = ord(char)
    return f"\\u{code:04x}" if code < _FIRST_BEYOND_FOUR_DIGITS else f"\\U{code:08x}"


def scalar_text(value: Scalar) -> str:
    """Write a scalar as a template does when it puts it into text.

    >>> scalar_text(True), scalar_text(1e21), scalar_text(0.5)
    ('true', '1000000000000000000000', '0.5')
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return format(Decimal(repr(value)), "f")
    return "null" if value is None else str(value)


def template_text(node: Node) -> str:
    """Write an expression as the string that a document would hold for it.

    >>> template_text(Access(Name("aws_vpc"), (Attribute("cell"), Attribute("id"))))
    '${aws_vpc.cell.id}'
    """
    if isinstance(node, Opaque):
        return node.text
    if isinstance(node, Template):
        return _sequences(node, escape_template)
    if isinstance(node, Constant) and isinstance(node.value, str):
        return escape_template(node.value)
    return f"${{{render(node)}}}"


def render(node: Node) -> str:
    """Write an expression as it stands between `${` and `}`."""
    return _RENDER[type(node)](node)


def _constant(node: Constant) -> str:
    return quoted(node.value) if isinstance(node.value, str) else scalar_text(node.value)


def _raw(node: Raw) -> str:
    if isinstance(node.value, dict):
        items = (f"{quoted(k)} = {render(Raw(v))}" for k, v in node.value.items())
        return f"{{ {', '.join(items)} }}" if node.value else "{}"
    if isinstance(node.value, list):
        return f"[{', '.join(render(Raw(item)) for item in node.value)}]"
    return _constant(Constant(node.value))


def _template(node: Template) -> str:
    return f'"{_sequences(node, lambda text: quoted(text)[1:-1])}"'


def _sequences(node: Template, write: Callable[[str], str]) -> str:
    trims = dict(node.trimmed)
    texts = []
    for number, part in enumerate(node.parts):
        before = "~" if "<" in trims.get(number, "") else ""
        after = "~" if ">" in trims.get(number, "") else ""
        if isinstance(part, str):
            ends_open = part[-1:] in ("$", "%") and number + 1 < len(node.parts)
            texts.append(f'{write(part[:-1])}${{"{part[-1]}"}}' if ends_open else write(part))
        elif isinstance(part, Directive):
            texts.append(f"%{{{before} {_directive(part)} {after}}}")
        else:
            texts.append(f"${{{before}{render(part)}{after}}}")
    return "".join(texts)


def _directive(part: Directive) -> str:
    if part.expression is None:
        return part.keyword
    if part.keyword == "for":
        return f"for {', '.join(part.names)} in {render(part.expression)}"
    return f"{part.keyword} {render(part.expression)}"


def _access(node: Access) -> str:
    base = render(node.base)
    bare = isinstance(node.base, Name | Access | Call | TupleOf | ObjectOf | For)
    return (base if bare else f"({base})") + "".join(map(step_text, node.steps))


def step_text(step: Step) -> str:
    """Write one step of the way into a value, such as `.id` or `["key"]`."""
    if isinstance(step, Attribute):
        return f".{step.name}"
    if isinstance(step, Index):
        return f"[{render(step.key)}]"
    return "[*]" if step.full else ".*"


def _call(node: Call) -> str:
    arguments = ", ".join(map(render, node.arguments))
    return f"{node.name}({arguments}{'...' if node.spread else ''})"


def _tuple(node: TupleOf) -> str:
    return f"[{', '.join(map(render, node.items))}]"


def _object(node: ObjectOf) -> str:
    items = (f"{_object_key(key)} = {render(value)}" for key, value in node.items)
    return f"{{ {', '.join(items)} }}" if node.items else "{}"


def _object_key(key: Node) -> str:
    text = render(key)
    return text if isinstance(key, Constant | Template) else f"({text})"


def _for(node: For) -> str:
    made = render(node.result)
    if node.result_key is not None:
        made = f"{render(node.result_key)} => {made}{'...' if node.grouped else ''}"
    condition = "" if node.condition is None else f" if {render(node.condition)}"
    text = f"for {', '.join(node.names)} in {render(node.collection)} : {made}{condition}"
    return f"[{text}]" if node.result_key is None else f"{{ {text} }}"


def _operation(node: Operation) -> str:
    operands = [_operand(operand) for operand in node.operands]
    if len(operands) == 1:
        return f"{node.operator}{operands[0]}"
    if node.operator == "?":
        return f"{operands[0]} ? {operands[1]} : {operands[2]}"
    return f" {node.operator} ".join(operands)


def _operand(node: Node) -> str:
    text = render(node)
    return f"({text})" if isinstance(node, Operation) else text


_RENDER: dict[type, Callable[[Any], str]] = {
    Access: _access,
    Call: _call,
    Constant: _constant,
    For: _for,
    Name: lambda node: str(node.name),
    ObjectOf: _object,
    Opaque: lambda node: str(node.text),
    Operation: _operation,
    Raw: _raw,
    Template: _template,
    TupleOf: _tuple,
}

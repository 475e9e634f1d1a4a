"""Reduces expressions as far as a document alone tells their values.

What is not known stays as an expression, whose known parts are filled in. Evaluating twice changes
nothing. Where Terraform would refuse an expression, or convert a type that only a provider's
schema knows, the expression stays too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cellfactory.tree.containers import into, items_of
from cellfactory.tree.functions import FUNCTIONS, operate
from cellfactory.tree.nodes import (
    Access,
    Attribute,
    Call,
    Constant,
    Directive,
    For,
    Index,
    Name,
    Node,
    ObjectOf,
    Opaque,
    Operation,
    Raw,
    Step,
    Template,
    TupleOf,
    constant,
    join_parts,
)
from cellfactory.tree.parser import parse_template
from cellfactory.tree.rendering import scalar_text
from cellfactory.tree.scope import ROOT_FOLDER, Scope


def evaluate(node: Node, scope: Scope) -> Node:
    """Reduce an expression.

    Containers of a document come back as they are (`Raw`), not yet looked into; `deep` goes on.
    """
    return _EVALUATE[type(node)](node, scope)


def deep(node: Node, scope: Scope) -> Node:
    """Reduce an expression and all that it holds: no `Raw` is left in it."""
    value = evaluate(node, scope)
    return _looked_into(value, scope.of_stack) if isinstance(value, Raw) else value


def _looked_into(node: Node, stack: Scope) -> Node:
    if not isinstance(node, Raw):
        return node
    try:
        if isinstance(node.value, list):
            return TupleOf(tuple(deep(Raw(item), stack) for item in node.value))
        pairs = ((deep(Raw(k), stack), deep(Raw(v), stack)) for k, v in node.value.items())
        return ObjectOf(tuple(pairs))
    except RecursionError:
        return Opaque("${null}")  # locals inside one another that nobody writes


def _raw(node: Raw, scope: Scope) -> Node:
    value = node.value
    if isinstance(value, str):
        if "{" not in value:
            return constant(value)
        return evaluate(parse_template(value), scope.of_stack)
    return node if isinstance(value, dict | list) else constant(value)


def _name(node: Name, scope: Scope) -> Node:
    return scope.bound.get(node.name, node)


# -- the way into values ---------------------------------------------------------------------------


def _access(node: Access, scope: Scope) -> Node:
    steps = node.steps
    if any(isinstance(step, Index) for step in steps):
        steps = tuple([_step(step, scope) for step in steps])
    start = _start(node.base, steps, scope)
    if start is None:
        return Access(node.base, steps)
    value, used = start
    value = evaluate(value, scope) if isinstance(value, Raw) else value
    for number in range(used, len(steps)):
        inner = into(value, steps[number])
        if inner is None:
            return _stuck(node.base, steps, number, value, scope)
        value = evaluate(inner, scope) if isinstance(inner, Raw) else inner
    return value


def _start(base: Node, steps: tuple[Step, ...], scope: Scope) -> tuple[Node, int] | None:
    """Evaluate what a way starts from; None where its first words say nothing here."""
    if not isinstance(base, Name):
        return evaluate(base, scope), 0
    if base.name in scope.bound:
        return scope.bound[base.name], 0
    if base.name not in _ROOTS or not isinstance(steps[0], Attribute):
        return None
    value = _ROOTS[base.name](steps[0].name, scope)
    return None if value is None else (value, 1)


def _stuck(base: Node, steps: tuple[Step, ...], number: int, value: Node, scope: Scope) -> Access:
    """Leave a way that cannot be gone: by the name of its local, or from the value it reached."""
    if isinstance(base, Name) and base.name == "local" and base.name not in scope.bound:
        return Access(base, steps)
    return Access(_looked_into(value, scope.of_stack), steps[number:])


def _step(step: Step, scope: Scope) -> Step:
    if not isinstance(step, Index) or isinstance(step.key, Constant):
        return step
    return Index(deep(step.key, scope))


def _each(name: str, scope: Scope) -> Node | None:
    return {"key": scope.each_key, "value": scope.each_value}.get(name)


def _count(name: str, scope: Scope) -> Node | None:
    return None if name != "index" or scope.count is None else Constant(scope.count)


_ROOTS: dict[str, Callable[[str, Scope], Node | None]] = {
    "count": _count,
    "each": _each,
    "local": lambda name, scope: scope.local(name, evaluate),
    "path": lambda name, _: ROOT_FOLDER if name in ("module", "root") else None,
}

# -- everything else -------------------------------------------------------------------------------


def _template(node: Template, scope: Scope) -> Node:
    if node.trimmed or any(isinstance(part, Directive) for part in node.parts):
        return _template_with_directives(node, scope)
    parts: list[str | Node | Directive] = []
    for part in node.parts:
        value = part if isinstance(part, str | Directive) else deep(part, scope)
        if isinstance(value, Template) and not value.trimmed:
            parts.extend(value.parts)
        elif isinstance(value, Constant) and value.value is not None:
            parts.append(scalar_text(value.value))
        else:
            parts.append(value)
    return join_parts(parts)


def _template_with_directives(node: Template, scope: Scope) -> Template:
    names = {n for part in node.parts if isinstance(part, Directive) for n in part.names}
    inside = scope.bind({name: Name(name) for name in names})
    return Template(tuple(_part(part, inside) for part in node.parts), node.trimmed)


def _part(part: str | Node | Directive, scope: Scope) -> str | Node | Directive:
    if isinstance(part, str):
        return part
    if not isinstance(part, Directive):
        return deep(part, scope)
    if part.expression is None:
        return part
    return Directive(part.keyword, part.names, deep(part.expression, scope))


def _call(node: Call, scope: Scope) -> Node:
    arguments = tuple(deep(argument, scope) for argument in node.arguments)
    if node.name == "keys" and not node.spread and len(arguments) == 1:
        return _keys(node, arguments[0], scope)
    compute = None if node.spread else FUNCTIONS.get(node.name)
    known = compute(*arguments) if compute else None
    return Call(node.name, arguments, node.spread) if known is None else known


def _keys(node: Call, collection: Node, scope: Scope) -> Node:
    """List the keys of an object, or of a variable whose keys its sources tell."""
    is_list = isinstance(collection, TupleOf | Call)
    items = None if is_list else items_of(collection, scope, evaluate)
    if items is None:
        return Call(node.name, (collection,))
    return TupleOf(tuple(key for key, _ in items))


def _tuple(node: TupleOf, scope: Scope) -> Node:
    return TupleOf(tuple(deep(item, scope) for item in node.items))


def _object(node: ObjectOf, scope: Scope) -> Node:
    return ObjectOf(tuple((deep(key, scope), deep(value, scope)) for key, value in node.items))


def _operation(node: Operation, scope: Scope) -> Node:
    operands = tuple(deep(operand, scope) for operand in node.operands)
    known = operate(node.operator, operands)
    return Operation(node.operator, operands) if known is None else known


def _for(node: For, scope: Scope) -> Node:
    collection = evaluate(node.collection, scope)
    items = items_of(collection, scope, evaluate)
    made = None if items is None or node.grouped else _rows_of(node, items, scope)
    if made is not None:
        return made
    inside = scope.bind({name: Name(name) for name in node.names})
    return For(
        key_name=node.key_name,
        value_name=node.value_name,
        collection=_looked_into(collection, scope.of_stack),
        result_key=None if node.result_key is None else deep(node.result_key, inside),
        result=deep(node.result, inside),
        condition=None if node.condition is None else deep(node.condition, inside),
        grouped=node.grouped,
    )


def _rows_of(node: For, items: tuple[tuple[Node, Node], ...], scope: Scope) -> Node | None:
    """Go through a collection whose keys are known; None when a key or a condition is not."""
    made: list[tuple[Node, Node]] = []
    for key, value in items:
        names = {node.value_name: evaluate(value, scope)}
        if node.key_name is not None:
            names[node.key_name] = key
        inside = scope.bind(names)
        kept = Constant(True) if node.condition is None else evaluate(node.condition, inside)
        new_key = key if node.result_key is None else evaluate(node.result_key, inside)
        if not _is_bool(kept) or not _is_key(new_key):
            return None
        if kept == Constant(True):
            made.append((new_key, deep(node.result, inside)))
    if node.result_key is None:
        return TupleOf(tuple(value for _, value in made))
    by_key = {scalar_text(key.value): value for key, value in made if isinstance(key, Constant)}
    if len(by_key) < len(made):
        return None
    return ObjectOf(tuple((Constant(key), by_key[key]) for key in sorted(by_key)))


def _is_bool(node: Node) -> bool:
    return isinstance(node, Constant) and isinstance(node.value, bool)


def _is_key(node: Node) -> bool:
    return isinstance(node, Constant) and node.value is not None


_EVALUATE: dict[type, Callable[[Any, Scope], Node]] = {
    Access: _access,
    Call: _call,
    Constant: lambda node, _: node,
    For: _for,
    Name: _name,
    ObjectOf: _object,
    Opaque: lambda node, _: node,
    Operation: _operation,
    Raw: _raw,
    Template: _template,
    TupleOf: _tuple,
}

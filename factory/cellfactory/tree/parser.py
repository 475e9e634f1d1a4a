"""Reads the expressions in the strings of a document.

A string of a JSON document is a template: its `${…}` and `%{…}` hold expressions, whose quoted
strings are templates again. Nothing here raises: what cannot be read becomes `Opaque`.

Source:
    https://developer.hashicorp.com/terraform/language/syntax/json#expression-mapping
    https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from re import Pattern

from cellfactory.tree.cursor import Cursor, UnreadableError, read_number, unescaped
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
    Splat,
    Step,
    TupleOf,
    constant,
    join_parts,
)

_MANY_STRINGS = 1 << 16
_DEEPEST = 40  # expressions inside one another; beyond that a string is not read

_FUNCTION = re.compile(r"[^\W\d][\w-]*(?:::[^\W\d][\w-]*)*(?=[ \t]*\()")
_NUMBER = re.compile(r"\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_DIGITS = re.compile(r"\d+")
_FOR = re.compile(r"for\b(?!-)")
_IF = re.compile(r"if\b(?!-)")
_OPERATOR = re.compile(r"\|\||&&|==|!=|<=|>=|[<>+*/%-]")
_SEQUENCE = re.compile(r"\$\$\{|%%\{|\$\{~?|%\{~?")
_QUOTED_SEQUENCE = re.compile(r'\$\$\{|%%\{|\$\{~?|%\{~?|"|\\(?:u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)')
_STRENGTH = {
    operator: strength
    for strength, operators in enumerate(
        (("||",), ("&&",), ("==", "!="), ("<", ">", "<=", ">="), ("+", "-"), ("*", "/", "%")), 1
    )
    for operator in operators
}
_WORDS = {"true": Constant(True), "false": Constant(False), "null": Constant(None)}


@lru_cache(maxsize=_MANY_STRINGS)
def parse_template(text: str) -> Node:
    """Read a string of a document.

    Returns:
        A `Constant` for text alone, the expression itself for `${…}` alone, a `Template` for
        text with sequences in it, `Opaque` for what cannot be read.

    >>> parse_template("10.0.0.0/16")
    Constant(value='10.0.0.0/16')
    >>> parse_template("${var.vpc_id}")
    Access(base=Name(name='var'), steps=(Attribute(name='vpc_id'),))
    >>> parse_template("${var.")
    Opaque(text='${var.')
    """
    if "{" not in text:
        return constant(text)
    reader = _Reader(text)
    try:
        return reader.template(_SEQUENCE)
    except (UnreadableError, ValueError, OverflowError):
        return Opaque(text)


class _Reader(Cursor):
    """The rules of the grammar, each read from where the cursor stands."""

    # -- templates ---------------------------------------------------------------------------------

    def template(self, sequences: Pattern[str]) -> Node:
        """Read up to the closing quote, or to the end of the text where quotes mean nothing."""
        parts: list[str | Node | Directive] = []
        trimmed: list[tuple[int, str]] = []
        while found := sequences.search(self.text, self.at):
            parts.append(self.text[self.at : found.start()])
            self.at = found.end()
            mark = found.group()
            if mark == '"':
                return join_parts(parts, tuple(trimmed))
            if mark in ("$${", "%%{"):
                parts.append(mark[1:])
            elif mark.startswith("\\"):
                parts.append(unescaped(mark[1:]))
            else:
                parts.append(self._sequence(mark[0]))
                tilde = ("<" if mark.endswith("~") else "") + self._close()
                trimmed += [(len(parts) - 1, tilde)] if tilde else []
        if sequences is _QUOTED_SEQUENCE:
            raise UnreadableError
        parts.append(self.text[self.at :])
        return join_parts(parts, tuple(trimmed))

    def _sequence(self, kind: str) -> Node | Directive:
        if kind == "$":
            return self.expression()
        keyword = self.word()
        if keyword in ("else", "endif", "endfor"):
            return Directive(keyword)
        if keyword == "if":
            return Directive("if", (), self.expression())
        if keyword == "for":
            names = self._names()
            return Directive("for", names, self.expression())
        raise UnreadableError

    def _close(self) -> str:
        if self.take("~"):
            if not self.text.startswith("}", self.at):
                raise UnreadableError
            self.at += 1
            return ">"
        self.expect("}")
        return ""

    # -- expressions -------------------------------------------------------------------------------

    def expression(self) -> Node:
        """Read an expression."""
        self.depth += 1
        if self.depth > _DEEPEST:
            raise UnreadableError
        node = self._binary(1)
        if self.take("?"):
            then = self.expression()
            self.expect(":")
            node = Operation("?", (node, then, self.expression()))
        self.depth -= 1
        return node

    def _binary(self, weakest: int) -> Node:
        node = self._unary()
        while True:
            self.space()
            found = _OPERATOR.match(self.text, self.at)
            if not found or _STRENGTH[found.group()] < weakest:
                return node
            self.at = found.end()
            node = Operation(found.group(), (node, self._binary(_STRENGTH[found.group()] + 1)))

    def _unary(self) -> Node:
        operators: list[str] = []
        while True:
            self.space()
            mark = self.text[self.at : self.at + 1]
            if mark not in ("!", "-"):
                break
            operators.append(mark)
            self.at += 1
            if len(operators) > _DEEPEST:
                raise UnreadableError
        node = self._steps(self._primary())
        for operator in reversed(operators):
            node = Operation(operator, (node,))
        return node

    def _steps(self, base: Node) -> Node:
        steps: list[Step] = []
        while step := self._step():
            steps.append(step)
        return Access(base, tuple(steps)) if steps else base

    def _step(self) -> Step | None:
        if not self.ahead("...") and self.take("."):
            if self.take("*"):
                return Splat(full=False)
            if digits := self.match(_DIGITS):
                return Index(Constant(int(digits)))
            return Attribute(self.word())
        if self.take("["):
            if self.take("*"):
                self.expect("]")
                return Splat(full=True)
            key = self.expression()
            self.expect("]")
            return Index(key)
        return None

    def _primary(self) -> Node:
        for mark, rule in _OPENED_BY.items():
            if self.take(mark):
                return rule(self)
        if digits := self.match(_NUMBER):
            return read_number(digits)
        if function := self.match(_FUNCTION):
            return self._call(function)
        word = self.word()
        return _WORDS.get(word) or Name(word)

    def _parenthesis(self) -> Node:
        node = self.expression()
        self.expect(")")
        return node

    def _quoted(self) -> Node:
        return self.template(_QUOTED_SEQUENCE)

    def _call(self, name: str) -> Call:
        self.expect("(")
        arguments: list[Node] = []
        spread = False
        while not self.take(")"):
            arguments.append(self.expression())
            spread = self.take("...")
            if not self.take(","):
                self.expect(")")
                break
        return Call(name, tuple(arguments), spread)

    def _tuple(self) -> Node:
        if self.match(_FOR):
            return self._for("]")
        items: list[Node] = []
        while not self.take("]"):
            items.append(self.expression())
            if not self.take(","):
                self.expect("]")
                break
        return TupleOf(tuple(items))

    def _object(self) -> Node:
        if self.match(_FOR):
            return self._for("}")
        items: list[tuple[Node, Node]] = []
        while not self.take("}"):
            items.append((self._key(), self.expression()))
            self.take(",")
        return ObjectOf(tuple(items))

    def _key(self) -> Node:
        """Read a key of an object and what follows it; a bare word is a text."""
        is_word = not self.ahead("(")
        key = self.expression()
        if not self.take("="):
            self.expect(":")
        return Constant(key.name) if is_word and isinstance(key, Name) else key

    def _for(self, end: str) -> Node:
        names = self._names()
        collection = self.expression()
        self.expect(":")
        result, result_key, grouped = self.expression(), None, False
        if end == "}":
            self.expect("=>")
            result_key, result = result, self.expression()
            grouped = self.take("...")
        condition = self.expression() if self.match(_IF) else None
        self.expect(end)
        return For(
            key_name=names[0] if len(names) > 1 else None,
            value_name=names[-1],
            collection=collection,
            result_key=result_key,
            result=result,
            condition=condition,
            grouped=grouped,
        )

    def _names(self) -> tuple[str, ...]:
        names = [self.word()]
        if self.take(","):
            names.append(self.word())
        if self.word() != "in":
            raise UnreadableError
        return tuple(names)


_OPENED_BY: dict[str, Callable[[_Reader], Node]] = {
    "(": _Reader._parenthesis,
    '"': _Reader._quoted,
    "[": _Reader._tuple,
    "{": _Reader._object,
}

"""Whether policies allow what is asked: identity policies and a permissions boundary.

Source:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from cellfactory.sandbox.asking import Question

Document = Mapping[str, Any]


class UnknownConditionError(ValueError):
    """A policy has an operator that is not evaluated here."""


def allows(
    policies: Iterable[Document], question: Question, boundary: Document | None = None
) -> bool:
    """Whether something is allowed: by a policy, within the boundary, and denied by none of them.

    Raises:
        UnknownConditionError: a statement for the action has a condition that is not known here.
    """
    granted = list(policies)
    if any(_says("Deny", policy, question) for policy in (*granted, *_some(boundary))):
        return False
    if boundary is not None and not _says("Allow", boundary, question):
        return False
    return any(_says("Allow", policy, question) for policy in granted)


def _some(boundary: Document | None) -> tuple[Document, ...]:
    return () if boundary is None else (boundary,)


def _says(effect: str, policy: Document, question: Question) -> bool:
    statements = policy["Statement"]
    rows = [statements] if isinstance(statements, Mapping) else statements
    return any(row["Effect"] == effect and _applies(row, question) for row in rows)


def _applies(statement: Document, question: Question) -> bool:
    return (
        _is_meant(statement, "Action", question.action, ignore_case=True)
        and _is_meant(statement, "Resource", question.resource)
        and all(
            _holds(operator, key, _listed(wanted), question.context)
            for operator, keys in statement.get("Condition", {}).items()
            for key, wanted in keys.items()
        )
    )


def _is_meant(statement: Document, element: str, value: str, *, ignore_case: bool = False) -> bool:
    """Whether an element, or its opposite such as NotAction, covers a value."""
    opposite = f"Not{element}"
    if opposite in statement:
        return not _any_like(_listed(statement[opposite]), value, ignore_case=ignore_case)
    return _any_like(_listed(statement[element]), value, ignore_case=ignore_case)


def _any_like(patterns: Sequence[str], value: str, *, ignore_case: bool = False) -> bool:
    if ignore_case:
        return any(_pattern(each.lower()).fullmatch(value.lower()) for each in patterns)
    return any(_pattern(each).fullmatch(value) for each in patterns)


@cache
def _pattern(text: str) -> re.Pattern[str]:
    """Read IAM's wildcards.

    >>> bool(_pattern("arn:aws:s3:::b?-*").fullmatch("arn:aws:s3:::b1-logs"))
    True
    """
    parts = {"*": ".*", "?": "."}
    return re.compile("".join(parts.get(each, re.escape(each)) for each in text), re.DOTALL)


def _listed(value: Any) -> Sequence[str]:
    return [value] if isinstance(value, str) else list(value)


def _equal(wanted: Sequence[str], value: str) -> bool:
    return value in wanted


def _equal_but_for_case(wanted: Sequence[str], value: str) -> bool:
    return value.lower() in [each.lower() for each in wanted]


_TESTS: Mapping[str, Callable[[Sequence[str], str], bool]] = {
    "ArnEquals": _any_like,  # as ArnLike: IAM takes wildcards in both
    "ArnLike": _any_like,
    "Bool": _equal_but_for_case,
    "StringEquals": _equal,
    "StringEqualsIgnoreCase": _equal_but_for_case,
    "StringLike": _any_like,
}
_OPPOSITES = {
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
    "StringNotEquals": "StringEquals",
    "StringNotLike": "StringLike",
}


def _holds(
    operator: str, key: str, wanted: Sequence[str], context: Mapping[str, tuple[str, ...]]
) -> bool:
    """Whether a condition is met; a key that a request lacks meets opposites and `IfExists`."""
    values = next((v for k, v in context.items() if k.lower() == key.lower()), ())
    if operator == "Null":
        return (wanted[0].lower() == "true") == (not values)
    every, name = operator.startswith("ForAllValues:"), operator.rpartition(":")[2]
    plain = name.removesuffix("IfExists")
    is_opposite = plain in _OPPOSITES
    test = _TESTS.get(_OPPOSITES.get(plain, plain))
    if test is None:
        msg = f"{operator} is not evaluated here"
        raise UnknownConditionError(msg)
    if not values:
        return every or is_opposite or name != plain
    met = [test(wanted, value) != is_opposite for value in values]
    return all(met) if every or is_opposite else any(met)

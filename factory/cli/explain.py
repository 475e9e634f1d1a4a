"""`explain`: what a rule says."""

from __future__ import annotations

from typing import Annotated

import typer

from factory.cli.output import Form, show
from factory.errors import UsageError
from factory.inventory.nearest import suggest
from factory.views.rules import all_rules, render_rule, rule_data


def explain(
    rule: Annotated[str, typer.Argument(help="A rule's number, such as F302.")],
    form: Form = "text",
) -> None:
    """Explain a rule.

    What it says, what comes of it, and what it rests on.
    """
    number = rule.upper()
    found = all_rules().get(number)
    if found is None:
        msg = f"there is no rule {rule!r}{suggest(number, all_rules())}"
        raise UsageError(msg)
    show({"rule": rule_data(found)}, render_rule(found), (), form)

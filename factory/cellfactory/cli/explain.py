"""`explain`: what a rule says."""

from __future__ import annotations

from typing import Annotated

import typer

from cellfactory.cli.completion import complete_rules
from cellfactory.cli.output import Form, show
from cellfactory.errors import UsageError
from cellfactory.inventory.nearest import suggest
from cellfactory.views.rules import all_rules, render_rule, rule_data


def explain(
    rule: Annotated[
        str,
        typer.Argument(
            metavar="RULE", autocompletion=complete_rules, help="Rule id, such as F302."
        ),
    ],
    form: Form = "text",
) -> None:
    """Explain a rule.

    Shows what it checks, what it causes, and its source.
    """
    number = rule.upper()
    found = all_rules().get(number)
    if found is None:
        msg = f"there is no rule {rule!r}{suggest(number, all_rules())}"
        raise UsageError(msg)
    show({"rule": rule_data(found)}, render_rule(found), (), form)

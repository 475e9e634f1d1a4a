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
            metavar="RULE", autocompletion=complete_rules, help="Rule id, such as F302 or P101."
        ),
    ],
    form: Form = "text",
) -> None:
    """Explain a rule.

    Shows what it checks, what it causes, and its source.
    """
    number = rule.upper()
    if number.startswith("P") and _explain_policy(number, form):
        return
    found = all_rules().get(number)
    if found is None:
        msg = f"there is no rule {rule!r}{suggest(number, all_rules())}"
        raise UsageError(msg)
    show({"rule": rule_data(found)}, render_rule(found), (), form)


def _explain_policy(number: str, form: Form) -> bool:
    """Explain a policy rule; False where there is none of that number."""
    from cellfactory.policy.catalogue import RULES
    from cellfactory.views.policies import policy_rule_data, render_policy_rule

    found = RULES.get(number)
    if found is None:
        if number[1:].isdigit():
            msg = f"there is no policy rule {number!r}{suggest(number, RULES)}"
            raise UsageError(msg)
        return False
    show({"rule": policy_rule_data(found)}, render_policy_rule(found), (), form)
    return True

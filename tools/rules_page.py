"""`docs/rules.md`: every rule, what it says and, for a bound, what it rests on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from factory.addressing.rules import RULES as ADDRESSING_RULES
from factory.inventory.rules import RULES as INVENTORY_RULES
from factory.sizing.bounds import BOUNDS, Bound
from tools.markdown import table

QUOTA_RULES = {
    "F391": "A quota is recorded above the most that AWS gives.",
    "F392": "A quota code is one that no bound uses (a warning).",
    "F393": "No known quota counts the vCPUs of an instance type (a warning).",
}
SYNTH_RULES = {
    "F401": "The synthesized document holds a handle of the bindings where a value should stand. "
    "Nothing is written.",
    "F402": "The bindings refuse the stacks.",
    "F403": "`CELLFACTORY_CDK` asks for a way into the bindings that there is not.",
    "F404": "The bindings cannot be started: Node, or a package, is not as it was installed.",
    "F411": "A document is not the Terraform JSON of a stack.",
}
TERRAFORM_RULES = {
    "F601": "No Terraform was found, or the one that was named cannot be run.",
    "F602": "What was found is no Terraform, or one that is too old.",
    "F603": "A file of the outputs registry is not a record of outputs.",
    "F604": "The outputs of a stack are not what its layer hands on, or not what the next takes.",
    "F605": "The outputs registry cannot be reached, read or written.",
    "F606": "A stack cannot be destroyed: another one still takes values from it.",
    "F607": "A plan would destroy or replace something, and `--allow-destroy` was not given.",
    "F608": "No emulated AWS is running here, or it answers no more.",
    "F609": "The emulated AWS did not start, or ended by itself.",
    "F610": "Another run is at work on the same stack in the same folder.",
}

HEAD = """\
<!-- Made by `python3 dev.py docs` from the rules' own tables; do not edit. -->

# Rules

A rule keeps its number and its meaning for ever, so a number can be searched for and quoted. What
belongs to a place in `cells.yaml` is shown as `file:line:column: RULE sentence`, all at once and
sorted by place; the lines below it say what to do. The numbers behind the rules are in
[limits.md](limits.md).
"""

SIZING = """\
Each bound is used / limit / headroom in one ledger. *error* stops `check` with exit code 4,
*warning* is shown and stops nothing, *note* stands in the ledger only. Fewer nodes or a raised
quota mend most of them; the last column says what else does.
"""


def documented() -> dict[str, str]:
    """Give the sentence of every rule.

    Raises:
        ValueError: when two rules have the same number.
    """
    found: dict[str, str] = {}
    areas = (INVENTORY_RULES, ADDRESSING_RULES, bound_rules(), QUOTA_RULES)
    for sentences in (*areas, SYNTH_RULES, TERRAFORM_RULES):
        twice = found.keys() & sentences.keys()
        if twice:
            msg = f"documented twice: {', '.join(sorted(twice))}"
            raise ValueError(msg)
        found |= sentences
    return found


def bound_rules() -> dict[str, str]:
    """Give the title of every bound, by rule."""
    found: dict[str, str] = {}
    for bound in BOUNDS.values():
        if bound.rule in found:
            msg = f"two bounds have the rule {bound.rule}"
            raise ValueError(msg)
        found[bound.rule] = bound.title
    return found


def render_rules() -> str:
    """Render a table for each area; the rules of each in the order of their numbers."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    yield HEAD
    yield from ("## F1: the inventory (exit code 3)", "")
    yield from _sentences(INVENTORY_RULES)
    yield from ("## F2: addresses and their lock (exit code 3)", "")
    yield from _sentences(ADDRESSING_RULES)
    yield from ("## F3: sizing (exit code 4)", "", SIZING)
    head = ("Rule", "Bound", "Unit", "When it is passed", "What it rests on", "What else mends it")
    yield from table(head, map(_bound, sorted(BOUNDS.values(), key=lambda b: b.rule)))
    yield from _sentences(QUOTA_RULES)
    yield from ("## F4: synthesis (exit code 5)", "")
    yield from _sentences(SYNTH_RULES)
    yield from ("## F6: Terraform and the emulated AWS (exit code 6)", "")
    yield from _sentences(TERRAFORM_RULES)


def _sentences(rules: Mapping[str, str]) -> Iterator[str]:
    yield from table(("Rule", "What it says"), sorted(rules.items()))


def _bound(bound: Bound) -> tuple[str, ...]:
    title = f"{bound.title} (`{bound.id}`)"
    rests_on, mends = bound.assumption or "-", bound.remedy or "-"
    return bound.rule, title, bound.unit, bound.gate, rests_on, mends

"""Every rule of every area, and how one is explained; nothing here starts Node."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from cellfactory.addressing.rules import RULES as ADDRESSING_RULES
from cellfactory.constructs.rules import RULES as SYNTH_RULES
from cellfactory.diff.guard import RULES as GUARD_RULES
from cellfactory.diff.rules import RULES as DIFF_RULES
from cellfactory.errors import (
    FactoryError,
    GuardError,
    InventoryError,
    PolicyError,
    Severity,
    SizingError,
    SynthError,
    TerraformError,
)
from cellfactory.inventory.central_rules import RULES as CENTRAL_RULES
from cellfactory.inventory.family_rules import RULES as FAMILY_RULES
from cellfactory.inventory.interconnect_rules import RULES as INTERCONNECT_RULES
from cellfactory.inventory.owner_rules import RULES as OWNER_RULES
from cellfactory.inventory.pipeline_rules import RULES as PIPELINE_RULES
from cellfactory.inventory.rules import RULES as INVENTORY_RULES
from cellfactory.options.answer import RULES as OPTION_RULES
from cellfactory.policy.rules import RULES as POLICY_RULES
from cellfactory.pricing.rules import RULES as PRICING_RULES
from cellfactory.runs.ways import PLACE_RULES
from cellfactory.runs.ways import RULES as WAYS_RULES
from cellfactory.sizing.bounds import BOUNDS, Bound
from cellfactory.sizing.rules import RULES as SIZING_RULES
from cellfactory.sizing.usage import Gate
from cellfactory.terraform.rules import RULES as TERRAFORM_RULES


@dataclass(frozen=True, slots=True)
class Area:
    """Rules of one kind, whose numbers begin alike."""

    digit: str  # or the first two, where a hundred rules end with several exit codes
    title: str
    error: type[FactoryError]  # raised for the errors among them
    rules: Mapping[str, str]


def _numbered(start: str) -> Mapping[str, str]:
    """Rules of Terraform whose numbers begin so: two hundreds were used for them."""
    return {n: said for n, said in TERRAFORM_RULES.items() if n.startswith(start)}


AREAS = (
    Area("1", "the inventory", InventoryError, INVENTORY_RULES),
    Area("2", "addresses and their lock", InventoryError, ADDRESSING_RULES),
    Area("3", "sizing", SizingError, {**SIZING_RULES, **PRICING_RULES, **OPTION_RULES}),
    Area("4", "synthesis", SynthError, SYNTH_RULES),
    Area("6", "Terraform and the emulated AWS", TerraformError, _numbered("F6")),
    Area("70", "what an edit is held against", InventoryError, DIFF_RULES),
    Area("71", "the guard of a change", GuardError, GUARD_RULES),
    Area("71", "what `bootstrap` makes", TerraformError, _numbered("F71")),
    Area("72", "policy and its waivers", PolicyError, POLICY_RULES),
    Area("73", "the pipeline", InventoryError, PIPELINE_RULES),
    Area("75", "IPv6, and the way out", InventoryError, {**FAMILY_RULES, **CENTRAL_RULES}),
    Area("77", "the way between peerings and a gateway", InventoryError, WAYS_RULES),
    Area("77", "routes that keep their place", TerraformError, _numbered("F77")),
    Area("76", "what joins the VPCs of a mesh", InventoryError, INTERCONNECT_RULES),
    Area("78", "whose an account is", InventoryError, {**OWNER_RULES, **PLACE_RULES}),
)
_WARNING = "(a warning)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule with what it says."""

    id: str
    sentence: str
    gate: Gate
    area: Area
    bound: Bound | None = None  # that it holds a ledger against

    @property
    def exit_code(self) -> int:
        """What a command ends with that finds it; 0 where it stops nothing."""
        return self.area.error.exit_code if self.gate == "error" else 0


@cache
def all_rules() -> Mapping[str, Rule]:
    """Return every rule, by its number and in that order."""
    bounds = {bound.rule: bound for bound in BOUNDS.values()}
    found = [
        Rule(
            id=number,
            sentence=sentence,
            gate=bounds[number].gate if number in bounds else _severity(sentence),
            area=area,
            bound=bounds.get(number),
        )
        for area in AREAS
        for number, sentence in area.rules.items()
    ]
    return {rule.id: rule for rule in sorted(found, key=lambda rule: rule.id)}


def _severity(sentence: str) -> Severity:
    return "warning" if _WARNING in sentence else "error"


def render_rule(rule: Rule) -> str:
    """Explain a rule: what it says, what comes of it and what it rests on.

    >>> print(render_rule(all_rules()["F608"]))
    F608: Terraform and the emulated AWS, an error (exit code 6)
    <BLANKLINE>
    No sandbox is running here, or it no longer answers.
    """
    gates = {
        "error": f"an error (exit code {rule.exit_code})",
        "warning": "a warning",
        "note": "a note, shown only by `cellfactory size`",
    }
    lines = [f"{rule.id}: {rule.area.title}, {gates[rule.gate]}", "", rule.sentence]
    if rule.bound:
        lines[-1] = f"{rule.bound.title} ({rule.bound.unit}): more is needed than the limit allows."
        lines += [f"Rests on: {rule.bound.assumption}"] if rule.bound.assumption else []
        lines += [f"Fix: {rule.bound.remedy}"] if rule.bound.remedy else []
    return "\n".join(lines)


def rule_data(rule: Rule) -> dict[str, object]:
    """Turn a rule into what a machine reads."""
    return {
        "id": rule.id,
        "area": rule.area.title,
        "severity": rule.gate,
        "exit_code": rule.exit_code,
        "sentence": rule.sentence,
        "rests_on": rule.bound.assumption if rule.bound else "",
        "remedy": rule.bound.remedy if rule.bound else "",
    }

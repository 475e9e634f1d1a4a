"""An option, the reasons that rules give for and against it, and what comes of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Generic, Literal, TypeVar

from cellfactory.pricing.lines import Sum

Effect = Literal["refuses", "costs", "favours", "notes"]
"""`refuses`: it cannot be done, or not for these numbers. `costs`: it can, at a price, in money or
in what is given up. `favours` speaks for it; `notes` is worth knowing."""

Verdict = Literal["fits", "fits at a price", "refused"]

Asked = TypeVar("Asked")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """What one rule has to say of one option."""

    rule: str
    effect: Effect
    text: str
    source: str  # the page, or the decision, that the rule rests on


Said = tuple[Effect, str]
"""An effect and a sentence with the numbers."""


def monthly(found: Sum) -> str:
    """Say what is known of what AWS charges in a month."""
    return f"{found.dollars:,.0f} USD a month, {found.transfer:,.0f} of it by traffic"


def costs_more(found: Sum) -> str:
    """Say which traffic nobody has declared."""
    return f"traffic that is not declared costs more: {', '.join(found.undeclared)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionRule(Generic[Asked]):
    """A rule of some options: data, and a plain function that judges.

    Attributes:
        id: never used again for something else.
        title: what it looks at.
        options: ids of those that it is about.
        source: the page, or the decision, that it rests on.
        judge: says what it has to say of an option, nothing where it does not matter.
    """

    id: str
    title: str
    options: tuple[str, ...]
    source: str
    judge: Callable[[Asked, str], Iterator[Said]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """An option with everything that was said of it."""

    id: str
    title: str
    reasons: tuple[Reason, ...]
    cost: Sum  # in a month, as far as it is priced
    upkeep: Decimal = Decimal(0)  # what we reckon for keeping it, beside AWS's bill (USD)
    is_chosen: bool = False  # by the inventory
    is_built: bool = False  # by this program
    is_one_way: bool = False  # what has moved there does not come back
    rank: int = 0  # from 1; 0 for what is refused

    @property
    def verdict(self) -> Verdict:
        """Say what comes of the reasons: the worst of them."""
        effects = {reason.effect for reason in self.reasons}
        if "refuses" in effects:
            return "refused"
        return "fits at a price" if "costs" in effects else "fits"

    @property
    def weight(self) -> Decimal:
        """What it is held against others by (USD per month)."""
        return self.cost.dollars + self.upkeep

    @property
    def is_priced(self) -> bool:
        """Tell whether all that it is charged for has a price; traffic may be undeclared."""
        return not self.cost.unpriced

    @property
    def against(self) -> tuple[Reason, ...]:
        """List what decides against it: refusals, or else what it costs."""
        effect = "refuses" if self.verdict == "refused" else "costs"
        return tuple(reason for reason in self.reasons if reason.effect == effect)

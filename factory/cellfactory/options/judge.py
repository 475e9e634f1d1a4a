"""Lets every rule speak of every option, and puts the options in order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from cellfactory.options.model import Asked, Judged, OptionRule, Reason


def reasons_of(rules: Iterable[OptionRule[Asked]], asked: Asked, option: str) -> Iterator[Reason]:
    """Yield what each rule has to say of an option, in the order of the rules."""
    for rule in rules:
        if option in rule.options:
            for effect, text in rule.judge(asked, option):
                yield Reason(rule=rule.id, effect=effect, text=text, source=rule.source)


def ranked(options: Sequence[Judged]) -> tuple[Judged, ...]:
    """Put options in order: the best first, and last what is refused, as they came.

    A way back weighs more than money, and a price that is known more than one that is not. What
    costs the same keeps its order.
    """
    fitting = [option for option in options if option.verdict != "refused"]
    fitting.sort(key=lambda option: (option.is_one_way, not option.is_priced, option.weight))
    placed = [replace(option, rank=place) for place, option in enumerate(fitting, start=1)]
    return (*placed, *(option for option in options if option.verdict == "refused"))

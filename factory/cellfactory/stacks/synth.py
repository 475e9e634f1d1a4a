"""Synthesis of a whole inventory; the folder it is written to is in `cellfactory.stacks.output`.

Stacks of one shape are synthesized once, with stand-ins for their leaves, and each is filled in
from there. What was synthesized before lies in the cache: where every shape is known, no Node is
started. Of what is new, a sample is synthesized the plain way as well and has to be the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from cellfactory.addressing.blocks import AddressPlan
from cellfactory.constructs._bindings import mode
from cellfactory.constructs.synthesized import Synthesized, manifest_of
from cellfactory.design import Design
from cellfactory.errors import Finding, SynthError
from cellfactory.facts.schema import Facts
from cellfactory.inventory.schema import Inventory
from cellfactory.layers import Stack
from cellfactory.specs.parts import Parts
from cellfactory.specs.shape import Shape, hollow, shape_of
from cellfactory.specs.stack import StackSpec, describe_stack
from cellfactory.stacks.cast import Cast, texts_that_differ
from cellfactory.stacks.charts import packed_charts
from cellfactory.stacks.stencil import Stencil, cut, stand_ins
from cellfactory.stacks.stencil_store import read_stencil, write_stencil

OURS = "cdk.tf.json"
_SAMPLE = 4  # of so many new shapes, one is synthesized the plain way as well


def synth_stacks(
    inventory: Inventory,
    plan: AddressPlan,
    facts: Facts,
    stacks: Iterable[Stack],
    *,
    verify: bool = False,
    cached: bool = True,
) -> Synthesized:
    """Synthesize stacks; nothing is written.

    Args:
        inventory: one in which nothing is wrong.
        plan: its addresses.
        facts: what it is held against.
        stacks: those to synthesize.
        verify: synthesize each of them the plain way as well, and compare.
        cached: whether what was synthesized before may serve, and may be kept. What the bindings
            run on is kept beside it like an installed package, and serves in any case.

    Raises:
        SynthError: when the bindings refuse what they are given, or a stack that was filled in
            is not what a synthesis of it alone makes (F407).
    """
    specs = _specs(inventory, plan, facts, stacks)
    made = {name: cast.text for name, cast in _cast(specs, cached=cached).items()}
    if verify and mode() == "fast":
        _compare(made, _build(list(specs.values())))
    return _synthesized(made)


def synth_differing(
    before: tuple[Design, Sequence[Stack]], after: tuple[Design, Sequence[Stack]]
) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Synthesize of two designs the stacks that are not the same; nothing is written.

    Args:
        before: a design, and those of its stacks that matter.
        after: another one.

    Returns:
        The texts of either side by the stack's name. Of two stacks of one shape, rows that both
        have are left out.

    Raises:
        SynthError: as of `synth_stacks`.
    """
    old, new = (_specs(d.inventory, d.plan, d.facts, stacks) for d, stacks in (before, after))
    same = {name for name in old.keys() & new.keys() if old[name] == new[name]}
    casts = [
        _cast({name: spec for name, spec in specs.items() if name not in same})
        for specs in (old, new)
    ]
    return texts_that_differ(*casts)


def _specs(
    inventory: Inventory, plan: AddressPlan, facts: Facts, stacks: Iterable[Stack]
) -> Mapping[str, StackSpec]:
    charts = {name: chart.file for name, chart in packed_charts().items()}
    parts = Parts(inventory=inventory, plan=plan, facts=facts, charts=charts)
    return {stack.id.name: describe_stack(parts, stack) for stack in stacks}


def _cast(specs: Mapping[str, StackSpec], *, cached: bool = True) -> Mapping[str, Cast]:
    if mode() != "fast":  # of checked or plain bindings, nothing is taken from a cache
        texts = _build(list(specs.values()))
        return {name: Cast(text, Stencil(text=text, places=()), ()) for name, text in texts.items()}
    shapes = {name: shape_of(spec) for name, spec in specs.items()}
    stencils = _stencils(specs, shapes, cached=cached)
    return {n: Cast(shape.key, stencils[shape.key], shape.fillings) for n, shape in shapes.items()}


def _stencils(
    specs: Mapping[str, StackSpec], shapes: Mapping[str, Shape], *, cached: bool
) -> Mapping[str, Stencil]:
    """Read the stencils of all shapes, and make those that are not there yet, or all of them."""
    first: dict[str, str] = {}  # a stack of each shape
    for name, shape in shapes.items():
        first.setdefault(shape.key, name)
    found = {key: read_stencil(key) if cached else None for key in first}
    new = {key: name for key, name in first.items() if found[key] is None}
    made = _make(specs, shapes, new) if new else {}
    for key, stencil in made.items() if cached else ():
        write_stencil(key, stencil)
    return {key: stencil for key, stencil in found.items() if stencil is not None} | made


def _make(
    specs: Mapping[str, StackSpec], shapes: Mapping[str, Shape], new: Mapping[str, str]
) -> dict[str, Stencil]:
    hollows = {key: hollow(specs[name], stand_ins(key)) for key, name in new.items()}
    sample = [name for _, name in sorted(new.items())][::_SAMPLE]
    texts = _build([*hollows.values(), *(specs[name] for name in sample)])
    made = {
        key: cut(texts[str.__str__(hollows[key].frame.name)], key, shapes[name].fillings)
        for key, name in new.items()
    }
    filled = {name: made[shapes[name].key].fill(shapes[name].fillings) for name in sample}
    _compare(filled, {name: texts[name] for name in sample})
    return made


def _build(specs: Sequence[StackSpec]) -> Mapping[str, str]:
    """Synthesize stacks, each on its own: text by name."""
    from cellfactory.constructs.cdk import App  # starts Node
    from cellfactory.constructs.stack import synth_app
    from cellfactory.stacks.build import build_stack

    def build(app: App) -> None:
        for spec in specs:
            build_stack(app, spec)

    return synth_app(build).stacks


def _synthesized(texts: Mapping[str, str]) -> Synthesized:
    stacks = dict(sorted(texts.items()))
    return Synthesized(stacks=stacks, manifest=manifest_of(stacks))


def _compare(filled: Mapping[str, str], plain: Mapping[str, str]) -> None:
    for name, text in filled.items():
        if text != plain[name]:
            message = f"{name}, filled in, is not what a synthesis of it alone makes"
            hint = "a bug: please report it; CELLFACTORY_CDK=checked synthesizes each stack alone"
            raise SynthError(Finding(rule="F407", message=message, hint=hint))


def output_files(synthesized: Synthesized, stacks: Iterable[Stack]) -> dict[str, str | bytes]:
    """Every file of the output folder: path inside it (with `/`) to what it holds."""
    files: dict[str, str | bytes] = {**synthesized.files()}
    for stack in stacks:
        if stack.id.row.provider == "helm":
            terraform = synthesized.stacks[stack.id.name]
            for chart in packed_charts().values():
                if f'/charts/{chart.file}"' in terraform:
                    files[f"stacks/{stack.id.name}/charts/{chart.file}"] = chart.data
    return files

"""What a run of `bootstrap` stands on: where its states lie, and what is in AWS already."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cellfactory.addressing.blocks import AddressPlan
from cellfactory.credentials import Connect, Session, asking_aws
from cellfactory.design import Declared
from cellfactory.errors import Finding, TerraformError
from cellfactory.layers import Stack, StackId, list_bootstrap_stacks
from cellfactory.layers.bootstrap import PIPELINE
from cellfactory.naming import BOOTSTRAP_FOLDER
from cellfactory.runs.bootstrap_ways import SANDBOX_ROLE, Keys, find_ways
from cellfactory.runs.context import open_context
from cellfactory.runs.request import Request
from cellfactory.runs.watcher import Watcher
from cellfactory.specs.pipeline import require_pipeline
from cellfactory.terraform.adopting import BLOCKS, render_blocks
from cellfactory.terraform.existing import Existing, Inside, find_existing
from cellfactory.terraform.moving import (
    Place,
    State,
    forget,
    place_of,
    state_in_bucket,
    state_in_file,
)
from cellfactory.terraform.placed import Way, enter, in_bucket, in_file
from cellfactory.terraform.registry import Registry, open_registry
from cellfactory.terraform.running import RunContext
from cellfactory.terraform.sessions import connection
from cellfactory.terraform.workspace import CONFIGURATION, Sources

_FOLDER = "bootstrap"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """All that a run of `bootstrap` works with."""

    context: RunContext  # of the ordinary registry and without places; see `at`
    stacks: tuple[Stack, ...]
    sources: Mapping[StackId, Sources]
    ways: Mapping[StackId, Way]
    place: Place  # where the states are now
    states: Mapping[StackId, State]  # of those that have one

    @property
    def folder(self) -> Path:
        """Where states lie until their bucket is there."""
        return self.context.target.folder / "state" / _FOLDER

    @property
    def file(self) -> Path:
        """Where the state of the pipeline's stack lies until then."""
        return self.folder / f"{PIPELINE.name}.tfstate"

    @property
    def pipeline(self) -> Stack:
        """The stack that the bucket is of."""
        return next(stack for stack in self.stacks if stack.id == PIPELINE)

    @property
    def connect(self) -> Connect | None:
        """The way to the emulated AWS; None to the real one."""
        return connection(self.context.target)

    def session(self, stack: Stack) -> Session:
        """Go into the account of a stack."""
        return enter(self.ways[stack.id], stack.access, self.connect)

    def inside(self, stack: Stack) -> Inside:
        """Be in the account of a stack."""
        access = stack.access
        return Inside(session=self.session(stack), account=access.account, region=access.region)

    def settings(self, stack: StackId) -> Mapping[str, Any]:
        """What the synthesized file says of the state of a stack."""
        settings: dict[str, Any] = self.document(stack)["terraform"]["backend"]["s3"]
        return settings

    def document(self, stack: StackId) -> Mapping[str, Any]:
        """The synthesized file of a stack."""
        document: dict[str, Any] = json.loads(self.sources[stack][CONFIGURATION])
        return document

    def at(self, place: Place) -> RunContext:
        """Work with states, and a registry, in files or in the bucket."""
        target = self.context.target
        placed = {
            stack.id: in_file(self.ways[stack.id], self.folder / f"{stack.id.name}.tfstate")
            if place == "file"
            else in_bucket(
                self.ways[stack.id],
                self.ways[PIPELINE],
                self.settings(stack.id),
                target.endpoint,
            )
            for stack in self.stacks
        }
        return replace(
            self.context,
            target=replace(target, placed=placed),
            registry=self._registry(place),
        )

    def _registry(self, place: Place) -> Registry:
        settings = self.settings(PIPELINE)
        region = str(settings["region"])
        if place == "file":
            return open_registry(str(self.folder / "registry"), region, None)

        def client(service: str, **options: Any) -> Any:
            return self.session(self.pipeline).client(service, **options)

        location = f"s3://{settings['bucket']}/{BOOTSTRAP_FOLDER}/registry"
        return open_registry(location, region, None, client)


def find_ground(declared: Declared, request: Request, watcher: Watcher, keys: Keys) -> Ground:
    """Synthesize the stacks of `bootstrap`, and find where their states lie.

    Raises:
        InventoryError: when the inventory does not say where the pipeline runs (F716).
        SizingError: when IAM does not take what follows from it (F681).
        TerraformError: when there is no Terraform, no way into an account (F719), or when two
            states do not fit together (F718).
    """
    require_pipeline(declared.inventory)
    stacks = list_bootstrap_stacks(declared.inventory, declared.facts)
    sources = synthesize(declared, stacks)
    context = open_context(declared.inventory.state, request, watcher)
    keys, here = _held(keys, context, declared)
    ground = Ground(
        context=context,
        stacks=stacks,
        sources=sources,
        ways=find_ways(declared.inventory, stacks, keys, here),
        place="file",
        states={},
    )
    return _placed(ground)


def synthesize(declared: Declared, stacks: Sequence[Stack]) -> dict[StackId, Sources]:
    """Synthesize stacks of `bootstrap`; they have no addresses, so none need work out."""
    from cellfactory.stacks.synth import synth_stacks

    made = synth_stacks(declared.inventory, AddressPlan(cells={}), declared.facts, stacks)
    return {stack.id: {CONFIGURATION: made.stacks[stack.id.name]} for stack in stacks}


def _held(keys: Keys, context: RunContext, declared: Declared) -> tuple[Keys, str]:
    """Complete what is known of the keys at hand: of which account they are."""
    if context.target.mode == "sandbox":
        return replace(keys, via=SANDBOX_ROLE, member_via=None), ""
    import boto3

    region = declared.inventory.state.region
    with asking_aws("F622", "cannot identify the current credentials"):
        sts = boto3.client("sts", region_name=region)
        return keys, str(sts.get_caller_identity()["Account"])


def _placed(ground: Ground) -> Ground:
    """Look where the states are; a file whose state the bucket has by now is removed."""
    session = ground.session(ground.pipeline)
    settings = ground.settings(PIPELINE)
    local, remote = state_in_file(ground.file), state_in_bucket(session, settings)
    name = f"s3://{settings['bucket']}/{settings['key']}"
    place = place_of(local, remote, ground.file, name)
    if place == "file":
        return replace(ground, states={} if local is None else {PIPELINE: local})
    forget(ground.file)
    found = {
        stack.id: state_in_bucket(session, ground.settings(stack.id)) for stack in ground.stacks
    }
    states = {stack: state for stack, state in found.items() if state is not None}
    return replace(ground, place=place, states=states)


def look_for_existing(ground: Ground, *, adopts: bool) -> Ground:
    """Find what is in AWS and in no state, and have it imported.

    What bears the tag of its stack was made by a run that was killed, and is taken up without a
    word.

    Args:
        ground: of the run.
        adopts: whether what others made is taken, too.

    Raises:
        TerraformError: with all that others made, where that is not to be taken (F717).
    """
    found: dict[StackId, list[Existing]] = {}
    for stack in ground.stacks:
        state = ground.states.get(stack.id)
        held = frozenset() if state is None else state.addresses
        document = ground.document(stack.id)
        found[stack.id] = list(find_existing(ground.inside(stack), document, held))
    others = [(s, one) for s, every in found.items() for one in every if not one.is_ours]
    if others and not adopts:
        raise TerraformError.of([_exists(stack, one) for stack, one in others])
    sources = {
        stack: {**ground.sources[stack], BLOCKS: render_blocks(one.known for one in every)}
        if (every := found[stack])
        else ground.sources[stack]
        for stack in ground.sources
    }
    return replace(ground, sources=sources)


def _exists(stack: StackId, existing: Existing) -> Finding:
    return Finding(
        rule="F717",
        stack=stack.name,
        message=f"{existing.known.id} exists already, and is not in the state of {stack}",
        hint="--adopt takes it over: the plan then shows what would change of it; to leave it to "
        "whoever made it, name it in pipeline.by_hand",
    )
